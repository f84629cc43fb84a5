defmodule Outrigger.PubSub.Path do
  @moduledoc """
  The path of one publishing process, and what it has to say when the path changes. Pure.

  A path is a tuple `{epoch, relay, directs, use, left, strays}`:

    * `epoch` - of the route that the path was made from;
    * `relay` - the route pid of a router, or `nil`;
    * `directs` - the workers that are reached without a router: pids, and `{:pg2, pid}` for the worker of a PG2 node that this
      process sends to;
    * `use` - `{router_pid, member_pid, version}` of the relay, or `nil`;
    * `left` - `[{at_ms, exit}]`: the ways left within the last `hold_ms`, newest first. An exit is
      `{:router, router_pid, member_pid, version}` or `{:direct, node}`;
    * `strays` - nodes reached by `direct_broadcast` which no route knew.

  A route is the map that `Outrigger.PubSub.Routing` publishes. Of its choices this process takes one (`Outrigger.PubSub.Choices`).

  ## Invariants

    * Two epochs with the same attachment use the same way: the link to the router and the router keep their order.
    * A node that a router has lost, while others are still reached through it, is told to wait for that router too.
    * Every change names all ways left within `hold_ms`, and ends each of them again: a `begin` that was lost with its
      link is made good by the next one.
    * A PG2 node needs no markers: it is either what it is or started anew as another. This process stays with one worker of
      its pool.
    * Who was not reached over a way that a `begin` names finds out by itself (see `Outrigger.PubSub.Handover`). So no
      history of routes is kept, and a publisher may be idle for as long as it likes.

  ## Limits

  At most 16 routers are kept in `left`. Strays are at most 16, the oldest is forgotten first.
  """

  alias Outrigger.PubSub.{PG2, Choices}

  @max_routers 16
  @max_strays 16

  @type use :: {router :: pid, member :: pid, version :: non_neg_integer}
  @type exit ::
          {:router, router :: pid, member :: pid, version :: non_neg_integer} | {:direct, node}
  @type t ::
          {epoch :: non_neg_integer, relay :: pid | nil, directs :: [pid | {:pg2, pid}],
           use | nil, left :: [{at :: integer, exit}], strays :: [node]}
  @type route :: Outrigger.PubSub.Routing.route()
  @type sends :: [{pid | {group :: atom, node}, marker :: tuple}]

  @doc """
  The path of a process that has not published before: it has nothing to leave.
  """
  @spec new(route, pid) :: t
  def new(route, publisher) do
    choice = Choices.choose(route.choices, publisher)
    {route.epoch, choice.relay, directs(choice, route.pg2, [], publisher), choice.use, [], []}
  end

  @doc """
  Moves `path` over to `route` at `now` (ms). Returns the new path and the markers to send, in order.
  """
  @spec change(t, route, pid, integer, pos_integer) :: {t, sends}
  def change({epoch, _, _, _, _, _} = path, %{epoch: epoch}, _publisher, _now, _hold_ms),
    do: {path, []}

  def change({_epoch, _relay, directs, use, _left, strays} = path, route, publisher, now, hold) do
    choice = Choices.choose(route.choices, publisher)
    left = left(path, choice, now, hold)
    held = for {:pg2, pid} <- directs, do: pid
    directs = directs(choice, route.pg2, held, publisher)
    path = {route.epoch, choice.relay, directs, choice.use, left, strays -- choice.nodes}
    marks = {route.epoch, publisher}
    {path, ends(left, choice, route, marks) ++ begins(left, kept(use, choice), choice, marks)}
  end

  @doc """
  Notes that `path` sent to `node` by name, because no route knew it.
  """
  @spec stray(t, node) :: t
  def stray({epoch, relay, directs, use, left, strays} = path, node) do
    if node in strays do
      path
    else
      {epoch, relay, directs, use, left, Enum.take([node | strays], @max_strays)}
    end
  end

  defp directs(choice, [], _held, _publisher), do: choice.directs

  defp directs(choice, pg2, held, publisher) do
    choice.directs ++
      for {_node, workers} <- pg2, do: {:pg2, PG2.choose(workers, held, publisher)}
  end

  defp left({_epoch, _relay, directs, use, left, strays}, choice, now, hold) do
    direct_now = Enum.map(choice.directs, &node/1)
    router = if use, do: [{:router, elem(use, 0), elem(use, 1), elem(use, 2)}], else: []
    # A stray stays one while nothing else reaches it: it is left only for a relay.
    strays = Enum.filter(strays, &(&1 in choice.nodes))
    direct = for(pid <- directs, is_pid(pid), do: node(pid)) ++ strays
    direct = for node <- Enum.uniq(direct), do: {:direct, node}

    (for(exit <- router ++ direct, do: {now, exit}) ++
       for({at, _} = x <- left, now - at < hold, do: x))
    |> Enum.reject(fn {_at, exit} -> taken?(exit, choice, direct_now) end)
    |> Enum.uniq_by(fn {_at, exit} -> key(exit) end)
    |> bound()
  end

  defp taken?({:router, _, member, _}, %{use: {_, member, _}}, _direct), do: true
  defp taken?({:router, _, _, _}, _choice, _direct), do: false
  defp taken?({:direct, node}, _choice, direct), do: node in direct

  defp key({:router, _, member, _}), do: member
  defp key({:direct, node}), do: node

  defp bound(left) do
    {routers, direct} = Enum.split_with(left, &match?({_, {:router, _, _, _}}, &1))
    Enum.take(routers, @max_routers) ++ direct
  end

  # Through the newest route of the attachment that was used: the one that was used may have expired. An attachment that
  # is gone needs no `end`, the router's lists say so to everyone. `{group, node}` and not the pid: the worker may be
  # another one by now, and has to hear it.
  defp ends(left, choice, route, {epoch, publisher}) do
    Enum.flat_map(left, fn
      {_at, {:router, _, member, _}} ->
        case route.exits do
          %{^member => pid} -> [{pid, {:"$outrigger_end", epoch, publisher, member}}]
          _ -> []
        end

      {_at, {:direct, node}} ->
        if node in choice.nodes,
          do: [{{route.group, node}, {:"$outrigger_end", epoch, publisher, :direct}}],
          else: []
    end)
  end

  # A router that is used on may have lost some of those it reached. They are reached directly now and have to wait for
  # what is still under way from it; the others must not wait for a way that does not end.
  defp kept({_, member, _} = use, %{use: {_, member, _}}), do: [use]
  defp kept(_use, _choice), do: []

  defp begins([], [], _choice, _marks), do: []

  defp begins(left, kept, choice, {epoch, publisher}) do
    uses = for {_at, {:router, router, member, version}} <- left, do: {router, member, version}
    nodes = for {_at, {:direct, node}} <- left, do: node
    relay = if left == [], do: [], else: List.wrap(choice.relay)

    for(pid <- relay, do: {pid, {:"$outrigger_begin", epoch, publisher, uses, nodes}}) ++
      for pid <- choice.directs do
        {pid, {:"$outrigger_begin", epoch, publisher, uses ++ kept, nodes}}
      end
  end
end
