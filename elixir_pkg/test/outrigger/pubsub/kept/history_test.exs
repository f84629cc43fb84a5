defmodule Outrigger.PubSub.Kept.HistoryTest do
  @moduledoc "The history of a prefix against a list: random messages, gaps, terms, bounds and what another node adds."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub.Cursor
  alias Outrigger.PubSub.Kept.History

  @prefix "p:"
  @topics for n <- 1..5, do: "p:#{n}"
  @bounds %{count: 50, bytes: 1_000_000, ms: 10_000}

  setup do
    table = :ets.new(:kept, [:ordered_set, :public])
    # Neighbours that must not be touched.
    other = History.new(table, "o:", @bounds)
    {_other, false} = History.append(other, term(9), 0, entries(1..3), 0)
    %{table: table}
  end

  defp term(number), do: {number, :"r#{rem(number, 3)}@h"}
  defp entries(numbers), do: for(n <- numbers, do: {topic(n), "#{n}"})
  defp topic(n), do: Enum.at(@topics, rem(n, 5))

  defp cursors(table, from) do
    for topic <- @topics,
        {:ok, rows, _} = History.since(table, @prefix, topic, from),
        row <- rows do
      row
    end
    |> Enum.sort()
  end

  test "messages behind a cursor, and where there is a gap", c do
    history = History.new(c.table, @prefix, @bounds)
    assert {:ok, [], start} = History.since(c.table, @prefix, "p:1", Cursor.beginning())
    {history, false} = History.append(history, term(1), 5, entries(5..9), 0)
    # Something has come meanwhile, and who knows since when.
    assert :gap = History.since(c.table, @prefix, "p:1", start)
    at = &Cursor.new(term(1), &1)
    assert :gap = History.since(c.table, @prefix, "p:1", at.(3))
    last = at.(9)
    assert {:ok, [{six, "6"}], ^last} = History.since(c.table, @prefix, "p:2", at.(4))
    assert {:ok, [], ^last} = History.since(c.table, @prefix, "p:2", six)

    # Ahead of this node: what is here already is not for it.
    ahead = at.(12)
    assert {:ok, [], ^ahead} = History.since(c.table, @prefix, "p:2", ahead)

    # Again, and in part again.
    assert {^history, false} = History.append(history, term(1), 5, entries(5..9), 0)
    {history, false} = History.append(history, term(1), 8, entries(8..11), 0)
    assert length(cursors(c.table, at.(4))) == 7

    # A hole.
    {history, true} = History.append(history, term(1), 14, entries(14..15), 0)
    assert :gap = History.since(c.table, @prefix, "p:1", at.(11))
    assert :gap = History.since(c.table, @prefix, "p:1", at.(12))
    assert {:ok, [{_, "14"}], _} = History.since(c.table, @prefix, "p:5", at.(13))

    # Another term, and one that is over.
    {history, true} = History.append(history, term(2), 0, entries(20..21), 0)
    assert :gap = History.since(c.table, @prefix, "p:1", at.(15))
    assert {^history, false} = History.append(history, term(1), 16, entries(16..17), 0)
    assert length(cursors(c.table, :kept)) == 11
  end

  test "old ones go, also when nothing comes", c do
    history = History.new(c.table, @prefix, @bounds)
    {history, false} = History.append(history, term(1), 0, entries(0..4), 0)
    {history, false} = History.append(history, term(1), 5, entries(5..6), 6_000)
    history = History.expire(history, 10_000)
    assert length(cursors(c.table, :kept)) == 2
    assert :gap = History.since(c.table, @prefix, "p:1", Cursor.new(term(1), 3))
    history = History.expire(history, 17_000)
    assert %{count: 0, bytes: 0} = history
    # It is known that nothing came behind the last one.
    assert {:ok, [], _} = History.since(c.table, @prefix, "p:1", Cursor.new(term(1), 6))
    {_history, false} = History.append(history, term(1), 7, entries(7..7), 20_000)
    assert length(cursors(c.table, Cursor.new(term(1), 6))) == 1
  end

  test "bytes are a bound, and a message beyond it is not kept", c do
    history = History.new(c.table, @prefix, %{@bounds | bytes: 10_000})
    many = for n <- 1..40, do: {topic(n), :binary.copy("x", 300)}
    {history, false} = History.append(history, term(1), 0, many, 0)
    assert history.count == 20 and history.bytes <= 10_000

    {history, false} =
      History.append(history, term(1), 40, [{"p:1", :binary.copy("x", 20_000)}], 0)

    assert %{count: 0, bytes: 0} = history
    assert :gap = History.since(c.table, @prefix, "p:1", Cursor.new(term(1), 39))
  end

  test "what another node has is taken only where it fits", c do
    history = History.new(c.table, @prefix, @bounds)
    {history, false} = History.append(history, term(1), 5, entries(5..9), 0)
    row = &{Cursor.new(term(1), &1), topic(&1), "#{&1}", 0}
    assert History.prepend(history, [row.(3)], 0) == history
    assert History.prepend(history, [row.(5)], 0) == history
    assert %{count: 7} = history = History.prepend(history, [row.(4), row.(3), row.(1)], 0)
    assert length(cursors(c.table, Cursor.new(term(1), 2))) == 7
    # Too old, and no room.
    assert History.prepend(history, [put_elem(row.(2), 3, 10_000)], 0) == history
    full = %{history | most: 7}
    assert History.prepend(full, [row.(2)], 0) == full and not History.room?(full)
  end

  test "a successor finds what was there", c do
    {history, false} =
      History.append(History.new(c.table, @prefix, @bounds), term(1), 0, entries(0..9), 0)

    assert History.new(c.table, @prefix, @bounds) == history
  end

  # A node with all of it; one that takes random parts, in bounds of its own; what it says against the list of all.
  test "random: what is said to be all is all, however it came here", c do
    for seed <- 1..300 do
      :rand.seed(:exsss, {seed, 1, 1})
      peer = :ets.new(:peer, [:ordered_set, :public])
      mine = :ets.new(:mine, [:ordered_set, :public])
      bounds = %{count: :rand.uniform(60), bytes: :rand.uniform(20_000), ms: 10_000}

      at_peer = History.new(peer, @prefix, %{@bounds | count: 200})
      my = History.new(mine, @prefix, bounds)

      all = random_terms()

      {_peer, my, _now} =
        Enum.reduce(chunks(all), {at_peer, my, 0}, fn chunk, {at_peer, my, now} ->
          now = now + :rand.uniform(50)
          {term, first, entries} = chunk
          {at_peer, _} = History.append(at_peer, term, first, entries, now)

          my =
            if :rand.uniform(4) > 1,
              do: elem(History.append(my, term, first, entries, now), 0),
              else: my

          my = if :rand.uniform(3) == 1, do: fetch(peer, my, now), else: my
          truthful(mine, my, all, seed)
          {at_peer, my, now}
        end)

      truthful(mine, fetch(peer, my, 1_000), all, seed)
      for table <- [peer, mine], do: :ets.delete(table)
    end

    assert length(cursors(c.table, :kept)) == 0
    assert {:ok, [_], _} = History.since(c.table, "o:", topic(1), :kept)
  end

  defp random_terms do
    for number <- 1..3,
        n <- 0..(:rand.uniform(60) - 1),
        do: {term(number), n, {topic(n), "#{number}.#{n}"}}
  end

  defp chunks([]), do: []

  defp chunks([{term, first, _} | _] = all) do
    {chunk, rest} = Enum.split(all, :rand.uniform(8))
    {chunk, later} = Enum.split_while(chunk, &(elem(&1, 0) == term))
    [{term, first, Enum.map(chunk, &elem(&1, 2))} | chunks(later ++ rest)]
  end

  defp fetch(peer, my, now) do
    case History.before(peer, @prefix, History.wanted(my), :rand.uniform(10), now) do
      :behind ->
        my

      [] ->
        my

      rows ->
        after_it = History.prepend(my, rows, now)

        if after_it != my and History.room?(after_it),
          do: fetch(peer, after_it, now),
          else: after_it
    end
  end

  # From each place: either a gap is said, or what comes is all that there was behind it up to the last place.
  defp truthful(table, history, all, seed) do
    assert history.count <= history.most and history.bytes <= history.bytes_most

    assert :ets.select_count(table, [{{{@prefix, :_}, :_, :_, :_, :_}, [], [true]}]) ==
             history.count

    with {_floor, last} <- History.places(table, @prefix) do
      for {term, n, _} <- [{term(1), -1, nil} | all], topic <- [Enum.random(@topics)] do
        cursor = Cursor.new(term, n)

        with {:ok, rows, upto} <- History.since(table, @prefix, topic, cursor) do
          assert upto == max(last, cursor)

          expected =
            for {term, n, {^topic, payload}} <- all,
                place = Cursor.new(term, n),
                place > cursor and place <= last,
                do: {place, payload}

          assert rows == expected, "seed #{seed}"
        end
      end
    end
  end
end
