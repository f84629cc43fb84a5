defmodule Outrigger.PubSub.RelayTest do
  @moduledoc "Three BEAM nodes and the reference router, each an OS process."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.Test.{Cluster, Probe, ReferenceRouter}

  @pubsub RelayTest.PubSub
  @group Module.concat(@pubsub, "Adapter")
  @options [name: @pubsub, hold_ms: 20_000, path: :relay]
  @moduletag :cluster
  @moduletag timeout: 120_000

  setup do
    members = Cluster.start_nodes(3)
    Cluster.connect(members)
    for member <- members, do: Cluster.start_pubsub(member, @options)
    for member <- members, do: reaches(member, :direct, members)

    subscribers =
      Map.new(members, &{&1.name, Cluster.call(&1, Probe, :subscriber, [@pubsub, "t"])})

    %{members: members, subscribers: subscribers}
  end

  # The router is told of one node only; of the others it hears by `cover`. Or it hears nothing and is told of all: then a link
  # that was cut stays so.
  defp start_router(members, options \\ []) do
    router = Cluster.start_plain()
    name = :"#{Cluster.unique("router")}@127.0.0.1"
    options = [name: name, cookie: Cluster.cookie()] ++ options
    {:ok, _} = Cluster.call(router, ReferenceRouter, :start, [options])
    told = if Keyword.get(options, :follow_cover, true), do: [hd(members)], else: members
    for member <- told, do: :ok = Cluster.call(router, ReferenceRouter, :join, [member.name])
    for member <- members, do: reaches(member, :relay, members)
    Map.put(router, :node, name)
  end

  defp router(router, function, args), do: Cluster.call(router, ReferenceRouter, function, args)

  defp reaches(member, path, members) do
    others = members |> Enum.map(& &1.name) |> List.delete(member.name) |> Enum.sort()

    Cluster.eventually(fn ->
      info = Cluster.call(member, PubSub, :info, [@pubsub])

      {same, other} =
        if path == :relay, do: {info.covered, info.direct}, else: {info.direct, info.covered}

      info.path == path and Enum.sort(same) == others and other == []
    end)
  end

  defp received(c, member),
    do: Cluster.call(member, Probe, :received, [c.subscribers[member.name]])

  defp counters(member), do: Cluster.call(member, PubSub, :info, [@pubsub]).counters

  defp broadcast(member, message),
    do: :ok = Cluster.call(member, PubSub, :broadcast, [@pubsub, "t", message])

  # One process of a node, which broadcasts a number when it is told to.
  defp sayer(member) do
    runner = Cluster.call(member, Probe, :runner, [])
    &Cluster.call(member, Probe, :run, [runner, PubSub, :broadcast, [@pubsub, "t", {:m, &1}]])
  end

  # `how_many` publishers on each node.
  defp publish(c, how_many, pause_ms) do
    for member <- c.members, n <- 1..how_many do
      key = {member.name, n}
      {member, key, Cluster.call(member, Probe, :publisher, [@pubsub, "t", key, pause_ms])}
    end
  end

  defp stop(publishers) do
    for {member, key, pid} <- publishers, do: {key, Cluster.call(member, Probe, :stop, [pid])}
  end

  # Every subscriber got every publisher's last message.
  defp drained(c, sent) do
    for member <- c.members, {key, count} <- sent do
      Cluster.eventually(fn ->
        Cluster.call(member, Probe, :last, [c.subscribers[member.name], key]) == count
      end)
    end
  end

  defp faults(c, sent) do
    for member <- c.members, all = received(c, member), {key, count} <- sent, reduce: [] do
      acc ->
        faults = Probe.faults(all, key, count)

        if faults == %{lost: [], again: [], late: []},
          do: acc,
          else: [{member.name, key, faults} | acc]
    end
  end

  defp nobody_waits(c) do
    for member <- c.members do
      Cluster.eventually(fn ->
        Cluster.call(member, GenServer, :call, [@group, :waiting]) == []
      end)

      assert %{gave_up: 0, stale: 0} = counters(member)
    end
  end

  test "broadcasts go through the router, and it alone", c do
    [a, b, d] = c.members
    router = start_router(c.members)
    before = router(router, :counts, []).forwarded
    broadcast(a, {:m, 1})
    :ok = Cluster.call(a, PubSub, :broadcast_from, [@pubsub, c.subscribers[a.name], "t", {:m, 2}])
    :ok = Cluster.call(a, PubSub, :direct_broadcast, [b.name, @pubsub, "t", {:m, 3}])
    broadcast(a, {:m, 4})

    Cluster.eventually(fn -> {:m, 4} in received(c, b) and {:m, 4} in received(c, d) end)
    assert received(c, a) == [{:m, 1}, {:m, 4}]
    assert received(c, b) == [{:m, 1}, {:m, 2}, {:m, 3}, {:m, 4}]
    assert received(c, d) == [{:m, 1}, {:m, 2}, {:m, 4}]
    # Each call runs in a process of its own: no markers among these.
    assert %{forwarded: forwarded, dropped: 0} = router(router, :counts, [])
    assert forwarded - before == 4
  end

  test "direct, relay, direct, relay under load: nothing lost, doubled or reordered", c do
    publishers = publish(c, 3, 1)
    router = start_router(c.members)
    Process.sleep(300)
    # The relay is slow for one target while half of the publishers leave it in good order.
    second = hd(tl(c.members))
    :ok = router(router, :hold, [second.name])
    Process.sleep(100)
    other = start_other_router(c.members, router)
    Process.sleep(300)
    :ok = router(router, :release, [second.name])
    Process.sleep(300)
    sent = stop(publishers)
    drained(c, sent)
    assert faults(c, sent) == []
    nobody_waits(c)
    assert router(router, :counts, []).forwarded > 0
    assert router(other, :counts, []).forwarded > 0
  end

  # A second router: it takes its share of the publishers, and the first one lives.
  defp start_other_router(members, first) do
    router = Cluster.start_plain()
    name = :"#{Cluster.unique("router")}@127.0.0.1"

    {:ok, _} =
      Cluster.call(router, ReferenceRouter, :start, [[name: name, cookie: Cluster.cookie()]])

    :ok = Cluster.call(router, ReferenceRouter, :join, [hd(members).name])

    for member <- members do
      Cluster.eventually(fn ->
        info = Cluster.call(member, PubSub, :info, [@pubsub])
        routers = Map.keys(info.routers)
        Enum.sort(routers) == Enum.sort([first.node, name]) and info.direct == []
      end)
    end

    router
  end

  test "a slow direct way: what comes through the relay waits for it", c do
    [a, b, _] = c.members
    say = sayer(a)
    say.(1)
    Cluster.eventually(fn -> {:m, 1} in received(c, b) end)

    # b's worker does not look into its mailbox; then everything lies there, in the order of arrival.
    router = start_router(c.members)
    :ok = router(router, :hold, [b.name])
    say.(2)
    say.(3)
    refute {:m, 2} in received(c, b)
    :ok = router(router, :release, [b.name])
    Cluster.eventually(fn -> {:m, 3} in received(c, b) end)
    assert for({:m, n} <- received(c, b), do: n) == [1, 2, 3]
    nobody_waits(c)
  end

  test "a router that is slow for one node and loses the publisher's link: direct messages wait",
       c do
    [a, b, d] = c.members
    router = start_router(c.members, follow_cover: false)
    say = sayer(a)
    say.(1)
    Cluster.eventually(fn -> {:m, 1} in received(c, b) end)
    :ok = router(router, :hold, [b.name])
    say.(2)
    Cluster.eventually(fn -> {:m, 2} in received(c, d) end)
    :ok = router(router, :cut, [a.name])
    reaches(a, :direct, c.members)
    say.(3)
    Cluster.eventually(fn -> {:m, 3} in received(c, d) end)
    # 3 is at b, 2 is in the router.
    Cluster.eventually(fn -> Cluster.call(b, GenServer, :call, [@group, :waiting]) != [] end)
    assert for({:m, n} <- received(c, b), do: n) == [1]
    :ok = router(router, :release, [b.name])
    Cluster.eventually(fn -> {:m, 3} in received(c, b) end)
    assert for({:m, n} <- received(c, b), do: n) == [1, 2, 3]
    assert for({:m, n} <- received(c, d), do: n) == [1, 2, 3]
    nobody_waits(c)
  end

  test "a link breaks as a publisher leaves it: the end of that way is said again when it is back",
       c do
    [a, b, _] = c.members
    say = sayer(a)
    say.(1)
    Cluster.eventually(fn -> {:m, 1} in received(c, b) end)
    router = start_router(c.members, follow_cover: false)
    :ok = router(router, :hold, [b.name])
    true = Cluster.call(a, Node, :disconnect, [b.name])
    say.(2)
    Cluster.connect([a, b])
    Cluster.eventually(fn -> b.name in listed(a) and a.name in listed(b) end)
    # What b hears of it first, it hears over the new link.
    :ok = router(router, :release, [b.name])
    say.(3)
    Cluster.eventually(fn -> {:m, 3} in received(c, b) end)
    assert for({:m, n} <- received(c, b), do: n) == [1, 2, 3]
    nobody_waits(c)
  end

  # The nodes of the workers that the switch knows of.
  defp listed(member) do
    # What the scope has told the switch is there when both have answered.
    Cluster.call(member, :sys, :get_state, [PubSub])
    switch = Outrigger.PubSub.Switch.name(@group)
    Map.keys(Cluster.call(member, :sys, :get_state, [switch]).routing.pg)
  end

  test "the router is killed with -9 under load and comes back: no message twice, none late", c do
    router = start_router(c.members)
    publishers = publish(c, 3, 1)
    Process.sleep(200)
    Cluster.kill(router)
    for member <- c.members, do: reaches(member, :direct, c.members)
    Process.sleep(200)
    again = start_router(c.members)
    Process.sleep(200)
    sent = stop(publishers)
    drained(c, sent)

    for member <- c.members, all = received(c, member), {key, count} <- sent do
      assert %{again: [], late: []} = Probe.faults(all, key, count)
    end

    nobody_waits(c)
    assert router(again, :counts, []).forwarded > 0
  end

  test "a worker is killed: it attaches again, and publishers of its node go on", c do
    [a, b, _] = c.members
    start_router(c.members)
    epoch = Cluster.call(b, PubSub, :info, [@pubsub]).epoch
    old = Cluster.call(b, Process, :whereis, [@group])
    Cluster.call(b, Process, :exit, [old, :kill])
    Cluster.eventually(fn -> Cluster.call(b, PubSub, :info, [@pubsub]).epoch > epoch end)
    for member <- c.members, do: reaches(member, :relay, c.members)
    broadcast(a, {:again, 1})
    broadcast(b, {:again, 2})

    for member <- c.members,
        do: Cluster.eventually(fn -> [{:again, 1}, {:again, 2}] -- received(c, member) == [] end)
  end

  test "a switch is killed under load: nothing is doubled or reordered", c do
    start_router(c.members)
    publishers = publish(c, 2, 1)
    epoch = Cluster.call(hd(c.members), PubSub, :info, [@pubsub]).epoch

    for member <- c.members do
      switch = Cluster.call(member, Process, :whereis, [Outrigger.PubSub.Switch.name(@group)])
      Cluster.call(member, Process, :exit, [switch, :kill])
    end

    Cluster.eventually(fn ->
      Cluster.call(hd(c.members), PubSub, :info, [@pubsub]).epoch > epoch
    end)

    for member <- c.members, do: reaches(member, :relay, c.members)
    Process.sleep(100)
    sent = stop(publishers)
    drained(c, sent)

    # It attaches again: what was under way to the former attachment is lost.
    for member <- c.members, all = received(c, member), {key, count} <- sent do
      assert %{again: [], late: []} = Probe.faults(all, key, count)
    end

    nobody_waits(c)
  end

  test "a node that joins late is covered, one that is killed is forgotten", c do
    router = start_router(c.members)
    late = Cluster.start_node()
    Cluster.connect([late | c.members])
    Cluster.start_pubsub(late, @options)
    at_late = Cluster.call(late, Probe, :subscriber, [@pubsub, "t"])
    for member <- [late | c.members], do: reaches(member, :relay, [late | c.members])
    broadcast(hd(c.members), {:m, 1})
    Cluster.eventually(fn -> Cluster.call(late, Probe, :received, [at_late]) == [{:m, 1}] end)
    Cluster.kill(late)
    for member <- c.members, do: reaches(member, :relay, c.members)
    assert [] != router(router, :covers, [])
  end

  test "an orderly stop detaches", c do
    [a, b, d] = c.members
    router = start_router(c.members)
    group = Cluster.call(b, Process, :whereis, [Module.concat(@pubsub, "Supervisor")])
    :ok = Cluster.call(b, Supervisor, :stop, [group])
    for member <- [a, d], do: reaches(member, :relay, [a, d])
    assert router(router, :counts, []).dropped == 0
  end
end
