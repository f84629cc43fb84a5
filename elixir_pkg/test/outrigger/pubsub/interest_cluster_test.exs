defmodule Outrigger.PubSub.InterestClusterTest do
  @moduledoc "Three BEAM nodes and a router: the reference one, and the real one."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.Test.{Cluster, Probe, ReferenceRouter, Starts}

  @pubsub InterestClusterTest.PubSub
  @group Module.concat(@pubsub, "Adapter")
  @moduletag :cluster
  @moduletag timeout: 180_000

  setup do
    members = Cluster.start_nodes(3)
    Cluster.connect(members)

    for member <- members do
      :ok = Cluster.call(member, Starts, :listen, [])
      on_gap = {Starts, :gapped, []}
      Cluster.start_pubsub(member, name: @pubsub, path: :relay, on_gap: on_gap)
    end

    %{members: members}
  end

  defp start_reference(members, options \\ []) do
    place = Cluster.start_plain()
    router = :"#{Cluster.unique("router")}@127.0.0.1"
    options = [name: router, cookie: Cluster.cookie()] ++ options
    {:ok, _} = Cluster.call(place, ReferenceRouter, :start, [options])
    # Of the others it hears by `cover`.
    :ok = Cluster.call(place, ReferenceRouter, :join, [hd(members).name])
    Map.put(place, :node, router)
  end

  defp figure(router, name) do
    environment = [{"OUTRIGGER_COOKIE", Cluster.cookie()}]
    args = ["node", "--status", Atom.to_string(router), "--json"]
    {status, 0} = System.cmd(Outrigger.Binary.path(), args, env: environment)
    [_, figure] = Regex.run(~r/"#{name}":\s*(\d+)/, status)
    String.to_integer(figure)
  end

  defp listed(members, router) do
    for member <- members do
      Cluster.eventually(fn ->
        info = Cluster.call(member, PubSub, :info, [@pubsub])
        info.path == :relay and length(info.covered) == 2 and info.interest.listed == [router]
      end)
    end
  end

  defp counters(member), do: Cluster.call(member, PubSub, :info, [@pubsub]).counters

  defp no_gaps(members), do: for(member <- members, do: assert(%{gaps: 0} = counters(member)))

  # Starts on two nodes at once, published on the others, while a publisher of each node keeps all busy. What does not arrive has to be told as a gap.
  defp starts(members, workers, count) do
    for member <- members, do: Cluster.call(member, Probe, :subscriber, [@pubsub, "load"])

    load =
      for member <- members,
          do: {member, Cluster.call(member, Probe, :publisher, [@pubsub, "load", member.name, 1])}

    [a, b, c] = for member <- members, do: Cluster.call(member, Starts, :publisher, [@pubsub])
    [_, at_b, at_c] = members

    results =
      [{at_b, [a, c]}, {at_c, [a, b]}]
      |> Enum.map(fn {member, publishers} ->
        Task.async(fn ->
          :peer.call(member.peer, Starts, :run, [@pubsub, publishers, workers, count], 150_000)
        end)
      end)
      |> Task.await_many(160_000)

    for {member, publisher} <- load, do: Cluster.call(member, Probe, :stop, [publisher])

    for {result, member} <- Enum.zip(results, tl(members)) do
      told = for gap <- Cluster.call(member, Starts, :gaps, []), do: bytes(gap)
      assert %{lost: [], again: []} = %{result | lost: result.lost -- told}
    end

    for member <- members, do: assert(%{lost: 0, stale: 0} = counters(member))
    Enum.sum(for %{started: started} <- results, do: started)
  end

  defp bytes({:prefix, prefix}), do: prefix
  defp bytes(topic), do: topic

  test "what is published right after subscribe arrives, once", c do
    router = start_reference(c.members)
    listed(c.members, router.node)
    assert starts(c.members, 5, 200) == 2_000
    no_gaps(c.members)
    assert %{late: late} = Cluster.call(router, ReferenceRouter, :counts, [])
    assert late > 0, "none was late: this shows nothing"
  end

  test "the same with the real router", c do
    router = Cluster.start_rust(hd(c.members))
    listed(c.members, router)
    assert starts(c.members, 20, 200) == 8_000
    no_gaps(c.members)
    assert figure(router, "late") > 0, "none was late: this shows nothing"
  end

  # What was on a way that its publisher has left is not passed on late: a gap, and told.
  test "a second router comes: nothing is lost without a word, and nothing comes twice", c do
    [a, b, _] = c.members
    first = Cluster.start_rust(a)
    listed(c.members, first)

    comes =
      Task.async(fn ->
        second = Cluster.start_rust(b)
        both = Enum.sort([first, second])

        for member <- c.members do
          Cluster.eventually(fn ->
            Enum.sort(Cluster.call(member, PubSub, :info, [@pubsub]).interest.listed) == both
          end)
        end
      end)

    started = Stream.repeatedly(fn -> starts(c.members, 10, 100) end)
    Enum.find(started, fn _ -> Task.yield(comes, 0) end)
    starts(c.members, 10, 100)
  end

  test "only who wants a topic is sent it, and the router means the same", c do
    [a, b, d] = c.members
    router = start_reference(c.members)
    one = Cluster.call(b, Probe, :subscriber, [@pubsub, ["x", "y"]])
    two = Cluster.call(d, Probe, :subscriber, [@pubsub, "y"])
    listed(c.members, router.node)

    wanted = %{a.name => [], b.name => ["x", "y"], d.name => ["y"]}

    Cluster.eventually(fn ->
      Cluster.call(router, ReferenceRouter, :wanted, [@group]) == wanted
    end)

    for topic <- ["x", "y", "z"],
        do: :ok = Cluster.call(a, PubSub, :broadcast, [@pubsub, topic, {topic, 1}])

    Cluster.eventually(fn -> Cluster.call(b, Probe, :received, [one]) == [{"x", 1}, {"y", 1}] end)
    Cluster.eventually(fn -> Cluster.call(d, Probe, :received, [two]) == [{"y", 1}] end)
    Cluster.call(b, Process, :exit, [one, :kill])

    Cluster.eventually(
      fn ->
        Cluster.call(router, ReferenceRouter, :wanted, [@group]) == %{wanted | b.name => []}
      end,
      45_000
    )
  end

  test "only who wants a prefix is sent its topics, beside those who want the topic", c do
    [a, b, d] = c.members
    router = Cluster.start_rust(a)
    listed(c.members, router)
    # What is passed on late is no copy.
    told = [confirm: true]
    by_prefix = Cluster.call(b, Probe, :subscriber, [@pubsub, [{:prefix, "x:"}, "y"], told])
    by_topic = Cluster.call(d, Probe, :subscriber, [@pubsub, ["x:1", {:prefix, "z"}], told])
    before = figure(router, "copies")

    many = for {topic, n} <- [{"x:1", 1}, {"x:2", 2}, {"x", 3}, {"y", 4}], do: {topic, {topic, n}}

    for {topic, message} <- many,
        do: Cluster.call(a, PubSub, :broadcast, [@pubsub, topic, message])

    :ok = Cluster.call(a, PubSub, :broadcast_many, [@pubsub, many])

    expected = [{"x:1", 1}, {"x:2", 2}, {"y", 4}]

    Cluster.eventually(fn ->
      Cluster.call(b, Probe, :received, [by_prefix]) == expected ++ expected
    end)

    Cluster.eventually(fn ->
      Cluster.call(d, Probe, :received, [by_topic]) == [{"x:1", 1}, {"x:1", 1}]
    end)

    assert figure(router, "copies") - before == 2 * (3 + 1)
  end

  test "the teller is killed again and again while topics are new: nothing is lost or comes twice",
       c do
    router = start_reference(c.members)
    listed(c.members, router.node)
    members = tl(c.members)

    # Less often than a supervisor puts up with.
    killer =
      Task.async(fn ->
        for _ <- 1..4, member <- members do
          Process.sleep(1_100)
          old = Cluster.call(member, Process, :whereis, [PubSub.Interest.name(@group)])
          Cluster.call(member, Process, :exit, [old, :kill])
        end
      end)

    started = Stream.repeatedly(fn -> starts(c.members, 3, 50) end)
    Enum.find(started, fn _ -> Task.yield(killer, 0) end)
    listed(c.members, router.node)
    no_gaps(c.members)
  end

  test "a router of before interest sends everything, and nobody waits for it", c do
    start_reference(c.members, interest: false)
    [a, b, _] = c.members

    Cluster.eventually(fn ->
      match?(%{path: :relay, interest: %{open: [_]}}, Cluster.call(a, PubSub, :info, [@pubsub]))
    end)

    subscribe = [@pubsub, "t", [confirm: true]]
    assert :ok = Cluster.call(b, PubSub, :subscribe, subscribe)
    assert %{interest: %{listed: []}} = Cluster.call(b, PubSub, :info, [@pubsub])
  end

  test "confirm: the router knows when subscribe returns", c do
    router = start_reference(c.members)
    listed(c.members, router.node)
    [_, b, _] = c.members
    assert :ok = Cluster.call(b, PubSub, :subscribe, [@pubsub, "t", [confirm: true]])
    assert Cluster.call(router, ReferenceRouter, :wanted, [@group])[b.name] == ["t"]
    # What is for it is kept back: the answer too.
    :ok = Cluster.call(router, ReferenceRouter, :hold, [b.name])
    options = [confirm: true, confirm_timeout: 100]
    assert {:error, :timeout} = Cluster.call(b, PubSub, :subscribe, [@pubsub, "u", options])
    :ok = Cluster.call(router, ReferenceRouter, :release, [b.name])
    assert :ok = Cluster.call(b, PubSub, :subscribe, [@pubsub, "u", [confirm: true]])
  end
end
