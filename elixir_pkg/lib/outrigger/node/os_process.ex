defmodule Outrigger.Node.OsProcess do
  @moduledoc """
  One process of the operating system, told apart from a later one with the same number.

  Process numbers are used again. So a process is remembered together with its start time, and a signal is sent only
  while both still agree. Linux tells the start time in `/proc`, elsewhere `ps` is asked; where neither
  answers the number alone has to do.
  """

  @enforce_keys [:pid, :started]
  defstruct [:pid, :started]

  @typedoc "`started` is the start time, `:gone` if it had ended already, `:unknown` where nobody tells."
  @type t :: %__MODULE__{pid: pos_integer, started: String.t() | :gone | :unknown}

  @doc "Remembers a process that runs now."
  @spec identify(pos_integer) :: t
  def identify(pid) when is_integer(pid), do: %__MODULE__{pid: pid, started: started(pid)}

  @doc "Does it still run? A process that has ended but was not yet reaped does not."
  @spec alive?(t) :: boolean
  def alive?(%__MODULE__{started: :gone}), do: false
  def alive?(%__MODULE__{pid: pid, started: :unknown}), do: signal(pid, "0")
  def alive?(%__MODULE__{pid: pid, started: started}), do: started(pid) == started

  @doc "Kills it with SIGKILL, if it still runs."
  @spec kill(t) :: :ok
  def kill(%__MODULE__{} = process) do
    if alive?(process), do: signal(process.pid, "KILL")
    :ok
  end

  @doc "Waits until it has ended; `false` if it still runs after `timeout` milliseconds."
  @spec await_exit(t, non_neg_integer) :: boolean
  def await_exit(%__MODULE__{} = process, timeout) do
    wait(process, System.monotonic_time(:millisecond) + timeout, 1)
  end

  defp wait(process, deadline, pause) do
    cond do
      not alive?(process) ->
        true

      System.monotonic_time(:millisecond) >= deadline ->
        false

      true ->
        Process.sleep(pause)
        wait(process, deadline, min(pause * 2, 20))
    end
  end

  defp started(pid) do
    case File.read("/proc/#{pid}/stat") do
      {:ok, stat} -> from_stat(stat)
      {:error, _} -> if File.exists?("/proc/self/stat"), do: :gone, else: from_ps(pid)
    end
  end

  # The second field is the file name in parentheses and may hold anything; the state follows it, the start time is field 22.
  defp from_stat(stat) do
    case stat |> String.split(")") |> List.last() |> String.split() do
      [state | _] when state in ["Z", "X"] -> :gone
      fields -> Enum.at(fields, 19, :unknown)
    end
  end

  defp from_ps(pid) do
    case run("ps", ["-o", "lstart=", "-p", "#{pid}"]) do
      {text, 0} -> String.trim(text)
      {_text, _status} -> :gone
      :error -> :unknown
    end
  end

  # `kill` is built into every shell; the program of that name may be missing in a container.
  defp signal(pid, signal), do: match?({_, 0}, run("sh", ["-c", "kill -#{signal} #{pid}"]))

  defp run(program, args) do
    System.cmd(program, args, stderr_to_stdout: true)
  rescue
    ErlangError -> :error
  end
end
