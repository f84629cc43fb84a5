defmodule Outrigger.Doctor.Host do
  @moduledoc """
  Does the host name of the node resolve on this machine? Those of other nodes are the binary's to check, as it dials them.
  """

  alias Outrigger.Doctor.Check
  alias Outrigger.Node.Name

  @check "own host"

  @doc "The host of the given node name, or that of the machine for a name without one and for `nil`."
  @spec check(String.t() | nil) :: Check.t()
  def check(name) do
    host =
      case name && Name.parse(name) do
        {:ok, %{host: host}} -> host
        _ -> machine()
      end

    case addresses(String.to_charlist(host)) do
      [] ->
        Check.fail(
          @check,
          "#{host} does not resolve on this machine",
          "add a line `ADDRESS #{host}` to /etc/hosts, correct the name server, or use an IP address in the node's name"
        )

      addresses ->
        Check.ok(@check, "#{host} is #{Enum.map_join(addresses, ", ", &:inet.ntoa/1)}")
    end
  end

  defp machine do
    {:ok, host} = :inet.gethostname()
    List.to_string(host)
  end

  defp addresses(host) do
    found =
      for family <- [:inet, :inet6],
          {:ok, addresses} <- [:inet.getaddrs(host, family)],
          do: addresses

    found |> Enum.concat() |> Enum.uniq()
  end
end
