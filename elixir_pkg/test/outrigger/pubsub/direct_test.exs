defmodule Outrigger.PubSub.DirectTest do
  @moduledoc "Two and three BEAM nodes without a router."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.Test.{Cluster, Probe}

  @pubsub DirectTest.PubSub
  @moduletag :cluster
  @moduletag timeout: 60_000

  setup do
    members = [a, b] = Cluster.start_nodes(2)
    Cluster.connect(members)
    for member <- members, do: Cluster.start_pubsub(member, name: @pubsub)
    reaches(a, [b])
    reaches(b, [a])
    %{a: a, b: b, at_a: subscriber(a), at_b: subscriber(b)}
  end

  defp reaches(member, others) do
    names = others |> Enum.map(& &1.name) |> Enum.sort()

    Cluster.eventually(fn ->
      info = Cluster.call(member, PubSub, :info, [@pubsub])
      Enum.sort(info.direct) == names and info.path == :direct
    end)
  end

  defp subscriber(member), do: Cluster.call(member, Probe, :subscriber, [@pubsub, "t"])
  defp received(member, pid), do: Cluster.call(member, Probe, :received, [pid])

  defp has(member, pid, message),
    do: Cluster.eventually(fn -> message in received(member, pid) end)

  test "broadcast reaches both, broadcast_from spares the sender, direct_broadcast one", c do
    :ok = Cluster.call(c.a, PubSub, :broadcast, [@pubsub, "t", {:all, 1}])
    has(c.a, c.at_a, {:all, 1})
    has(c.b, c.at_b, {:all, 1})

    :ok = Cluster.call(c.a, PubSub, :local_broadcast, [@pubsub, "t", {:local, 1}])
    :ok = Cluster.call(c.a, PubSub, :direct_broadcast, [c.b.name, @pubsub, "t", {:one, 1}])
    :ok = Cluster.call(c.a, PubSub, :direct_broadcast, [c.a.name, @pubsub, "t", {:self, 1}])
    has(c.b, c.at_b, {:one, 1})
    has(c.a, c.at_a, {:self, 1})

    assert received(c.b, c.at_b) == [{:all, 1}, {:one, 1}]
    assert received(c.a, c.at_a) == [{:all, 1}, {:local, 1}, {:self, 1}]
  end

  test "prefixes, and several messages at a time", c do
    by_prefix = Cluster.call(c.b, Probe, :subscriber, [@pubsub, {:prefix, "t"}])
    many = for n <- 1..300, do: {if(rem(n, 3) == 0, do: "to", else: "t"), {:many, n}}
    :ok = Cluster.call(c.a, PubSub, :broadcast_many, [@pubsub, many])
    :ok = Cluster.call(c.a, PubSub, :direct_broadcast, [c.b.name, @pubsub, "to", {:many, 301}])
    has(c.b, by_prefix, {:many, 301})
    assert received(c.b, by_prefix) == for(n <- 1..301, do: {:many, n})
    on_t = for {"t", message} <- many, do: message
    assert received(c.b, c.at_b) == on_t
    assert received(c.a, c.at_a) == on_t
  end

  test "a worker that is restarted is found again, and so is one whose dispatcher fails", c do
    group = Module.concat(@pubsub, "Adapter")
    old = Cluster.call(c.b, Process, :whereis, [group])

    :ok =
      Cluster.call(c.a, PubSub, :direct_broadcast, [c.b.name, @pubsub, "t", :x, NoSuch.Dispatcher])

    :ok = Cluster.call(c.a, PubSub, :broadcast, [@pubsub, "t", {:after_error, 1}])
    has(c.b, c.at_b, {:after_error, 1})
    assert Cluster.call(c.b, Process, :whereis, [group]) == old
    assert Cluster.call(c.b, PubSub, :info, [@pubsub]).counters.dispatch_errors == 1

    Cluster.call(c.b, Process, :exit, [old, :kill])

    Cluster.eventually(fn ->
      new = Cluster.call(c.b, Process, :whereis, [group])
      new not in [nil, old] and new in Cluster.call(c.a, :pg, :get_members, [PubSub, group])
    end)

    Cluster.eventually(fn ->
      :ok = Cluster.call(c.a, PubSub, :broadcast, [@pubsub, "t", {:after_restart, 1}])
      {:after_restart, 1} in received(c.b, c.at_b)
    end)
  end

  test "a node that joins late gets what is published from then on, one that dies is forgotten",
       c do
    late = Cluster.start_node()
    Cluster.connect([c.a, c.b, late])
    Cluster.start_pubsub(late, name: @pubsub)
    at_late = subscriber(late)
    reaches(c.a, [c.b, late])
    :ok = Cluster.call(c.a, PubSub, :broadcast, [@pubsub, "t", {:late, 1}])
    has(late, at_late, {:late, 1})

    Cluster.kill(late)
    reaches(c.a, [c.b])
    :ok = Cluster.call(c.a, PubSub, :broadcast, [@pubsub, "t", {:later, 1}])
    has(c.b, c.at_b, {:later, 1})
  end
end
