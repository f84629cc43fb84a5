defmodule Outrigger.PubSub.Adapter do
  @moduledoc """
  The adapter: what `Phoenix.PubSub.Adapter` asks for, and nothing else.

  With `Phoenix.PubSub` itself: `{Phoenix.PubSub, name: MyApp.PubSub, adapter: Outrigger.PubSub.Adapter}`.
  `{Outrigger.PubSub, name: MyApp.PubSub}` starts the same processes.

      Outrigger.PubSub.Adapter    supervisor, owns the board (Outrigger.PubSub.Board)
      |- Registry, and Outrigger.PubSub.Prefixes.Lengths: who has subscribed to topics that begin alike
      |- Outrigger.PubSub.Worker  receives and dispatches, registered under the adapter's name
      |- Outrigger.PubSub.Switch  decides the way of this node's publishers
      |- Registry, and Outrigger.PubSub.Kept.Peer: what is kept of prefixes in order; if anything is
      |- Outrigger.PubSub.Ordered.Switch  decides who puts prefixes in order; if there are any
      |- Outrigger.PubSub.Distance.Probe  measures how far routers are; with `path: :auto`
      |- Outrigger.PubSub.Interest  tells routers which topics this node wants; if its registry has an ear
      |- DynamicSupervisor        of Outrigger.PubSub.PG2.Slot, and
      `- Outrigger.PubSub.PG2.Gateway  lets PG2 nodes and this one find each other; both if `:mixed`

  The children restart each on its own: publishers go on without any.

  It implements that behaviour without naming it: Phoenix.PubSub need not be there when this package is compiled.
  """

  use Supervisor

  require Logger

  alias Outrigger.PubSub.{
    Board,
    Distance,
    Dispatch,
    Interest,
    Kept,
    Ordered,
    PG2,
    Prefixes,
    Publisher,
    Switch,
    Worker
  }

  @doc "The name of this node, as `direct_broadcast/5` takes it."
  @spec node_name(atom) :: node
  def node_name(_adapter_name), do: node()

  @doc """
  Sends to the workers of all other nodes. `{:error, :unavailable}` if this PubSub is being restarted for over 2 s.

  This is called by `Phoenix.PubSub`, which hands the message to this node's subscribers of `topic` by itself and knows of no prefixes.
  So those who have subscribed to one get it here, whoever has published it.
  """
  @spec broadcast(atom, binary, term, module) :: :ok | {:error, :unavailable}
  def broadcast(adapter_name, topic, message, dispatcher) do
    with :ok <- Publisher.broadcast(adapter_name, topic, message, dispatcher),
         do: Dispatch.by_others(%{group: adapter_name}, topic, dispatcher, message)
  end

  @doc "Sends to the worker of one node, which may be this one."
  @spec direct_broadcast(atom, node | binary, binary, term, module) ::
          :ok | {:error, :unavailable}
  def direct_broadcast(adapter_name, node_name, topic, message, dispatcher) do
    Publisher.direct_broadcast(adapter_name, node_name, topic, message, dispatcher)
  end

  @doc "The child specification. Options: `:adapter_name` and those of `Outrigger.PubSub`; others are ignored."
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
    :ok = Ordered.create(group, Keyword.get(options, :ordered, []))
    :ok = Kept.create(group, Keyword.get(options, :ordered, []))

    mixed = mixed(Keyword.get(options, :mixed, :auto), group, Keyword.get(options, :pool_size, 1))

    common = [pubsub: Keyword.fetch!(options, :name), group: group]
    worker = [hold_ms: hold_ms, hold_max: Keyword.get(options, :hold_max, 10_000)]
    switch = Keyword.take(options, [:path, :direct_up_to, :direct_after_ms])
    children = [{Worker, common ++ worker}, {Switch, common ++ switch}]
    ordered = for [_ | _] <- [Ordered.prefixes(group)], do: {Ordered.Switch, group: group}
    probe = for :auto <- [Keyword.get(options, :path, :auto)], do: {Distance.Probe, group: group}
    told = [on_gap: Keyword.get(options, :on_gap)]
    ear = Interest.Ear.name(group)
    teller = for module <- teller(ear, options), do: {module, common ++ told}
    prefixes = Prefixes.children(group, if(teller != [], do: ear))
    before = prefixes ++ Kept.children(group, common[:pubsub])

    Supervisor.init(before ++ children ++ ordered ++ probe ++ teller ++ mixed,
      strategy: :one_for_one
    )
  end

  # Whether there is an ear decides, and not the option: nothing that is not heard of may count as not wanted.
  defp teller(ear, options) do
    cond do
      Process.whereis(ear) ->
        [Interest]

      Keyword.has_key?(options, :interest) ->
        []

      true ->
        Logger.info(
          "#{inspect(options[:name])} gets all broadcasts from routers, whatever is subscribed to here: the registry of " <>
            "Phoenix.PubSub does not tell. {Outrigger.PubSub, name: #{inspect(options[:name])}} gets those with subscribers only"
        )

        []
    end
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
