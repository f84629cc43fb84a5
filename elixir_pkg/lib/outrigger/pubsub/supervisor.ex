defmodule Outrigger.PubSub.Supervisor do
  @moduledoc """
  Starts a PubSub: the ear of its registry, its `Registry` and, behind it, the adapter.

  The registry carries the metadata by which `Phoenix.PubSub` finds an adapter, so that its functions work on it.
  """

  use Supervisor

  alias Outrigger.Options
  alias Outrigger.PubSub.{Adapter, Interest, Ordered}

  @schema [
    name: [type: :atom, required: true, doc: "Name of the PubSub, the same on all nodes."],
    partitions: [
      type: :pos_integer,
      default: nil,
      default_doc: "one for every 4 schedulers",
      doc: "Partitions of the registry of subscriptions. May differ between nodes."
    ],
    hold_ms: [
      type: :pos_integer,
      default: 5_000,
      doc:
        "For how long a receiver waits for the old way of a publisher to end. The same on all nodes."
    ],
    hold_max: [
      type: :pos_integer,
      default: 10_000,
      doc: "How many messages of one publisher a receiver holds meanwhile."
    ],
    path: [
      type: {:in, [:auto, :relay, :direct]},
      default: :auto,
      doc:
        "Whether this node's broadcasts go through Outrigger nodes. `:auto`: with more than `:direct_up_to` other nodes. `:relay`: whenever there " <>
          "is one. `:direct`: never."
    ],
    direct_up_to: [
      type: :non_neg_integer,
      default: 2,
      doc: "Up to how many other nodes `path: :auto` sends to each directly."
    ],
    direct_after_ms: [
      type: :non_neg_integer,
      default: 10_000,
      doc:
        "For how long the cluster has to be that small before `path: :auto` goes back to sending directly."
    ],
    ordered: [
      type: {:list, {:or, [:string, {:tuple, [:string, :keyword]}]}},
      default: [],
      doc:
        "Beginnings of topics whose messages all subscribers on all nodes see in one order, the publisher's own included: " <>
          "`[\"room:\", \"prices:\"]`, or `{\"room:\", options}`. The same on all nodes, and none the beginning of another one. " <>
          "They need an Outrigger node: without one `broadcast` returns `{:error, :unordered}`. Options: `history: n` keeps the newest `n` messages " <>
          "for `since:`, `latest: n` the newest one of up to `n` topics for `latest: true` (`Outrigger.PubSub.subscribe/3`); each of the two no " <>
          "more than `bytes:` (8 MiB), and the history none for longer than `seconds:` (600)."
    ],
    interest: [
      type: :boolean,
      default: true,
      doc:
        "Whether routers are told which topics have subscribers on this node, and send it those only. " <>
          "`false`: it gets everything."
    ],
    on_gap: [
      type: {:or, [{:fun, 2}, :mfa]},
      default: nil,
      doc:
        "Called with the PubSub and `%{count: topics, topics: [topic], router: node}` when messages may have been missed, as a router " <>
          "heard of subscriptions too late. `{module, function, args}`: with `args` behind these."
    ],
    mixed: [
      type: {:in, [:auto, true, false]},
      default: :auto,
      doc:
        "Whether nodes that run this PubSub with the PG2 adapter of Phoenix.PubSub, and this one, deliver to each other. " <>
          "`:auto`: if Phoenix.PubSub is started on this node. `true`: in any case."
    ],
    pool_size: [
      type: :pos_integer,
      default: 1,
      doc:
        "The `:pool_size` of those nodes. A larger one is found out, but then what they send in the moment until this " <>
          "is known does not reach a node that has just come up."
    ]
  ]

  @doc "The options of `{Outrigger.PubSub, options}`."
  @spec schema() :: Options.schema()
  def schema, do: @schema

  @doc false
  def child_spec(options) do
    %{
      id: {Outrigger.PubSub, options[:name]},
      start: {__MODULE__, :start_link, [options]},
      type: :supervisor
    }
  end

  @doc false
  def start_link(options) do
    with {:ok, options} <- Options.validate(options, @schema, Outrigger.PubSub),
         {:ok, ordered} <- Ordered.validate(options[:ordered]) do
      options = Keyword.put(options, :ordered, ordered)

      Supervisor.start_link(__MODULE__, options, name: Module.concat(options[:name], "Supervisor"))
    end
  end

  @impl true
  def init(options) do
    name = options[:name]
    adapter_name = Module.concat(name, "Adapter")

    registry = [
      name: name,
      keys: :duplicate,
      partitions: options[:partitions] || div(System.schedulers_online() + 3, 4),
      meta: [pubsub: {Ordered.adapter(options[:ordered]), adapter_name}]
    ]

    {ears, listeners} =
      if options[:interest] do
        ear = [group: adapter_name, teller: Interest.name(adapter_name)]
        {[{Interest.Ear, ear}], [listeners: [Interest.Ear.name(adapter_name)]]}
      else
        {[], []}
      end

    # A subscriber raises when there is no ear, so the registry does not outlive it. The worker dispatches through the registry, so it
    # does not outlive that.
    Supervisor.init(
      ears ++
        [{Registry, registry ++ listeners}, {Adapter, [adapter_name: adapter_name] ++ options}],
      strategy: :rest_for_one
    )
  end
end
