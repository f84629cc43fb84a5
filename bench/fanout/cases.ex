defmodule Bench.Fanout.Cases do
  @moduledoc """
  What is measured: one function for each kind of case, each a map of metrics. `Bench.Fanout` says what they mean.
  """

  alias Bench.Fanout.{Cluster, Crowd, Side}
  alias Bench.OsProcess

  @doc "The kinds that make sense with so many other nodes, for this contender."
  @spec kinds(pos_integer, module) :: [atom]
  def kinds(nodes, Bench.Ordered), do: [:blast, :paced] ++ if(nodes > 1, do: [:crowd], else: [])

  def kinds(nodes, contender) do
    [:blast, :many_16, :many_128, :adapter, :paced, :one, :nobody] ++
      if(nodes == 1, do: [:hot, :churn], else: []) ++
      if(nodes > 1, do: [:crowd], else: []) ++
      if(nodes > 2 and contender == Outrigger.PubSub,
        do: [:stopped_blast, :stopped_paced],
        else: []
      )
  end

  @doc "Measures one kind once."
  @spec measure(atom, map, module, pos_integer, pos_integer) :: %{String.t() => float}
  def measure(kind, cluster, contender, nodes, bytes) when kind in [:many_16, :many_128] do
    at_once = if kind == :many_16, do: 16, else: 128
    count = div(blast_count(nodes, bytes), at_once) * at_once
    all_figures(cluster, contender, {:many, at_once}, count, bytes)
  end

  # What leaves the node, alone: local dispatch costs every contender the same.
  def measure(:adapter, cluster, contender, nodes, bytes) do
    count = blast_count(nodes, bytes)
    {_elapsed, cpu} = blast(cluster, contender, :adapter, count, bytes)
    %{"publisher CPU" => cpu.publisher / count}
  end

  def measure(:blast, cluster, contender, nodes, bytes),
    do: all_figures(cluster, contender, :whole, blast_count(nodes, bytes), bytes)

  # To a topic that one node wants, or none.
  def measure(wanted, cluster, contender, nodes, bytes) when wanted in [:one, :nobody] do
    count = blast_count(nodes, bytes)
    {_elapsed, cpu} = blast(cluster, contender, wanted, count, bytes)
    total = total(cpu)
    %{"publisher CPU" => cpu.publisher / count, "total CPU" => total / count}
  end

  def measure(:paced, cluster, contender, _nodes, bytes) do
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

  # 16 processes broadcast at once.
  def measure(:crowd, cluster, contender, nodes, bytes) do
    count = div(blast_count(nodes, bytes), 16) * 16
    all_figures(cluster, contender, {:crowd, 16}, count, bytes)
  end

  # One topic with 1,000 subscribers on the other node.
  def measure(:hot, cluster, contender, _nodes, bytes) do
    {subscribers, count} = {1_000, 2_000}
    [receiver] = cluster.receivers
    crowd = Cluster.call(receiver, Crowd, :subscribe, [contender, subscribers])

    {elapsed, cpu} =
      OsProcess.measure(cluster.os_pids, fn ->
        elapsed(fn ->
          Cluster.call(cluster.publisher, Side, :blast, [contender, :hot, count, bytes])
          Cluster.call(receiver, Crowd, :await, [crowd, count])
        end)
      end)

    deliveries = count * subscribers

    %{
      "CPU per delivery" => total(cpu) / deliveries,
      "deliveries" => deliveries * 1_000_000 / elapsed
    }
  end

  # Subscribes and unsubscribes as fast as 8 processes can, each time with another topic.
  def measure(:churn, cluster, contender, _nodes, _bytes) do
    operations = 200_000
    [receiver] = cluster.receivers

    {{elapsed, mailbox}, cpu} =
      OsProcess.measure(cluster.os_pids, fn ->
        Cluster.call(receiver, Crowd, :churn, [contender, operations])
      end)

    %{
      "operations" => operations * 1_000_000 / elapsed,
      "CPU per operation" => cpu[{:receiver, 1}] / operations,
      "longest mailbox" => mailbox
    }
    |> with_router(contender, cpu.rust / operations)
  end

  # As `blast` and `paced`, while one of the nodes is stopped. What it has missed it gets afterwards.
  def measure(:stopped_blast, cluster, contender, nodes, bytes) do
    count = div(blast_count(nodes, bytes), 2)

    while_one_is_stopped(cluster, contender, fn healthy ->
      {elapsed, _cpu} = blast(healthy, contender, :whole, count, bytes)
      {count, %{"broadcasts" => count * 1_000_000 / elapsed}}
    end)
  end

  def measure(:stopped_paced, cluster, contender, nodes, bytes) do
    while_one_is_stopped(cluster, contender, fn healthy ->
      {3 * 5_000, Map.delete(measure(:paced, healthy, contender, nodes, bytes), "router CPU")}
    end)
  end

  defp all_figures(cluster, contender, part, count, bytes) do
    {elapsed, cpu} = blast(cluster, contender, part, count, bytes)

    %{
      "publisher CPU" => cpu.publisher / count,
      "total CPU" => total(cpu) / count,
      "broadcasts" => count * 1_000_000 / elapsed
    }
    |> with_router(contender, cpu.rust / count)
  end

  defp while_one_is_stopped(cluster, contender, work) do
    {stopped, healthy} = List.pop_at(cluster.receivers, -1)
    Cluster.call(stopped, Side, :forget, [contender])
    OsProcess.signal(stopped.os_pid, "STOP")
    {count, sample} = work.(%{cluster | receivers: healthy})
    OsProcess.signal(stopped.os_pid, "CONT")
    arrived(%{cluster | receivers: [stopped]}, contender, count)
    sample
  end

  defp blast(cluster, contender, part, count, bytes) do
    Cluster.call_receivers(cluster, Side, :forget, [contender])

    OsProcess.measure(cluster.os_pids, fn ->
      elapsed(fn ->
        Cluster.call(cluster.publisher, Side, :blast, [contender, part, count, bytes])
        arrived(cluster, contender, if(part in [:one, :nobody], do: 1, else: count))
      end)
    end)
  end

  defp with_router(sample, contender, value) when contender in [Outrigger.PubSub, Bench.Ordered],
    do: Map.put(sample, "router CPU", value)

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

  defp total(cpu), do: cpu |> Map.values() |> Enum.sum()

  @doc "How a contender is called in tables."
  @spec label(module) :: String.t()
  def label(Outrigger.PubSub), do: "ours"
  def label(Bench.Ordered), do: "ordered"
  def label(Bench.Flood), do: "flood"
  def label(Phoenix.PubSub), do: "phoenix_pubsub"
end
