defmodule Outrigger.PubSub.Interest.ModelTest do
  @moduledoc """
  Random schedules of subscribers, routers and a teller on virtual time. `OUTRIGGER_SEED` makes other schedules than the usual
  ones, `OUTRIGGER_STEPS` more of them.
  """
  use ExUnit.Case, async: true

  alias Outrigger.Test.InterestModel

  @moduletag timeout: 600_000
  @steps String.to_integer(System.get_env("OUTRIGGER_STEPS", "200000"))
  @run 2_000

  defp each_run(table, options \\ []) do
    seed = String.to_integer(System.get_env("OUTRIGGER_SEED", "1"))

    for n <- 1..div(@steps, @run), reduce: {[], %{}} do
      {faults, counts} ->
        :rand.seed(:exsss, {seed, n, 2})

        model =
          table |> InterestModel.new(options) |> InterestModel.run(@run) |> InterestModel.finish()

        told = for fault <- model.faults, do: {"OUTRIGGER_SEED=#{seed}, run #{n}", fault}
        {told ++ faults, Map.merge(counts, model.counts, fn _, a, b -> a + b end)}
    end
  end

  test "nothing is lost for being new, nothing comes twice, and all mean the same in the end" do
    {faults, counts} = each_run(:interest_model)
    assert faults == []
    assert counts.late > 100 and counts.restarted > 100 and counts.lost > 100, inspect(counts)
  end

  test "stamps that overtake the word of the registry lose starts" do
    {faults, _counts} = each_run(:interest_model_overtaken, overtake: true)
    assert Enum.any?(faults, &match?({_, {:lost, _, _}}, &1))
    refute Enum.any?(faults, &match?({_, {:twice, _}}, &1))
  end
end
