defmodule Outrigger.Doctor.Command do
  @moduledoc """
  Runs the binary for an answer, with a bound on the time it may take.
  """

  @doc """
  Output (standard error included) and exit status, or why there is none: `:timeout` or the system's error.
  """
  @spec run(Path.t(), [String.t()], pos_integer) ::
          {:ok, String.t(), non_neg_integer} | {:error, :timeout | :file.posix()}
  def run(path, args, timeout) do
    port =
      Port.open({:spawn_executable, String.to_charlist(path)}, [
        :binary,
        :exit_status,
        :hide,
        :stderr_to_stdout,
        args: args
      ])

    collect(port, [], System.monotonic_time(:millisecond) + timeout)
  rescue
    error in ErlangError -> {:error, error.original}
  end

  defp collect(port, output, deadline) do
    receive do
      {^port, {:data, data}} -> collect(port, [output, data], deadline)
      {^port, {:exit_status, status}} -> {:ok, IO.iodata_to_binary(output), status}
    after
      max(deadline - System.monotonic_time(:millisecond), 0) ->
        process = Port.info(port, :os_pid)
        Port.close(port)
        # Closing tells it to leave; one that hangs does not listen.
        with {:os_pid, pid} <- process do
          pid |> Outrigger.Node.OsProcess.identify() |> Outrigger.Node.OsProcess.kill()
        end

        {:error, :timeout}
    end
  end
end
