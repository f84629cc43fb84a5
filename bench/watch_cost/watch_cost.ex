defmodule Bench.WatchCost do
  @moduledoc """
  What it costs a node to be watched and profiled from outside: CPU time, and throughput where it has none to spare.

  Windows of time with and without the watcher take turns on one node, many and short ones, and each window with it is put beside the mean of the two around
  it: so what changes slowly on the machine is in both. The watcher's start and end are in no window; in those without it, it is stopped.
  """

  alias Bench.{Nodes, Options, OsProcess, Report}
  alias Bench.WatchCost.{Interval, Side, Watcher}

  @help """
  What a watch and a profile cost the node that they look at.

      make bench-watch_cost
      bench/watch_cost/run [--only watch,throughput,profile] [--processes 1000,100000] [--seconds 2] [--repeats N] [--no-keep]
  """

  @metrics [
    %{
      name: "CPU of the node for it",
      unit: "% of a core",
      better: :lower,
      goal: "1; of a profile 2"
    },
    %{name: "what it says that it costs", unit: "% of a core", better: :lower, goal: nil},
    %{name: "the watcher's own CPU", unit: "% of a core", better: :lower, goal: nil},
    %{name: "ticks", unit: "1/s", better: :higher, goal: nil},
    %{name: "work with it", unit: "% of that without, a second", better: :higher, goal: "99"},
    %{name: "work with it per CPU", unit: "% of that without", better: :higher, goal: "99"}
  ]

  @doc "Runs the bench; returns the exit code."
  @spec main([String.t()]) :: Options.exit_code()
  def main(argv) do
    Options.run(argv, [only: :string, processes: :string, seconds: :integer], @help, &run/1)
  end

  defp run(options) do
    only = options |> Keyword.get(:only, "watch,throughput,profile") |> String.split(",")
    sizes = options |> Keyword.get(:processes, "1000,100000") |> String.split(",")

    wanted =
      for {size, index} <- Enum.with_index(sizes),
          one <- cases() ++ if(index == 0, do: more_cases(), else: []),
          one.kind in only do
        Map.put(one, :processes, String.to_integer(size))
      end

    if wanted == [], do: :help, else: keep(Enum.flat_map(wanted, &measure(&1, options)), options)
  end

  # What is measured, what the node does meanwhile, and the watcher's arguments.
  defp cases do
    [
      %{kind: "watch", work: :nothing, arguments: ["watch", "--json"]},
      %{kind: "throughput", work: :messages, arguments: ["watch", "--json"]},
      %{kind: "throughput", work: :decoding, arguments: ["watch", "--json"]},
      %{kind: "profile", work: :little, arguments: ["profile", "--json"]}
    ]
  end

  # What does not go by the number of processes.
  defp more_cases do
    [
      %{kind: "throughput", work: :messages, arguments: ["flag"]},
      %{kind: "throughput", work: :messages, arguments: ["profile", "--json"]},
      %{kind: "profile", work: :little, arguments: ~w(profile --json --rate 1000)}
    ]
  end

  defp measure(%{kind: kind} = one, options) do
    # One scheduler, and a core of its own: the watcher has the other one, so that it takes no time of the node's.
    [node] = nodes = Nodes.start("watched", 1, 1)
    :ok = OsProcess.pin(node.os_pid, 0)
    :ok = Nodes.call(node, Side, :start, [one.work, one.processes])
    seconds = Keyword.get(options, :seconds, 2)
    repeats = Keyword.get(options, :repeats, repeats(kind))
    Process.sleep(2_000)
    watcher = Watcher.start(one.arguments, node, 60 + (repeats + 2) * (2 * seconds + 4))
    {pairs, last} = turns(watcher, seconds, repeats)
    said = Watcher.stop(watcher)
    Nodes.stop(nodes)

    # The first one warms up. Each is put beside those around it.
    befores = Enum.map(pairs, &elem(&1, 0))

    samples =
      for {{before, with_it}, behind, repeat} <-
            Enum.zip([pairs, tl(befores) ++ [last], 0..repeats]),
          repeat > 0,
          {metric, value} <- figures(kind, with_it, before, behind) do
        %{case: title(one), metric: metric, contender: "ours", repeat: repeat, value: value / 1}
      end

    whole =
      for {metric, value} when value != nil <- [
            {"what it says that it costs", said.said},
            {"ticks", said.often}
          ] do
        %{case: title(one), metric: metric, contender: "ours", repeat: 1, value: value / 1}
      end

    IO.puts(intervals(samples))
    samples ++ whole
  end

  # What a node does moves the more, the more it is.
  defp repeats("throughput"), do: 60
  defp repeats(_kind), do: 24

  # Windows without and with it, by turns, and one without it at the end.
  defp turns(watcher, seconds, repeats) do
    pairs =
      for _repeat <- 0..repeats do
        :ok = Watcher.pause(watcher)
        without = window(watcher, seconds)
        :ok = Watcher.resume(watcher)
        {without, window(watcher, seconds)}
      end

    :ok = Watcher.pause(watcher)
    {pairs, window(watcher, seconds)}
  end

  defp window(%{node: node} = watcher, seconds) do
    watchers = if watcher.os_pid, do: %{watcher: watcher.os_pid}, else: %{}
    {before, began} = Nodes.call(node, Side, :count, [])
    os_pids = Map.put(watchers, :node, node.os_pid)
    {_done, used} = OsProcess.measure(os_pids, fn -> Process.sleep(seconds * 1_000) end)
    {later, ended} = Nodes.call(node, Side, :count, [])

    %{
      cpu: used.node / (seconds * 1.0e4),
      own: Map.get(used, :watcher, 0) / (seconds * 1.0e4),
      rate: (later - before) / (ended - began),
      per_cpu: (later - before) / used.node
    }
  end

  # A node that has no time to spare uses no more of it, and gets less done.
  defp figures("throughput", with_it, before, behind) do
    mean = fn key -> (before[key] + behind[key]) / 2 end

    [
      {"work with it", 100 * with_it.rate / mean.(:rate)},
      {"work with it per CPU", 100 * with_it.per_cpu / mean.(:per_cpu)},
      {"the watcher's own CPU", with_it.own}
    ]
  end

  defp figures(_kind, with_it, before, behind) do
    [
      {"CPU of the node for it", with_it.cpu - (before.cpu + behind.cpu) / 2},
      {"the watcher's own CPU", with_it.own}
    ]
  end

  defp title(%{kind: kind, arguments: arguments} = one) do
    how =
      cond do
        "--rate" in arguments -> " at 1000 ticks a second"
        kind == "throughput" and hd(arguments) == "profile" -> " of a profile"
        arguments == ["flag"] -> " with the schedulers' time measured only"
        true -> ""
      end

    "#{kind}#{how}, #{one.processes} processes, #{Side.title(one.work)}"
  end

  defp keep(samples, options) do
    if Keyword.get(options, :keep, true) do
      IO.puts(
        "kept in #{Report.write("watch_cost", @metrics, samples, remarks(samples, options))}"
      )
    else
      IO.puts(Report.table(Report.rows("watch_cost", @metrics, samples)))
      IO.puts(intervals(samples))
    end

    0
  end

  defp remarks(samples, options) do
    """
    Windows of #{Keyword.get(options, :seconds, 2)} s with and without the watcher take turns on one node, and each with it is put beside the mean of the two around
    it. Without it, it is stopped (`SIGSTOP`), and leaves what it holds: the node goes on to measure its schedulers' time, the cost of which is a case of its own.
    The node is a BEAM with one scheduler (`+S 1:1`, which does not spin while idle) on a core of its own; the watcher is the release binary on another. `idle`: all
    processes wait. `messages`: eight pairs of processes send to each other and count in ETS. `decoding`: two processes decode query strings. Both leave the node no
    time. `a little work`: a process decodes for about a fiftieth of the time. A profile has its figures over time with it, as the command does by default.

    #{intervals(samples)}
    """
  end

  defp intervals(samples) do
    rows =
      for %{name: name, goal: goal} when goal != nil <- @metrics,
          {title, of} <- samples |> Enum.filter(&(&1.metric == name)) |> Enum.group_by(& &1.case),
          {estimate, low, high} <- [Interval.of(Enum.map(of, & &1.value))] do
        "| #{title} | #{name} | #{round_of(estimate)} | #{round_of(low)} to #{round_of(high)} |\n"
      end

    "The same with intervals (Hodges and Lehmann, of Wilcoxon's signed ranks, 95 %):\n\n" <>
      "| case | figure | estimate | interval |\n| --- | --- | --- | --- |\n" <> Enum.join(rows)
  end

  defp round_of(nil), do: "?"
  defp round_of(value), do: :erlang.float_to_binary(value, decimals: 3)
end
