defmodule Outrigger.PubSub.Contract do
  @moduledoc """
  What every PubSub adapter promises, as tests that any adapter can run.

      defmodule MyApp.PubSubTest do
        use Outrigger.PubSub.Contract,
          api: Phoenix.PubSub,
          options: [adapter: MyApp.PubSubAdapter]
      end

  That is a whole ExUnit case: it starts the PubSub on this VM and on real nodes (`:peer`, OTP 25 or newer), and runs each
  case of `cases/0` as a test. The nodes find each other without EPMD, on loopback, and run the code of the VM that
  tests.

  ## Options

    * `:api` - the module with the functions, `Outrigger.PubSub` (default), `Phoenix.PubSub` or one with the same functions;
    * `:options` - for the PubSub, besides `:name`: `{api, [name: name] ++ options}` is started. Default `[]`;
    * `:applications` - started before, here and on the nodes. Default: `[:outrigger]` or `[:phoenix_pubsub]`, after the module `:api`;
    * `:only` - `:local` to start no nodes. Default `:all`;
    * `:extra` - options for the PubSub of each node in turn, to mix settings in one cluster, e.g. `[[pool_size: 1],
      [pool_size: 4]]`. The list is repeated as needed;
    * `:deadline_ms` - for how long something that has to come may stay away. Default `10_000`.

  ## Without ExUnit

  A case is a function that raises `Outrigger.PubSub.Contract.Violation`. This module does not need ExUnit to compile, so
  it may be in a release.

  ## Limits

  Adapters with nodes that are not Erlang nodes: run `only: :local`. What an adapter promises beyond this (no loss
  in a fail-over, say) is for its own tests.
  """

  alias Outrigger.PubSub.Contract.{Cluster, Local, Nodes, Probe}

  @typedoc "What a case gets: the functions, the PubSub on this VM, and the nodes (none for local cases)."
  @type context :: %{
          api: module,
          pubsub: atom,
          nodes: [Nodes.t()],
          deadline_ms: pos_integer,
          start: (() -> Nodes.t())
        }

  @schema [
    api: [type: :atom, default: Outrigger.PubSub],
    options: [type: :keyword, default: []],
    applications: [type: {:list, :atom}, default: nil],
    only: [type: {:in, [:all, :local]}, default: :all],
    extra: [type: {:list, :keyword}, default: [[]]],
    deadline_ms: [type: :pos_integer, default: 10_000]
  ]

  @doc "The cases: `{where, name, {module, function}}`, where is `:local` or `:cluster`. Call with a `t:context/0`."
  @spec cases() :: [{:local | :cluster, String.t(), {module, atom}}]
  def cases do
    for({name, function} <- Local.cases(), do: {:local, name, {Local, function}}) ++
      for {name, function} <- Cluster.cases(), do: {:cluster, name, {Cluster, function}}
  end

  defmacro __using__(options) do
    quote bind_quoted: [options: options] do
      use ExUnit.Case, async: true

      @moduletag timeout: 120_000
      @contract Outrigger.PubSub.Contract.options!(options)

      setup_all do
        pubsub = Module.concat(__MODULE__, PubSub)
        for name <- @contract[:applications], do: {:ok, _} = Application.ensure_all_started(name)
        start_supervised!(Outrigger.PubSub.Contract.child(@contract, pubsub))
        %{contract: Outrigger.PubSub.Contract.prepare(@contract, pubsub)}
      end

      for {where, name, {module, function}} <- Outrigger.PubSub.Contract.cases(),
          where == :local or @contract[:only] == :all do
        test "#{where}: #{name}", %{contract: contract} do
          unquote(module).unquote(function)(contract)
        end
      end
    end
  end

  @doc false
  def options!(options) do
    options = Outrigger.Options.validate!(options, @schema, __MODULE__)

    default = if options[:api] == Phoenix.PubSub, do: [:phoenix_pubsub], else: [:outrigger]
    Keyword.update!(options, :applications, &(&1 || default))
  end

  @doc false
  def child(options, pubsub), do: {options[:api], [name: pubsub] ++ options[:options]}

  # The nodes belong to the calling process: they end with it.
  @doc false
  def prepare(options, pubsub) do
    context = %{
      api: options[:api],
      pubsub: pubsub,
      nodes: [],
      deadline_ms: options[:deadline_ms],
      start: fn -> start(options, pubsub, hd(options[:extra])) end
    }

    if options[:only] == :local do
      context
    else
      extra = options[:extra] |> Stream.cycle() |> Enum.take(3)
      nodes = for extra <- extra, do: start(options, pubsub, extra)
      for a <- nodes, b <- nodes, a.name < b.name, do: Nodes.connect(a, b)
      context = %{context | nodes: nodes}
      Cluster.meet(context)
      context
    end
  end

  defp start(options, pubsub, extra) do
    node = Nodes.start_node(options[:applications])
    child = child(Keyword.update!(options, :options, &(&1 ++ extra)), pubsub)
    :ok = Nodes.call(node, Probe, :start, [child])
    node
  end
end

defmodule Outrigger.PubSub.Contract.Violation do
  @moduledoc "A promise of `Outrigger.PubSub.Contract` was not kept."
  defexception [:message]
end
