defmodule Outrigger.Test.FailuresLast do
  @moduledoc """
  Prints what failed once more when a suite is over. A log is read from its end, and often only its end is kept.

  An ExUnit formatter beside the usual one: `ExUnit.start(FailuresLast.options())`. Prints nothing when nothing failed.
  """

  use GenServer

  @title "== failed tests"
  # Of one test. What it logged may be long, and the cause stands in front of it.
  @bound 4_000

  @doc "The options of `ExUnit.start/1` that put it to work."
  @spec options() :: keyword
  def options do
    ExUnit.after_suite(fn _result -> print() end)
    [formatters: [ExUnit.CLIFormatter, __MODULE__]]
  end

  @impl GenServer
  def init(_options), do: {:ok, []}

  @impl GenServer
  def handle_cast({:test_finished, %{state: {:failed, reasons}} = test}, failed) do
    {:noreply,
     [
       ExUnit.Formatter.format_test_failure(test, reasons, length(failed) + 1, 120, &plain/2)
       | failed
     ]}
  end

  def handle_cast({:module_finished, %{state: {:failed, reasons}} = module}, failed) do
    {:noreply,
     [
       ExUnit.Formatter.format_test_all_failure(
         module,
         reasons,
         length(failed) + 1,
         120,
         &plain/2
       )
       | failed
     ]}
  end

  # The suite's end is told to all formatters at once, and the usual one has more to say. Kept until all of them are done.
  def handle_cast({:suite_finished, _times}, failed) do
    :persistent_term.put(__MODULE__, Enum.reverse(failed))
    {:noreply, failed}
  end

  def handle_cast(_event, failed), do: {:noreply, failed}

  defp plain(_key, text), do: text

  defp print do
    case :persistent_term.get(__MODULE__, []) do
      [] ->
        :ok

      failed ->
        IO.puts(["\n", @title, "\n" | Enum.map(failed, &["\n", String.slice(&1, 0, @bound)])])
    end
  end
end
