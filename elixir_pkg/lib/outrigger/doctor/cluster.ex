defmodule Outrigger.Doctor.Cluster do
  @moduledoc """
  Asks the binary about the nodes of a cluster.

  The binary dials each node as a node would, with a real handshake: that alone tells a wrong cookie, a node that is not there
  and the peer's version and flags apart. Its answer are lines of four fields, `STATUS CHECK DETAIL REMEDY`, with tabs between them.
  """

  alias Outrigger.Doctor.{Check, Command}

  @statuses %{"ok" => :ok, "warn" => :warn, "fail" => :fail}
  @timeout 60_000

  @doc "The checks of the binary at `path` for these arguments."
  @spec checks(Path.t(), [String.t()]) :: [Check.t()]
  def checks(path, args) do
    case Command.run(path, ["doctor", "--format", "tsv" | args], @timeout) do
      {:ok, output, status} when status in [0, 1] ->
        parse(output)

      {:ok, output, status} ->
        [unanswered("has exited with status #{status}: #{one_line(output)}")]

      {:error, :timeout} ->
        [unanswered("did not answer within #{div(@timeout, 1000)} s")]

      {:error, reason} ->
        [unanswered("could not be started: #{:file.format_error(reason)}")]
    end
  end

  @doc "The lines of the binary as checks."
  @spec parse(String.t()) :: [Check.t()]
  def parse(output) do
    case output |> String.split("\n", trim: true) |> Enum.map(&line/1) do
      [] -> [unanswered("said nothing")]
      checks -> checks
    end
  end

  defp line(line) do
    with [status, check, detail, remedy] <- String.split(line, "\t"),
         {:ok, status} <- Map.fetch(@statuses, status) do
      %Check{check: check, status: status, detail: detail, remedy: remedy}
    else
      _ -> unanswered("said #{one_line(line)}")
    end
  end

  defp unanswered(what) do
    Check.fail(
      "cluster",
      "`outrigger doctor` #{what}",
      "see that the binary is of this package's version, and run `outrigger doctor` by hand with the same options"
    )
  end

  defp one_line(text),
    do: text |> String.split() |> Enum.join(" ") |> String.slice(0, 300) |> inspect()
end
