defmodule Outrigger.Events.Registry.Tls do
  @moduledoc """
  Options of `:ssl` for a registry: its certificate is verified, by name and against the system's CA certificates, unless the
  application says otherwise.
  """

  @doc "What `:ssl.connect/4` takes for `host`; `given` are options of `:ssl`, which go first."
  @spec options(String.t(), keyword) :: {:ok, keyword} | {:error, {:tls, String.t()}}
  def options(host, given) do
    defaults = [
      verify: :verify_peer,
      depth: 8,
      customize_hostname_check: [match_fun: :public_key.pkix_verify_hostname_match_fun(:https)]
    ]

    defaults =
      if name?(host),
        do: [{:server_name_indication, String.to_charlist(host)} | defaults],
        else: defaults

    with {:ok, authorities} <- authorities(given) do
      {:ok, Keyword.merge(defaults ++ authorities, given)}
    end
  end

  defp authorities(given) do
    trusted? = Enum.any?([:cacerts, :cacertfile], &Keyword.has_key?(given, &1))

    if trusted? or given[:verify] == :verify_none do
      {:ok, []}
    else
      {:ok, [cacerts: :public_key.cacerts_get()]}
    end
  rescue
    _none ->
      {:error,
       {:tls,
        "TLS: this system has no CA certificates: install them (ca-certificates), or give tls: [cacertfile: path]"}}
  end

  @doc """
  The host of a url as `connect` takes it, with the family of addresses. Only as a tuple is an address verified as one.
  """
  @spec address(String.t()) :: {charlist | :inet.ip_address(), [:inet | :inet6]}
  def address(host) do
    host = String.to_charlist(host)

    case :inet.parse_address(host) do
      {:ok, address} when tuple_size(address) == 8 -> {address, [:inet6]}
      {:ok, address} -> {address, []}
      {:error, _name} -> {host, []}
    end
  end

  @doc "An alert in words: its name, and what is wrong with the certificate."
  @spec alert({atom, charlist}) :: String.t()
  def alert({alert, text}) do
    case Regex.run(~r/\{bad_cert,\s*([^}]+)\}/, to_string(text)) do
      [_all, problem] -> "TLS: #{alert}, the certificate: #{problem}"
      nil -> "TLS: #{alert}"
    end
  end

  # A server name is a name (RFC 6066).
  defp name?(host), do: match?({name, _family} when is_list(name), address(host))
end
