defmodule Outrigger.PubSub.Supervisor do
  @moduledoc """
  Starts a PubSub: its `Registry` and, behind it, the adapter.

  The registry carries the metadata by which `Phoenix.PubSub` finds an adapter, so that its functions work on it.
  """

  use Supervisor

  alias Outrigger.{Options, PubSub.Adapter}

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
    with {:ok, options} <- Options.validate(options, @schema, Outrigger.PubSub) do
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
      meta: [pubsub: {Adapter, adapter_name}]
    ]

    # The worker dispatches through the registry, so it does not outlive it.
    Supervisor.init(
      [{Registry, registry}, {Adapter, [adapter_name: adapter_name] ++ options}],
      strategy: :rest_for_one
    )
  end
end
