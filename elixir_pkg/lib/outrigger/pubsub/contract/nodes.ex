defmodule Outrigger.PubSub.Contract.Nodes do
  @moduledoc false
  # Real nodes for the contract's cases: OS processes with the code of this VM, driven over their standard input and
  # output. They end with the process that started them. This VM need not be distributed, and there is no EPMD.

  alias Outrigger.PubSub.Contract.Epmd

  @type t :: %{peer: pid, name: node}

  @host ~c"127.0.0.1"
  @timeout 60_000

  def start_node(applications) do
    args =
      Enum.flat_map(:code.get_path(), &[~c"-pa", &1]) ++
        Enum.map(
          ~w(-start_epmd false -epmd_module #{Epmd} -setcookie contract -connect_all false -kernel logger_level error),
          &String.to_charlist/1
        )

    options = %{
      name: ~c"contract-#{free_port()}",
      host: @host,
      longnames: true,
      connection: :standard_io,
      args: args,
      wait_boot: @timeout
    }

    {:ok, peer, name} = :peer.start_link(options)
    node = %{peer: peer, name: name}

    for application <- [:elixir | applications],
        do: {:ok, _} = call(node, :application, :ensure_all_started, [application])

    node
  end

  def connect(a, b), do: true = call(a, :net_kernel, :connect_node, [b.name])
  def stop(node), do: :peer.stop(node.peer)

  def call(node, module, function, args),
    do: :peer.call(node.peer, module, function, args, @timeout)

  # Free when we looked. Another program could take it before the node does: then the node does not start.
  defp free_port do
    {:ok, socket} = :gen_tcp.listen(0, ip: {127, 0, 0, 1})
    {:ok, port} = :inet.port(socket)
    :ok = :gen_tcp.close(socket)
    port
  end
end
