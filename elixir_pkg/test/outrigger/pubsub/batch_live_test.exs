defmodule Outrigger.PubSub.BatchLiveTest do
  @moduledoc "Three BEAM nodes and the real Rust node under load, and a router of before batches."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.Test.{Cluster, Probe, ReferenceRouter}

  @pubsub BatchLiveTest.PubSub
  @topics ["a", "b"]
  @count 4_000
  @moduletag :cluster
  @moduletag timeout: 120_000

  setup do
    members = Cluster.start_nodes(3)
    Cluster.connect(members)

    for member <- members,
        do: Cluster.start_pubsub(member, name: @pubsub, hold_ms: 20_000, path: :relay)

    %{members: members}
  end

  defp relayed(members, router) do
    for member <- members do
      Cluster.eventually(fn ->
        info = Cluster.call(member, PubSub, :info, [@pubsub])
        Map.keys(info.routers) == [router] and length(info.covered) == length(members) - 1
      end)
    end
  end

  for how <- [:burst, :burst_of_many] do
    test "#{how} under load: all arrive once and in order, across topics, in batches", c do
      under_load(c, unquote(how))
    end
  end

  defp under_load(c, how) do
    node = hd(c.members)

    router = Cluster.start_rust(node)
    relayed(c.members, router)

    # Across topics the order holds once the router knows of both.
    subscribers =
      for member <- c.members do
        options = [confirm: true]
        {member, Cluster.call(member, Probe, :subscriber, [@pubsub, @topics, options])}
      end

    publishers =
      for member <- c.members, n <- 1..2 do
        key = {member.name, n}
        Cluster.call(member, Probe, how, [@pubsub, @topics, key, @count])
        key
      end

    for {member, subscriber} <- subscribers, key <- publishers do
      Cluster.eventually(
        fn -> Cluster.call(member, Probe, :last, [subscriber, key]) == @count end,
        60_000
      )
    end

    for {member, subscriber} <- subscribers do
      all = Cluster.call(member, Probe, :received, [subscriber])

      for key <- publishers,
          do: assert(Probe.faults(all, key, @count) == %{lost: [], again: [], late: []})

      assert %{batches: batches, malformed: 0, stale: 0, gave_up: 0, dispatch_errors: 0} =
               Cluster.call(member, PubSub, :info, [@pubsub]).counters

      assert batches > 0, "#{member.name} got no batch"
    end
  end

  test "a router of before batches is asked again in its version", c do
    place = Cluster.start_plain()
    router = :"#{Cluster.unique("old")}@127.0.0.1"
    options = [name: router, cookie: Cluster.cookie(), version: 1]
    {:ok, _} = Cluster.call(place, ReferenceRouter, :start, [options])

    # Of the others it hears by `cover`.
    :ok = Cluster.call(place, ReferenceRouter, :join, [hd(c.members).name])
    relayed(c.members, router)
    assert Cluster.call(place, ReferenceRouter, :counts, []).refused == 3
  end
end
