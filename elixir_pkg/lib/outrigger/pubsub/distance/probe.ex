defmodule Outrigger.PubSub.Distance.Probe do
  @moduledoc """
  Measures how far routers and the other nodes are, for the switch: a thin process around `Outrigger.PubSub.Distance`.

  It asks what `:net_adm.ping/1` asks, which BEAM nodes and Rust nodes answer alike, and waits for nobody: every 2 s all routers, and 8 of the
  others in turn. While there is no router it asks nobody.

  ## Invariants

    * It opens no connection, and no busy link holds it up.
    * The switch is told when something has changed.
  """

  use GenServer

  alias Outrigger.PubSub.{Board, Distance, Switch}

  @scope Outrigger.PubSub
  @tick_ms 2_000
  @at_once 8
  @patience_ms 10_000

  @doc """
  Starts the probe of a group. Options: `:group`; for tests `:nodes` (returns the routers and the others), `:ask` (asks a node), `:tell` (gets what is far) and `:tick_ms`.
  """
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options), do: GenServer.start_link(__MODULE__, options)

  @impl true
  def init(options) do
    group = Keyword.fetch!(options, :group)

    state = %{
      nodes: Keyword.get(options, :nodes, fn -> nodes(group) end),
      ask: Keyword.get(options, :ask, &ask/2),
      tell: Keyword.get(options, :tell, &Switch.tell(group, {:far, &1})),
      distance: Distance.new(),
      asked: %{},
      turn: []
    }

    :timer.send_interval(Keyword.get(options, :tick_ms, @tick_ms), :tick)
    {:ok, state}
  end

  @impl true
  def handle_info(:tick, state) do
    {routers, others} = state.nodes.()
    known = state.distance
    distance = Distance.far(known, routers, others, div(now(), 1_000))
    if distance.far != known.far, do: state.tell.(distance.far)
    state = %{state | distance: distance, asked: fresh(state.asked)}
    {:noreply, if(routers == [], do: state, else: ask_all(state, routers, others))}
  end

  def handle_info({ref, _yes}, state) when is_map_key(state.asked, ref) do
    {{node, at}, asked} = Map.pop(state.asked, ref)
    distance = Distance.sample(state.distance, node, now() - at, div(now(), 1_000))
    {:noreply, %{state | asked: asked, distance: distance}}
  end

  def handle_info(_late, state), do: {:noreply, state}

  defp ask_all(state, routers, others) do
    turn = Enum.filter(state.turn, &(&1 in others))
    {now, later} = Enum.split(if(turn == [], do: others, else: turn), @at_once)

    Enum.reduce(routers ++ now, %{state | turn: later}, fn node, state ->
      ref = make_ref()
      asked = Map.put(state.asked, ref, {node, now()})
      state.ask.(node, ref)
      %{state | asked: asked}
    end)
  end

  # Whoever did not answer in time is not waited for.
  defp fresh(asked),
    do: Map.filter(asked, fn {_ref, {_node, at}} -> now() - at < 1_000 * @patience_ms end)

  defp ask(node, ref) do
    request = {:"$gen_call", {self(), ref}, {:is_auth, node()}}
    :erlang.send({:net_kernel, node}, request, [:noconnect, :nosuspend])
  end

  defp nodes(group) do
    routers = for {pid, _known} <- Board.read(group, :routers, %{}), do: node(pid)
    others = for pid <- :pg.get_members(@scope, group), node(pid) != node(), do: node(pid)
    {Enum.uniq(routers), Enum.uniq(others)}
  rescue
    # The scope is just being restarted.
    ArgumentError -> {[], []}
  end

  defp now, do: System.monotonic_time(:microsecond)
end
