defmodule Outrigger.Watch.BucketsTest do
  use ExUnit.Case, async: true

  alias Outrigger.Watch.Buckets

  doctest Buckets

  @table "tests/vectors/watch/buckets.txt"

  test "durations are in the buckets of the table that Rust reads too" do
    rows =
      for <<first, _::binary>> = line <- File.stream!(@table),
          first != ?#,
          do: line |> String.split() |> Enum.map(&String.to_integer/1)

    assert length(rows) > 500

    for [nanos, bucket] <- rows do
      array = Buckets.new(1)
      Buckets.record(array, 0, nanos)
      assert {_groups, [{^bucket, 1}], clamped} = Buckets.changed(array, 0, nil)
      assert clamped == if(nanos >= 0x100_0000_0000, do: 1, else: 0)
    end
  end

  test "a histogram does not touch its neighbours, and a clock that was set back counts as nothing" do
    array = Buckets.new(3)
    Buckets.record(array, 1, -5)
    Buckets.record(array, 1, 0xFF_FFFF_FFFF)
    Buckets.record(array, 1, 0x100_0000_0000_0000)
    assert Buckets.changed(array, 0, nil) == nil
    assert {_, [{0, 1}, {1151, 2}], 1} = Buckets.changed(array, 1, nil)
    assert Buckets.changed(array, 2, nil) == nil
  end

  test "a reading has what has grown since the one before" do
    array = Buckets.new(1)
    for nanos <- [10, 1_000, 1_000_000], do: Buckets.record(array, 0, nanos)
    {groups, first, 0} = Buckets.changed(array, 0, nil)
    assert length(first) == 3
    Buckets.record(array, 0, 1_000)
    assert {_groups, [{190, 2}], 0} = Buckets.changed(array, 0, groups)
  end

  test "concurrent writers lose nothing, also while somebody reads" do
    array = Buckets.new(1)

    writers =
      for n <- 1..8 do
        Task.async(fn -> for i <- 1..20_000, do: Buckets.record(array, 0, n * i) end)
      end

    read = read(array, nil, %{}, writers)
    Task.await_many(writers)
    counts = take(array, elem(read, 0), elem(read, 1)) |> elem(1)
    assert counts |> Map.values() |> Enum.sum() == 160_000

    {_groups, all, 0} = Buckets.changed(array, 0, nil)
    assert counts == Map.new(all)
  end

  # As a reader from outside does: what has grown replaces what was known.
  defp read(array, groups, counts, writers) do
    {groups, counts} = take(array, groups, counts)

    if Enum.any?(writers, &Process.alive?(&1.pid)),
      do: read(array, groups, counts, writers),
      else: {groups, counts}
  end

  defp take(array, groups, counts) do
    case Buckets.changed(array, 0, groups) do
      nil -> {groups, counts}
      {groups, grown, _clamped} -> {groups, Map.merge(counts, Map.new(grown))}
    end
  end
end
