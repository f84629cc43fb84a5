defmodule Outrigger.PubSub.Ordered.Switch do
  @moduledoc """
  Decides where publishers of this node send what is to be in order: a thin process around `Outrigger.PubSub.Ordered.Routing`.

  The worker tells it what it hears (`tell/2`), and it asks routers for terms. The row that publishers read is on the board under
  `{:ordered, prefix}`. A publisher that finds none, or no link, waits here (`sequencer/3`).

  ## Invariants

    * It waits for nobody, and nothing of the traffic goes through it.
    * What it hears of routers, it hears from the worker, in order: that one is down comes behind its lists.
    * A restart finds on the board what its predecessor knew: rows, the highest terms, positions and routers.
  """

  use GenServer

  alias Outrigger.PubSub.{Board, Ordered}
  alias Outrigger.PubSub.Ordered.Routing

  @service :outrigger_pubsub
  @protocol 1
  @patience_ms 1_000

  @doc "Starts the switch of a group. Options: `:group`."
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options),
    do: GenServer.start_link(__MODULE__, options[:group], name: name(options[:group]))

  @doc "The name under which the switch of `group` is registered."
  @spec name(atom) :: atom
  def name(group), do: Module.concat(group, "Ordered")

  @doc "Hands over what came for it by way of the worker: an event of `Outrigger.PubSub.Ordered.Routing`."
  @spec tell(atom, tuple) :: :ok
  def tell(group, event), do: GenServer.cast(name(group), {:event, event})

  @doc "Hands over a router's newest list."
  @spec members(atom, pid, [{node, pid}]) :: :ok
  def members(group, router, list) do
    own = with {_node, own} <- List.keyfind(list, node(), 0), do: own
    tell(group, {:members, router, own, length(list)})
  end

  @doc """
  Waits until publishers of `prefix` have where to send to: `:ok`, or `:none` if there is no such place, for 1 s at most. `lost` is the row
  that led to no link, or `nil`.
  """
  @spec sequencer(atom, binary, Routing.row() | nil) :: :ok | :none
  def sequencer(group, prefix, lost) do
    GenServer.call(name(group), {:sequencer, prefix, lost}, :infinity)
  catch
    :exit, _not_there -> :none
  end

  @impl true
  def init(group) do
    known =
      Map.new(Ordered.prefixes(group), fn prefix ->
        used = Board.read(group, {:term, prefix}, nil)
        {position, _next} = Board.read(group, {:position, prefix}, {nil, nil})
        seen = Enum.max([position, used] -- [nil], fn -> nil end)
        {prefix, {seen, Board.read(group, {:ordered, prefix}, nil)}}
      end)

    routing = Routing.new(Ordered.prefixes(group), known)
    state = %{group: group, routing: routing, waiting: %{}}
    {:ok, state, {:continue, :begin}}
  end

  @impl true
  def handle_continue(:begin, state) do
    events =
      for {pid, %{own: [own | _], members: members}} <- Board.read(state.group, :routers, %{}),
          do: {:members, pid, own, map_size(members)}

    {:noreply, Enum.reduce(events, state, &event(&2, &1))}
  end

  @impl true
  def handle_call({:sequencer, prefix, lost}, from, state) do
    row = Board.read(state.group, {:ordered, prefix}, nil)
    # A thousand publishers find out at the same moment: whoever comes late finds another row.
    state = if lost != nil and lost == row, do: event(state, {:lost, elem(row, 0)}), else: state

    cond do
      Board.read(state.group, {:ordered, prefix}, nil) != nil ->
        {:reply, :ok, state}

      Routing.hopeful?(state.routing) ->
        timer = Process.send_after(self(), {:give_up, prefix, from}, @patience_ms)
        waiting = Map.update(state.waiting, prefix, %{from => timer}, &Map.put(&1, from, timer))
        {:noreply, %{state | waiting: waiting}}

      true ->
        {:reply, :none, state}
    end
  end

  @impl true
  def handle_cast({:event, event}, state), do: {:noreply, event(state, event)}

  @impl true
  def handle_info({:give_up, prefix, from}, state) do
    case pop_in(state.waiting[prefix][from]) do
      {nil, state} ->
        {:noreply, state}

      {_timer, state} ->
        GenServer.reply(from, :none)
        {:noreply, state}
    end
  end

  def handle_info(:wake, state), do: {:noreply, event(state, :wake)}
  def handle_info(_other, state), do: {:noreply, state}

  defp event(state, event) do
    {routing, actions} = Routing.handle(state.routing, event, System.monotonic_time(:millisecond))
    Enum.reduce(actions, %{state | routing: routing}, &perform/2)
  end

  defp perform({:publish, prefix, {_pid, term, _own} = row}, state) do
    # Stays when the row is withdrawn: what was sent under this term is ahead of all that will be.
    Board.write(state.group, {:term, prefix}, term)
    Board.write(state.group, {:ordered, prefix}, row)
    answer(state, prefix, :ok)
  end

  defp perform({:withdraw, prefix}, state) do
    Board.delete(state.group, {:ordered, prefix})
    state
  end

  defp perform({:none, prefix}, state), do: answer(state, prefix, :none)

  defp perform({:left, router, prefix, number}, state) do
    request = {:ordered_left, @protocol, state.group, prefix, number}
    :erlang.send({@service, router}, request, [:noconnect])
    state
  end

  # One that the link has no room for is asked again.
  defp perform({:ask, router, prefix, floor}, state) do
    request = {:ordered, @protocol, state.group, prefix, floor}
    :erlang.send({@service, router}, request, [:noconnect, :nosuspend])
    state
  end

  defp perform({:wake, ms}, state) do
    Process.send_after(self(), :wake, ms)
    state
  end

  defp answer(state, prefix, answer) do
    {waiting, rest} = Map.pop(state.waiting, prefix, %{})

    for {from, timer} <- waiting do
      Process.cancel_timer(timer)
      GenServer.reply(from, answer)
    end

    %{state | waiting: rest}
  end
end
