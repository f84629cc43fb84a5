defmodule Outrigger.PubSub.Adapter do
  @moduledoc """
  The adapter: what `Phoenix.PubSub.Adapter` asks for, and nothing else.

  With `Phoenix.PubSub` itself: `{Phoenix.PubSub, name: MyApp.PubSub, adapter: Outrigger.PubSub.Adapter}`.
  `{Outrigger.PubSub, name: MyApp.PubSub}` starts the same processes.

      Outrigger.PubSub.Adapter    supervisor, owns the board (Outrigger.PubSub.Board)
      |- Outrigger.PubSub.Worker  receives and dispatches, registered under the adapter's name
      |- Outrigger.PubSub.Switch  decides the way of this node's publishers
      |- DynamicSupervisor        of Outrigger.PubSub.PG2.Slot, and
      `- Outrigger.PubSub.PG2.Gateway  lets PG2 nodes and this one find each other; both if `:mixed`

  The children restart each on its own: publishers go on without any.

  It implements that behaviour without naming it: Phoenix.PubSub need not be there when this package is compiled.
  """

  use Supervisor

  alias Outrigger.PubSub.{Board, PG2, Publisher, Switch, Worker}

  @doc "The name of this node, as `direct_broadcast/5` takes it."
  @spec node_name(atom) :: node
  def node_name(_adapter_name), do: node()

  @doc "Sends to the workers of all other nodes. `{:error, :unavailable}` if this PubSub is being restarted for over 2 s."
  @spec broadcast(atom, binary, term, module) :: :ok | {:error, :unavailable}
  defdelegate broadcast(adapter_name, topic, message, dispatcher), to: Publisher

  @doc "Sends to the worker of one node, which may be this one."
  @spec direct_broadcast(atom, node | binary, binary, term, module) ::
          :ok | {:error, :unavailable}
  def direct_broadcast(adapter_name, node_name, topic, message, dispatcher) do
    Publisher.direct_broadcast(adapter_name, node_name, topic, message, dispatcher)
  end

  @doc "The child specification. Options: `:name`, `:adapter_name`, `:hold_ms`, `:hold_max`, `:mixed`, `:pool_size`; others are ignored."
  def child_spec(options) do
    %{
      id: Keyword.fetch!(options, :adapter_name),
      start: {__MODULE__, :start_link, [options]},
      type: :supervisor
    }
  end

  @doc false
  def start_link(options) do
    Supervisor.start_link(__MODULE__, options,
      name: Module.concat(options[:adapter_name], "Supervisor")
    )
  end

  @impl Supervisor
  def init(options) do
    group = Keyword.fetch!(options, :adapter_name)
    hold_ms = Keyword.get(options, :hold_ms, 5_000)
    :ok = Board.create(group, hold_ms)

    mixed = mixed(Keyword.get(options, :mixed, :auto), group, Keyword.get(options, :pool_size, 1))

    options = [
      pubsub: Keyword.fetch!(options, :name),
      group: group,
      hold_ms: hold_ms,
      hold_max: Keyword.get(options, :hold_max, 10_000)
    ]

    Supervisor.init([{Worker, options}, {Switch, options}] ++ mixed, strategy: :one_for_one)
  end

  # The scope is Phoenix.PubSub's. Where that is not, and only if asked to, it is started here, for all PubSubs of the node.
  defp mixed(false, _group, _size), do: []

  defp mixed(:auto, group, size) do
    if Process.whereis(PG2.scope()), do: gateway(group, size), else: []
  end

  defp mixed(true, group, size) do
    case :pg.start(PG2.scope()) do
      {:ok, _pid} -> :ok
      {:error, {:already_started, _pid}} -> :ok
    end

    gateway(group, size)
  end

  defp gateway(group, size) do
    [
      {DynamicSupervisor, name: PG2.Gateway.slots(group)},
      {PG2.Gateway, group: group, pool_size: size}
    ]
  end
end
