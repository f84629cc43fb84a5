defmodule Outrigger.PubSub.SmallClusterTest do
  use ExUnit.Case, async: true

  alias Outrigger.PubSub.SmallCluster

  doctest SmallCluster

  defp counted(small, counts) do
    Enum.reduce(counts, small, fn {count, clock}, small ->
      elem(SmallCluster.count(small, count, clock), 0)
    end)
  end

  defp path(small), do: elem(SmallCluster.prefers(small), 0)

  test "a rolling restart of four nodes changes nothing, whatever its length" do
    small = SmallCluster.new(direct_after_ms: 10)
    large = counted(small, [{1, 0}, {2, 1}, {3, 2}])
    assert {path(small), path(large)} == {:direct, :relay}
    # Each is away for 9 ms, and there are 1 ms between.
    large =
      counted(
        large,
        for(n <- 1..50, {count, at} <- [{2, 0}, {3, 9}], do: {count, n * 10_000 + at * 1_000})
      )

    assert path(large) == :relay
    # The last one stays away.
    assert {large, 10} = SmallCluster.count(large, 2, 1_000_000)
    assert {large, nil} = SmallCluster.count(large, 1, 1_009_999)
    assert path(large) == :relay
    assert path(counted(large, [{1, 1_010_000}])) == :direct
  end

  test "what is fixed by option is not counted" do
    for path <- [:relay, :direct], count <- [0, 1, 100] do
      small = counted(SmallCluster.new(path: path), [{count, 1}])
      assert SmallCluster.prefers(small) == {path, :option}
    end

    assert path(counted(SmallCluster.new(direct_up_to: 0), [{1, 1}])) == :relay
  end
end
