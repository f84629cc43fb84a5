defmodule Bench.Limit do
  @moduledoc """
  What a hit costs in one node, and whether what is admitted is the limit: `make bench-limit`. See `Bench.Limit.Contenders`.
  """

  alias Bench.{Options, Report}
  alias Bench.Limit.Contenders

  @help """
  What a hit of a rate limiter costs in one node: Outrigger's beside ETS.

      make bench-limit
      bench/limit/run [--keys 1,100000,1000000] [--processes 1,2] [--hits 500000] [--repeats 7] [--no-keep]

  With Hammer among the dependencies it runs as another contender.
  """

  @metrics [
    %{
      name: "time per hit",
      unit: "ns",
      better: :lower,
      goal: "60 for one key, 150 for 100,000 or two processes"
    },
    %{name: "hits of all processes", unit: "1/s", better: :higher, goal: nil},
    %{
      name: "admitted of 200,000, of 600,000 tries",
      unit: "hits",
      better: :lower,
      goal: "200,000"
    },
    %{name: "memory per key", unit: "B", better: :lower, goal: "32"}
  ]

  @remarks """
  `time per hit`: wall time of a process's loop, by its hits; the loop itself and the choice of the key, some 2 ns, and the key's own cache misses are in
  it: `key read` says what these are. Keys are binaries of 5 to 12 bytes that were made before. The limit is never reached, but in the case that asks what is admitted. Memory: what the process has more
  after each of a million keys was hit once (the memory of the VM for ETS), by keys. What `counter`, `ETS bucket` and `NIF alone` are stands in
  `bench/limit/contenders.ex`.
  """

  @limit 200_000
  @plenty 1_000_000_000

  @doc "Runs the bench; returns the exit code."
  @spec main([String.t()]) :: Options.exit_code()
  def main(argv),
    do: Options.run(argv, [keys: :string, processes: :string, hits: :integer], @help, &run/1)

  defp run(options) do
    repeats = Keyword.get(options, :repeats, 7)
    hits = Keyword.get(options, :hits, 500_000)

    speeds =
      for keys <- numbers(options, :keys, "1,100000,1000000"),
          processes <- numbers(options, :processes, "1,2"),
          do: {:speed, keys, processes}

    cases = speeds ++ [:exact, :memory]

    # Contenders take turns within every repeat, so that a slow minute of the machine hits them alike. Repeat 0 warms up.
    samples =
      for one <- cases,
          tuple = keys(one),
          repeat <- 0..repeats,
          contender <- Contenders.for_case(one) do
        :persistent_term.put(__MODULE__, tuple)
        sample = measure(one, contender, hits)
        IO.puts("#{repeat}  #{title(one)}  #{contender}: #{inspect(sample)}")

        for {metric, value} <- sample,
            repeat > 0,
            do: entry(one, contender, repeat, metric, value)
      end

    samples = List.flatten(samples)

    if Keyword.get(options, :keep, true),
      do: IO.puts("kept in #{Report.write("limit", @metrics, samples, @remarks)}"),
      else: IO.puts(Report.table(Report.rows("limit", @metrics, samples)))

    0
  end

  defp numbers(options, key, default) do
    options |> Keyword.get(key, default) |> String.split(",") |> Enum.map(&String.to_integer/1)
  end

  defp keys({:speed, count, _processes}), do: keys(count)
  defp keys(:exact), do: keys(1)
  defp keys(:memory), do: keys(1_000_000)
  defp keys(count), do: 1..count |> Enum.map(&"user:#{&1}") |> List.to_tuple()

  defp title({:speed, keys, processes}),
    do: "#{count(keys, "key")}, #{count(processes, "process")}"

  defp title(:exact), do: "one bucket, 2 processes"
  defp title(:memory), do: count(1_000_000, "key")

  defp count(1, what), do: "1 #{what}"
  defp count(n, "process"), do: "#{n} processes"
  defp count(n, what), do: "#{n} #{what}s"

  defp entry(one, contender, repeat, metric, value) do
    %{case: title(one), metric: metric, contender: contender, repeat: repeat, value: value}
  end

  defp measure({:speed, keys, processes}, contender, hits) do
    state = Contenders.prepare(contender, @plenty, keys)
    # Every key is there before it is measured.
    if keys > 1, do: together(contender, state, 1, keys)
    {times, _admitted} = together(contender, state, processes, hits)
    Contenders.forget(contender, state)

    %{
      "time per hit" => Enum.sum(times) / length(times) / hits,
      "hits of all processes" => processes * hits * 1.0e9 / Enum.max(times)
    }
  end

  defp measure(:exact, contender, _hits) do
    state = Contenders.prepare(contender, @limit, 1)
    {_times, admitted} = together(contender, state, 2, 300_000)
    Contenders.forget(contender, state)
    %{"admitted of 200,000, of 600,000 tries" => Enum.sum(admitted)}
  end

  defp measure(:memory, contender, _hits) do
    keys = 1_000_000
    before = memory(contender)
    state = Contenders.prepare(contender, @plenty, keys)
    together(contender, state, 1, keys)
    per_key = (memory(contender) - before) / keys
    Contenders.forget(contender, state)
    %{"memory per key" => per_key}
  end

  # The VM takes what it gets from the system in large pieces and keeps it. Ours is not the VM's.
  defp memory(contender) when contender in ["ours", "NIF alone"] do
    [_size, resident | _] = "/proc/self/statm" |> File.read!() |> String.split()
    String.to_integer(resident) * 4_096
  end

  defp memory(_ets), do: :erlang.memory(:ets)

  # Processes that begin at once: the time of each in nanoseconds, and what each was admitted.
  defp together(contender, state, processes, hits) do
    parent = self()

    pids =
      for process <- 1..processes do
        spawn_link(fn ->
          keys = :persistent_term.get(__MODULE__)
          send(parent, {:ready, self()})
          receive(do: (:go -> :ok))
          started = System.monotonic_time(:nanosecond)
          admitted = Contenders.loop(contender, state, keys, process * 1_000_003, hits)
          send(parent, {:done, self(), System.monotonic_time(:nanosecond) - started, admitted})
        end)
      end

    for pid <- pids, do: receive(do: ({:ready, ^pid} -> :ok))
    for pid <- pids, do: send(pid, :go)

    pids
    |> Enum.map(fn pid -> receive(do: ({:done, ^pid, time, admitted} -> {time, admitted})) end)
    |> Enum.unzip()
  end
end
