defmodule Outrigger.PubSub.TelemetryTest do
  @moduledoc "The events of the table in `Outrigger.PubSub`, as a node with the telemetry library would get them."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.Test.Cluster

  @pubsub TelemetryTest.PubSub
  @group Module.concat(@pubsub, "Adapter")
  @moduletag :cluster

  setup do
    member = Cluster.start_node()

    # The library is no dependency: a module of its name that remembers what was told.
    Cluster.call(member, Code, :eval_string, [
      """
      :ets.new(:told, [:named_table, :public, :duplicate_bag, {:heir, Process.whereis(:init), nil}])
      defmodule :telemetry do
        def execute([:outrigger, :pubsub, event], measurements, metadata),
          do: :ets.insert(:told, {event, measurements, metadata})
        def execute(_event, _measurements, _metadata), do: :ok
      end
      """
    ])

    Cluster.start_pubsub(member, name: @pubsub, hold_ms: 200)
    %{member: member}
  end

  defp told(c, event),
    do: for({_, m, d} <- Cluster.call(c.member, :ets, :lookup, [:told, event]), do: {m, d})

  # When it has returned, the worker has taken it.
  defp tell(c, message) do
    Cluster.call(c.member, :erlang, :send, [@group, message])
    Cluster.call(c.member, GenServer, :call, [@group, :waiting])
  end

  test "of ways and losses, with the nodes that they are about", c do
    router = self()
    here = node(router)
    assert [{%{epoch: _, covered: 0, direct: 0, pg2: 0}, route}] = told(c, :route)

    assert route == %{
             pubsub: @pubsub,
             path: :direct,
             from: nil,
             routers: [],
             reason: :small_cluster
           }

    tell(c, {:"$outrigger_lost", router, [{:a@h, 3}, {:b@h, 4}]})
    about = &%{pubsub: @pubsub, router: here, publisher: &1}
    assert told(c, :lost) == [{%{count: 3}, about.(:a@h)}, {%{count: 4}, about.(:b@h)}]

    tell(c, {:"$outrigger_unconfirmed", router, [{:a@h, 5}]})
    assert told(c, :unconfirmed) == [{%{at_most: 5}, about.(:a@h)}]

    tell(c, {:"$outrigger_refused", router, @group, :too_many_groups, 7})
    refused = %{pubsub: @pubsub, router: here, reason: :too_many_groups, limit: 7}
    Cluster.eventually(fn -> told(c, :refused) == [{%{count: 1}, refused}] end)
  end

  test "of what is dropped, held and not dispatched", c do
    # Alive, and of this node: its way does not end by itself.
    publisher = Cluster.call(c.member, Outrigger.Test.Probe, :runner, [])
    data = fn epoch, dispatcher -> {:"$outrigger", epoch, publisher, "t", :m, dispatcher} end
    subscriber = Cluster.call(c.member, Outrigger.Test.Probe, :subscriber, [@pubsub, "t"])

    tell(c, data.(1, NoSuch.Dispatcher))
    assert [{%{count: 1}, error}] = told(c, :dispatch_error)
    assert %{pubsub: @pubsub, topic: "t", dispatcher: NoSuch.Dispatcher, kind: :error} = error

    # A way that does not end: what is held is given up after `hold_ms`, and what comes over the old way then is dropped.
    tell(c, {:"$outrigger_begin", 2, publisher, [], [c.member.name]})
    tell(c, data.(2, PubSub))
    Cluster.eventually(fn -> told(c, :handover_timeout) != [] end)
    assert told(c, :handover_timeout) == [{%{held: 1}, %{pubsub: @pubsub, publisher: publisher}}]
    tell(c, data.(1, PubSub))
    assert told(c, :stale) == [{%{count: 1}, %{pubsub: @pubsub, publisher: publisher}}]
    assert Cluster.call(c.member, Outrigger.Test.Probe, :received, [subscriber]) == [:m]
  end
end
