defmodule Outrigger.Node.Tls do
  @moduledoc """
  Whether this VM speaks TLS distribution, and with which files: a Rust node beside it needs three of its own, or the same.

  The files are those in the `server` options of `-ssl_dist_optfile`, as OTP reads them: without `keyfile` the key is in
  `certfile`. What is given in another way (`-ssl_dist_opt`, certificates as terms in the file) is `:unknown` here, and has to be
  named with the options `:tls_cert`, `:tls_key` and `:tls_ca` of `Outrigger.Node`.
  """

  @typedoc "The certificate with those between it and the CA, its key, and the CAs that are trusted; all PEM."
  @type files :: %{cert: Path.t(), key: Path.t(), ca: Path.t()}

  @typedoc "`nil` for a VM without TLS distribution."
  @type t :: nil | :unknown | files

  @doc "Reads it from the arguments that this VM was started with."
  @spec of_vm() :: t
  def of_vm do
    case :init.get_argument(:proto_dist) do
      {:ok, [[proto] | _]} when proto in [~c"inet_tls", ~c"inet6_tls"] -> of_optfile()
      _ -> nil
    end
  end

  defp of_optfile do
    with {:ok, [[path] | _]} <- :init.get_argument(:ssl_dist_optfile),
         {:ok, [options | _]} <- :file.consult(path) do
      files(options)
    else
      _ -> :unknown
    end
  end

  @doc """
  The files that the terms of an option file name.

      iex> Outrigger.Node.Tls.files(server: [certfile: "node.pem", keyfile: ~c"node.key", cacertfile: "ca.pem"])
      %{cert: "node.pem", key: "node.key", ca: "ca.pem"}
      iex> Outrigger.Node.Tls.files(server: [certfile: "node.pem"])
      :unknown
  """
  @spec files(term) :: :unknown | files
  def files(options) do
    with [_ | _] = server <- is_list(options) && :proplists.get_value(:server, options),
         {:ok, cert} <- path(server, :certfile),
         {:ok, ca} <- path(server, :cacertfile) do
      case path(server, :keyfile) do
        {:ok, key} -> %{cert: cert, key: key, ca: ca}
        :none -> %{cert: cert, key: cert, ca: ca}
      end
    else
      _ -> :unknown
    end
  end

  defp path(options, name) do
    case :proplists.get_value(name, options) do
      path when is_binary(path) -> {:ok, path}
      [_ | _] = path -> {:ok, List.to_string(path)}
      _ -> :none
    end
  end
end
