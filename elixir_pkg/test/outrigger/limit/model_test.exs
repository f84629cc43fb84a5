defmodule Outrigger.Limit.ModelTest do
  @moduledoc "Every answer of every algorithm is that of a slow and obvious model, on time that stands still between steps."
  use ExUnit.Case, async: true

  alias Outrigger.Limit
  alias Outrigger.Test.LimitModel

  @runs 60
  @steps 80

  for algorithm <- [
        :gcra,
        :leaky_bucket,
        :fixed_window,
        :own_window,
        :sliding_window,
        :sliding_log
      ] do
    test "#{algorithm}" do
      for run <- 1..@runs do
        seed = {ExUnit.configuration()[:seed], unquote(:erlang.phash2(algorithm)), run}
        :rand.seed(:exsss, seed)
        run(unquote(algorithm), inspect(seed))
      end
    end
  end

  defp run(algorithm, seed) do
    limit = :rand.uniform(7)
    period = :rand.uniform(40)

    burst = if algorithm in [:gcra, :leaky_bucket] and :rand.uniform(2) == 1, do: :rand.uniform(9)

    {:ok, limiter} =
      Limit.new(
        limit: limit,
        period: period,
        burst: burst,
        algorithm: algorithm,
        clock: :manual
      )

    model = LimitModel.new(algorithm, limit, period, burst || limit)

    Enum.reduce(1..@steps, {model, []}, fn _, {model, past} ->
      step = step(model)
      past = [step | past]
      {model, expected, got} = both(step, model, limiter)

      assert got == expected,
             "seed #{seed}, #{inspect(Map.delete(model, :keys))}, the last step of\n#{inspect(Enum.reverse(past), limit: :infinity)}"

      {model, past}
    end)
  end

  defp step(model) do
    key = Enum.random([:a, "b", {:c, 1}])
    cost = :rand.uniform(model.burst + 2) - 1

    Enum.random([
      {:hit, key, 1},
      {:hit, key, cost},
      {:hit, key, cost},
      {:peek, key, cost},
      {:refund, key, cost},
      {:advance, :rand.uniform(3) - 1},
      {:advance, :rand.uniform(model.period)},
      if(:rand.uniform(5) == 1, do: {:reset, key}, else: {:hit, key, 1}),
      if(:rand.uniform(5) == 1, do: {:advance, 3 * model.period}, else: {:hit, key, 2})
    ])
  end

  defp both({:hit, key, cost}, model, limiter) do
    {model, expected} = LimitModel.hit(model, key, cost)
    {model, expected, limiter |> Limit.hit(key, cost) |> figures()}
  end

  # A question leaves what is left as it is.
  defp both({:peek, key, cost}, model, limiter) do
    {_model, {verdict, _, _, retry, _}} = LimitModel.hit(model, key, cost)
    {_model, {_, remaining, reset, _, _}} = LimitModel.hit(model, key, 0)
    {got, got_remaining, got_reset, got_retry, _} = limiter |> Limit.peek(key, cost) |> figures()
    {model, {verdict, remaining, reset, retry}, {got, got_remaining, got_reset, got_retry}}
  end

  defp both({:refund, key, cost}, model, limiter),
    do: {LimitModel.refund(model, key, cost), :ok, Limit.refund(limiter, key, cost)}

  defp both({:reset, key}, model, limiter),
    do: {LimitModel.reset(model, key), :ok, Limit.reset(limiter, key)}

  defp both({:advance, ms}, model, limiter),
    do: {LimitModel.advance(model, ms), :ok, Limit.advance(limiter, ms)}

  defp figures({verdict, info}),
    do: {verdict, info.remaining, info.reset, info.retry_after, info.delay}
end
