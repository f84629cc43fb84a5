defmodule Outrigger.Test.Flood do
  @moduledoc """
  Floods a cluster limit on some nodes, and judges what was admitted.

      floods = Flood.start(members, MyLimit, processes: 2, keys: 10)
      …
      ledger = Flood.stop(floods)
      Flood.worst(Flood.by_key(ledger)[1], limit, burst)

  A ledger knows of each admitted hit when it began and ended, in steps of #{10} ms of the machine's monotonic clock, which all its VMs
  share. A hit counts in an interval if it began and ended in it: so what is called a breach is one.

  On each node a process that does nothing but wake up every millisecond notes when it did not: then the machine stood still there, whatever the
  limiter did.
  """

  import ExUnit.Assertions

  alias Outrigger.Limit
  alias Outrigger.Test.Cluster

  @step_ns 10_000_000
  # A node that does not get to run for so many steps stood still.
  @still 5

  @doc "The step that it is now."
  def step, do: div(:os.perf_counter(:nanosecond), @step_ns)

  @doc """
  Starts floods. Options: `:processes` per node, `:keys`, `:batch` (hits between two pauses of 1 ms), and `:turns`: each node floods for so many steps,
  then the next one.
  """
  def start(members, limiter, options \\ []) do
    turn = Keyword.get(options, :turns)

    floods =
      for {member, at} <- Enum.with_index(members),
          options = [turn: turn && {turn, at, length(members)}] ++ options,
          n <- 1..Keyword.get(options, :processes, 2),
          do: {member, Cluster.call(member, __MODULE__, :spawn, [limiter, n, options])}

    for(member <- members, do: {member, Cluster.call(member, __MODULE__, :pulse, [])}) ++ floods
  end

  @doc false
  def spawn(limiter, seed, options) do
    keys = options |> Keyword.get(:keys, 1) |> table()
    batch = Keyword.get(options, :batch, 20)

    spawn(fn ->
      :rand.seed(:exsss, {seed, seed, seed})
      loop(&flood(limiter, keys, batch, options[:turn], &1), empty())
    end)
  end

  @doc false
  def pulse, do: spawn(fn -> loop(&beat/1, Map.put(empty(), :last, step())) end)

  defp empty, do: %{admitted: %{}, offered: %{}, errors: 0, still: []}

  # Zipf: the weight of the n-th key is 1 / n.
  defp table(1), do: fn -> 1 end

  defp table(keys) do
    largest = :math.log(keys)
    fn -> min(keys, trunc(:math.exp(:rand.uniform() * largest))) end
  end

  defp loop(act, ledger) do
    ledger = act.(ledger)

    receive do
      {:stop, from, ref} ->
        send(from, {ref, ledger})

      {:show, from, ref} ->
        send(from, {ref, ledger})
        loop(act, ledger)
    after
      1 -> loop(act, ledger)
    end
  end

  defp beat(%{last: last} = ledger) do
    now = step()
    still = if now - last >= @still, do: [{last, now} | ledger.still], else: ledger.still
    %{ledger | last: now, still: still}
  end

  defp flood(limiter, keys, batch, turn, ledger) do
    if turn?(turn),
      do: Enum.reduce(1..batch, ledger, fn _, ledger -> hit(limiter, keys.(), ledger) end),
      else: ledger
  end

  defp turn?(nil), do: true
  defp turn?({steps, at, nodes}), do: step() |> div(steps) |> rem(nodes) == at

  defp hit(limiter, key, ledger) do
    from = step()
    answer = Limit.hit(limiter, {:user, key})
    to = step()
    ledger = %{ledger | offered: Map.update(ledger.offered, to, 1, &(&1 + 1))}

    case answer do
      {:allow, _info} ->
        %{ledger | admitted: Map.update(ledger.admitted, {key, from, to}, 1, &(&1 + 1))}

      {:deny, _info} ->
        ledger

      {:error, _error} ->
        %{ledger | errors: ledger.errors + 1}
    end
  end

  @doc "What floods have written so far. They go on."
  def show(floods), do: collect(floods, :show)

  @doc "Ends floods and adds their ledgers up."
  def stop(floods), do: collect(floods, :stop)

  defp collect(floods, what) do
    floods
    |> Enum.map(fn {member, pid} -> Cluster.call(member, __MODULE__, :ask, [pid, what]) end)
    |> add()
  end

  @doc "Adds ledgers up."
  def add(ledgers) do
    Enum.reduce(ledgers, empty(), fn ledger, sum ->
      %{
        admitted: Map.merge(sum.admitted, ledger.admitted, fn _, a, b -> a + b end),
        offered: Map.merge(sum.offered, ledger.offered, fn _, a, b -> a + b end),
        errors: sum.errors + ledger.errors,
        still: ledger.still ++ sum.still
      }
    end)
  end

  @doc false
  def ask(pid, what) do
    ref = make_ref()
    send(pid, {what, self(), ref})

    receive do
      {^ref, ledger} -> ledger
    after
      20_000 -> raise "no answer of a flood"
    end
  end

  @doc "Admitted hits by key, each `%{{from, to} => count}`."
  def by_key(ledger) do
    Enum.reduce(ledger.admitted, %{}, fn {{key, from, to}, count}, keys ->
      Map.update(keys, key, %{{from, to} => count}, &Map.put(&1, {from, to}, count))
    end)
  end

  @doc "The admitted hits of a key that began and ended in the steps `first..last`."
  def cut(ledger, key, first, last) do
    hits = ledger |> by_key() |> Map.get(key, %{})
    Map.filter(hits, fn {{from, to}, _} -> from >= first and to <= last end)
  end

  @doc "How many hits of a key were admitted in the steps `from..to`."
  def between(hits, from, to),
    do: for({{_from, at}, count} <- hits, at in from..to, reduce: 0, do: (sum -> sum + count))

  @doc "How many hits were offered in the steps `from..to`, whatever became of them."
  def offered(ledger, from, to),
    do: for({at, count} <- ledger.offered, at in from..to, reduce: 0, do: (sum -> sum + count))

  @doc "For how many steps a node stood still in `from..to`, at the longest."
  def still(ledger, from, to) do
    for {first, last} <- ledger.still, last >= from and first <= to, reduce: 0 do
      longest -> max(longest, last - first)
    end
  end

  @doc """
  Asserts that of key 1 at least so large a part of `limit` per second was admitted in a window, which is what `window` returns.

  It is judged on every machine: a window that is below is put right by a later one only if a node stood still in it, and so often only. A limiter that
  admits too little is below in all of them.
  """
  def used(floods, limit, least, window, tries \\ 6) do
    [from, to] = window.()
    ledger = show(floods)
    whole = limit * (to - from) * @step_ns / 1.0e9
    spent = ledger |> by_key() |> Map.get(1, %{}) |> between(from, to - 1)
    offered = offered(ledger, from, to - 1)
    still = still(ledger, from, to)

    unless spent >= least * whole do
      assert still > 0 and tries > 1,
             "#{spent} of #{round(whole)} were used, #{offered} offered; a node stood still for #{still} steps"

      used(floods, limit, least, window, tries - 1)
    end
  end

  @doc """
  The worst interval: how many hits more than `burst + limit * length` were admitted in it, and which steps. `limit` is per second.
  """
  def worst(hits, limit, burst) do
    rate = limit * @step_ns / 1.0e9

    # Hits that waited may count in intervals in which they only ended. Mostly that is no breach either, and then none is.
    if by_end(hits, rate) <= burst, do: {0, nil}, else: exact(hits, rate, burst)
  end

  # The most that an interval has on top of `rate`, all hits being counted where they ended.
  defp by_end(hits, rate) do
    hits
    |> Enum.group_by(fn {{_from, to}, _} -> to end, &elem(&1, 1))
    |> Enum.sort()
    |> Enum.reduce({0, 0, 0}, fn {to, counts}, {most, last, at} ->
      here = max(last - rate * (to - at - 1), 0) + Enum.sum(counts) - rate
      {max(most, here), here, to}
    end)
    |> elem(0)
  end

  defp exact(hits, rate, burst) do
    ends = hits |> Map.keys() |> Enum.map(&elem(&1, 1)) |> Enum.uniq() |> Enum.sort()

    rows =
      Enum.group_by(hits, fn {{from, _to}, _} -> from end, fn {{_, to}, count} -> {to, count} end)

    starts = rows |> Map.keys() |> Enum.sort(:desc)

    {worst, _sums} =
      Enum.reduce(starts, {{-burst, nil}, %{}}, fn from, {worst, sums} ->
        sums =
          Enum.reduce(rows[from], sums, fn {to, count}, sums ->
            Map.update(sums, to, count, &(&1 + count))
          end)

        {worst, _sum} =
          Enum.reduce(ends, {worst, 0}, fn to, {worst, sum} ->
            sum = sum + Map.get(sums, to, 0)
            over = sum - burst - rate * (to - from + 1)
            {if(to >= from and over > elem(worst, 0), do: {over, from..to}, else: worst), sum}
          end)

        {worst, sums}
      end)

    worst
  end
end
