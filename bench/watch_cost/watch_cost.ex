defmodule Bench.WatchCost do
  @moduledoc """
  What it costs a node to be watched and profiled from outside: CPU time, and throughput where it has none to spare.

  Windows of time with and without the watcher take turns on one node, and each window with it is put beside the mean of the two around it: so
  what changes slowly on the machine is in both. The watcher's start and end are in no window.
  """

  alias Bench.{Nodes, Options, OsProcess, Report}
  alias Bench.WatchCost.{Interval, Side, Watcher}

  @help """
  What a watch and a profile cost the node that they look at.

      make bench-watch_cost
      bench/watch_cost/run [--only watch,throughput,profile] [--processes 1000,100000] [--seconds 10] [--repeats 6] [--no-keep]
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
    %{name: "rounds or ticks", unit: "1/s", better: :higher, goal: nil},
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
      for size <- sizes, {kind, work, arguments} <- cases(), kind in only do
        {kind, work, arguments, String.to_integer(size)}
      end

    if wanted == [], do: :help, else: keep(Enum.flat_map(wanted, &measure(&1, options)), options)
  end

  # What is measured, what the node does meanwhile, and the watcher's arguments.
  defp cases do
    [
      {"watch", :nothing, ["watch", "--json"]},
      {"throughput", :messages, ["watch", "--json"]},
      {"throughput", :decoding, ["watch", "--json"]},
      {"profile", :little, ["profile", "--json"]},
      {"profile", :little, ["profile", "--json", "--rate", "1000"]}
    ]
  end

  defp measure({_kind, work, arguments, size} = one, options) do
    # One scheduler: the other core is for the watcher, so that it takes no time of the node's.
    [node] = nodes = Nodes.start("watched", 1, 1)
    :ok = Nodes.call(node, Side, :start, [work, size])
    seconds = Keyword.get(options, :seconds, 10)
    Process.sleep(2_000)

    windows =
      for repeat <- 0..Keyword.get(options, :repeats, 6) do
        without = window(node, seconds)
        watcher = Watcher.start(arguments, node, seconds)
        with_it = Map.merge(window(node, seconds, watcher.os_pid), Watcher.stop(watcher))
        IO.puts("#{repeat}  #{title(one)}: #{told(without, with_it)}")
        # What the guest leaves to collect is not of the next window.
        Process.sleep(1_000)
        {repeat, without, with_it}
      end

    last = window(node, seconds)
    Nodes.stop(nodes)

    # The first one warms up. Each is put beside those around it.
    followers = Enum.map(tl(windows), &elem(&1, 1)) ++ [last]

    for {{repeat, before, with_it}, behind} <- Enum.zip(windows, followers),
        repeat > 0,
        {metric, value} when value != nil <- figures(elem(one, 0), with_it, before, behind) do
      sample = %{case: title(one), metric: metric, contender: "ours", repeat: repeat}
      Map.put(sample, :value, value / 1)
    end
  end

  defp window(node, seconds, watcher \\ nil) do
    os_pids = if watcher, do: %{node: node.os_pid, watcher: watcher}, else: %{node: node.os_pid}
    {before, began} = Nodes.call(node, Side, :count, [])
    {_done, used} = OsProcess.measure(os_pids, fn -> Process.sleep(seconds * 1_000) end)
    {later, ended} = Nodes.call(node, Side, :count, [])

    %{
      cpu: used.node / (seconds * 1.0e4),
      own: Map.get(used, :watcher, 0) / (seconds * 1.0e4),
      rate: (later - before) / (ended - began),
      per_cpu: (later - before) / used.node
    }
  end

  defp figures(kind, with_it, before, behind) do
    mean = fn key -> (before[key] + behind[key]) / 2 end

    cost = [
      {"CPU of the node for it", with_it.cpu - mean.(:cpu)},
      {"what it says that it costs", with_it.said},
      {"the watcher's own CPU", with_it.own},
      {"rounds or ticks", with_it.often}
    ]

    # A node that has no time to spare uses no more of it, and gets less done.
    if kind == "throughput" do
      [
        {"work with it", 100 * with_it.rate / mean.(:rate)},
        {"work with it per CPU", 100 * with_it.per_cpu / mean.(:per_cpu)}
      ] ++ tl(cost)
    else
      cost
    end
  end

  defp told(without, with_it) do
    says = if with_it.said, do: round_of(with_it.said) <> " %", else: "nothing"
    "#{round_of(without.cpu)} % without, #{round_of(with_it.cpu)} % with it, which says #{says}"
  end

  defp title({kind, work, arguments, size}) do
    rate = if "--rate" in arguments, do: " at 1000 ticks a second", else: ""
    "#{kind}#{rate}, #{size} processes, #{Side.title(work)}"
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
    Windows of #{Keyword.get(options, :seconds, 10)} s with and without the watcher take turns on one node, and each with it is put beside the mean of the two around
    it. The node is a BEAM with one scheduler (`+S 1:1`, which does not spin while idle); the watcher is the release binary on the other core. `idle`: all processes
    wait. `messages`: eight pairs of processes send to each other and count in ETS. `decoding`: two processes decode query strings. Both leave the node no
    time. `a little work`: a process decodes for about a fifth of the time. A profile has its figures over time with it, as the command does by default.

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
