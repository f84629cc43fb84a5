defmodule Bench.Leases.Slots do
  @moduledoc """
  How long it takes until a slot of the cluster is had on another node when its holder is killed, and when its node is.

  One process asks for the slot all the time. Times are of the machine's monotonic clock, which all its VMs share: from the kill to the
  answer that the slot is had.
  """

  alias Bench.Leases.{Cluster, Side}

  @kills 20

  @metrics [
    %{name: "killed holder", unit: "ms", better: :lower, goal: "100"},
    %{name: "killed node", unit: "ms", better: :lower, goal: "1,200: two votes"}
  ]

  @doc "What is measured."
  def metrics, do: @metrics

  @doc "Takes the figures on a cluster of its own, of which a node is killed."
  @spec measure(pos_integer) :: [{String.t(), float}]
  def measure(nodes) do
    cluster = Cluster.start(nodes)
    [first | others] = cluster.nodes
    last = List.last(others)

    holders =
      for n <- 1..@kills do
        pid = Cluster.call(first, Side, :hold, [n])
        freed(last, n, fn -> Cluster.call(first, Side, :kill, [pid]) end)
      end

    Cluster.call(last, Side, :hold, [:node])

    node =
      freed(first, :node, fn ->
        killed = :os.perf_counter(:nanosecond)
        {_, 0} = System.cmd("kill", ["-9", "#{last.os_pid}"])
        killed
      end)

    Cluster.stop(%{cluster | nodes: cluster.nodes -- [last]})
    for(ms <- holders, do: {"killed holder", ms}) ++ [{"killed node", node}]
  end

  defp freed(node, key, kill) do
    wants = Task.async(fn -> Cluster.call(node, Side, :had, [key]) end)
    # It asks by then; if not, it asks later, which makes the figure no smaller.
    Process.sleep(20)
    killed = kill.()
    (Task.await(wants, 60_000) - killed) / 1_000_000
  end
end
