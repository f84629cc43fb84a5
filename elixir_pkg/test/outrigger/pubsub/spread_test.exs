defmodule Outrigger.PubSub.SpreadTest do
  @moduledoc "What one process does, and what several do together."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub.Spread

  # Processes that are there and do nothing. Some of them twice.
  defp entries(count) do
    pids = for _ <- 1..div(count, 2), do: spawn_link(fn -> Process.sleep(:infinity) end)
    for n <- 1..2, pid <- pids, do: {pid, n}
  end

  # Who was called with which entries.
  defp each(entries, sends, schedulers) do
    test = self()
    assert Spread.each(entries, sends, schedulers, &send(test, {:called, self(), &1})) == :ok
    called()
  end

  defp called do
    receive(do: ({:called, pid, entries} -> [{pid, entries} | called()]), after: (0 -> []))
  end

  test "few subscribers, or one scheduler, are the caller's own" do
    entries = entries(200)

    for {sends, schedulers} <- [{1, 8}, {19, 8}, {1_000, 1}] do
      assert each(entries, sends, schedulers) == [{self(), entries}]
    end
  end

  test "many are spread, each subscriber's entries together, always in the same part and in their order" do
    entries = entries(400)
    [first, second] = for _ <- 1..2, do: each(entries, 100, 4)
    assert length(first) == 4 and length(Enum.uniq_by(first, &elem(&1, 0))) == 4
    assert {_, _} = List.keyfind(first, self(), 0)
    parts = &Enum.sort(for {_process, entries} <- &1, do: entries)
    assert parts.(first) == parts.(second)
    assert Enum.sort(Enum.concat(parts.(first))) == Enum.sort(entries)

    for {_process, part} <- first,
        {pid, 1} <- part,
        do: assert(List.last(for {^pid, n} <- part, do: n) == 2)

    for part <- parts.(first), do: assert(part == Enum.filter(entries, &(&1 in part)))
  end

  test "there are at most as many parts as are worth it, and 8" do
    entries = entries(2_000)

    for {sends, schedulers, parts} <- [{2, 16, 2}, {3, 16, 3}, {3, 2, 2}, {100, 16, 8}] do
      assert length(each(entries, sends, schedulers)) == parts
    end
  end

  test "it returns when everybody has everything" do
    test = self()
    subscribers = for _ <- 1..100, do: {spawn_link(fn -> counts(0) end), nil}
    messages = Enum.to_list(1..100)

    for round <- 1..20 do
      Spread.each(subscribers, 100, 4, fn part ->
        for {pid, _} <- part, _ <- messages, do: send(pid, {:message, round})
      end)

      for {pid, _} <- subscribers, do: send(pid, {:how_many, test})

      for {pid, _} <- subscribers,
          do: assert_receive({:so_many, ^pid, count} when count == round * 100)
    end
  end

  defp counts(count) do
    receive do
      {:message, _} ->
        counts(count + 1)

      {:how_many, from} ->
        send(from, {:so_many, self(), count})
        counts(count)
    end
  end

  test "what a part raises is raised in the caller, and the others have had their turn" do
    test = self()
    entries = entries(400)

    for who <- [:caller, :others] do
      assert_raise RuntimeError, "no", fn ->
        Spread.each(entries, 100, 4, fn part ->
          send(test, {:called, self(), part})
          if self() == test == (who == :caller), do: raise("no")
        end)
      end

      assert length(called()) == 4
    end

    refute_received _left_behind
  end

  test "a part that is killed is an exit of the caller" do
    caller = self()

    assert catch_exit(
             Spread.each(entries(400), 100, 2, fn _part ->
               if self() != caller, do: Process.unlink(caller) && Process.exit(self(), :kill)
             end)
           ) == :killed
  end

  test "the parts end with the caller" do
    test = self()
    entries = entries(400)

    caller =
      spawn(fn ->
        Spread.each(entries, 100, 2, fn _part ->
          send(test, {:part, self()})
          Process.sleep(:infinity)
        end)
      end)

    assert_receive {:part, one}
    assert_receive {:part, other}
    refs = for pid <- [one, other], do: Process.monitor(pid)
    Process.exit(caller, :kill)
    for ref <- refs, do: assert_receive({:DOWN, ^ref, :process, _, :killed})
  end
end
