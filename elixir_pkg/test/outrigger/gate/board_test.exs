defmodule Outrigger.Gate.BoardTest do
  use ExUnit.Case, async: true

  alias Outrigger.Gate.Board

  defp gate(name, verdict), do: {name, verdict, "why #{name} is #{verdict}", 1_700_000_000_000}

  defp report!(board, reporter, gates, now, ttl \\ 100) do
    {:ok, board, changes} = Board.report(board, reporter, {ttl, gates}, now)
    {board, for({name, change} <- changes, do: {name, change.was, change.status})}
  end

  test "a change is told once" do
    {board, changes} =
      report!(Board.new(), :rust@a, [gate("ship", :pass), gate("serve", :warn)], 0)

    assert changes == [{"serve", :unknown, :warn}, {"ship", :unknown, :pass}]

    assert {board, []} = report!(board, :rust@a, [gate("ship", :pass), gate("serve", :warn)], 10)

    assert {_board, [{"ship", :pass, :fail}]} =
             report!(board, :rust@a, [gate("ship", :fail), gate("serve", :warn)], 20)
  end

  test "the worst of several counts" do
    {board, _changes} = report!(Board.new(), :rust@a, [gate("ship", :pass)], 0)
    {board, changes} = report!(board, :rust@b, [gate("ship", :fail)], 0)
    assert changes == [{"ship", :pass, :fail}]
    assert {:fail, :rust@b, %{why: "why ship is fail"}} = Board.verdict(board, "ship")
    {board, changes} = report!(board, :rust@b, [gate("ship", :warn)], 0)
    assert changes == [{"ship", :fail, :warn}]
    # What one cannot tell is not a pass because another can.
    {_board, changes} = report!(board, :rust@b, [gate("ship", :inconclusive)], 0)
    assert changes == [{"ship", :warn, :inconclusive}]
  end

  test "a verdict that is not renewed ends" do
    {board, _changes} = report!(Board.new(), :rust@a, [gate("ship", :pass)], 0, 100)
    {board, _changes} = report!(board, :rust@b, [gate("ship", :fail)], 0, 50)
    assert Board.due(board) == 50
    assert {^board, []} = Board.expire(board, 49)

    assert {board, [{"ship", %{was: :fail, status: :pass, by: :rust@a}}]} =
             Board.expire(board, 50)

    assert {board, [{"ship", %{was: :pass, status: :unknown, by: nil}}]} =
             Board.expire(board, 100)

    assert Board.due(board) == nil
  end

  test "a node that is gone takes its verdicts along, and a gate that is not named any more is forgotten" do
    {board, _changes} =
      report!(Board.new(), :rust@a, [gate("ship", :pass), gate("old", :pass)], 0)

    assert {board, [{"old", :pass, :unknown}]} = report!(board, :rust@a, [gate("ship", :pass)], 0)
    assert {_board, [{"ship", %{status: :unknown}}]} = Board.expire(board, 0, [:rust@a])
  end

  test "what is no report changes nothing" do
    board = Board.new()

    for {ttl, gates} <- [
          {0, []},
          {-1, []},
          {3_600_001, []},
          {1.5, []},
          {100, :gates},
          {100, [gate("", :pass)]},
          {100, [gate(String.duplicate("a", 256), :pass)]},
          {100, [gate("ship", :unknown)]},
          {100, [gate("ship", :passed)]},
          {100, [{"ship", :pass, :why, 0}]},
          {100, [{"ship", :pass, String.duplicate("a", 1_001), 0}]},
          {100, [{"ship", :pass, <<255>>, 0}]},
          {100, [{"ship", :pass, "", Bitwise.bsl(1, 80)}]},
          {100, [gate("ship", :pass) | :improper]},
          {100, for(number <- 1..65, do: gate("gate #{number}", :pass))}
        ] do
      assert Board.report(board, :rust@a, {ttl, gates}, 0) == :error
    end
  end

  test "nodes together have no more gates than one" do
    half = fn from -> for(number <- from..(from + 39), do: gate("gate #{number}", :pass)) end
    {board, _changes} = report!(Board.new(), :rust@a, half.(1), 0)
    assert Board.report(board, :rust@b, {100, half.(41)}, 0) == :error
  end
end
