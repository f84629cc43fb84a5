defmodule Bench.Events do
  @moduledoc """
  What decoding an event costs, beside other decoders: `make bench-events`. See `Bench.Events.Contenders` and `Bench.Documents`.
  """

  alias Bench.{Documents, Options, Report}
  alias Bench.Events.{Contenders, Worst}
  alias Outrigger.Events.{Avro, Protobuf}

  # Of each worst case: calls of which the shortest counts, and rounds of so many of which the most silent one does.
  @calls 20
  @rounds 10

  @help """
  What decoding an event costs in the VM, beside other decoders.

      make bench-events
      bench/events/run [--repeats 11] [--round MILLISECONDS] [--no-keep]

  Debian's erlang-jiffy runs beside it where it is installed, OTP's own decoder from OTP 27 on, and Jason where it is among the
  dependencies.
  """

  @metrics [
    %{
      name: "time",
      unit: "us",
      better: :lower,
      goal: "2.5 for the event, 5 for the typed change, 2 for Avro and Protobuf"
    },
    %{name: "throughput", unit: "MB/s", better: :higher, goal: "350 for the batch"},
    %{name: "time on a normal scheduler", unit: "us", better: :lower, goal: "1,000"},
    %{name: "schedules of 1 ms or more", unit: "in 20 calls", better: :lower, goal: "0"},
    %{name: "events", unit: "1/s", better: :higher, goal: "1,000,000 for five fields of each"}
  ]

  @remarks """
  `time`: wall time of one call, garbage collection with it: a round is a process of its own that decodes the same document for some 60 ms, and the
  rounds of all contenders take turns. The documents are made by `bench/events/documents.ex`; `five fields of each` reads all of the
  batch and takes five fields of each event as a row (others decode all of it first). `typed change` is of the event with
  its schema, which others decode untyped. `worst` is what takes long for its size (`bench/events/worst.ex`): the shortest of
  #{@calls} calls, and the fewest schedules of 1 ms or more in #{@calls} calls one behind the other, of #{@rounds} rounds at the most, since a machine
  that does something else makes a schedule longer.
  """

  @doc "Runs the bench; returns the exit code."
  @spec main([String.t()]) :: Options.exit_code()
  def main(argv), do: Options.run(argv, [round: :integer], @help, &run/1)

  defp run(options) do
    round = Keyword.get(options, :round, 60)
    IO.puts(missing(Contenders.missing()))
    event = Documents.event(7)
    schema = Documents.with_schema(7)
    batch = Documents.batch(115)
    avro = Avro.encode!(Documents.avro_event(), Avro.schema!(Documents.avro_schema()))
    protobuf = Protobuf.encode!(Documents.avro_event(), Contenders.protobuf())

    frames = Documents.transaction(1_000)

    cases = [
      {"event of #{byte_size(event)} B", event, 1, Contenders.of(:decode, event)},
      {"event with schema, #{byte_size(schema)} B", schema, 1, Contenders.of(:decode, schema)},
      {"typed change, #{byte_size(schema)} B", schema, 1, Contenders.of(:change, schema)},
      {"Avro with a reader schema, #{byte_size(avro)} B", avro, 1, Contenders.of(:avro, avro)},
      {"Protobuf, #{byte_size(protobuf)} B", protobuf, 1, Contenders.of(:protobuf, protobuf)},
      {"batch of 115, #{byte_size(batch)} B", batch, 115, Contenders.of(:decode, batch)},
      {"five fields of each of 115", batch, 115, Contenders.of(:project, batch)},
      {"pgoutput, 1,000 changes", IO.iodata_to_binary(frames), 1_000,
       Contenders.of(:pgoutput, frames)}
    ]

    # Contenders take turns within every repeat, so that a slow minute of the machine hits them alike. Repeat 0 warms up.
    samples =
      for {title, document, events, contenders} <- cases,
          repeat <- 0..Keyword.get(options, :repeats, 11),
          {contender, call} <- contenders do
        us = per_call(call, round)
        IO.puts("#{repeat}  #{title}  #{contender}: #{Float.round(us, 2)} us")

        metrics = [
          {"time", us},
          {"throughput", byte_size(document) / us},
          {"events", events * 1.0e6 / us}
        ]

        for {metric, value} <- metrics, repeat > 0 do
          %{case: title, metric: metric, contender: contender, repeat: repeat, value: value}
        end
      end

    samples = List.flatten([samples, worst(Keyword.get(options, :repeats, 11))])

    remarks = @remarks <> missing(Contenders.missing())

    if Keyword.get(options, :keep, true),
      do: IO.puts("kept in #{Report.write("events", @metrics, samples, remarks)}"),
      else: IO.puts(Report.table(Report.rows("events", @metrics, samples)))

    0
  end

  defp missing([]), do: ""

  defp missing(names),
    do: "Not there, on OTP #{System.otp_release()}: #{Enum.join(names, ", ")}.\n"

  # How long input of the size that a normal scheduler is given holds it.
  defp worst(repeats) do
    for repeat <- 0..repeats, {function, input, call} <- Worst.cases() do
      us = Worst.shortest(call, @calls)
      long = Worst.fewest_long_schedules(call, @calls, @rounds)
      IO.puts("#{repeat}  worst: #{function}: #{input}: #{us} us, #{long} long schedules")

      for {metric, value} <- [
            {"time on a normal scheduler", us},
            {"schedules of 1 ms or more", long}
          ],
          repeat > 0 do
        %{
          case: "worst: #{function}: #{input}",
          metric: metric,
          contender: "ours",
          repeat: repeat,
          value: value * 1.0
        }
      end
    end
  end

  # Microseconds per call, over about so many milliseconds, in a process of its own.
  defp per_call(call, round) do
    parent = self()
    {once, _} = :timer.tc(call)
    count = max(1, div(round * 1_000, max(once, 1)))

    spawn_link(fn ->
      started = System.monotonic_time(:nanosecond)
      repeat(call, count)
      send(parent, {:time, (System.monotonic_time(:nanosecond) - started) / 1_000 / count})
    end)

    receive(do: ({:time, us} -> us))
  end

  defp repeat(_call, 0), do: :ok

  defp repeat(call, left) do
    call.()
    repeat(call, left - 1)
  end
end
