defmodule Outrigger.Doctor.Report do
  @moduledoc """
  The checks as text for people and as JSON for programs, in the form of `outrigger doctor`.

      {"status":"fail","checks":[{"status":"fail","check":"epmd","detail":"...","remedy":"..."}]}
  """

  alias Outrigger.Doctor.{Check, Json}

  @doc "A line per check, its remedy below it, and the sum at the end."
  @spec text([Check.t()]) :: String.t()
  def text(checks) do
    width = checks |> Enum.map(&String.length(&1.check)) |> Enum.max(fn -> 0 end)
    Enum.map_join(checks, &lines(&1, width)) <> "\n" <> sum(checks) <> "\n"
  end

  @doc "One object on one line."
  @spec json([Check.t()]) :: String.t()
  def json(checks) do
    rows =
      for %Check{} = check <- checks do
        [status: check.status, check: check.check, detail: check.detail, remedy: check.remedy]
      end

    IO.iodata_to_binary([Json.encode(status: worst(checks), checks: rows), ?\n])
  end

  @doc "The worst status among the checks."
  @spec worst([Check.t()]) :: Check.status()
  def worst(checks) do
    statuses = Enum.map(checks, & &1.status)
    Enum.find([:fail, :warn], :ok, &(&1 in statuses))
  end

  defp lines(%Check{} = check, width) do
    line = "#{mark(check.status)}  #{String.pad_trailing(check.check, width)}  #{check.detail}\n"

    if check.remedy == "",
      do: line,
      else: line <> String.duplicate(" ", width + 8) <> "-> #{check.remedy}\n"
  end

  defp mark(:ok), do: "ok  "
  defp mark(:warn), do: "warn"
  defp mark(:fail), do: "FAIL"

  defp sum(checks) do
    case worst(checks) do
      :ok ->
        "All #{length(checks)} checks are ok."

      _ ->
        "#{count(checks, :fail)} failed, #{count(checks, :warn)} with a warning, of #{length(checks)} checks."
    end
  end

  defp count(checks, status), do: Enum.count(checks, &(&1.status == status))
end
