defmodule Bench.Leases.Cluster do
  @moduledoc """
  BEAM nodes and one Rust node, all operating-system processes on this machine. Schedulers do not spin while idle, so that CPU time is work.
  """

  alias Bench.Leases.Side

  @emulator ~w(+sbwt none +sbwtdcpu none +sbwtdio none +S 2:2)c

  @doc "Starts the nodes with all limits, and waits until they are in force."
  @spec start(pos_integer) :: map
  def start(count) do
    cookie = :"bench-#{System.unique_integer([:positive])}-#{:os.getpid()}"
    nodes = for index <- 1..count, do: start_node(index, cookie)

    for a <- nodes,
        b <- nodes,
        a.name < b.name,
        do: true = call(a, :net_kernel, :connect_node, [b.name])

    rust = call(hd(nodes), Side, :start_rust, [])
    for node <- nodes, do: :ok = call(node, Side, :start, [count, rust.name])
    for node <- nodes, do: :ok = call(node, Side, :await, [])

    %{
      nodes: nodes,
      os_pids: nodes |> Map.new(&{&1.name, &1.os_pid}) |> Map.put(:rust, rust.os_pid)
    }
  end

  defp start_node(index, cookie) do
    paths = Enum.flat_map(:code.get_path(), &[~c"-pa", &1])
    options = %{name: :"leases#{index}-#{System.pid()}", host: ~c"127.0.0.1", longnames: true}

    {:ok, peer, name} =
      :peer.start_link(Map.merge(options, %{connection: :standard_io, args: @emulator ++ paths}))

    node = %{name: name, peer: peer}
    true = call(node, :erlang, :set_cookie, [cookie])
    Map.put(node, :os_pid, String.to_integer(List.to_string(call(node, :os, :getpid, []))))
  end

  @doc "Calls a function on a node."
  @spec call(map, module, atom, [term]) :: term
  def call(node, module, function, arguments),
    do: :peer.call(node.peer, module, function, arguments, 120_000)

  @doc "Calls a function on all nodes at once."
  @spec call_all(map, module, atom, [term]) :: [term]
  def call_all(cluster, module, function, arguments) do
    cluster.nodes
    |> Enum.map(&Task.async(fn -> call(&1, module, function, arguments) end))
    |> Task.await_many(130_000)
  end

  @doc "Ends all nodes."
  @spec stop(map) :: :ok
  def stop(cluster), do: Enum.each(cluster.nodes, &:peer.stop(&1.peer))
end
