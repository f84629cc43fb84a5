defmodule Mix.Outrigger do
  @moduledoc """
  What the mix tasks have in common that are a command of the binary: it runs, it is seen, and the task ends with its exit status.

      def run(argv), do: Mix.Outrigger.run(["gate" | argv])

  2 is also the status when the binary is not there; why stands on standard error.
  """

  alias Outrigger.Binary

  @doc "Runs a command and prints what it wrote when it has ended."
  @spec run([String.t()]) :: :ok
  def run(arguments) do
    load()

    with {:ok, report, status} <- Binary.run(arguments) do
      IO.write(report)
      {:ok, status}
    end
    |> leave()
  end

  @doc "Runs a command that writes, and with `keys: true` reads keys, by itself until it is ended."
  @spec attach([String.t()], keys: boolean) :: :ok
  def attach(arguments, options \\ []) do
    load()
    arguments |> Binary.attach(options) |> leave()
  end

  # The modules of the package have to be found, but nothing is compiled or started: a task is for a CI step, and the nodes that are meant are others.
  defp load do
    Mix.Task.run("loadpaths", ["--no-compile", "--no-deps-check", "--no-elixir-version-check"])
  end

  defp leave({:ok, 0}), do: :ok
  defp leave({:ok, status}), do: exit({:shutdown, status})

  defp leave({:error, error}) do
    IO.puts(:stderr, Exception.message(error))
    exit({:shutdown, 2})
  end
end
