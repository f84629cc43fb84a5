defmodule Outrigger.PubSub.Contract.Epmd do
  @moduledoc false
  # In EPMD's place (`-epmd_module`): a node's port is in its name, `contract-49152@127.0.0.1`. So the nodes of a
  # contract test need no daemon, and are seen by nobody else.

  # `erl_epmd` has no behaviour; these are the functions that the kernel calls. They run before Elixir is started on a node.

  def start_link, do: :ignore
  def register_node(name, port), do: register_node(name, port, :inet)

  def register_node(_name, _port, _family),
    do: {:ok, :erlang.phash2(:erlang.timestamp(), 1_000_000) + 4}

  def listen_port_please(name, _host), do: {:ok, port(name)}
  def port_please(name, host), do: port_please(name, host, :infinity)
  def port_please(name, _host, _timeout), do: {:port, port(name), 6}
  def names(_host), do: {:error, :address}

  def address_please(name, _host, _family), do: {:ok, {127, 0, 0, 1}, port(name), 6}

  defp port(name) when is_atom(name), do: port(:erlang.atom_to_list(name))
  defp port(name) when is_binary(name), do: port(:erlang.binary_to_list(name))

  defp port(name) do
    case :string.lexemes(name, ~c"-@") do
      [~c"contract", port | _host] -> :erlang.list_to_integer(port)
      _another -> 0
    end
  end
end
