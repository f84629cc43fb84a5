defmodule Bench.WatchCost.Interval do
  @moduledoc """
  Where the middle of a few paired values lies: the median of the means of all two of them, with its 95 % interval (`outrigger_watch::stats` has the
  same for gates).
  """

  @doc "The estimate and the ends of its interval; `nil` for these if there are fewer than six values, or more than can be counted."
  @spec of([float]) :: {float, float | nil, float | nil}
  def of(values) do
    means = for {a, at} <- Enum.with_index(values), b <- Enum.drop(values, at), do: (a + b) / 2
    means = Enum.sort(means)
    count = length(means)
    middle = (Enum.at(means, div(count - 1, 2)) + Enum.at(means, div(count, 2))) / 2

    case outside(length(values)) do
      0 -> {middle, nil, nil}
      rank -> {middle, Enum.at(means, rank - 1), Enum.at(means, count - rank)}
    end
  end

  # How many sums of ranks are too small to be chance.
  defp outside(n) do
    ways =
      Enum.reduce(1..n, %{0 => 1}, fn rank, ways ->
        Map.merge(ways, Map.new(ways, fn {sum, count} -> {sum + rank, count} end), fn _sum,
                                                                                      a,
                                                                                      b ->
          a + b
        end)
      end)

    0..div(n * (n + 1), 2)
    |> Enum.scan(0, fn sum, tail -> tail + ways[sum] end)
    |> Enum.take_while(&(&1 / 2 ** n <= 0.025))
    |> length()
  end
end
