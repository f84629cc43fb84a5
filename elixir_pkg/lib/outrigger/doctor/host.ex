defmodule Outrigger.Doctor.Host do
  @moduledoc """
  Do the host names resolve: that of this machine, and those in the node names?
  """

  alias Outrigger.Doctor.Check
  alias Outrigger.Node.Name

  @doc "One check for this machine, and one per other host in `names`."
  @spec checks([String.t()]) :: [Check.t()]
  def checks(names) do
    {:ok, own} = :inet.gethostname()
    own = List.to_string(own)
    hosts = for name <- names, {:ok, %{host: host}} <- [Name.parse(name)], host != own, do: host
    [check("host name", own) | Enum.map(Enum.uniq(hosts), &check("host #{&1}", &1))]
  end

  defp check(title, host) do
    case addresses(host) do
      [] ->
        Check.fail(
          title,
          "#{host} does not resolve on this machine",
          "add a line `ADDRESS #{host}` to /etc/hosts, correct the name server, or use IP addresses in node names"
        )

      addresses ->
        Check.ok(title, "#{host} is #{Enum.map_join(addresses, ", ", &:inet.ntoa/1)}")
    end
  end

  defp addresses(host) do
    host = String.to_charlist(host)

    found =
      for family <- [:inet, :inet6],
          {:ok, addresses} <- [:inet.getaddrs(host, family)],
          do: addresses

    found |> Enum.concat() |> Enum.uniq()
  end
end
