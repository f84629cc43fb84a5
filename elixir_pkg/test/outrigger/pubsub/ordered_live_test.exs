defmodule Outrigger.PubSub.OrderedLiveTest do
  @moduledoc "Topics in one order, on BEAM nodes and real Rust nodes."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.Test.{Cluster, Orders, Probe}

  @pubsub OrderedLiveTest.PubSub
  @topics ["room:1", "room:2"]
  @moduletag :cluster
  @moduletag timeout: 120_000

  defp start(count, options \\ []) do
    members = Cluster.start_nodes(count)
    Cluster.connect(members)

    for member <- members,
        do: Cluster.start_pubsub(member, [name: @pubsub, ordered: ["room:"]] ++ options)

    members
  end

  defp info(member), do: Cluster.call(member, PubSub, :info, [@pubsub])

  # Until all of them send to the same router. Which one, and its term.
  defp sequenced(members) do
    Cluster.eventually(fn ->
      case Enum.uniq(for member <- members, do: info(member).ordered["room:"]) do
        [%{} = one] -> one
        _not_yet -> nil
      end
    end)
  end

  defp subscribe(members) do
    for member <- members,
        do: {member, Cluster.call(member, Probe, :subscriber, [@pubsub, @topics])}
  end

  defp received({member, subscriber}), do: Cluster.call(member, Probe, :received, [subscriber])

  defp last({member, subscriber}, key), do: Cluster.call(member, Probe, :last, [subscriber, key])

  test "all subscribers get all messages in the same order, those of the publishers' nodes too" do
    members = start(2)

    assert Cluster.call(hd(members), PubSub, :broadcast, [@pubsub, "room:1", :early]) ==
             {:error, :unordered}

    router = Cluster.start_rust(hd(members))
    assert %{sequencer: ^router} = sequenced(members)
    subscribers = subscribe(members) ++ subscribe(members)

    publishers =
      for member <- members, {topic, n} <- Enum.with_index(@topics ++ @topics) do
        key = {member.name, n}
        {member, key, Cluster.call(member, Probe, :publisher, [@pubsub, topic, key, 1])}
      end

    # All of them go on until each has sent so many.
    for subscriber <- subscribers,
        {_, key, _} <- publishers,
        do: Cluster.eventually(fn -> last(subscriber, key) >= 300 end)

    sent =
      for {member, key, pid} <- publishers,
          do: {key, Cluster.call(member, Probe, :stop, [pid])}

    for subscriber <- subscribers,
        {key, count} <- sent,
        do: Cluster.eventually(fn -> last(subscriber, key) == count end)

    [first | others] = Enum.map(subscribers, &received/1)
    assert length(first) == Enum.sum(for {_key, count} <- sent, do: count)
    for other <- others, do: assert(other == first)

    for {key, count} <- sent,
        do: assert(Probe.faults(first, key, count) == %{lost: [], again: [], late: []})

    # The publishers have met: it was not one after the other.
    assert Enum.dedup(Enum.map(first, &elem(&1, 0))) |> length() > length(publishers)

    for member <- members,
        do: assert(%{missed: 0, stale: 0, malformed: 0} = info(member).counters)
  end

  test "who is left out, who is told what, and what else goes its way" do
    [a, b] = members = start(2)
    Cluster.start_rust(a)
    sequenced(members)
    [{_, at_a}, {_, at_b}] = subscribers = subscribe(members)

    :ok = Cluster.call(a, PubSub, :broadcast_from, [@pubsub, at_a, "room:1", :not_for_a])

    :ok =
      Cluster.call(b, PubSub, :broadcast_many_from, [
        @pubsub,
        at_b,
        [{"room:1", :x}, {"else", :y}]
      ])

    # Two nodes have sent: only what is there comes surely before what is sent now.
    for {subscriber, first} <- Enum.zip(subscribers, [:x, :not_for_a]),
        do: Cluster.eventually(fn -> received(subscriber) == [first] end)

    :ok = Cluster.call(a, PubSub, :broadcast, [@pubsub, "room:2", :last])
    for subscriber <- subscribers, do: Cluster.eventually(fn -> :last in received(subscriber) end)
    assert Enum.map(subscribers, &received/1) == [[:x, :last], [:not_for_a, :last]]

    {:ok, {adapter, group}} = Cluster.call(a, Registry, :meta, [@pubsub, :pubsub])
    arguments = [group, "room:1", :m, Outrigger.PubSub]
    raised = catch_error(Cluster.call(a, adapter, :broadcast, arguments))
    assert inspect(raised) =~ "call Outrigger.PubSub.broadcast"
    assert Cluster.call(a, adapter, :broadcast, [group, "else", :m, Outrigger.PubSub]) == :ok
  end

  test "a prefix is wanted as a whole, and what went by while it was not is not missing" do
    [a, b] = members = start(2)
    router = Cluster.start_rust(a)
    sequenced(members)
    at_a = {a, Cluster.call(a, Probe, :subscriber, [@pubsub, @topics, [confirm: true]])}
    assert %{patterns: 1} = info(a).interest
    Cluster.eventually(fn -> info(b).interest == %{patterns: 0, listed: [router], open: []} end)

    publish = fn numbers ->
      for n <- numbers,
          do: :ok = Cluster.call(a, PubSub, :broadcast, [@pubsub, "room:1", {:k, n}])
    end

    publish.(1..50)
    Cluster.eventually(fn -> last(at_a, :k) == 50 end)
    group = Module.concat(@pubsub, "Adapter")
    assert Cluster.call(b, PubSub.Board, :read, [group, {:position, "room:"}, nil]) == nil
    # Another topic of it: all of the prefix comes, and nobody is there for it but who has asked.
    other = {b, Cluster.call(b, Probe, :subscriber, [@pubsub, "room:2", [confirm: true]])}
    at_b = {b, Cluster.call(b, Probe, :subscriber, [@pubsub, "room:1", [confirm: true]])}
    assert %{patterns: 1} = info(b).interest
    publish.(51..100)
    Cluster.eventually(fn -> last(at_b, :k) == 100 end)
    assert %{lost: lost, again: [], late: []} = Probe.faults(received(at_b), :k, 100)
    assert Enum.all?(lost, &(&1 <= 50))
    assert received(other) == []
    for member <- members, do: assert(%{missed: 0, stale: 0} = info(member).counters)
  end

  test "the sequencer is killed with -9 under load, twice: one order throughout" do
    members = start(3)
    rusts = Map.new(Enum.take(members, 2), &{Cluster.start_rust(&1), &1})
    subscribers = subscribe(members) ++ subscribe(members)
    first = sequenced(members)

    publishers =
      for member <- members, n <- 1..3, topic = Enum.random(@topics) do
        key = {member.name, n}
        {member, key, Cluster.call(member, Probe, :publisher, [@pubsub, topic, key, 1])}
      end

    second = kill(rusts, first, members, publishers, subscribers)
    third = kill(rusts, second, members, publishers, subscribers)
    assert first.term < second.term and second.term < third.term
    assert first.sequencer != second.sequencer

    sent =
      for {member, key, pid} <- publishers, do: {key, Cluster.call(member, Probe, :stop, [pid])}

    for subscriber <- subscribers,
        {key, count} <- sent,
        do: Cluster.eventually(fn -> last(subscriber, key) == count end)

    lists = Enum.map(subscribers, &received/1)
    assert Orders.faults(lists) == []

    for list <- lists, {key, count} <- sent do
      faults = Probe.faults(list, key, count)
      assert %{again: [], late: []} = faults
      assert length(faults.lost) < count / 2
    end
  end

  test "the sequencer is stopped in good order under load: all arrives, in one order" do
    [first, second, _] = members = start(3, hold_ms: 20_000)
    rusts = for member <- [first, second], do: {Cluster.start_rust(member), member}
    subscribers = subscribe(members) ++ subscribe(members)
    before = sequenced(members)
    {_, member} = List.keyfind(rusts, before.sequencer, 0)

    publishers =
      for member <- members, n <- 1..3, topic = Enum.random(@topics) do
        key = {member.name, n}
        {member, key, Cluster.call(member, Probe, :publisher, [@pubsub, topic, key, 1])}
      end

    for {_, key, _} <- publishers,
        subscriber <- subscribers,
        do: Cluster.eventually(fn -> last(subscriber, key) > 100 end)

    :ok =
      Cluster.call(member, Supervisor, :terminate_child, [Outrigger.Supervisor, Outrigger.Node])

    assert sequenced(members).sequencer != before.sequencer

    marks =
      for {_, key, _} <- publishers,
          subscriber <- subscribers,
          do: {subscriber, key, last(subscriber, key)}

    for {subscriber, key, mark} <- marks,
        do: Cluster.eventually(fn -> last(subscriber, key) > mark + 100 end, 30_000)

    sent =
      for {member, key, pid} <- publishers, do: {key, Cluster.call(member, Probe, :stop, [pid])}

    for subscriber <- subscribers,
        {key, count} <- sent,
        do: Cluster.eventually(fn -> last(subscriber, key) == count end)

    [list | others] = Enum.map(subscribers, &received/1)
    for other <- others, do: assert(other == list)

    for {key, count} <- sent,
        do: assert(Probe.faults(list, key, count) == %{lost: [], again: [], late: []})

    for member <- members, do: assert(%{missed: 0, stale: 0} = info(member).counters)
  end

  # Waits until all publishers go on by another, and are heard everywhere.
  defp kill(rusts, %{sequencer: router} = before, members, publishers, subscribers) do
    os_pid = Cluster.rust(rusts[router]).os_pid

    marks =
      for {_, key, _} <- publishers,
          subscriber <- subscribers,
          do: {subscriber, key, last(subscriber, key)}

    {_, 0} = System.cmd("kill", ["-9", "#{os_pid}"])
    Cluster.eventually(fn -> Cluster.rust(rusts[router]).os_pid not in [nil, os_pid] end)

    # Of two there are two again, for everybody.
    for member <- members,
        do: Cluster.eventually(fn -> length(info(member).interest.listed) == map_size(rusts) end)

    now =
      Cluster.eventually(fn ->
        found = sequenced(members)
        if found.term > before.term, do: found
      end)

    for {subscriber, key, mark} <- marks,
        do: Cluster.eventually(fn -> last(subscriber, key) > mark + 100 end, 30_000)

    now
  end
end
