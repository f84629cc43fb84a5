defmodule Outrigger.Watch.HistogramTest do
  use ExUnit.Case, async: true

  alias Outrigger.Watch.Histogram

  doctest Histogram

  test "figures are those of what was recorded" do
    histogram = Histogram.new()
    for us <- 1..10_000, do: Histogram.record(histogram, us, :microsecond)
    summary = Histogram.summary(histogram)

    assert summary.count == 10_000
    assert summary.clamped == 0
    assert_near(summary.p50, 5_000_000)
    assert_near(summary.p90, 9_000_000)
    assert_near(summary.p99, 9_900_000)
    assert_near(summary.p999, 9_990_000)
    assert_near(summary.max, 10_000_000)
    assert_in_delta summary.mean, 5_000_500, 5_000
    assert summary.min <= 1_000
  end

  test "what is too long is counted as 60 s, and as clamped" do
    histogram = Histogram.new()
    Histogram.record(histogram, 61, :second)
    Histogram.record(histogram, 1_000_000_000_000_000, :second)
    summary = Histogram.summary(histogram)
    assert {summary.count, summary.clamped, summary.max} == {2, 2, 60_000_000_000}
  end

  test "to merge adds, to reset forgets" do
    [one, two] = [Histogram.new(), Histogram.new()]
    Histogram.record_n(one, 1, 3, :millisecond)
    Histogram.record_n(two, 5, 7, :millisecond)
    assert Histogram.merge(one, two) == :ok
    assert Histogram.summary(one).count == 10
    assert_near(Histogram.percentile(one, 100), 5_000_000)
    assert_near(Histogram.percentile(one, 30), 1_000_000)
    assert Histogram.summary(two).count == 7

    assert Histogram.merge(one, one) == :ok
    assert Histogram.summary(one).count == 20

    assert Histogram.reset(one) == :ok
    assert Histogram.summary(one) == nil
    assert Histogram.percentile(one, 50) == nil
  end

  test "every process records into the same histogram" do
    histogram = Histogram.new()

    1..8
    |> Enum.map(fn _ ->
      Task.async(fn -> for us <- 1..5_000, do: Histogram.record(histogram, us, :microsecond) end)
    end)
    |> Task.await_many()

    assert Histogram.summary(histogram).count == 40_000
  end

  test "wrong arguments are errors of the caller, and the histogram goes on" do
    histogram = Histogram.new()
    Histogram.record(histogram, 1, :second)
    assert_raise FunctionClauseError, fn -> Histogram.record(histogram, -1) end
    assert_raise FunctionClauseError, fn -> Histogram.record_n(histogram, 1, -1) end
    assert_raise ArgumentError, fn -> Histogram.percentile(histogram, 100.1) end
    assert_raise ArgumentError, fn -> Histogram.percentile(histogram, -1) end
    assert_raise ArgumentError, fn -> Histogram.summary(%Histogram{ref: make_ref()}) end
    assert_raise ArgumentError, fn -> Histogram.merge(histogram, %Histogram{ref: :other}) end
    assert Histogram.summary(histogram).count == 1
  end

  defp assert_near(figure, value) do
    assert figure >= value and figure <= value * 1.001 + 1_000, "#{figure} is not near #{value}"
  end
end
