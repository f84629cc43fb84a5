defmodule Outrigger.PubSub.Routing do
  @moduledoc """
  Which way the publishers of a node take. Pure: `handle(state, event, clock)` returns `{state, actions}`.

  Events: `{:hidden_up, node}`, `{:hidden_down, node}`, `{:worker_up, pid}`, `:worker_down`, `{:pg, pids}` (all members),
  `{:pg_join, pids}`, `{:pg_leave, pids}`, `{:pg2, %{node => pids}}` (workers of PG2 nodes, all of them),
  `{:fenced, node, gen}`, `{:lost, member_pid}` (a publisher found no link), and from the routers
  `{:members, router_pid, version, route_pid, [{node, member_pid}]}` and `{:older, node}` (it speaks version 1).

  Actions: `{:fence, worker, node, gen}`, `{:attach, node, worker, protocol}`, `{:unfence, worker, node}` (the link of a fence is gone),
  `{:cover, node, nodes}`, `{:publish, route, targets}`.

  ## Invariants

    * A node is reached through the router (it is in the newest list of the chosen router) or directly (`:pg` knows a
      worker there), or by the protocol of PG2, never by two of them. The chosen router is the usable one with the lowest node name. Usable is a router
      with a list that names this node and at least one other.
    * Lists come by way of the worker's mailbox, so they may be older than the link. Before each attach a fence goes to
      the worker; until it comes back, lists of that node are ignored, and after that those which name this
      node's former attachment. So an old list cannot bring back a route that is gone.
    * The epoch rises whenever a publisher has to do something else than before, and only then. `clock` is
      `Outrigger.PubSub.Board.clock/0`.

  ## Limits

  One router at a time. How well it covers the cluster does not count in the choice: the rest is reached directly.
  """

  alias Outrigger.PubSub.Path

  defstruct [
    :node,
    :group,
    :worker,
    epoch: 0,
    gen: 0,
    pg: %{},
    pg2: %{},
    routers: %{},
    route: nil,
    targets: %{}
  ]

  @type t :: %__MODULE__{}
  @typedoc """
    * `:relay` - the route pid; `:use` - `{router_pid, member_pid, version}` for it; `:nodes` - who it reaches;
    * `:directs` - worker pids;
    * `:pg2` - the workers of each PG2 node, see `Outrigger.PubSub.PG2`;
    * `:exits` - the newest route pid of every attachment of this node, by its member pid.
  """
  @type route :: %{
          epoch: non_neg_integer,
          group: atom,
          relay: pid | nil,
          use: Path.use() | nil,
          nodes: [node],
          directs: [pid],
          pg2: [{node, [pid]}],
          exits: %{pid => pid}
        }
  @type action ::
          {:fence, pid, node, pos_integer}
          | {:unfence, pid, node}
          | {:attach, node, pid, 1 | 2}
          | {:cover, node, [node]}
          | {:publish, route, %{node => pid | :pg2}}

  @doc "The state of a group on `node`, before anything is known."
  @spec new(atom, node) :: t
  def new(group, node), do: %__MODULE__{group: group, node: node}

  @doc "Handles one event. See the module documentation."
  @spec handle(t, tuple | atom, pos_integer) :: {t, [action]}
  def handle(state, event, clock) do
    {state, actions} = event(event, state)
    {state, covers} = covers(state)
    {state, publish} = publish(state, clock)
    # The route first: publishers wait for it. Attach and cover can take their time.
    {state, publish ++ actions ++ covers}
  end

  defp event({:hidden_up, node}, state), do: attach(state, node, 2)

  defp event({:older, node}, state) do
    case state.routers do
      %{^node => %{protocol: 2}} -> attach(state, node, 1)
      _asked_already_or_gone -> {state, []}
    end
  end

  # Remote shells and other hidden nodes come and go under ever new names: nothing is kept of them.
  defp event({:hidden_down, node}, state) do
    unfence = if state.worker, do: [{:unfence, state.worker, node}], else: []
    {%{state | routers: Map.delete(state.routers, node)}, unfence}
  end

  defp event({:worker_up, pid}, state) do
    Enum.reduce(state.routers, {%{state | worker: pid}, []}, fn {node, router},
                                                                {state, actions} ->
      {state, more} = attach(state, node, router.protocol)
      {state, actions ++ more}
    end)
  end

  # Our publishers go on: their links and our attachments have not changed. What comes for the worker is lost.
  defp event(:worker_down, state), do: {%{state | worker: nil}, []}

  defp event({:pg, pids}, state), do: {join(%{state | pg: %{}}, pids), []}
  defp event({:pg_join, pids}, state), do: {join(state, pids), []}

  defp event({:pg_leave, pids}, state) do
    pg =
      Enum.reduce(pids, state.pg, fn pid, pg ->
        case List.delete(Map.get(pg, node(pid), []), pid) do
          [] -> Map.delete(pg, node(pid))
          rest -> Map.put(pg, node(pid), rest)
        end
      end)

    {%{state | pg: pg}, []}
  end

  defp event({:pg2, workers}, state), do: {%{state | pg2: workers}, []}

  defp event({:fenced, node, gen}, state) do
    case state.routers do
      %{^node => %{gen: ^gen} = router} ->
        {put_router(state, node, %{router | fenced?: true}), []}

      _another_gen_or_gone ->
        {state, []}
    end
  end

  defp event({:members, pid, version, route, list}, state) do
    members = Map.new(list)
    own = members[state.node]

    case state.routers[node(pid)] do
      %{fenced?: true, retired: retired} = router when own != nil and own != retired ->
        members = Map.delete(members, state.node)
        list = %{pid: pid, version: version, route: route, own: own, members: members}
        {put_router(state, node(pid), %{router | list: list}), []}

      _not_attached ->
        {state, []}
    end
  end

  defp event({:lost, member}, state) do
    case Enum.find(state.routers, &match?({_node, %{list: %{own: ^member}}}, &1)) do
      {node, router} -> {put_router(state, node, %{router | list: nil, retired: member}), []}
      nil -> {state, []}
    end
  end

  @unattached %{gen: 0, protocol: 2, fenced?: false, retired: nil, list: nil, asked: []}

  defp attach(%{worker: nil} = state, node, protocol),
    do: {put_router(state, node, %{@unattached | protocol: protocol}), []}

  defp attach(state, node, protocol) do
    gen = state.gen + 1

    retired =
      case state.routers[node] do
        %{list: %{own: own}} -> own
        %{retired: retired} -> retired
        nil -> nil
      end

    router = %{@unattached | gen: gen, protocol: protocol, retired: retired}

    {put_router(%{state | gen: gen}, node, router),
     [{:fence, state.worker, node, gen}, {:attach, node, state.worker, protocol}]}
  end

  defp put_router(state, node, router) do
    %{state | routers: Map.put(state.routers, node, router)}
  end

  defp join(state, pids) do
    pg =
      for pid <- pids, node(pid) != state.node, reduce: state.pg do
        pg -> Map.update(pg, node(pid), [pid], &[pid | List.delete(&1, pid)])
      end

    %{state | pg: pg}
  end

  # Asks each router for the nodes that it does not reach, once per set of nodes.
  defp covers(state) do
    Enum.reduce(state.routers, {state, []}, fn
      {node, %{list: %{members: members}} = router}, {state, actions} ->
        missing = state.pg |> Map.keys() |> Enum.reject(&is_map_key(members, &1)) |> Enum.sort()
        state = put_router(state, node, %{router | asked: missing})

        if missing in [[], router.asked],
          do: {state, actions},
          else: {state, [{:cover, node, missing} | actions]}

      _no_list, acc ->
        acc
    end)
  end

  defp publish(state, clock) do
    {route, targets} = route(state)

    cond do
      state.route == nil or same_way?(route, state.route) == false ->
        epoch = max(state.epoch + 1, clock)
        route = %{route | epoch: epoch}
        state = %{state | epoch: epoch, route: route, targets: targets}
        {state, [{:publish, route, targets}]}

      route.exits != state.route.exits or targets != state.targets ->
        route = %{route | epoch: state.epoch}
        {%{state | route: route, targets: targets}, [{:publish, route, targets}]}

      true ->
        {state, []}
    end
  end

  defp same_way?(a, b), do: %{a | epoch: 0, exits: %{}} == %{b | epoch: 0, exits: %{}}

  defp route(state) do
    list = chosen(state.routers)
    members = if list, do: list.members, else: %{}

    direct =
      for {node, [pid | _]} <- state.pg, not is_map_key(members, node), into: %{}, do: {node, pid}

    # A node that is being upgraded may be in both scopes for a moment: what it runs now is what reaches it.
    known = Map.merge(members, state.pg)
    pg2 = Enum.sort(for {node, pids} <- state.pg2, not is_map_key(known, node), do: {node, pids})
    targets = for {node, _pids} <- pg2, into: direct, do: {node, :pg2}

    {%{
       epoch: state.epoch,
       group: state.group,
       relay: list && list.route,
       use: list && {list.pid, list.own, list.version},
       nodes: members |> Map.keys() |> Enum.sort(),
       directs: direct |> Map.values() |> Enum.sort(),
       pg2: pg2,
       exits:
         for(
           {_node, %{list: %{own: own, route: route}}} <- state.routers,
           into: %{},
           do: {own, route}
         )
     }, Map.merge(targets, members)}
  end

  defp chosen(routers) do
    usable =
      for {node, %{list: %{members: members} = list}} <- routers, members != %{}, do: {node, list}

    case Enum.min_by(usable, &elem(&1, 0), fn -> nil end) do
      {_node, list} -> list
      nil -> nil
    end
  end
end
