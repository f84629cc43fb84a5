defmodule Outrigger.PubSub.RoutingTest do
  @moduledoc "Events that are hard to time with real nodes. The rest is in the model and in the cluster tests."
  use ExUnit.Case, async: true

  import Outrigger.Test.PubSubModel.Wire, only: [pid: 2]

  alias Outrigger.PubSub.{Routing, Choices}

  @own :n0@h
  @nodes [:n1@h, :n2@h, :n3@h]

  defp at(node, id), do: elem(pid(%{next: id}, node), 0)

  defp events(state, events) do
    Enum.reduce(events, {state, []}, fn event, {state, actions} ->
      {state, more} = Routing.handle(state, event, state.epoch + 10)
      {state, actions ++ more}
    end)
  end

  defp new(options \\ [path: :relay]) do
    {state, _} =
      Routing.new(:group, @own, options)
      |> events([{:worker_up, at(@own, 1)}, {:pg, for(node <- @nodes, do: at(node, 1))}])

    state
  end

  # A router comes up, is asked, and answers with a list of these nodes.
  defp router(state, name, nodes, version \\ 1) do
    {state, actions} = events(state, [{:hidden_up, name}])
    {:fence, _worker, ^name, gen} = List.keyfind(actions, name, 2)
    events(state, [{:fenced, name, gen}, members(name, nodes, version)])
  end

  defp members(name, nodes, version) do
    list =
      for {node, n} <- Enum.with_index([@own | nodes]), do: {node, at(name, 100 * version + n)}

    {:members, at(name, 1), version, at(name, 100 * version + 99), list}
  end

  defp used(state), do: Map.keys(Choices.summary(state.route.choices).routers)

  test "a publisher that finds no link retires that router alone, until it has attached again" do
    {state, _} = router(new(), :a@h, @nodes)
    {state, _} = router(state, :b@h, @nodes)
    assert used(state) == [:a@h, :b@h]
    member = at(:a@h, 100)
    assert is_map_key(state.route.exits, member)
    {lost, [{:publish, route, targets}]} = events(state, [{:lost, member}])
    assert used(lost) == [:b@h]
    assert route.epoch > state.route.epoch
    assert Map.keys(route.exits) == [at(:b@h, 100)]
    assert Map.keys(targets[:n1@h]) == [at(:b@h, 100)]
    # Whoever comes late changes nothing, and so does a list of before.
    assert {^lost, []} = events(lost, [{:lost, member}])
    assert {^lost, []} = events(lost, [members(:a@h, @nodes, 1)])
    {again, _} = events(lost, [{:hidden_down, :a@h}])
    {again, _} = router(again, :a@h, @nodes, 2)
    assert used(again) == [:a@h, :b@h]
  end

  test "a router whose list changes leaves the other choices as they are" do
    {state, _} = router(new(), :a@h, @nodes)
    {before, _} = router(state, :b@h, @nodes)

    {state, [{:publish, _, _}, {:cover, :b@h, [:n3@h]}]} =
      events(before, [put_elem(members(:b@h, [:n1@h, :n2@h], 1), 2, 2)])

    assert elem(state.route.choices, 0) == elem(before.route.choices, 0)
    assert %{covered: [:n1@h, :n2@h], direct: [:n3@h]} = Choices.summary(state.route.choices)
    assert state.route.epoch > before.route.epoch
  end

  test "small: no router is used, but attached to; large: at once; small again: when it has lasted" do
    state = new(direct_up_to: 3, direct_after_ms: 1)
    {state, _} = router(state, :a@h, @nodes)
    assert {used(state), state.route.reason} == {[], :small_cluster}
    # Publishers can end what they have left.
    assert map_size(state.route.exits) == 1

    {state, _} = events(state, [{:pg_join, [at(:n4@h, 1)]}])
    assert {used(state), state.route.reason} == {[:a@h], :large_cluster}
    {state, actions} = events(state, [{:pg_leave, [at(:n4@h, 1)]}])
    assert {:wake, 1} in actions
    assert used(state) == [:a@h]
    {state, _} = Routing.handle(state, :wake, state.epoch + 2_000)
    assert {used(state), state.route.reason} == {[], :small_cluster}
  end

  test "a node that is there again hears again what it may have missed" do
    {state, _} = router(new(), :a@h, @nodes)
    {gone, _} = events(state, [{:pg_leave, [at(:n1@h, 1)]}])
    assert gone.route.epoch == state.route.epoch
    {again, _} = events(gone, [{:pg_join, [at(:n1@h, 1)]}])
    assert again.route.epoch > gone.route.epoch

    # Nobody waits for so long.
    {again, []} = Routing.handle(gone, {:pg_join, [at(:n1@h, 1)]}, gone.epoch + 20_000_000)
    assert again.route.epoch == gone.route.epoch
  end

  test "small, but a node is known to a router alone: through the router" do
    {state, _} = Routing.new(:group, @own) |> events([{:worker_up, at(@own, 1)}])
    {state, _} = router(state, :a@h, [:n1@h])
    assert {used(state), state.route.reason} == {[:a@h], :unconnected}
    {state, _} = events(state, [{:pg_join, [at(:n1@h, 1)]}])
    assert {used(state), state.route.reason} == {[], :small_cluster}
    {fixed, _} = events(Routing.new(:group, @own, path: :relay), [{:pg, [at(:n1@h, 1)]}])
    assert {used(fixed), fixed.route.reason} == {[], :no_router}
  end
end
