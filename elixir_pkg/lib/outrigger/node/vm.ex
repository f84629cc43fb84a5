defmodule Outrigger.Node.Vm do
  @moduledoc """
  What a Rust node has to know about the VM that it stands beside.

  Read anew before each start, because a cookie can be changed and the distribution started or stopped while a VM runs.
  """

  alias Outrigger.Node.{Secret, Tls}

  @typedoc """
    * `:node` - name of this node, `nil` when it is not distributed;
    * `:type` - type of its name;
    * `:cookie` - the node's own cookie, wrapped;
    * `:ticktime` - net tick time in seconds;
    * `:epmd_port` - `ERL_EPMD_PORT`, if set;
    * `:fixed_port` - the port of `-erl_epmd_port`, for nodes that run without EPMD;
    * `:tls` - the files of TLS distribution, see `Outrigger.Node.Tls`.
  """
  @type t :: %{
          node: String.t() | nil,
          type: Outrigger.Node.Name.type() | nil,
          cookie: Secret.t() | nil,
          ticktime: pos_integer | nil,
          epmd_port: String.t() | nil,
          fixed_port: String.t() | nil,
          tls: Tls.t()
        }

  @doc "Reads it all from the running VM."
  @spec read() :: t
  def read do
    vm = %{
      node: nil,
      type: nil,
      cookie: nil,
      ticktime: nil,
      epmd_port: System.get_env("ERL_EPMD_PORT"),
      fixed_port: fixed_port(),
      tls: Tls.of_vm()
    }

    if Node.alive?() do
      cookie = Node.get_cookie()
      node = Atom.to_string(node())
      %{vm | node: node, type: type(), cookie: Secret.wrap(cookie), ticktime: ticktime()}
    else
      vm
    end
  end

  defp type do
    case :net_kernel.get_state() do
      %{name_domain: :longnames} -> :long
      %{name_domain: :shortnames} -> :short
    end
  end

  defp ticktime do
    case :net_kernel.get_net_ticktime() do
      {:ongoing_change_to, seconds} -> seconds
      seconds when is_integer(seconds) -> seconds
      :ignored -> nil
    end
  end

  defp fixed_port do
    case :init.get_argument(:erl_epmd_port) do
      {:ok, [[port] | _]} -> List.to_string(port)
      _ -> nil
    end
  end
end
