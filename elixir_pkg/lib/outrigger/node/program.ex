defmodule Outrigger.Node.Program do
  @moduledoc """
  The binary as a port: opened, given its cookie when it asks for it, and closed for good.

  The port's standard input stays open as long as the program is wanted. A line on it behind the cookie asks the program to leave in good order:
  publishers take another way first. When it is closed, because the VM wants so or because
  the VM is gone, even by `kill -9`, the program sees the end of its input and leaves.

  The cookie is the first line of that input, written only when the program asks for it: a port that writes to a program that
  has died closes with `:epipe` and never tells the exit status. It is never an argument and never in the environment, where others could read it;
  an `OUTRIGGER_COOKIE` of the VM is not handed on.
  """

  alias Outrigger.{Binary, Error}
  alias Outrigger.Node.{Config, Failure, OsProcess, PortLog, Secret}

  @leave_timeout 3_000
  @exit_timeout 2_000
  @last_line_timeout 200

  @enforce_keys [:port, :process, :path]
  defstruct [:port, :process, :path]

  @type t :: %__MODULE__{port: port, process: OsProcess.t() | nil, path: Path.t()}

  @doc """
  Where the binary is, unless an option says otherwise: `config :outrigger, :binary`, then `OUTRIGGER_BINARY`, then `priv/native`.
  """
  @spec default_path() :: Path.t()
  def default_path do
    Application.get_env(:outrigger, :binary) || System.get_env("OUTRIGGER_BINARY") ||
      Binary.path()
  end

  @doc "Milliseconds a program may take to leave when it is no longer wanted."
  @spec exit_timeout() :: pos_integer
  def exit_timeout, do: @exit_timeout

  @doc "Starts the binary. The calling process becomes the port's owner and gets its messages."
  @spec open(Config.t()) :: {:ok, t} | {:error, Error.t()}
  def open(%Config{} = config) do
    path = config.binary || default_path()

    with {:ok, _path} <- Binary.check(path),
         {:ok, port} <- open_port(path, config.args) do
      {:ok, %__MODULE__{port: port, process: process(port), path: path}}
    end
  end

  @doc "Gives the program the cookie that it has asked for."
  @spec give_cookie(t, Config.t()) :: :ok
  def give_cookie(%__MODULE__{port: port}, %Config{cookie: cookie}) do
    # Unlike Port.command/2 a message cannot raise an error that would show the cookie.
    send(port, {self(), {:command, [Secret.reveal(cookie), ?\n]}})
    :ok
  end

  @doc """
  Asks a program that has joined to leave in good order, and waits until it has; then `close/2`. For an orderly stop: what is under way through it
  arrives.
  """
  @spec leave(t) :: :ok
  def leave(%__MODULE__{port: port, process: process} = program) do
    send(port, {self(), {:command, "leave\n"}})
    if process, do: OsProcess.await_exit(process, @leave_timeout)
    close(program)
  end

  @doc """
  Closes the port and waits until the program has left. One that does not leave within `timeout` milliseconds is killed.
  """
  @spec close(t, non_neg_integer) :: :ok
  def close(%__MODULE__{port: port, process: process}, timeout \\ @exit_timeout) do
    close_port(port)
    flush(port)
    if process && not OsProcess.await_exit(process, timeout), do: OsProcess.kill(process)
    :ok
  end

  @doc "Kills the program, without waiting for it to leave by itself."
  @spec kill(t) :: :ok
  def kill(%__MODULE__{process: nil}), do: :ok
  def kill(%__MODULE__{process: process}), do: OsProcess.kill(process)

  @doc "Process number of the program, `nil` if it had left before it could be asked for."
  @spec os_pid(t) :: pos_integer | nil
  def os_pid(%__MODULE__{process: nil}), do: nil
  def os_pid(%__MODULE__{process: process}), do: process.pid

  defp open_port(path, args) do
    options = [
      :binary,
      :exit_status,
      :hide,
      # What the dynamic loader or a panic has to say belongs into the log as well.
      :stderr_to_stdout,
      line: 4_096,
      args: args,
      env: [{~c"OUTRIGGER_COOKIE", false}]
    ]

    {:ok, Port.open({:spawn_executable, String.to_charlist(path)}, options)}
  rescue
    error in ErlangError -> {:error, Failure.not_opened(path, error.original)}
  end

  defp process(port) do
    case Port.info(port, :os_pid) do
      {:os_pid, pid} -> OsProcess.identify(pid)
      _ -> nil
    end
  end

  defp close_port(port) do
    Port.close(port)
  rescue
    ArgumentError -> true
  end

  defp flush(port) do
    receive do
      {^port, _} -> flush(port)
      {:EXIT, ^port, _} -> flush(port)
    after
      0 -> :ok
    end
  end

  @doc """
  A message of the port, as events or as its end. `:other` if it is not of this program.
  """
  @spec read(t, PortLog.t(), term) ::
          {:events, PortLog.t(), [PortLog.event()]}
          | {:exited, [PortLog.event()], non_neg_integer}
          | {:closed, [PortLog.event()], term}
          | :other
  def read(%__MODULE__{port: port}, log, message) do
    case message do
      {^port, {:data, data}} ->
        {log, events} = PortLog.feed(log, data)
        {:events, log, events}

      {^port, {:exit_status, status}} ->
        {:exited, last_events(port, log, []), status}

      {:EXIT, ^port, reason} ->
        {_log, events} = PortLog.finish(log)
        {:closed, events, reason}

      _ ->
        :other
    end
  end

  # A last line without an end comes after the exit status, and before the exit of the port.
  defp last_events(port, log, events) do
    receive do
      {^port, {:data, data}} ->
        {log, more} = PortLog.feed(log, data)
        last_events(port, log, events ++ more)

      {:EXIT, ^port, _reason} ->
        {_log, more} = PortLog.finish(log)
        events ++ more
    after
      @last_line_timeout ->
        events
    end
  end
end
