defmodule Outrigger.Binary do
  @moduledoc """
  Where the `outrigger` binary is: the Rust node and its tools, built by `mix compile` into `priv/native`.

  ## Example

      {:ok, path} = Outrigger.Binary.fetch()
      System.cmd(path, ["version"])

  ## Limits

  There is one binary, for the machine the package was compiled on. A release that is built for another machine needs
  the files of that machine in `priv/native` and `OUTRIGGER_PREBUILT=1` (see `mix compile` in the README).
  """

  alias Outrigger.Binary.Keyboard
  alias Outrigger.Error
  alias Outrigger.Node.Program

  # The exit codes that the commands of the binary have: all well, failed, wrong usage, and those of a gate.
  @codes 0..5

  # It is in a session of its own, where no Ctrl-C and no end of a terminal reaches it, so this ends it when the VM closes the port (3 and 4 are the port's).
  @lend ~S({ exec 4>&-; while read -r _; do :; done; kill $$; } <&3 >/dev/null 2>&1 & exec "$@" 3<&- 4>&-)

  @doc """
  The path at which the binary has to be, whether it is there or not.
  """
  @spec path() :: Path.t()
  def path, do: Path.join(directory(), name(:os.type()))

  @doc """
  The path of the binary if it is there and can be run.

  Errors: `:missing_binary` (nothing at that path, `details.path`), `:bad_binary` (something that cannot be executed).
  """
  @spec fetch() :: {:ok, Path.t()} | {:error, Error.t()}
  def fetch, do: check(path())

  @doc """
  Like `fetch/0` for a binary at another place.
  """
  @spec check(Path.t()) :: {:ok, Path.t()} | {:error, Error.t()}
  def check(path) do
    case File.stat(path) do
      {:ok, %File.Stat{type: :regular} = stat} -> executable(path, stat)
      {:ok, %File.Stat{}} -> {:error, bad(path, "is not a regular file")}
      {:error, reason} -> {:error, missing(path, reason)}
    end
  end

  @doc """
  Runs a command of the binary, with the options of the command line, and gives what it wrote and its exit status, 0 to 5.
  What it says on standard error goes where that of the VM goes: it is for people who wait.

      {:ok, report, status} = Outrigger.Binary.run(["gate", "--from", "window.json", "--json"])

  Errors: `:missing_binary` and `:bad_binary` of `check/1`, `:binary_failed` if it did not end by itself (`details.status`).
  """
  @spec run([String.t()]) :: {:ok, String.t(), 0..5} | {:error, Error.t()}
  def run(arguments) when is_list(arguments) do
    with {:ok, path} <- check(Program.default_path()) do
      case System.cmd(path, arguments) do
        {report, status} when status in @codes -> {:ok, report, status}
        {_report, status} -> {:error, failed(path, status)}
      end
    end
  end

  @doc """
  Runs a command with the standard input and output of the VM: it writes as it goes, and with `keys: true` the keys that are typed are its own.
  When the VM ends, so does the command. Gives its exit status.

      {:ok, status} = Outrigger.Binary.attach(["watch", "app@10.0.0.5"])

  Errors: those of `run/1`.
  """
  @spec attach([String.t()], keys: boolean) :: {:ok, 0..5} | {:error, Error.t()}
  def attach(arguments, options \\ []) when is_list(arguments) do
    with {:ok, path} <- check(Program.default_path()) do
      lend = fn -> lend([path | arguments]) end

      case if(options[:keys], do: Keyboard.lend(lend), else: lend.()) do
        status when status in @codes -> {:ok, status}
        status -> {:error, failed(path, status)}
      end
    end
  end

  defp lend(command) do
    options = [:nouse_stdio, :exit_status, args: ["-c", @lend, "sh" | command]]
    port = Port.open({:spawn_executable, "/bin/sh"}, options)

    receive do
      {^port, {:exit_status, status}} -> status
    end
  end

  @doc """
  The folder of the native files, `priv/native` of this application.
  """
  @spec directory() :: Path.t()
  def directory, do: Path.join(priv(:code.priv_dir(:outrigger)), "native")

  defp priv({:error, :bad_name}) do
    # Not in the code path as an application, as in an escript or while it is compiled by hand: go by this module.
    Path.join(Path.dirname(Path.dirname(:code.which(__MODULE__))), "priv")
  end

  defp priv(dir), do: dir

  defp executable(path, %File.Stat{mode: mode}) do
    # Any execute bit. Whether it is ours to use the start itself will tell.
    if Bitwise.band(mode, 0o111) != 0 or match?({:win32, _}, :os.type()) do
      {:ok, path}
    else
      {:error, bad(path, "is not executable; `chmod +x` it")}
    end
  end

  defp missing(path, reason) do
    Error.new(
      :missing_binary,
      "the outrigger binary is not at #{path} (#{:file.format_error(reason)}). Run `mix compile` where cargo is " <>
        "installed, or `mix deps.compile outrigger --force` in an application that depends on it.",
      %{path: path, posix: reason}
    )
  end

  defp failed(path, status) do
    Error.new(:binary_failed, "#{path} ended with status #{status}.", %{
      path: path,
      status: status
    })
  end

  defp bad(path, what), do: Error.new(:bad_binary, "#{path} #{what}.", %{path: path})

  defp name({:win32, _}), do: "outrigger.exe"
  defp name(_unix), do: "outrigger"
end
