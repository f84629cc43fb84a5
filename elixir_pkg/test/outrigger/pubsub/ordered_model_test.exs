defmodule Outrigger.PubSub.OrderedModelTest do
  @moduledoc """
  Random schedules of publishers, routers that die and links that break, on virtual time. `OUTRIGGER_SEED` makes other schedules than the
  usual ones, `OUTRIGGER_STEPS` more of them.
  """
  use ExUnit.Case, async: true

  alias Outrigger.Test.{OrderedModel, Orders}

  @moduletag timeout: 600_000
  @steps String.to_integer(System.get_env("OUTRIGGER_STEPS", "600000"))
  # Runs of this length each start from nothing.
  @run 2_000

  defp each_run(mode, options \\ [], check) do
    seed = String.to_integer(System.get_env("OUTRIGGER_SEED", "1"))

    for n <- 1..div(options[:steps] || @steps, @run), reduce: %{} do
      counts ->
        :rand.seed(:exsss, {seed, n, 2})

        model =
          mode |> OrderedModel.new(options) |> OrderedModel.run(@run) |> OrderedModel.finish()

        check.(model, "OUTRIGGER_SEED=#{seed}, run #{n}, #{inspect(model.counts)}")
        Map.merge(counts, model.counts, fn _key, a, b -> a + b end)
    end
  end

  defp faults(model) do
    model.faults ++
      Orders.faults(ledgers(model)) ++ publishers(model) ++ miscounted(model) ++ vanished(model)
  end

  defp ledgers(model),
    do:
      for(
        {_node, state} <- model.nodes,
        do: for({_place, message} <- Enum.reverse(state.delivered), do: message)
      )

  # The places of a publisher's messages rise as its messages do.
  defp publishers(model) do
    for {key, _} <- model.publishers,
        places =
          for(
            {^key, _} = message <- Enum.reverse(model.sent),
            place = model.placed[message],
            do: place
          ),
        places != Enum.sort(places),
        do: {:publisher, key}
  end

  # What was told to be missing is what is missing between what was delivered, and at the end of terms whose end was told.
  defp miscounted(model) do
    lengths =
      for {{{_, _} = term, number}, _message} <- model.placed, is_integer(number), reduce: %{} do
        lengths -> Map.update(lengths, term, number + 1, &max(&1, number + 1))
      end

    for {node, state} <- model.nodes,
        places = for({place, _} <- Enum.reverse(state.delivered), do: place),
        pairs = Enum.zip(places, Enum.drop(places, 1) ++ [nil]),
        least = Enum.sum(for {one, next} <- pairs, do: between(one, next)),
        most = least + Enum.sum(for {one, next} <- pairs, do: behind(one, next, lengths)),
        state.missed not in least..most,
        do: {:miscounted, node, least..most, state.missed}
  end

  defp between(_last, nil), do: 0
  defp between({term, n}, {term, next}), do: next - n - 1
  defp between(_lower, {_term, first}), do: first

  defp behind({term, _n}, {term, _next}, _lengths), do: 0
  defp behind({term, n}, _higher, lengths), do: Map.get(lengths, term, n + 1) - n - 1

  # What was sent and got no place was in something that broke, or dropped and counted.
  defp vanished(model) do
    for {key, n} = message <- model.sent,
        model.placed[message] == nil,
        not MapSet.member?(model.lost, {key, :all, n}),
        do: {:vanished, message}
  end

  test "nothing breaks and routers come: all arrives everywhere, nothing is missed, and the sequencer stays" do
    counts =
      each_run(:calm, fn model, told ->
        assert faults(model) == [], told
        [first | others] = ledgers(model)
        assert Enum.sort(first) == Enum.sort(model.sent), told
        for other <- others, do: assert(other == first, told)
        assert Map.take(model.counts, [:missed, :stale, :expired, :unattached]) == %{}, told
        assert model.unsent == 0 and model.counts.terms == 1, told
      end)

    assert counts.terms > 10
  end

  test "a router leaves in good order: all arrives everywhere, and nothing is missed" do
    counts =
      each_run(:leaving, fn model, told ->
        assert {[], told} == {faults(model), told}
        [first | others] = ledgers(model)
        assert Enum.sort(first) == Enum.sort(model.sent), told
        for other <- others, do: assert(other == first, told)
        assert Map.take(model.counts, [:missed, :stale, :expired, :unattached]) == %{}, told
      end)

    assert counts.leaving > 50 and counts.held > 50 and counts.terms > counts.leaving + 20,
           inspect(counts)
  end

  test "routers, links, workers and switches die: one order, each publisher's in its, and what is missing is counted" do
    counts = each_run(:stormy, fn model, told -> assert {[], told} == {faults(model), told} end)

    assert counts.terms > 300 and counts.cuts > 300 and counts.kills > 100 and
             counts.restarts > 100,
           inspect(counts)

    assert counts.stale > 100 and counts.missed > 50, inspect(counts)
    assert counts.held > 100 and counts.ends > 100, inspect(counts)
  end

  for {fault, what} <- [no_terms: :order, no_tag: :order, no_floor: :life] do
    test "without one of its rules it breaks, and this is seen: #{fault}" do
      found = :counters.new(1, [])

      each_run(:stormy, [fault: unquote(fault), steps: 400_000], fn model, _told ->
        if Enum.any?(faults(model), &(what(&1) == unquote(what))), do: :counters.add(found, 1, 1)
      end)

      assert :counters.get(found, 1) > 0
    end
  end

  defp what(:restless), do: :life
  defp what(fault) when elem(fault, 0) == :deaf, do: :life

  defp what(fault) when elem(fault, 0) in [:place, :late, :placed_twice, :cycle, :twice],
    do: :order

  defp what(_other), do: nil
end
