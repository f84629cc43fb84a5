defmodule Outrigger.Limit.ExactTest do
  @moduledoc "Many processes at one bucket: what is admitted is the limit, not one more and not one less."
  # The processors are for these processes alone.
  use ExUnit.Case, async: false

  alias Outrigger.Limit

  @limit 200_000
  @algorithms [:gcra, :leaky_bucket, :fixed_window, :own_window, :sliding_window, :sliding_log]
  # Nothing of it comes back while the test runs, nor does a window end.
  @period 60_000_000

  for algorithm <- @algorithms, processes <- [2, 4, 16] do
    test "#{algorithm}, #{processes} processes" do
      limiter = limiter(unquote(algorithm))
      assert hammer(limiter, unquote(processes), fn _ -> {:key, 1} end) == @limit
      stats = Limit.stats(limiter)
      assert stats.allowed == @limit
      assert stats.allowed + stats.denied == tries(unquote(processes)) * unquote(processes)
    end
  end

  for algorithm <- @algorithms do
    test "#{algorithm}, hits of different weight, some given back" do
      limiter = limiter(unquote(algorithm))

      taken =
        in_processes(4, fn process ->
          for n <- 1..20_000, reduce: 0 do
            taken ->
              cost = rem(n + process, 9) + 1

              case Limit.hit(limiter, "key", cost) do
                {:allow, _} when rem(n, 5) == 0 -> Limit.refund(limiter, "key", cost) && taken
                {:allow, _} -> taken + cost
                {:deny, _} -> taken
              end
          end
        end)

      # Hits of weight 1 take what is left.
      left = hammer(limiter, 2, fn _ -> "key" end)
      assert taken + left == @limit
    end

    test "#{algorithm}, many keys at once, new ones from all sides" do
      limiter = limiter(unquote(algorithm), limit: 10, memory: "32MiB")
      assert hammer(limiter, 4, &{:user, rem(&1, 5_000)}) == 50_000
    end
  end

  test "all or nothing takes both or none" do
    [a, b] = [limiter(:gcra), limiter(:gcra, limit: div(@limit, 10))]

    taken =
      in_processes(4, fn process ->
        hits = if rem(process, 2) == 0, do: [{a, 1, 1}, {b, 1, 1}], else: [{b, 1, 1}, {a, 1, 1}]
        Enum.count(1..10_000, fn _ -> match?({:allow, _}, Limit.hit_all(hits)) end)
      end)

    # What one takes for a moment may deny another, so some may be left: these go one after the other.
    left =
      Enum.count(1..@limit, fn _ -> match?({:allow, _}, Limit.hit_all([{a, 1, 1}, {b, 1, 1}])) end)

    assert taken + left == div(@limit, 10)
    assert {:allow, %{remaining: remaining}} = Limit.peek(a, 1)
    assert remaining == @limit - div(@limit, 10)
  end

  defp limiter(algorithm, options \\ []) do
    {:ok, limiter} =
      [limit: @limit, period: @period, algorithm: algorithm, clock: :manual]
      |> Keyword.merge(options)
      |> Limit.new()

    limiter
  end

  # Each tries so often that all together try three times as much as there is.
  defp hammer(limiter, processes, key) do
    in_processes(processes, fn process ->
      Enum.count(1..tries(processes), fn n ->
        match?({:allow, _}, Limit.hit(limiter, key.(n * processes + process)))
      end)
    end)
  end

  defp tries(processes), do: div(3 * @limit, processes)

  defp in_processes(processes, work) do
    1..processes
    |> Enum.map(&Task.async(fn -> work.(&1) end))
    |> Task.await_many(120_000)
    |> Enum.sum()
  end
end
