defmodule Bench.Fanout do
  @moduledoc """
  One publisher, N receiver nodes: Outrigger's relay beside the flood that Phoenix.PubSub's PG2 adapter does.

  `blast`: as fast as one process can; CPU per broadcast and broadcasts per second until the last receiver
  has the last message. `adapter`: the same, without the local dispatch that both have in common. `paced`: 5 000 broadcasts a second; one-way latency and the publisher's share of a core.
  """

  alias Bench.{Options, Report}
  alias Bench.Fanout.{Cases, Cluster}

  @help """
  Outrigger's fan-out beside the flood of Phoenix.PubSub's PG2 adapter, on real BEAM nodes.

      make bench-fanout
      bench/fanout/run [--nodes 1,2,4,8] [--bytes 100,1024] [--repeats 5] [--path auto|relay|direct] [--only paced,hot]
                       [--name NAME] [--no-keep]

  --path is the option of Outrigger.PubSub: by itself (auto) it sends directly to one or two nodes. --only names kinds of cases, --name the
  run that is kept.

  With Phoenix.PubSub among the dependencies the real adapter runs as a third contender.
  """

  @paths %{"auto" => :auto, "relay" => :relay, "direct" => :direct}

  @metrics [
    %{name: "publisher CPU", unit: "us/broadcast", better: :lower, goal: "15x less at 8 nodes"},
    %{name: "total CPU", unit: "us/broadcast", better: :lower, goal: nil},
    %{name: "router CPU", unit: "us/broadcast", better: :lower, goal: nil},
    %{name: "broadcasts", unit: "1/s", better: :higher, goal: nil},
    %{name: "latency p50", unit: "us", better: :lower, goal: nil},
    %{name: "latency p99", unit: "us", better: :lower, goal: nil},
    %{name: "publisher share", unit: "% of a core", better: :lower, goal: nil},
    %{name: "CPU per delivery", unit: "us", better: :lower, goal: "0.45x"},
    %{name: "deliveries", unit: "1/s", better: :higher, goal: "2.5x"},
    %{name: "operations", unit: "1/s", better: :higher, goal: "100,000"},
    %{name: "CPU per operation", unit: "us", better: :lower, goal: nil},
    %{name: "longest mailbox", unit: "messages", better: :lower, goal: "bounded"}
  ]

  @remarks """
  `blast`: one process broadcasts in a loop, one subscriber per receiver node; the rate counts until the last one has the last
  message. `many_16` and `many_128`: the same with so many messages at a time; `flood` has no such function, and sends them one by one.
  `adapter`: as `blast`, by the adapter's function alone, without the dispatch to local subscribers (there are none)
  that both contenders do in the same way. `paced`: 5 broadcasts per 1 ms tick for 3 s; latency from `broadcast` to the subscriber process, worst node.
  `one` and `nobody`: whole broadcasts on a topic that one of the nodes wants, or none; at its end comes one that all want.
  `crowd`: as `blast` by 16 processes. `hot`: one other node with 1,000 subscribers. `churn`: 8 processes subscribe and unsubscribe in turn, a topic of its own
  each time; CPU of that node, and the longest queue of the processes that tell routers; `flood`: its registry alone. `stopped_blast`, `stopped_paced`: one of the nodes is stopped
  (SIGSTOP), figures of the others; the flood's publisher stops as well, and has no such figures.
  `ordered` is ours with its topics in total order (`bench/fanout/ordered.ex`): through its sequencer in clusters of any size, and back to the publisher's
  node, where nobody has subscribed.
  `flood` is `bench/fanout/flood.ex`. On this machine a cluster of 1+8 nodes is CPU-bound: CPU per message carries over to
  other machines, rates do not.
  """

  @doc "Runs the bench; returns the exit code."
  @spec main([String.t()]) :: Options.exit_code()
  def main(argv) do
    switches = [nodes: :string, bytes: :string, path: :string, only: :string, name: :string]
    Options.run(argv, switches, @help, &with_ways/1)
  end

  defp with_ways(options) do
    with {:ok, path} <- Map.fetch(@paths, Keyword.get(options, :path, "auto")),
         {:ok, only} <- only(Keyword.get(options, :only, "")) do
      run(options, path, only)
    else
      _unknown -> :help
    end
  end

  defp only(names) do
    kinds = Enum.flat_map([1, 8], &Cases.kinds(&1, Outrigger.PubSub))
    names = String.split(names, ",", trim: true)
    only = for kind <- kinds, Atom.to_string(kind) in names, uniq: true, do: kind
    if length(only) == length(names), do: {:ok, only}, else: :error
  end

  defp run(options, path, only) do
    repeats = Keyword.get(options, :repeats, 5)

    contenders =
      [Outrigger.PubSub, Bench.Ordered, Bench.Flood] ++
        if(Code.ensure_loaded?(Phoenix.PubSub), do: [Phoenix.PubSub], else: [])

    samples =
      for nodes <- numbers(options, :nodes, "1,2,4,8"), reduce: [] do
        samples ->
          sizes = numbers(options, :bytes, "100,1024")
          samples ++ cluster({nodes, path}, sizes, repeats, contenders, only)
      end

    if Keyword.get(options, :keep, true) do
      IO.puts(
        "kept in #{Report.write(Keyword.get(options, :name, "fanout"), @metrics, samples, @remarks)}"
      )
    else
      IO.puts(Report.table(Report.rows("fanout", @metrics, samples)))
    end

    0
  end

  defp numbers(options, key, default) do
    options |> Keyword.get(key, default) |> String.split(",") |> Enum.map(&String.to_integer/1)
  end

  # Contenders take turns within every repeat, so that a slow minute of the machine hits them alike. Repeat 0 warms up.
  defp cluster({nodes, path}, sizes, repeats, contenders, only) do
    cluster = Cluster.start(nodes, contenders, path)

    samples =
      for repeat <- 0..repeats,
          bytes <- sizes,
          kind <- Cases.kinds(nodes, Outrigger.PubSub),
          only == [] or kind in only,
          contender <- contenders,
          kind in Cases.kinds(nodes, contender) do
        sample = Cases.measure(kind, cluster, contender, nodes, bytes)
        progress(repeat, kind, nodes, bytes, contender, sample)

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
      contender: Cases.label(contender),
      repeat: repeat,
      value: value
    }
  end

  defp progress(repeat, kind, nodes, bytes, contender, sample) do
    figures =
      Enum.map_join(sample, ", ", fn {metric, value} -> "#{metric} #{round(value * 10) / 10}" end)

    IO.puts("#{repeat}  #{kind} #{nodes} nodes #{bytes} B  #{Cases.label(contender)}: #{figures}")
  end
end
