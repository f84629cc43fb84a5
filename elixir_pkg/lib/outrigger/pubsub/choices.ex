defmodule Outrigger.PubSub.Choices do
  @moduledoc """
  What a node's publishers can choose from, and what one of them takes. Pure.

  A choice is a router with the nodes that it covers and, beside it, the workers of the others, which are reached directly; or no router,
  and all of them directly. A route (`Outrigger.PubSub.Routing`) has one choice for each router that is used, or the one without.

  ## Who takes what

  A publisher takes the choice with the highest hash of its pid, its node and the router's (rendezvous hashing). So a router that goes
  moves its own publishers and no others, each to the next of its own order; one that comes takes its share and leaves the rest
  where they are; one that comes back gets back those it had. All topics of a publisher go one way.

  ## Invariants

    * Each choice reaches as many nodes as any other. A router that leaves out nodes to which this one has no connection either is not
      used while another choice leads there.
    * The same routers make the same choices, in the same order.
  """

  import Bitwise

  alias Outrigger.PubSub.Path

  @typedoc """
    * `:relay` - the route pid of a router, or `nil`; `:use` - `{router_pid, member_pid, version}` for it;
    * `:nodes` - who it reaches; `:directs` - the workers of the others.
  """
  @type choice :: %{relay: pid | nil, use: Path.use() | nil, nodes: [node], directs: [pid]}
  @typedoc "A router's newest list. `members` are the others, `own` is this node's member pid."
  @type listing :: %{
          pid: pid,
          version: non_neg_integer,
          route: pid,
          own: pid,
          members: %{node => pid}
        }
  @typedoc "The workers of each node that `:pg` knows, newest first."
  @type pg :: %{node => [pid, ...]}
  @typedoc "Who to send to so as to reach one node: by a router's member pid for this node, without a router by `nil`."
  @type targets :: %{node => %{(pid | nil) => pid}}

  @doc "The choices: the routers with these lists, or the direct one if there is none."
  @spec all([listing], pg) :: {choices :: tuple, targets}
  def all(lists, pg) do
    direct = direct(%{}, pg)
    routed = for list <- lists, list.members != %{}, do: {list, direct(list.members, pg)}
    most = Enum.max([map_size(direct) | Enum.map(routed, &reach/1)])

    case Enum.filter(routed, &(reach(&1) == most)) do
      [] ->
        choice = %{relay: nil, use: nil, nodes: [], directs: pids(direct)}
        {{choice}, by_node([{nil, direct}])}

      best ->
        best = Enum.sort_by(best, fn {list, _direct} -> node(list.pid) end)
        choices = for {list, direct} <- best, do: choice(list, direct)
        reached = for {list, direct} <- best, do: {list.own, Map.merge(direct, list.members)}
        {List.to_tuple(choices), by_node(reached)}
    end
  end

  @doc "Does the direct way reach all that the routers with these lists do?"
  @spec meshed?([listing], pg) :: boolean
  def meshed?(lists, pg) do
    Enum.all?(lists, fn list -> Enum.all?(Map.keys(list.members), &is_map_key(pg, &1)) end)
  end

  @doc "The choice that a publisher takes."
  @spec choose(choices :: tuple, pid) :: choice
  def choose({choice}, _publisher), do: choice

  def choose(choices, publisher) do
    choices |> Tuple.to_list() |> Enum.max_by(&rank(node(&1.relay), publisher))
  end

  # The hash of a pid leaves out its node. Without that the nodes of a cluster, on which the same processes are started in the
  # same order, would all take the same router for them.
  defp rank(router, publisher),
    do: :erlang.phash2({publisher, node(publisher), router}, 1 <<< 32)

  @doc "Do publishers use routers?"
  @spec path(choices :: tuple) :: :relay | :direct
  def path(choices), do: if(elem(choices, 0).relay, do: :relay, else: :direct)

  @doc """
  What can be said of all choices together: the nodes that each router in use covers, those that every publisher reaches through its
  router, and those that some publisher reaches directly.
  """
  @spec summary(choices :: tuple) :: %{
          routers: %{node => [node]},
          covered: [node],
          direct: [node]
        }
  def summary(choices) do
    choices = Tuple.to_list(choices)

    direct =
      for(choice <- choices, pid <- choice.directs, do: node(pid)) |> Enum.uniq() |> Enum.sort()

    %{
      routers:
        for(
          %{relay: pid, nodes: nodes} when pid != nil <- choices,
          into: %{},
          do: {node(pid), nodes}
        ),
      covered: (choices |> Enum.flat_map(& &1.nodes) |> Enum.uniq() |> Enum.sort()) -- direct,
      direct: direct
    }
  end

  defp direct(members, pg),
    do: for({node, [pid | _]} <- pg, not is_map_key(members, node), into: %{}, do: {node, pid})

  defp reach({list, direct}), do: map_size(list.members) + map_size(direct)

  defp choice(list, direct) do
    %{
      relay: list.route,
      use: {list.pid, list.own, list.version},
      nodes: list.members |> Map.keys() |> Enum.sort(),
      directs: pids(direct)
    }
  end

  defp pids(direct), do: direct |> Map.values() |> Enum.sort()

  defp by_node(reached) do
    for {name, targets} <- reached, {node, pid} <- targets, reduce: %{} do
      all -> Map.update(all, node, %{name => pid}, &Map.put(&1, name, pid))
    end
  end
end
