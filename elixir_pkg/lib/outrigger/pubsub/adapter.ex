defmodule Outrigger.PubSub.Adapter do
  @moduledoc """
  The adapter: what `Phoenix.PubSub.Adapter` asks for, and nothing else.

  With `Phoenix.PubSub` itself: `{Phoenix.PubSub, name: MyApp.PubSub, adapter: Outrigger.PubSub.Adapter}`.
  `{Outrigger.PubSub, name: MyApp.PubSub}` starts the same processes.

      Outrigger.PubSub.Adapter    supervisor, owns the board (Outrigger.PubSub.Board)
      |- Outrigger.PubSub.Worker  receives and dispatches, registered under the adapter's name
      `- Outrigger.PubSub.Switch  decides the way of this node's publishers

  The two children restart each on its own: publishers go on without either.

  It implements that behaviour without naming it: Phoenix.PubSub need not be there when this package is compiled.
  """

  use Supervisor

  alias Outrigger.PubSub.{Board, Publisher, Switch, Worker}

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

  @doc "The child specification. Options: `:name`, `:adapter_name`, `:hold_ms`, `:hold_max`; others are ignored."
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

    options = [
      pubsub: Keyword.fetch!(options, :name),
      group: group,
      hold_ms: hold_ms,
      hold_max: Keyword.get(options, :hold_max, 10_000)
    ]

    Supervisor.init([{Worker, options}, {Switch, options}], strategy: :one_for_one)
  end
end
