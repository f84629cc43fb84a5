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

  @typedoc "How the check ended: exit status 0, 1 and 2. What is wrong with an unusable one stands on standard error."
  @type verdict :: :compatible | :incompatible | :unusable

  @doc """
  Runs the check with the options of the command line, and gives its verdict and what it wrote.

  Errors: those of `Outrigger.Binary.run/1`.
  """
  @spec check([String.t()]) :: {:ok, verdict, String.t()} | {:error, Error.t()}
  def check(arguments) when is_list(arguments) do
    case Binary.run(["schema", "check" | arguments]) do
      {:ok, report, 0} -> {:ok, :compatible, report}
      {:ok, report, 1} -> {:ok, :incompatible, report}
      {:ok, report, _usage} -> {:ok, :unusable, report}
      {:error, error} -> {:error, error}
    end
  end
end
