defmodule Outrigger.Node.Failure do
  @moduledoc """
  Why a Rust node did not start or has stopped, as an `Outrigger.Error` that says what to do.

  | reason | who erred |
  | --- | --- |
  | `:bad_option`, `:not_distributed`, `:name_mismatch` | the caller, see `Outrigger.Node.Config` |
  | `:missing_binary`, `:bad_binary`, `:exec_failed` | the installation |
  | `:cookie_refused`, `:tls_refused`, `:peer_unknown`, `:peer_unreachable` | a node to be joined, or our idea of it |
  | `:name_taken`, `:epmd_unreachable` | this machine |
  | `:timeout` | the Rust node did not join within `:start_timeout` |
  | `:exited`, `:start_failed` | the Rust node; its log says more |
  """

  alias Outrigger.Error

  # What the binary may say after `fatal`. Atoms come from this table, never from its output.
  @reasons %{
    "cookie_refused" => :cookie_refused,
    "tls_refused" => :tls_refused,
    "name_taken" => :name_taken,
    "epmd_unreachable" => :epmd_unreachable,
    "peer_unknown" => :peer_unknown,
    "peer_unreachable" => :peer_unreachable,
    "name_mismatch" => :name_mismatch,
    "bad_option" => :bad_option,
    "timeout" => :timeout
  }

  @doc """
  From the binary's `fatal` line. `name` is the Rust node, `node` this one.
  """
  @spec fatal(String.t(), String.t(), String.t(), String.t()) :: Error.t()
  def fatal(reason, text, name, node) do
    known = Map.get(@reasons, reason, :start_failed)
    details = %{name: name, node: node, text: text}
    details = if known == :start_failed, do: Map.put(details, :fatal, reason), else: details
    said = if text == "", do: reason, else: one_sentence(text)
    Error.new(known, "#{name} did not start: #{said}. #{remedy(known, name, node)}", details)
  end

  # Line breaks arrive as escapes, see Outrigger.Node.PortLog.
  defp one_sentence(text) do
    text |> String.replace(~r/(\\n|\s)+/, " ") |> String.trim() |> String.trim_trailing(".")
  end

  @doc "The binary has not said `ready` in time."
  @spec timeout(String.t(), String.t(), pos_integer) :: Error.t()
  def timeout(name, node, milliseconds) do
    Error.new(
      :timeout,
      "#{name} has not joined #{node} within #{milliseconds} ms. #{remedy(:timeout, name, node)}",
      %{name: name, node: node, milliseconds: milliseconds}
    )
  end

  @doc """
  The binary has ended. `last` is its last complaint, `""` if it had none, or `nil` if it never said anything: then the
  system may have failed to run it, and the status is the system's error number.
  """
  @spec exited(String.t(), non_neg_integer, String.t() | nil, Path.t()) :: Error.t()
  def exited(name, status, last, path) do
    case {last, exec_error(status)} do
      {nil, why} when is_binary(why) ->
        Error.new(
          :exec_failed,
          "#{path} cannot be run: #{why}. Build it on this machine: `mix compile --force` where cargo is " <>
            "installed, or `mix deps.compile outrigger --force` in an application that depends on it.",
          %{name: name, path: path, status: status}
        )

      {last, _why} ->
        said = if last in [nil, ""], do: "", else: " Its last complaint: #{last}"
        Error.new(:exited, "#{name} #{ended(status)}.#{said}", %{name: name, status: status})
    end
  end

  @doc "The port has closed without an exit status."
  @spec closed(String.t(), term) :: Error.t()
  def closed(name, reason) do
    Error.new(:exited, "the port of #{name} has closed: #{inspect(reason)}.", %{
      name: name,
      status: nil
    })
  end

  @doc "The system has refused to start the binary."
  @spec not_opened(Path.t(), atom) :: Error.t()
  def not_opened(path, :enoent) do
    Error.new(
      :missing_binary,
      "the outrigger binary is not at #{path}. Run `mix compile` where cargo is installed, or " <>
        "`mix deps.compile outrigger --force` in an application that depends on it.",
      %{path: path, posix: :enoent}
    )
  end

  def not_opened(path, posix) when posix in [:eacces, :eperm] do
    Error.new(
      :bad_binary,
      "#{path} may not be executed by this user: `chmod a+rx` it, and see that its file system is not mounted noexec.",
      %{path: path, posix: posix}
    )
  end

  def not_opened(path, posix) do
    Error.new(
      :exec_failed,
      "#{path} could not be started: #{:file.format_error(posix)}. The system may be short of processes, memory or files.",
      %{path: path, posix: posix}
    )
  end

  @doc "What a person can do about a reason."
  @spec remedy(atom, String.t(), String.t()) :: String.t()
  def remedy(:cookie_refused, _name, node) do
    "The cookie differs from that of #{node}: leave the :cookie option out to use this node's own " <>
      "(Node.get_cookie/0), or set the same cookie on all nodes."
  end

  def remedy(:tls_refused, _name, _node) do
    "All nodes speak TLS or none, and each certificate has to hold on the other side; docs/tls.md of the package " <>
      "has the commands, and `mix outrigger.doctor` looks at a link."
  end

  def remedy(:name_taken, name, _node) do
    "Another node runs under this name on this machine (`epmd -names` lists them): stop it, or give " <>
      "this one another name with the :name option instead of #{name}."
  end

  def remedy(:epmd_unreachable, _name, _node) do
    "No EPMD answers on this machine: start one (`epmd -daemon`), set ERL_EPMD_PORT if it listens on " <>
      "another port than 4369, or run without EPMD with `epmd: false` and :peers."
  end

  def remedy(:peer_unknown, _name, node) do
    "EPMD does not know the node: see `epmd -names` on its host. If #{node} runs without EPMD, list it in " <>
      ":peers as \"#{node}=address:port\"."
  end

  def remedy(:peer_unreachable, _name, _node) do
    "See that the node runs, that its host name resolves here, and that no firewall blocks its " <>
      "distribution port. `mix outrigger.doctor --join NODE` checks each step."
  end

  def remedy(:name_mismatch, _name, _node) do
    "Long names (--name, a host with a dot) and short names (--sname) never connect: use one kind everywhere."
  end

  def remedy(:timeout, _name, node) do
    "`mix outrigger.doctor --join #{node}` checks each step; on a slow machine raise :start_timeout."
  end

  def remedy(:bad_option, _name, _node) do
    "Correct the option. If you have not given it, the binary may be of another version than the package: " <>
      "`mix compile --force` builds it anew."
  end

  def remedy(_reason, _name, node) do
    "The log lines before this one say more; `mix outrigger.doctor --join #{node}` checks each step."
  end

  # erl_child_setup exits with the error number of execve.
  defp exec_error(8), do: "it is not built for this machine"
  defp exec_error(13), do: "this user may not execute it, or its file system is mounted noexec"
  defp exec_error(2), do: "it, or the dynamic loader it asks for, is not there"
  defp exec_error(_status), do: nil

  defp ended(status) when status > 128 and status < 160,
    do: "was killed by signal #{status - 128}"

  defp ended(status), do: "has exited with status #{status}"
end
