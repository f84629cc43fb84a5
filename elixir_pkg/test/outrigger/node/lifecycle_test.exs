defmodule Outrigger.Node.LifecycleTest do
  use ExUnit.Case, async: true

  doctest Outrigger.Node.Lifecycle

  alias Outrigger.Error
  alias Outrigger.Node.Lifecycle

  @error Error.new(:exited, "gone")

  # Feeds {time, input} pairs; returns the last state and all actions.
  defp run(life \\ Lifecycle.new(), inputs) do
    Enum.reduce(inputs, {life, []}, fn {now, input}, {life, actions} ->
      {life, more} = Lifecycle.step(life, input, now)
      {life, actions ++ more}
    end)
  end

  test "the first start fails loudly, opened or not" do
    assert {%{phase: :failed, error: @error}, [{:give_up, @error}]} = run([{0, {:gone, @error}}])
    assert {%{phase: :failed}, [{:give_up, @error}]} = run([{0, :opened}, {5, {:gone, @error}}])
  end

  test "a taken name is tried again for 1.5 s at the first start" do
    taken = Error.new(:name_taken, "taken")
    {life, actions} = run([{0, :opened}, {50, {:gone, taken}}])
    assert {life.phase, actions} == {:waiting, [{:retry, 100}]}
    assert {%{phase: :up}, [{:up, 10, 2}]} = run(life, [{150, :opened}, {160, :ready}])
    {life, actions} = run(life, [{1400, :opened}, {1499, {:gone, taken}}])
    assert actions == [{:retry, 100}]

    assert {%{phase: :failed}, [{:give_up, ^taken}]} =
             run(life, [{1600, :opened}, {1650, {:gone, taken}}])

    assert {%{phase: :failed}, [{:give_up, @error}]} =
             run(life, [{200, :opened}, {210, {:gone, @error}}])
  end

  test "after a failure nothing happens any more" do
    {life, _} = run([{0, {:gone, @error}}])

    assert {^life, []} =
             run(life, [{1, :ready}, {1, :opened}, {1, {:gone, @error}}, {1, {:joined, "a@h"}}])
  end

  test "a death after the start is retried at once, and the time down is counted from there" do
    assert {life, actions} = run([{0, :opened}, {90, :ready}, {190, {:gone, @error}}])
    assert actions == [{:up, 90, 1}, {:down, 100, @error}, {:retry, 0}]
    assert life.error == @error

    assert {%{phase: :up, error: nil}, [{:up, 30, 1}]} =
             run(life, [{200, :opened}, {230, :ready}])
  end

  test "starts that fail later are retried for ever, with pauses up to 30 s" do
    {life, _} = run([{0, :opened}, {1, :ready}, {2, {:gone, @error}}])

    {life, pauses} =
      Enum.reduce(1..12, {life, []}, fn n, {life, pauses} ->
        {life, [{:start_failed, @error}, {:retry, pause}]} =
          run(life, [{n, :opened}, {n, {:gone, @error}}])

        {life, pauses ++ [pause]}
      end)

    assert pauses == [
             200,
             400,
             800,
             1600,
             3200,
             6400,
             12_800,
             25_600,
             30_000,
             30_000,
             30_000,
             30_000
           ]

    assert {_life, [{:up, 7, 13}]} = run(life, [{100, :opened}, {107, :ready}])
    assert Lifecycle.pause(1_000_000_000) == 30_000
  end

  test "a node that flaps is slowed down, one that was stable is not" do
    flap = [{0, :opened}, {0, :ready}, {9_999, {:gone, @error}}]
    {life, actions} = run(flap)
    assert List.last(actions) == {:retry, 0}
    {life, actions} = run(life, flap)
    assert List.last(actions) == {:retry, 200}
    {life, actions} = run(life, flap)
    assert List.last(actions) == {:retry, 400}
    {_life, actions} = run(life, [{0, :opened}, {0, :ready}, {10_000, {:gone, @error}}])
    assert List.last(actions) == {:retry, 0}
  end

  test "joined nodes come and go, and are forgotten at a death" do
    {life, []} =
      run([{0, :opened}, {1, {:joined, "a@h"}}, {1, {:joined, "b@h"}}, {2, {:joined, "a@h"}}])

    assert life.joined == ["a@h", "b@h"]
    {life, _} = run(life, [{3, :ready}, {4, {:left, "a@h"}}, {4, {:left, "never@h"}}])
    assert life.joined == ["b@h"]
    {life, _} = run(life, [{5, {:gone, @error}}])
    assert life.joined == []
  end

  test "what comes late or twice changes nothing" do
    {up, _} = run([{0, :opened}, {1, :ready}])
    assert {^up, []} = run(up, [{2, :ready}, {2, :opened}])
    {waiting, _} = run(up, [{3, {:gone, @error}}])

    assert {^waiting, []} =
             run(waiting, [{4, :ready}, {4, {:left, "a@h"}}, {4, {:joined, "a@h"}}])
  end
end
