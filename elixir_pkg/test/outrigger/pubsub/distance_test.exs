defmodule Outrigger.PubSub.DistanceTest do
  @moduledoc "Which routers are far, how that is measured, and what the switch makes of it."
  use ExUnit.Case, async: true

  doctest Outrigger.PubSub.Distance

  alias Outrigger.PubSub.{Distance, Distance.Probe, Routing}
  alias Outrigger.Test.{Cluster, Ledger}

  defp measured(distance, times, now \\ 0, count \\ 3) do
    for _ <- 1..count, {node, us} <- times, reduce: distance do
      distance -> Distance.sample(distance, node, us, now)
    end
  end

  defp far(distance, now \\ 0), do: Distance.far(distance, [:r, :s], [:a, :b], now)
  defp names(distance), do: Enum.sort(distance.far)

  test "far is three times the farthest node and 5 ms, near again twice and 2.5 ms" do
    times = [a: 100, b: 1_000, s: 100]
    assert Distance.new() |> measured([r: 8_000] ++ times) |> far() |> names() == []
    far = Distance.new() |> measured([r: 8_001] ++ times) |> far()
    assert names(far) == [:r]
    # The shortest counts, and what is far stays so for a while.
    far = far |> measured([r: 4_501], 1, 1) |> far()
    assert names(far) == [:r]
    assert far |> measured([r: 4_500], 1, 1) |> far() |> names() == []
    # Old samples do not count.
    far = measured(far, [r: 90_000] ++ times, 60_002) |> measured([s: 70_000], 60_002)
    assert far |> far(60_001) |> names() == [:r]
    assert far |> far(60_002) |> names() == [:r]
  end

  test "what is not known well is neither far, nor anything beside it" do
    assert Distance.new()
           |> measured([r: 90_000], 0, 2)
           |> measured(a: 1, b: 1)
           |> far()
           |> names() == []

    assert Distance.new()
           |> measured(r: 90_000, a: 1)
           |> measured([b: 1], 0, 2)
           |> far()
           |> names() == []

    assert Distance.new() |> measured(r: 90_000, a: 1, b: 1) |> far() |> names() == [:r]
    assert Distance.new() |> measured(r: 90_000) |> Distance.far([:r], [], 0) |> names() == []
    assert Distance.new() |> measured(r: 90_000, a: 1, b: 50_000) |> far() |> names() == []
  end

  test "the probe asks all routers and the others in turn, and tells what has changed" do
    test = self()
    others = for n <- 1..20, do: :"n#{n}"
    {:ok, nodes} = Agent.start_link(fn -> {[:r], others} end)

    ask = fn node, ref ->
      send(test, {:asked, node})
      # The router is 30 ms away; one of the others does not answer.
      if node == :r, do: Process.send_after(self(), {ref, :yes}, 30)
      if node not in [:r, :n20], do: send(self(), {ref, :yes})
    end

    options = [nodes: fn -> Agent.get(nodes, & &1) end, ask: ask, tell: &send(test, {:far, &1})]
    {:ok, _} = Probe.start_link(options ++ [group: :none, tick_ms: 5])
    for node <- [:r | others], _ <- 1..4, do: assert_receive({:asked, ^node})
    refute_received {:far, _}

    Agent.update(nodes, fn _ -> {[:r], others -- [:n20]} end)
    assert_receive {:far, far}
    assert far == MapSet.new([:r])
    Agent.update(nodes, fn _ -> {[], others} end)
    assert_receive {:far, far}
    assert far == MapSet.new()
  end

  describe "the switch" do
    defp pid(node, id) do
      name = Atom.to_string(node)

      :erlang.binary_to_term(
        <<131, 88, 119, byte_size(name), name::binary, id::32, 0::32, 7::32>>
      )
    end

    # This node at two routers that both reach four others.
    defp routing(options) do
      others = for n <- 1..4, do: :"n#{n}@h"
      state = Routing.new(:g, :me@h, options)
      {state, _} = Routing.handle(state, {:worker_up, pid(:me@h, 1)}, 1)
      {state, _} = Routing.handle(state, {:pg, for(node <- others, do: pid(node, 1))}, 2)

      for {router, gen} <- [{:a@r, 1}, {:b@r, 2}], reduce: state do
        state ->
          list = [{:me@h, pid(router, 2)} | for(node <- others, do: {node, pid(router, 3)})]
          {state, _} = Routing.handle(state, {:hidden_up, router}, 3)
          {state, _} = Routing.handle(state, {:fenced, router, gen}, 4)

          {state, _} =
            Routing.handle(state, {:members, pid(router, 1), 1, pid(router, 4), list}, 5)

          state
      end
    end

    defp way(state, far) do
      {state, _actions} = Routing.handle(state, {:far, MapSet.new(far)}, 10)

      used =
        for choice <- Tuple.to_list(state.route.choices), do: choice.relay && node(choice.relay)

      {state.route.reason, used}
    end

    test "uses the near ones, and none if all are far" do
      state = routing([])
      assert way(state, []) == {:large_cluster, [:a@r, :b@r]}
      assert way(state, [:a@r, :other@r]) == {:large_cluster, [:b@r]}
      assert way(state, [:a@r, :b@r]) == {:distance, [nil]}
    end

    test "uses one that is far where it has to, or is told to" do
      assert way(routing(path: :relay), [:a@r, :b@r]) == {:option, [:a@r, :b@r]}
      {state, _} = Routing.handle(routing([]), {:pg_leave, [pid(:n4@h, 1)]}, 6)
      assert way(state, [:a@r, :b@r]) == {:large_cluster, [:a@r, :b@r]}
    end
  end

  @tag :cluster
  test "BEAM nodes and Rust nodes answer alike" do
    members = [first | _] = Cluster.start_nodes(4)
    Cluster.connect(members)
    ledger = Ledger.start(members, name: DistanceTest.PubSub)
    router = Cluster.start_rust(first)
    Ledger.routed(ledger, [router])

    children =
      Cluster.call(first, Supervisor, :which_children, [DistanceTest.PubSub.Adapter.Supervisor])

    {Probe, probe, _, _} = List.keyfind(children, Probe, 0)
    nodes = Enum.sort([router | Ledger.names(members) -- [first.name]])

    Cluster.eventually(fn ->
      %{distance: %{samples: samples}} = Cluster.call(first, :sys, :get_state, [probe])
      Enum.sort(Map.keys(samples)) == nodes
    end)
  end
end
