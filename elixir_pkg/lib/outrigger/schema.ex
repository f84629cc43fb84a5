defmodule Outrigger.Schema do
  @moduledoc """
  Whether Avro, Protobuf and JSON schemas are compatible with their earlier versions, decided offline by the binary
  (`outrigger schema check`). `mix outrigger.schema.check` prints it; the guide is `docs/schemas.md`.

  ## Example

      {:ok, :compatible, report} = Outrigger.Schema.check(["--against", "git:main", "schemas"])

  ## Limits

  It starts the binary and, for `git:`, the program `git`. Both work on the files of the current folder.
  """

  alias Outrigger.{Binary, Error}
  alias Outrigger.Node.Program

  @typedoc "How the check ended: exit status 0, 1 and 2. What is wrong with an unusable one stands on standard error."
  @type verdict :: :compatible | :incompatible | :unusable

  @doc """
  Runs the check with the options of the command line, and gives its verdict and what it wrote.

  Errors: `:missing_binary` and `:bad_binary` of `Outrigger.Binary.check/1`, `:binary_failed` if it did not end by itself
  (`details.status`).
  """
  @spec check([String.t()]) :: {:ok, verdict, String.t()} | {:error, Error.t()}
  def check(arguments) when is_list(arguments) do
    with {:ok, path} <- Binary.check(Program.default_path()) do
      # Standard error goes where that of the VM goes: it is for people who wait.
      case System.cmd(path, ["schema", "check" | arguments]) do
        {report, 0} -> {:ok, :compatible, report}
        {report, 1} -> {:ok, :incompatible, report}
        {report, 2} -> {:ok, :unusable, report}
        {_report, status} -> {:error, failed(path, status)}
      end
    end
  end

  defp failed(path, status) do
    Error.new(:binary_failed, "#{path} ended with status #{status}.", %{
      path: path,
      status: status
    })
  end
end
