defmodule Outrigger.PubSub.RoutersTest do
  @moduledoc "Three BEAM nodes and two reference routers, each an OS process."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.Test.{Cluster, Ledger, Probe, ReferenceRouter}

  @pubsub RoutersTest.PubSub
  @options [name: @pubsub, hold_ms: 20_000, path: :relay]
  @publishers 8
  @moduletag :cluster
  @moduletag timeout: 120_000

  setup context do
    members = Cluster.start_nodes(3, Map.get(context, :arguments, []))
    Cluster.connect(members)
    %{ledger: Ledger.start(members, Map.get(context, :options, @options)), members: members}
  end

  # A router with links to these nodes and to no others.
  defp start_router(members, name \\ :"#{Cluster.unique("router")}@127.0.0.1") do
    router = Cluster.start_plain()
    options = [name: name, cookie: Cluster.cookie(), follow_cover: false]
    {:ok, _} = Cluster.call(router, ReferenceRouter, :start, [options])
    for member <- members, do: join(router, member)
    Map.put(router, :node, name)
  end

  defp join(router, member),
    do: :ok = Cluster.call(router, ReferenceRouter, :join, [member.name])

  defp forwarded(router), do: Cluster.call(router, ReferenceRouter, :counts, []).forwarded

  # Nobody got anything twice or late, and what was lost was under way through this router.
  defp lost_through(router, faults, before) do
    for {_at, key, faults} <- faults do
      assert before[key] == router
      assert %{again: [], late: []} = faults
    end
  end

  test "one of two is killed under load and comes back: only its publishers move, and back", c do
    [first, second] = routers = for _ <- 1..2, do: start_router(c.members)
    Ledger.routed(c.ledger, Enum.map(routers, & &1.node))
    publishers = Ledger.publish(c.ledger, @publishers)
    before = Ledger.settled(c.ledger, publishers)
    assert Enum.sort(Enum.uniq(Map.values(before))) == Enum.sort([first.node, second.node])

    Cluster.kill(first)
    Ledger.routed(c.ledger, [second.node])
    assert Enum.uniq(Map.values(Ledger.settled(c.ledger, publishers))) == [second.node]

    again = start_router(c.members, first.node)
    Ledger.routed(c.ledger, [again.node, second.node])
    assert Ledger.settled(c.ledger, publishers) == before

    faults = Ledger.faults(c.ledger, Ledger.stop(c.ledger, publishers))
    assert Ledger.gave_up(c.ledger) == []

    lost_through(first.node, faults, before)
  end

  test "routers that cover different nodes: nothing is lost, doubled or reordered while they change in turn",
       c do
    [a, b, d] = c.members
    first = start_router([a, b])
    second = start_router([b, d])
    publishers = Ledger.publish(c.ledger, @publishers)

    Cluster.eventually(fn ->
      Ledger.info(c.ledger, b).routers == %{first.node => [a.name], second.node => [d.name]} and
        Ledger.info(c.ledger, b).direct == Ledger.names([a, d]) and
        Ledger.info(c.ledger, b).covered == [] and
        Ledger.info(c.ledger, a).routers == %{first.node => [b.name]} and
        Ledger.info(c.ledger, a).direct == [d.name]
    end)

    Ledger.settled(c.ledger, publishers)
    # One node after the other, now here, now there; the second is slow for one node meanwhile.
    :ok = Cluster.call(second, ReferenceRouter, :hold, [b.name])
    join(second, a)
    join(first, d)

    for member <- [a, d],
        do: Cluster.eventually(fn -> map_size(Ledger.info(c.ledger, member).routers) == 2 end)

    Ledger.settled(c.ledger, publishers)
    :ok = Cluster.call(second, ReferenceRouter, :release, [b.name])
    Ledger.routed(c.ledger, [first.node, second.node])
    Ledger.settled(c.ledger, publishers)
    assert Ledger.faults(c.ledger, Ledger.stop(c.ledger, publishers)) == []
    assert Ledger.gave_up(c.ledger) == []

    # To one node: over the publisher's own router, in order with its broadcasts.
    for n <- 1..10 do
      runner = Cluster.call(a, Probe, :runner, [])
      run = &Cluster.call(a, Probe, :run, [runner, PubSub, &1, &2])
      :ok = run.(:broadcast, [@pubsub, "t", {{:run, n}, 1}])
      :ok = run.(:direct_broadcast, [b.name, @pubsub, "t", {{:run, n}, 2}])
      :ok = run.(:broadcast, [@pubsub, "t", {{:run, n}, 3}])
    end

    for n <- 1..10, {member, wanted} <- [{b, [1, 2, 3]}, {d, [1, 3]}] do
      Cluster.eventually(fn ->
        all = Ledger.received(c.ledger, member)
        wanted == for({{:run, ^n}, m} <- all, do: m)
      end)
    end
  end

  # Ticks go every quarter of this time. A link on which nothing comes ends after 3/4 to 5/4 of it.
  @tag arguments: ["-kernel", "net_ticktime", "4"]
  test "a router that falls silent: its publishers move when the link's ticks fail", c do
    [first, second] = routers = for _ <- 1..2, do: start_router(c.members)
    Ledger.routed(c.ledger, Enum.map(routers, & &1.node))
    publishers = Ledger.publish(c.ledger, @publishers)
    before = Ledger.settled(c.ledger, publishers)
    {_, 0} = System.cmd("kill", ["-STOP", "#{first.os_pid}"])
    Ledger.routed(c.ledger, [second.node])
    assert Enum.uniq(Map.values(Ledger.settled(c.ledger, publishers))) == [second.node]
    sent = Ledger.stop(c.ledger, publishers)
    faults = Ledger.faults(c.ledger, sent)

    lost_through(first.node, faults, before)

    # It wakes up and passes on what it had read. The links are down: nothing of it arrives.
    {_, 0} = System.cmd("kill", ["-CONT", "#{first.os_pid}"])
    assert forwarded(first) > 0
    assert Ledger.faults(c.ledger, sent) == faults
    assert Ledger.gave_up(c.ledger) == []
  end

  describe "a small cluster" do
    @describetag options: [name: @pubsub, hold_ms: 20_000, direct_after_ms: 500]

    test "is sent to directly beside a router; a node more, and back: nothing is lost on the way",
         c do
      router = start_router(c.members)
      publishers = Ledger.publish(c.ledger, @publishers)

      small = fn ->
        for member <- c.members do
          others = Ledger.names(c.members -- [member])

          Cluster.eventually(fn ->
            match?(
              %{path: :direct, reason: :small_cluster, direct: ^others},
              Ledger.info(c.ledger, member)
            )
          end)
        end
      end

      small.()
      late = Cluster.start_node()
      Cluster.connect([late | c.members])
      Cluster.start_pubsub(late, c.ledger.options)
      join(router, late)
      Ledger.routed(%{c.ledger | members: [late | c.members]}, [router.node])
      assert %{path: :relay, reason: :large_cluster} = Ledger.info(c.ledger, hd(c.members))
      Ledger.settled(c.ledger, publishers)

      stopped = Cluster.call(late, Process, :whereis, [Module.concat(@pubsub, "Supervisor")])
      :ok = Cluster.call(late, Supervisor, :stop, [stopped])
      Ledger.routed(c.ledger, [router.node])
      small.()
      Ledger.settled(c.ledger, publishers)
      assert Ledger.faults(c.ledger, Ledger.stop(c.ledger, publishers)) == []
      assert Ledger.gave_up(c.ledger) == []
      # All of them had left the direct way for the router's, and that one again.
      assert forwarded(router) > 3 * @publishers
    end

    @tag options: [name: @pubsub, path: :direct]
    test "is what every cluster is with `path: :direct`", c do
      router = start_router(c.members)

      Cluster.eventually(fn ->
        Enum.all?(
          c.members,
          &match?(%{path: :direct, reason: :option, direct: [_, _]}, Ledger.info(c.ledger, &1))
        )
      end)

      :ok = Cluster.call(hd(c.members), PubSub, :broadcast, [@pubsub, "t", {:m, 1}])

      for member <- c.members do
        Cluster.eventually(fn ->
          Ledger.received(c.ledger, member) == [{:m, 1}]
        end)
      end

      assert forwarded(router) == 0
    end
  end
end
