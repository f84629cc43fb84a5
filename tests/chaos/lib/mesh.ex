defmodule Chaos.Mesh do
  @moduledoc """
  Keeps this node connected to its peers, as a cluster library does: what is not connected is tried again and again, each
  peer by itself. What it sees of them goes to standard output.
  """

  @pause_ms 200

  @doc false
  def child_spec(peers),
    do: %{id: __MODULE__, start: {Task, :start_link, [fn -> watch(peers) end]}}

  defp watch(peers) do
    :ok = :net_kernel.monitor_nodes(true, node_type: :all)
    for peer <- peers, do: spawn_link(fn -> connect(peer) end)
    see()
  end

  defp see do
    receive do
      {up_or_down, node, _info} -> IO.puts("chaos #{Chaos.Journal.now()} #{up_or_down} #{node}")
    end

    see()
  end

  defp connect(peer) do
    Node.connect(peer)
    Process.sleep(@pause_ms)
    connect(peer)
  end
end
