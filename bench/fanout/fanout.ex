defmodule Bench.Fanout do
  @moduledoc """
  One publisher, N receiver nodes: Outrigger's relay beside the flood that Phoenix.PubSub's PG2 adapter does.

  Three kinds of case. `blast`: as fast as one process can; CPU per broadcast and broadcasts per second until the last receiver
  has the last message. `adapter`: the same, without the local dispatch that both have in common. `paced`: 5 000 broadcasts a second; one-way latency and the publisher's share of a core.
  """

  alias Bench.Fanout.{Cluster, Side}
  alias Bench.{OsProcess, Report}

  @help """
  Outrigger's fan-out beside the flood of Phoenix.PubSub's PG2 adapter, on real BEAM nodes.

      make bench-fanout
      bench/fanout/run [--nodes 1,2,4,8] [--bytes 100,1024] [--repeats 5] [--no-keep]

  With Phoenix.PubSub among the dependencies the real adapter runs as a third contender.
  """

  @metrics [
    %{name: "publisher CPU", unit: "us/broadcast", better: :lower, goal: "15x less at 8 nodes"},
    %{name: "total CPU", unit: "us/broadcast", better: :lower, goal: nil},
    %{name: "router CPU", unit: "us/broadcast", better: :lower, goal: nil},
    %{name: "broadcasts", unit: "1/s", better: :higher, goal: nil},
    %{name: "latency p50", unit: "us", better: :lower, goal: nil},
    %{name: "latency p99", unit: "us", better: :lower, goal: nil},
    %{name: "publisher share", unit: "% of a core", better: :lower, goal: nil}
  ]

  @remarks """
  `blast`: one process broadcasts in a loop, one subscriber per receiver node; the rate counts until the last one has the last
  message. `adapter`: the same by the adapter's function alone, without the dispatch to local subscribers (there are none)
  that both contenders do in the same way. `paced`: 5 broadcasts per 1 ms tick for 3 s; latency from `broadcast` to the subscriber process, worst node.
  `flood` is `bench/fanout/flood.ex`. On this machine a cluster of 1+8 nodes is CPU-bound: CPU per message carries over to
  other machines, rates do not.
  """

  @doc "Runs the bench; returns the exit code."
  @spec main([String.t()]) :: 0 | 2
  def main(argv) do
    switches = [nodes: :string, bytes: :string, repeats: :integer, keep: :boolean, help: :boolean]

    case OptionParser.parse(argv, strict: switches) do
      {options, [], []} -> if options[:help], do: help(0), else: run(options)
      _ -> help(2)
    end
  end

  defp help(code) do
    IO.puts(@help)
    code
  end

  defp run(options) do
    repeats = Keyword.get(options, :repeats, 5)

    contenders =
      [Outrigger.PubSub, Bench.Flood] ++
        if(Code.ensure_loaded?(Phoenix.PubSub), do: [Phoenix.PubSub], else: [])

    samples =
      for nodes <- numbers(options, :nodes, "1,2,4,8"), reduce: [] do
        samples ->
          samples ++ cluster(nodes, numbers(options, :bytes, "100,1024"), repeats, contenders)
      end

    if Keyword.get(options, :keep, true) do
      IO.puts("kept in #{Report.write("fanout", @metrics, samples, @remarks)}")
    else
      IO.puts(Report.table(Report.rows("fanout", @metrics, samples)))
    end

    0
  end

  defp numbers(options, key, default) do
    options |> Keyword.get(key, default) |> String.split(",") |> Enum.map(&String.to_integer/1)
  end

  # Contenders take turns within every repeat, so that a slow minute of the machine hits them alike. Repeat 0 warms up.
  defp cluster(nodes, sizes, repeats, contenders) do
    cluster = Cluster.start(nodes, contenders)

    samples =
      for repeat <- 0..repeats,
          bytes <- sizes,
          kind <- [:blast, :adapter, :paced],
          contender <- contenders do
        sample = measure(kind, cluster, contender, nodes, bytes)

        for {metric, value} <- sample,
            repeat > 0,
            do: entry(kind, nodes, bytes, contender, repeat, metric, value)
      end

    Cluster.stop(cluster)
    List.flatten(samples)
  end

  defp entry(kind, nodes, bytes, contender, repeat, metric, value) do
    %{
      case: "#{kind} #{nodes} nodes #{bytes} B",
      metric: metric,
      contender: label(contender),
      repeat: repeat,
      value: value
    }
  end

  defp label(Outrigger.PubSub), do: "ours"
  defp label(Bench.Flood), do: "flood"
  defp label(Phoenix.PubSub), do: "phoenix_pubsub"

  # What leaves the node, alone: local dispatch costs every contender the same.
  defp measure(:adapter, cluster, contender, nodes, bytes) do
    count = blast_count(nodes, bytes)
    {_elapsed, cpu} = blast(cluster, contender, :adapter, count, bytes)
    %{"publisher CPU" => cpu.publisher / count}
  end

  defp measure(:blast, cluster, contender, nodes, bytes) do
    count = blast_count(nodes, bytes)
    {elapsed, cpu} = blast(cluster, contender, :whole, count, bytes)

    progress(
      contender,
      "#{nodes} nodes, #{bytes} B: #{div(count * 1_000_000, elapsed)} broadcasts/s"
    )

    per = &(&1 / count)

    %{
      "publisher CPU" => per.(cpu.publisher),
      "total CPU" => per.(cpu |> Map.values() |> Enum.sum()),
      "broadcasts" => count * 1_000_000 / elapsed
    }
    |> with_router(contender, per.(cpu.rust))
  end

  defp measure(:paced, cluster, contender, _nodes, bytes) do
    Cluster.call_receivers(cluster, Side, :forget, [contender])
    seconds = 3

    {_count, cpu} =
      OsProcess.measure(cluster.os_pids, fn ->
        count = Cluster.call(cluster.publisher, Side, :pace, [contender, seconds, bytes])
        arrived(cluster, contender, count)
      end)

    latencies = Cluster.call_receivers(cluster, Side, :latencies, [contender])
    worst = fn field -> latencies |> Enum.map(&(Map.fetch!(&1, field) / 1000)) |> Enum.max() end

    %{
      "latency p50" => worst.(:p50),
      "latency p99" => worst.(:p99),
      "publisher share" => cpu.publisher / (seconds * 10_000)
    }
    |> with_router(contender, cpu.rust / (seconds * 5000))
  end

  defp blast(cluster, contender, part, count, bytes) do
    Cluster.call_receivers(cluster, Side, :forget, [contender])

    OsProcess.measure(cluster.os_pids, fn ->
      elapsed(fn ->
        Cluster.call(cluster.publisher, Side, :blast, [contender, part, count, bytes])
        arrived(cluster, contender, count)
      end)
    end)
  end

  defp with_router(sample, Outrigger.PubSub, value), do: Map.put(sample, "router CPU", value)
  defp with_router(sample, _contender, _value), do: sample

  # Bounded so that what is under way to the slowest receiver stays within the Rust node's queue for one peer.
  defp blast_count(nodes, bytes) when bytes > 500, do: div(40_000, max(div(nodes, 4), 1))
  defp blast_count(nodes, _bytes), do: div(160_000, max(div(nodes, 2), 1))

  defp arrived(cluster, contender, count) do
    lost =
      cluster
      |> Cluster.call_receivers(Side, :await, [contender, count])
      |> Enum.count(&(&1 == :lost))

    if lost > 0,
      do: raise("#{label(contender)}: #{lost} receivers did not get all #{count} messages")
  end

  defp elapsed(work) do
    {microseconds, _result} = :timer.tc(work)
    microseconds
  end

  defp progress(contender, text),
    do: IO.puts("#{String.pad_trailing(label(contender), 15)} #{text}")
end
