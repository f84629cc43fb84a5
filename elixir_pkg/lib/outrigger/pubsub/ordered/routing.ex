defmodule Outrigger.PubSub.Ordered.Routing do
  @moduledoc """
  Which router puts the messages of each prefix in order, as one node sees it. Pure: `handle(state, event, now)` returns `{state, actions}`,
  `now` in milliseconds.

  Events: `{:members, router_pid, own, reach}` (a router's newest list: this node's member pid there, or `nil`, and how
  many it has), `{:down, router_pid}`, `{:leaving, router_pid}` (it is about to stop), `{:lost, pid}` (a
  publisher found no link to this pid), `{:granted, router_pid, prefix, pid, number}` (a router says where to send, and under which term),
  `{:seen, prefix, term}` (something of that term came), `:wake` (as it was asked for).

  Actions: `{:ask, router_node, prefix, floor}` (for a term of at least that number), `{:publish, prefix, row}` and `{:withdraw, prefix}`
  (where publishers send now, or that they have to wait), `{:left, router_node, prefix, number}` (they do not send there any more), `{:none, prefix}` (no router could take them), `{:wake, ms}`.

  ## Who it is

  The router of the highest term that was seen stays the sequencer for as long as this node is attached to it, and it reaches as many nodes as any
  other, or has not done so for 2 s at most: routers do not hear of the end of a node at the same moment. So one that joins changes nothing.
  Otherwise, and at the very beginning, it is the highest by `:erlang.phash2({prefix, router_node}, 2^32)` among those that
  reach the most nodes. Nodes that see the same routers choose the same one. If they do not, the higher term wins: they all see it.

  ## Invariants

    * The terms that are published for a prefix rise, and each is at least the highest that was seen before. So what a publisher sends
      later stands behind what it sent earlier, in whichever term either got its number.
    * A node that has seen no term waits a moment before it has one begun: one that is under way is told to it as it attaches.
    * A row is good for the attachment under which it was granted: a router forgets the terms of a group that nobody is in.
    * What is not answered is asked again.
  """

  import Bitwise

  defstruct [:settled_at, prefixes: %{}, routers: %{}, retired: %{}, behind: %{}]

  @type t :: %__MODULE__{}
  @type place :: {pos_integer, node}
  @typedoc "Where to send, under which term, and this node's member pid at that router."
  @type row :: {pid, place, own :: pid}
  @type action ::
          {:ask, node, binary, non_neg_integer}
          | {:publish, binary, row}
          | {:withdraw, binary}
          | {:left, node, binary, pos_integer}
          | {:none, binary}
          | {:wake, pos_integer}

  @settle_ms 300
  @again_ms 1_000
  @behind_ms 2_000
  @unknown %{seen: nil, row: nil, said: nil, asked: nil, moved_at: nil}

  @doc """
  The state of a node, before any router is known. `known` is what a predecessor has left: for each prefix the highest term seen, and the
  row that publishers use, or `nil`.
  """
  @spec new([binary], %{binary => {place | nil, row | nil}}) :: t
  def new(prefixes, known \\ %{}) do
    prefixes =
      Map.new(prefixes, fn prefix ->
        {seen, row} = Map.get(known, prefix, {nil, nil})
        {prefix, %{@unknown | seen: seen, row: row, said: row}}
      end)

    %__MODULE__{prefixes: prefixes}
  end

  @doc "Handles one event. See the module documentation."
  @spec handle(t, tuple | :wake, integer) :: {t, [action]}
  def handle(state, event, now) do
    state = event |> event(state) |> behind(now)
    settled_at = state.settled_at || if(state.routers != %{}, do: now + @settle_ms)

    Enum.reduce(Map.keys(state.prefixes), {%{state | settled_at: settled_at}, []}, fn prefix,
                                                                                      {state,
                                                                                       actions} ->
      {entry, more} = decide(state.prefixes[prefix], prefix, state, now)
      {said, say} = say(entry, prefix)
      {put_in(state.prefixes[prefix], %{entry | said: said}), actions ++ say ++ more}
    end)
  end

  # A row that is withdrawn is said to be before anything else: behind that nobody sends there.
  defp say(%{said: row, row: row}, _prefix), do: {row, []}

  defp say(%{said: before, row: nil}, prefix),
    do: {nil, [{:withdraw, prefix} | left(before, prefix)]}

  defp say(%{said: before, row: row}, prefix),
    do: {row, [{:publish, prefix, row} | left(before, prefix)]}

  defp left(nil, _prefix), do: []
  defp left({pid, {number, _router}, _own}, prefix), do: [{:left, node(pid), prefix, number}]

  @doc "Is there a router that could take a prefix?"
  @spec hopeful?(t) :: boolean
  def hopeful?(state), do: state.routers != %{}

  defp event({:members, pid, nil, _reach}, state),
    do: %{state | routers: Map.delete(state.routers, node(pid))}

  defp event({:members, pid, own, reach}, state) do
    if state.retired[node(pid)] == own,
      do: state,
      else: put_in(state.routers[node(pid)], %{pid: pid, own: own, reach: reach})
  end

  defp event({:down, pid}, state) do
    case state.routers[node(pid)] do
      %{pid: ^pid} -> %{state | routers: Map.delete(state.routers, node(pid))}
      _another -> state
    end
  end

  # As if it were gone: nobody but its publishers has to know.
  defp event({:leaving, pid}, state) do
    case state.routers[node(pid)] do
      %{pid: ^pid, own: own} -> retire(state, node(pid), own)
      _another -> state
    end
  end

  # Lists come by way of the worker's mailbox: one that names this attachment may still lie there.
  defp event({:lost, pid}, state) do
    case state.routers[node(pid)] do
      %{own: own} -> retire(state, node(pid), own)
      nil -> state
    end
  end

  defp event({:granted, router, prefix, pid, number}, state) do
    case state.prefixes do
      %{^prefix => entry} ->
        put_in(state.prefixes[prefix], granted(entry, {number, node(router)}, pid, state.routers))

      _not_ours ->
        state
    end
  end

  defp event({:seen, prefix, term}, state) do
    case state.prefixes do
      %{^prefix => %{seen: seen}} when seen == nil or term > seen ->
        put_in(state.prefixes[prefix].seen, term)

      _lower_or_not_ours ->
        state
    end
  end

  defp event(:wake, state), do: state

  defp retire(state, router, own) do
    routers = Map.delete(state.routers, router)
    %{state | routers: routers, retired: Map.put(state.retired, router, own)}
  end

  # One that is overtaken already is asked for anew: nothing is under way then.
  defp granted(%{seen: seen} = entry, term, _pid, _routers) when seen != nil and term < seen,
    do: %{entry | asked: nil}

  # What was not asked for is told to all members. A router has to know who sends: it is asked then.
  defp granted(entry, {_number, router} = term, pid, routers) do
    case {entry.asked, routers[router]} do
      {{{own, _floor}, _again_at}, %{own: own}} ->
        %{entry | seen: term, row: {pid, term, own}, asked: nil}

      _not_asked_or_gone ->
        %{entry | seen: term}
    end
  end

  # Since when a router has reached fewer nodes than another.
  defp behind(state, now) do
    most = Enum.max([0 | for({_, %{reach: reach}} <- state.routers, do: reach)])

    behind =
      for {router, %{reach: reach}} <- state.routers,
          reach < most,
          into: %{},
          do: {router, Map.get(state.behind, router, now)}

    %{state | behind: behind}
  end

  defp decide(entry, prefix, state, now) do
    cond do
      usable?(entry, state, now) ->
        {%{entry | asked: nil}, wait_for_others(entry, state, now)}

      state.routers == %{} ->
        {%{entry | row: nil, asked: nil}, [{:none, prefix}]}

      entry.seen == nil and now < state.settled_at ->
        {entry, [{:wake, state.settled_at - now}]}

      true ->
        ask(%{entry | row: nil}, prefix, state, now)
    end
  end

  defp usable?(%{row: {pid, term, own}, seen: seen} = entry, state, now) do
    router = node(pid)

    term >= seen and match?(%{own: ^own}, state.routers[router]) and
      keeps_up?(entry, router, state, now)
  end

  defp usable?(_no_row, _state, _now), do: false

  # Whoever sees it otherwise may lead us back. Then it gets its time again: no two nodes chase each other.
  defp keeps_up?(entry, router, state, now) do
    case patience(entry, router, state) do
      nil -> true
      until -> now < until
    end
  end

  defp patience(entry, router, state) do
    with since when since != nil <- state.behind[router],
         do: max(since, entry.moved_at || since) + @behind_ms
  end

  defp wait_for_others(%{row: {pid, _term, _own}} = entry, state, now) do
    case patience(entry, node(pid), state) do
      nil -> []
      until -> [{:wake, until - now}]
    end
  end

  defp ask(entry, prefix, state, now) do
    {router, entry} = sequencer(entry, prefix, state, now)
    request = {state.routers[router].own, floor(entry.seen, router)}

    case entry.asked do
      {^request, again_at} when now < again_at ->
        {entry, []}

      _another ->
        {%{entry | asked: {request, now + @again_ms}},
         [{:ask, router, prefix, elem(request, 1)}, {:wake, @again_ms}]}
    end
  end

  defp sequencer(%{seen: {_number, router}} = entry, prefix, state, now)
       when is_map_key(state.routers, router) do
    if keeps_up?(entry, router, state, now),
      do: {router, entry},
      else: {highest(prefix, state), %{entry | moved_at: now}}
  end

  defp sequencer(entry, prefix, state, _now), do: {highest(prefix, state), entry}

  defp highest(prefix, state) do
    {router, _} =
      Enum.max_by(state.routers, fn {router, %{reach: reach}} ->
        {reach, :erlang.phash2({prefix, router}, 1 <<< 32), router}
      end)

    router
  end

  defp floor(nil, _router), do: 0
  defp floor({number, router}, router), do: number
  defp floor({number, _another}, _router), do: number + 1
end
