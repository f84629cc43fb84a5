defmodule Outrigger.PubSub.Routing do
  @moduledoc """
  Which way the publishers of a node take. Pure: `handle(state, event, clock)` returns `{state, actions}`.

  Events: `{:hidden_up, node}`, `{:hidden_down, node}`, `{:worker_up, pid}`, `:worker_down`, `{:pg, pids}` (all members),
  `{:pg_join, pids}`, `{:pg_leave, pids}`, `{:pg2, %{node => pids}}` (workers of PG2 nodes, all of them),
  `{:far, nodes}` (routers that are further than the other nodes), `{:fenced, node, gen}`, `{:lost, member_pid}` (a publisher found no link), `:wake` (as it was asked for), and from the routers
  `{:members, router_pid, version, route_pid, [{node, member_pid}]}`, `{:leaving, router_pid}` (it is about to stop) and `{:older, node}` (it
  speaks version 1).

  Actions: `{:fence, worker, node, gen}`, `{:attach, node, worker, protocol}`, `{:unfence, worker, node}` (the link of a fence is gone),
  `{:cover, node, nodes}`, `{:left, node, worker}` (the route before it uses that router no more), `{:wake, ms}`, `{:publish, route, targets}`.

  ## Invariants

    * A publisher reaches a node through its router (the node is in that one's newest list) or directly (`:pg` knows a
      worker there), or by the protocol of PG2, never by two of them. Usable is a router with a list that names this node and
      at least one other, and that is not leaving. All usable ones are used (`Outrigger.PubSub.Choices`), or none while the cluster is small
      (`Outrigger.PubSub.SmallCluster`) and this node is connected to all the others. One that is far (`Outrigger.PubSub.Distance`) is
      not used, if this node is connected to all that it reaches.
    * Lists come by way of the worker's mailbox, so they may be older than the link. Before each attach a fence goes to
      the worker; until it comes back, lists of that node are ignored, and after that those which name this
      node's former attachment. So an old list cannot bring back a route that is gone.
    * The epoch rises whenever a publisher has to do something else than before, and when a node is there again that was reached
      directly a moment ago: the `end` of that way may have been lost with the link, and is said again.
      `clock` is `Outrigger.PubSub.Board.clock/0`.
  """

  alias Outrigger.PubSub.{SmallCluster, Choices}

  defstruct [
    :node,
    :group,
    :worker,
    :small,
    epoch: 0,
    gen: 0,
    pg: %{},
    pg2: %{},
    routers: %{},
    far: MapSet.new(),
    route: nil,
    targets: %{},
    direct_until: %{}
  ]

  # In microseconds. Longer than receivers wait for the end of a way.
  @recently 10_000_000

  @type t :: %__MODULE__{}
  @typedoc """
    * `:choices` - a tuple of those that publishers have, see `Outrigger.PubSub.Choices`;
    * `:pg2` - the workers of each PG2 node, see `Outrigger.PubSub.PG2`;
    * `:exits` - the newest route pid of every attachment of this node, by its member pid;
    * `:reason` - why broadcasts go through routers, or do not.
  """
  @type route :: %{
          epoch: non_neg_integer,
          group: atom,
          choices: tuple,
          pg2: [{node, [pid]}],
          exits: %{pid => pid},
          reason: SmallCluster.reason() | :no_router | :unconnected | :distance
        }
  @typedoc "Who to send to so as to reach one node, by the choice that a publisher takes."
  @type targets :: %{node => :pg2 | %{(pid | nil) => pid}}
  @type action ::
          {:fence, pid, node, pos_integer}
          | {:unfence, pid, node}
          | {:attach, node, pid, 1 | 2}
          | {:cover, node, [node]}
          | {:left, node, pid}
          | {:wake, non_neg_integer}
          | {:publish, route, targets}

  @doc "The state of a group on `node`, before anything is known. Options: those of `Outrigger.PubSub.SmallCluster`."
  @spec new(atom, node, keyword) :: t
  def new(group, node, options \\ []),
    do: %__MODULE__{group: group, node: node, small: SmallCluster.new(options)}

  @doc "Handles one event. See the module documentation."
  @spec handle(t, tuple | atom, pos_integer) :: {t, [action]}
  def handle(state, event, clock) do
    pg = state.pg
    {state, actions} = event(event, state)
    {state, covers} = covers(state)
    {state, wake} = count(state, clock)
    {state, publish} = publish(state, clock, again?(state, pg, clock))
    # The route first: publishers wait for it. Attach and cover can take their time.
    {state, publish ++ actions ++ covers ++ wake}
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

  defp event({:far, nodes}, state), do: {%{state | far: nodes}, []}

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

  # Its attachment stays: what leaves it says so on it.
  defp event({:leaving, pid}, state) do
    case state.routers[node(pid)] do
      %{list: %{pid: ^pid}} = router ->
        left = if state.worker, do: [{:left, node(pid), state.worker}], else: []
        {put_router(state, node(pid), %{router | leaving?: true}), left}

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

  defp event(:wake, state), do: {state, []}

  @unattached %{
    gen: 0,
    protocol: 2,
    fenced?: false,
    leaving?: false,
    retired: nil,
    list: nil,
    asked: []
  }

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
      {node, %{list: %{members: members}, leaving?: false} = router}, {state, actions} ->
        missing = state.pg |> Map.keys() |> Enum.reject(&is_map_key(members, &1)) |> Enum.sort()
        state = put_router(state, node, %{router | asked: missing})

        if missing in [[], router.asked],
          do: {state, actions},
          else: {state, [{:cover, node, missing} | actions]}

      _no_list_or_leaving, acc ->
        acc
    end)
  end

  defp count(state, clock) do
    nodes = for list <- lists(state), node <- Map.keys(list.members), do: node
    count = (nodes ++ Map.keys(state.pg)) |> Enum.uniq() |> length()
    {small, wake} = SmallCluster.count(state.small, count, clock)
    {%{state | small: small}, if(wake, do: [{:wake, wake}], else: [])}
  end

  defp again?(%{pg: pg}, pg, _clock), do: false

  defp again?(state, pg, clock) do
    Enum.any?(Map.keys(state.pg), fn node ->
      not is_map_key(pg, node) and
        clock - Map.get(state.direct_until, node, -@recently) < @recently
    end)
  end

  defp publish(state, clock, again?) do
    {route, targets} = route(state)

    cond do
      state.route == nil or followed(route) != followed(state.route) or again? ->
        epoch = max(state.epoch + 1, clock)
        route = %{route | epoch: epoch}
        state = %{note_directs(state, clock) | epoch: epoch, route: route, targets: targets}
        {state, [{:publish, route, targets}]}

      route != state.route or targets != state.targets ->
        {%{state | route: route, targets: targets}, [{:publish, route, targets}]}

      true ->
        {state, []}
    end
  end

  defp note_directs(%{route: nil} = state, _clock), do: state

  defp note_directs(state, clock) do
    recent =
      for {node, at} <- state.direct_until, clock - at < @recently, into: %{}, do: {node, at}

    direct = Choices.summary(state.route.choices).direct
    %{state | direct_until: Enum.into(direct, recent, &{&1, clock})}
  end

  # What publishers do by it.
  defp followed(route), do: {route.choices, route.pg2}

  defp route(state) do
    lists = lists(state)
    usable = for {_node, %{list: %{} = list, leaving?: false}} <- state.routers, do: list
    {path, reason} = prefers(state, usable)
    {path, reason, used} = near(state, path, reason, usable)
    {choices, targets} = Choices.all(used, state.pg)

    # A node that is being upgraded may be in both scopes for a moment: what it runs now is what reaches it.
    known = Enum.reduce(lists, state.pg, &Map.merge(&2, &1.members))
    pg2 = Enum.sort(for {node, pids} <- state.pg2, not is_map_key(known, node), do: {node, pids})

    {%{
       epoch: state.epoch,
       group: state.group,
       choices: choices,
       pg2: pg2,
       exits: Map.new(lists, &{&1.own, &1.route}),
       reason: if(Choices.path(choices) == path, do: reason, else: :no_router)
     }, for({node, _pids} <- pg2, into: targets, do: {node, :pg2})}
  end

  defp prefers(state, lists) do
    case SmallCluster.prefers(state.small) do
      {:direct, :small_cluster} = small ->
        if Choices.meshed?(lists, state.pg), do: small, else: {:relay, :unconnected}

      other ->
        other
    end
  end

  defp near(_state, :direct, reason, _usable), do: {:direct, reason, []}
  defp near(_state, :relay, :option, usable), do: {:relay, :option, usable}

  defp near(state, :relay, reason, usable) do
    far? = &(MapSet.member?(state.far, node(&1.pid)) and Choices.meshed?([&1], state.pg))

    case Enum.reject(usable, far?) do
      [] when usable != [] -> {:direct, :distance, []}
      near -> {:relay, reason, near}
    end
  end

  # Of all routers that have answered.
  defp lists(state), do: for({_node, %{list: %{} = list}} <- state.routers, do: list)
end
