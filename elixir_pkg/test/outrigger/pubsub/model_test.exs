defmodule Outrigger.PubSub.ModelTest do
  @moduledoc """
  Random schedules of publishers, links and routers on virtual time. `OUTRIGGER_SEED` makes other
  schedules than the usual ones, `OUTRIGGER_STEPS` more of them.
  """
  use ExUnit.Case, async: true

  alias Outrigger.PubSub.Handover
  alias Outrigger.Test.PubSubModel

  @moduletag timeout: 600_000
  @steps String.to_integer(System.get_env("OUTRIGGER_STEPS", "200000"))
  # Runs of this length each start from nothing: most is going on while routers come up.
  @run 4_000

  defp each_run(mode, check) do
    seed = String.to_integer(System.get_env("OUTRIGGER_SEED", "1"))

    for n <- 1..div(@steps, @run), reduce: %{} do
      counts ->
        :rand.seed(:exsss, {seed, n, 1})
        {rest, last} = mode |> PubSubModel.run(@run) |> PubSubModel.finish()
        told = "OUTRIGGER_SEED=#{seed}, run #{n}, #{inspect(rest.counts)}"
        assert rest.faults == [], "twice or late: #{inspect(Enum.reverse(rest.faults))}. #{told}"
        assert last.faults == [], "after a time-out: #{inspect(last.faults)}. #{told}"

        for {node, handover} <- last.handover,
            do: assert(handover.publishers == %{}, "#{node} remembers. #{told}")

        lost = PubSubModel.unexplained(last)
        assert lost == [], "lost: #{inspect(lost)}. #{told}"
        check.(rest, told)
        Map.merge(counts, rest.counts, fn _key, a, b -> a + b end)
    end
    |> tap(&send(self(), {:counts, seed, &1}))
  end

  test "routers come, and leave in good order: all arrives, once and in order, and nobody is given up" do
    counts =
      each_run(:calm, fn rest, told ->
        assert MapSet.size(rest.lost) == 0 and PubSubModel.unexplained(rest) == [],
               "lost. #{told}"

        assert Map.take(rest.counts, [:gave_up, :stale, :dropped_by_router]) == %{}, told
        for {_, handover} <- rest.handover, do: assert(Handover.waiting(handover) == [], told)
      end)

    assert counts.changes > 300 and counts.left > 20, inspect(counts)
  end

  test "routers, their links and publishers die: nothing twice or late, lost or held for no reason" do
    counts = each_run(:stormy, fn _rest, _told -> :ok end)
    assert counts.changes > 300 and counts.cuts > 100, inspect(counts)
  end
end
