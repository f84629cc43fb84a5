defmodule Bench.Leases.Cluster do
  @moduledoc "BEAM nodes and one Rust node, with all limits in force."

  alias Bench.Leases.Side
  alias Bench.Nodes

  @doc "Starts the nodes with all limits, and waits until they are in force."
  @spec start(pos_integer) :: map
  def start(count) do
    nodes = Nodes.start("leases", count)
    :ok = Nodes.connect(nodes)
    rust = Nodes.call(hd(nodes), Side, :start_rust, [])
    for node <- nodes, do: :ok = Nodes.call(node, Side, :start, [count, rust.name])
    for node <- nodes, do: :ok = Nodes.call(node, Side, :await, [])

    %{
      nodes: nodes,
      os_pids: nodes |> Map.new(&{&1.name, &1.os_pid}) |> Map.put(:rust, rust.os_pid)
    }
  end

  @doc "Calls a function on a node."
  @spec call(map, module, atom, [term]) :: term
  defdelegate call(node, module, function, arguments), to: Nodes

  @doc "Calls a function on all nodes at once."
  @spec call_all(map, module, atom, [term]) :: [term]
  def call_all(cluster, module, function, arguments),
    do: Nodes.call_all(cluster.nodes, module, function, arguments)

  @doc "Ends all nodes."
  @spec stop(map) :: :ok
  def stop(cluster), do: Nodes.stop(cluster.nodes)
end
