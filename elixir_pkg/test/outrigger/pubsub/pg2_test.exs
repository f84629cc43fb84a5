defmodule Outrigger.PubSub.PG2Test do
  @moduledoc "What is decided about PG2 nodes, without any."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub.{Path, PG2, Routing}

  @group :"Elixir.PG2Test.Adapter"
  @second :"Elixir.PG2Test.Adapter_2"
  @third :"Elixir.PG2Test.Adapter_3"

  # A pid as another node would have it.
  defp pid(node, n) do
    name = Atom.to_string(node)
    :erlang.binary_to_term(<<131, 88, 119, byte_size(name), name::binary, n::32, 0::32, 1::32>>)
  end

  test "slots are named as PG2 names them" do
    assert PG2.slots(@group, 1) == [@group]
    assert PG2.slots(@group, 3) == [@group, @second, @third]
    assert length(PG2.slots(@group, 1_000)) == 256
  end

  test "only the groups of this PubSub concern it" do
    for group <- [@group, @second, :"#{@group}_1", :"#{@group}_256", PG2.marker(@group)],
        do: assert(PG2.concerns?(group, @group))

    for group <-
          [:"#{@group}_0", :"#{@group}_257", :"#{@group}_2x", :"#{@group}_", :"#{@group}2"] ++
            [:other, {:a, 1}, "text", PG2.marker(:other)],
        do: refute(PG2.concerns?(group, @group))
  end

  test "workers are those without the mark, of other nodes, in the order of slots" do
    [a1, a2, a10] = for n <- [1, 2, 10], do: pid(:a@h, n)
    ours = pid(:b@h, 1)
    own = pid(:me@h, 1)

    snapshot = %{
      :"#{@group}_10" => [a10],
      @second => [ours, a2],
      @group => [a1, ours, own],
      PG2.marker(@group) => [ours],
      :another => [pid(:c@h, 1)]
    }

    assert PG2.workers(snapshot, @group, :me@h) == %{a@h: [a1, a2, a10]}
  end

  test "a place is taken in each slot that PG2 nodes have, and in no others" do
    worker = pid(:me@h, 1)
    ours = pid(:b@h, 3)
    none = %{}
    slots = fn places -> &Map.get(places, &1) end

    # Alone: the own pool.
    assert PG2.plan(none, {@group, 1}, slots.(%{@group => worker})) == {[], [{@group, worker}]}
    assert {[@second, @third], [_]} = PG2.plan(none, {@group, 3}, slots.(%{@group => worker}))

    # A PG2 node has two more. One of ours has three, which is nobody's business.
    snapshot = %{
      @group => [worker, pid(:a@h, 1)],
      @second => [pid(:a@h, 2)],
      @third => [ours],
      PG2.marker(@group) => [ours, worker]
    }

    assert PG2.plan(snapshot, {@group, 1}, slots.(%{@group => worker})) == {[@second], []}
    slot = pid(:me@h, 2)
    places = slots.(%{@group => worker, @second => slot})
    assert PG2.plan(snapshot, {@group, 1}, places) == {[], [{@second, slot}]}

    # The worker is being restarted: it comes by itself.
    assert PG2.plan(none, {@group, 1}, slots.(%{})) == {[], []}
  end

  test "a publisher stays with the worker it has, and finds another when that is gone" do
    workers = for n <- 1..4, do: pid(:a@h, n)
    publishers = for n <- 1..100, do: pid(:me@h, n)
    chosen = Enum.map(publishers, &PG2.choose(workers, [], &1))
    assert Enum.sort(Enum.uniq(chosen)) == workers

    for {publisher, worker} <- Enum.zip(publishers, chosen) do
      more = workers ++ [pid(:a@h, 5)]
      assert PG2.choose(more, [pid(:c@h, 9), worker], publisher) == worker
      assert PG2.choose(more -- [worker], [worker], publisher) in (more -- [worker])
    end
  end

  test "a PG2 node does not hear of dispatchers that it does not have" do
    assert PG2.message("t", :m, Outrigger.PubSub) == {:forward_to_local, "t", :m, Phoenix.PubSub}
    assert PG2.message("t", :m, My) == {:forward_to_local, "t", :m, My}
    assert PG2.dispatcher(Phoenix.PubSub) == Outrigger.PubSub
    assert PG2.dispatcher(My) == My
  end

  describe "routing" do
    defp routed(events) do
      Enum.reduce(events, Routing.new(@group, :me@h), fn event, state ->
        {state, _actions} = Routing.handle(state, event, state.epoch + 1)
        state
      end)
    end

    test "a node is reached one way, however much is known of it" do
      worker = pid(:a@h, 1)
      native = pid(:a@h, 7)
      old = {:pg2, %{a@h: [worker]}}

      before = routed([old])
      assert %{pg2: [a@h: [^worker]], choices: {%{directs: []}}} = before.route
      assert before.targets == %{a@h: :pg2}

      for state <- [routed([old, {:pg_join, [native]}]), routed([{:pg_join, [native]}, old])] do
        assert %{pg2: [], choices: {%{directs: [^native]}}} = state.route
        assert state.targets == %{a@h: %{nil => native}}
      end

      back = routed([old, {:pg_join, [native]}, {:pg_leave, [native]}])
      assert %{pg2: [a@h: [^worker]], choices: {%{directs: []}}} = back.route
    end

    test "through a router or as a PG2 node, not both" do
      [router, route, own, member] = for n <- 1..4, do: pid(:r@h, n)
      list = {:members, router, 1, route, [me@h: own, a@h: member]}
      worker = pid(:a@h, 1)
      me = pid(:me@h, 1)

      events = [{:worker_up, me}, {:hidden_up, :r@h}, {:fenced, :r@h, 1}, list]
      state = routed(events ++ [{:pg2, %{a@h: [worker], b@h: [pid(:b@h, 1)]}}])
      assert %{choices: {%{relay: ^route, nodes: [:a@h]}}, pg2: [{:b@h, _}]} = state.route
      assert state.targets == %{a@h: %{own => member}, b@h: :pg2}
    end

    test "a change among PG2 workers is a new epoch, the same again is none" do
      one = routed([{:pg2, %{a@h: [pid(:a@h, 1)]}}])
      {same, []} = Routing.handle(one, {:pg2, %{a@h: [pid(:a@h, 1)]}}, 1_000)
      assert same.epoch == one.epoch

      {more, [{:publish, _, _}]} =
        Routing.handle(one, {:pg2, %{a@h: [pid(:a@h, 1), pid(:a@h, 2)]}}, 1_000)

      assert more.epoch == 1_000
    end
  end

  test "a path keeps its worker when the pool grows, and sends no markers for it" do
    workers = for n <- 1..8, do: pid(:a@h, n)

    route = fn epoch, workers ->
      %{
        epoch: epoch,
        group: @group,
        choices: {%{relay: nil, use: nil, nodes: [], directs: []}},
        pg2: [a@h: workers],
        exits: %{},
        reason: :no_router
      }
    end

    for n <- 1..50, publisher = pid(:me@h, n) do
      path = Path.new(route.(1, [hd(workers)]), publisher)
      assert {1, nil, [{:pg2, first}], nil, [], []} = path
      assert first == hd(workers)

      assert {{2, nil, [{:pg2, ^first}], nil, [], []}, []} =
               Path.change(path, route.(2, workers), publisher, 0, 1_000)
    end

    anew = for n <- 1..50, do: Path.new(route.(2, workers), pid(:me@h, n)) |> elem(2)
    assert length(Enum.uniq(anew)) > 4
  end
end
