defmodule Bench.Leases do
  @moduledoc """
  One limit over several nodes, flooded on all of them: leases beside a call for each hit and beside counting by messages.

  CPU per hit is that of all BEAM nodes and the Rust node over all hits, whether they were admitted or denied. Latency is taken in a run of its own.
  """

  alias Bench.Leases.{Cluster, Side, Slots}
  alias Bench.{Options, OsProcess, Report}

  @help """
  A cluster limit by leases, by a call for each hit, and by counting messages, on real BEAM nodes.

      make bench-leases
      bench/leases/run [--nodes 4] [--ms 2000] [--repeats 5] [--only leases|slots] [--name NAME] [--no-keep]
  """

  @metrics [
    %{name: "CPU per hit", unit: "us", better: :lower, goal: "0.35"},
    %{name: "hits", unit: "1/s", better: :higher, goal: nil},
    %{name: "latency p50", unit: "us", better: :lower, goal: nil},
    %{name: "latency p99", unit: "us", better: :lower, goal: "2"},
    %{name: "admitted", unit: "% of the limit", better: :lower, goal: "100 and the burst"}
  ]

  @remarks """
  On each node one process hits one key in a loop. `flood`: more than the limit, 200,000 a second; `below`: a limit that nobody reaches. `call`: each hit is a
  call of a server on the Rust node that does nothing, the least that a hit would cost there. `counting`: each hit is a message to all other nodes, which count it
  in ETS in windows of a second, as with a PubSub. `admitted` counts a run from its first hit, burst included: a limiter may let through 100 % and its burst,
  here a tenth of a second. `slots`: from the kill of a holder, or of its node, until a process of another node that asks all the time has the slot.
  """

  @doc "Runs the bench; returns the exit code."
  @spec main([String.t()]) :: Options.exit_code()
  def main(argv),
    do:
      Options.run(
        argv,
        [nodes: :integer, ms: :integer, only: :string, name: :string],
        @help,
        &run/1
      )

  defp run(options) do
    nodes = Keyword.get(options, :nodes, 4)
    only = Keyword.get(options, :only)
    leases = if only == "slots", do: [], else: leases(nodes, options)
    slots = if only == "leases", do: [], else: slots(nodes, options)
    samples = leases ++ slots
    metrics = @metrics ++ Slots.metrics()

    if Keyword.get(options, :keep, true),
      do:
        IO.puts(
          "kept in #{Report.write(Keyword.get(options, :name, "leases"), metrics, samples, @remarks)}"
        ),
      else: IO.puts(Report.table(Report.rows("leases", metrics, samples)))

    0
  end

  defp slots(nodes, options) do
    for repeat <- 1..Keyword.get(options, :repeats, 5), {metric, ms} <- Slots.measure(nodes) do
      IO.puts("#{repeat}  slots: #{metric} #{Float.round(ms, 3)}")

      %{
        case: "slots #{nodes} nodes",
        metric: metric,
        contender: "ours",
        repeat: repeat,
        value: ms
      }
    end
  end

  defp leases(nodes, options) do
    cluster = Cluster.start(nodes)

    samples =
      for repeat <- 0..Keyword.get(options, :repeats, 5),
          load <- [:flood, :below],
          contender <- Side.contenders(),
          {metric, value} <- measure(cluster, contender, load, Keyword.get(options, :ms, 2_000)) do
        IO.puts("#{repeat}  #{load} #{contender}: #{metric} #{Float.round(value * 1.0, 3)}")

        %{
          case: "#{load} #{nodes} nodes",
          metric: metric,
          contender: label(contender),
          repeat: repeat,
          value: value
        }
      end

    Cluster.stop(cluster)
    # The first one warms up.
    Enum.filter(samples, &(&1.repeat > 0))
  end

  defp label(:leases), do: "ours"
  defp label(contender), do: Atom.to_string(contender)

  defp measure(cluster, contender, load, ms) do
    {counts, cpu} =
      OsProcess.measure(cluster.os_pids, fn ->
        Cluster.call_all(cluster, Side, :hits, [contender, load, ms])
      end)

    hits = counts |> Enum.map(& &1.hits) |> Enum.sum()
    allowed = counts |> Enum.map(& &1.allowed) |> Enum.sum()
    timed = Cluster.call_all(cluster, Side, :timed, [contender, load, ms])

    [
      {"CPU per hit", Enum.sum(Map.values(cpu)) / hits},
      {"hits", hits * 1_000 / ms},
      {"latency p50", timed |> Enum.map(& &1.p50) |> Enum.max() |> Kernel./(1_000)},
      {"latency p99", timed |> Enum.map(& &1.p99) |> Enum.max() |> Kernel./(1_000)}
    ] ++
      if(load == :flood,
        do: [{"admitted", 100 * allowed / (Side.limit(load) * ms / 1_000)}],
        else: []
      )
  end
end
