defmodule Bench.Watch do
  @moduledoc """
  What an event of telemetry costs the process that executes it, with `Outrigger.Watch` and with other handlers: `make bench-watch`.
  """

  alias Bench.{Options, Report}
  alias Bench.Watch.Contenders

  @compile {:no_warn_undefined, :telemetry}

  @help """
  What counting an event costs: Outrigger.Watch beside nobody, a handler that does nothing, and counters in ETS.

      make bench-watch
      bench/watch/run [--events 300000] [--processes 1,2] [--repeats 7] [--no-keep]

  The telemetry library has to be there: with Hex `OUTRIGGER_HEX=1 mix deps.get`, else in a folder of ERL_LIBS.
  """

  @metrics [
    %{
      name: "CPU per event",
      unit: "ns",
      better: :lower,
      goal: "380 to 570 in all, of one histogram"
    }
  ]

  @remarks """
  CPU time of the VM (`statistics(runtime)`) by events executed, with the loop in it; schedulers do not spin. `nobody`: no handler is attached. `no-op`: one that does nothing. `ETS`: two
  `ets:update_counter/4` by a key of the event and its tags, the usual shape of a reporter with buckets. Labels are those of one series; a query has five times to count, where `ETS` counts one.
  `request` is two events, start and stop.
  """

  @doc "Runs the bench; returns the exit code."
  @spec main([String.t()]) :: Options.exit_code()
  def main(argv),
    do: Options.run(argv, [events: :integer, processes: :string], @help, &with_telemetry/1)

  defp with_telemetry(options),
    do: if(Code.ensure_loaded?(:telemetry), do: run(options), else: :help)

  defp run(options) do
    {:ok, _} = Application.ensure_all_started(:telemetry)
    repeats = Keyword.get(options, :repeats, 7)
    events = Keyword.get(options, :events, 300_000)

    processes =
      options
      |> Keyword.get(:processes, "1,2")
      |> String.split(",")
      |> Enum.map(&String.to_integer/1)

    # Contenders take turns within every repeat, so that a slow minute of the machine hits them alike. Repeat 0 warms up.
    samples =
      for one <- Contenders.cases(),
          count <- processes,
          repeat <- 0..repeats,
          contender <- Contenders.all(),
          value = measure(one, contender, count, events),
          repeat > 0 do
        title = "#{one}, #{count} process#{if count > 1, do: "es"}"
        IO.puts("#{repeat}  #{title}  #{contender}: #{round(value)} ns")

        %{
          case: title,
          metric: "CPU per event",
          contender: contender,
          repeat: repeat,
          value: value
        }
      end

    if Keyword.get(options, :keep, true),
      do: IO.puts("kept in #{Report.write("watch", @metrics, samples, @remarks)}"),
      else: IO.puts(Report.table(Report.rows("watch", @metrics, samples)))

    0
  end

  defp measure(one, contender, processes, events) do
    detach = Contenders.attach(contender, one)
    steps = Contenders.events(one)
    {before, _} = :erlang.statistics(:runtime)

    1..processes
    |> Enum.map(fn _ -> Task.async(fn -> loop(steps, events) end) end)
    |> Task.await_many(:infinity)

    {later, _} = :erlang.statistics(:runtime)
    detach.()
    (later - before) * 1.0e6 / (processes * events)
  end

  defp loop(_steps, 0), do: :ok

  defp loop(steps, left) do
    execute(steps)
    loop(steps, left - 1)
  end

  defp execute([]), do: :ok

  defp execute([{event, measurements, metadata} | steps]) do
    :telemetry.execute(event, measurements, metadata)
    execute(steps)
  end
end
