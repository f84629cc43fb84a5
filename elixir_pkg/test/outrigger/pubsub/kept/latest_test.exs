defmodule Outrigger.PubSub.Kept.LatestTest do
  @moduledoc "The newest message of each topic against a map, in any order that messages come."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub.Cursor
  alias Outrigger.PubSub.Kept.Latest

  defp row(topic, n, payload \\ "m"), do: {topic, Cursor.new({1, :r@h}, n), D, "#{payload}#{n}"}

  setup do
    %{table: :ets.new(:kept, [:ordered_set, :public])}
  end

  test "random: the latest of each topic, of those that were written last", c do
    for seed <- 1..200, {prefix, most} <- [{"p", 7}, {"q", 1_000}] do
      :rand.seed(:exsss, {seed, most, 1})
      rows = for n <- Enum.shuffle(1..60), do: row("#{prefix}#{:rand.uniform(20)}", n)
      :ets.delete_all_objects(c.table)
      latest = Latest.new(c.table, prefix, %{count: most, bytes: 100_000})
      latest = Latest.put(latest, row("other", 0)) |> Map.put(:count, 0) |> Map.put(:bytes, 0)
      latest = Enum.reduce(rows, latest, &Latest.put(&2, &1))
      there = Latest.portion(c.table, prefix, nil, 1_000)
      assert latest.count <= most

      # Without a bound exactly the latest; with one no older message of a topic than one that went in and stayed.
      newest =
        rows
        |> Enum.group_by(&elem(&1, 0))
        |> Enum.map(fn {_, of} -> Enum.max_by(of, &elem(&1, 1)) end)

      newest = Enum.sort_by(newest, &elem(&1, 1), :desc)
      if most == 1_000, do: assert(there -- [row("other", 0)] == newest)
      assert hd(there) == hd(newest)
      for {topic, _, _, _} = row <- there, do: assert(Latest.get(c.table, topic) == row)
    end
  end

  test "what is too much goes, the oldest first, and bytes count", c do
    latest = Latest.new(c.table, "p", %{count: 100, bytes: 5_000})
    latest = Enum.reduce(1..10, latest, &Latest.put(&2, row("p#{&1}", &1)))
    assert latest.count == 10
    latest = Latest.put(latest, row("p1", 11, :binary.copy("x", 3_000)))
    assert latest.bytes <= 5_000
    assert Latest.get(c.table, "p1") != nil and Latest.get(c.table, "p10") != nil
    assert Latest.get(c.table, "p2") == nil
    assert Latest.new(c.table, "p", %{count: 100, bytes: 5_000}) == latest
    # Larger than all: nothing is kept.
    assert %{count: 0, bytes: 0} = Latest.put(latest, row("p5", 12, :binary.copy("x", 9_000)))
  end

  test "in portions", c do
    latest = Latest.new(c.table, "p", %{count: 100, bytes: 50_000})
    Enum.reduce(1..25, latest, &Latest.put(&2, row("p#{&1}", &1)))

    portions =
      Stream.unfold(nil, fn cursor ->
        case Latest.portion(c.table, "p", cursor, 10) do
          [] -> nil
          rows -> {rows, elem(List.last(rows), 1)}
        end
      end)

    assert Enum.map(portions, &length/1) == [10, 10, 5]
    assert portions |> Enum.concat() |> Enum.map(&elem(&1, 0)) == for(n <- 25..1//-1, do: "p#{n}")
  end
end
