defmodule Bench.Streams do
  @moduledoc """
  Events decoded once in the Rust node and fanned out as terms, beside raw events that each node decodes.

  CPU per event is that of all BEAM nodes and the Rust node over all published events.
  """

  alias Bench.{Documents, Nodes, Options, OsProcess, Report}
  alias Bench.Streams.Side

  @help """
  Events decoded once for a cluster, or on each of its nodes.

      make bench-streams
      bench/streams/run [--nodes 8] [--events 20000] [--repeats 5] [--name NAME] [--no-keep]
  """

  @remarks """
  A node publishes events of 950 bytes, a hundred at a time; on each of the other nodes, so many as the case says, one process gets them all, through the same Rust node. `ours`: a
  stream, the terms come decoded. `jiffy`, `jason`, `nif`: the bytes are broadcast by the same PubSub, and each subscriber decodes them, with Debian's `erlang-jiffy`, with Jason
  where it is among the dependencies, and with `Outrigger.Events.JSON`. `whole`: all of an event. `fields`: five fields of each. `tenth`: one event in ten, all of it; the other nine are
  filtered by the stream, or by the subscriber when it has decoded them. The stream has these three views at all times, wanted or not.
  """

  @views [:whole, :fields, :tenth]

  @doc "Runs the bench; returns the exit code."
  @spec main([String.t()]) :: Options.exit_code()
  def main(argv),
    do: Options.run(argv, [nodes: :integer, events: :integer, name: :string], @help, &run/1)

  defp run(options) do
    receivers = Keyword.get(options, :nodes, 8)
    nodes = [publisher | others] = Nodes.start("streams", receivers + 1)
    :ok = Nodes.connect(nodes)
    rust = Nodes.call(publisher, Side, :start_rust, [])
    for node <- nodes, do: :ok = Nodes.call(node, Side, :start, [rust.name])
    for node <- nodes, do: :ok = Nodes.call(node, Side, :await, [receivers])
    os_pids = nodes |> Map.new(&{&1.name, &1.os_pid}) |> Map.put(:rust, rust.os_pid)
    events = for n <- 1..1_000, do: Documents.event(n)
    :ok = Nodes.call(publisher, Side, :prepare, [events])
    wanted = Map.new(@views, &{&1, Side.wanted(&1, events)})

    cluster = %{
      wanted: wanted,
      publisher: publisher,
      others: others,
      os_pids: os_pids,
      rust: rust.name
    }

    samples =
      for repeat <- 0..Keyword.get(options, :repeats, 5),
          view <- @views,
          how <- contenders(),
          {metric, value} <- measure(cluster, {how, view}, Keyword.get(options, :events, 20_000)) do
        IO.puts("#{repeat}  #{view} #{how}: #{metric} #{Float.round(value, 3)}")

        %{
          case: "#{view}, #{receivers} nodes",
          metric: metric,
          contender: "#{how}",
          repeat: repeat,
          value: value
        }
      end

    Nodes.stop(nodes)
    # The first one warms up.
    samples = Enum.filter(samples, &(&1.repeat > 0))
    report(samples, options)
    0
  end

  defp contenders do
    others =
      for {name, library} <- [jiffy: :jiffy, jason: Jason],
          do: {name, Code.ensure_loaded?(library)}

    [:ours, :nif] ++ for {name, true} <- others, do: name
  end

  defp measure(cluster, {how, view} = of, count) do
    subscribers = for node <- cluster.others, do: {node, Nodes.call(node, Side, :subscribe, [of])}
    for {node, _pid} <- subscribers, do: :ok = Nodes.call(node, Side, :await_wanted, [])
    times = div(count, 1_000)
    expected = times * cluster.wanted[view]
    copies = copies(cluster)

    {_done, used} =
      OsProcess.measure(cluster.os_pids, fn ->
        :ok = Nodes.call(cluster.publisher, Side, :publish, [how, times])
        for {node, pid} <- subscribers, do: await(node, pid, expected)
      end)

    for {node, pid} <- subscribers, do: :ok = Nodes.call(node, Side, :stop, [pid])
    copies = copies(cluster) - copies
    per_event = fn us -> us / (times * 1_000) end
    nodes = used |> Map.delete(:rust) |> Map.values() |> Enum.sum()

    [
      {"CPU per event", per_event.(nodes + used.rust)},
      {"CPU per event, Rust node", per_event.(used.rust)},
      {"messages to nodes per event", copies / (times * 1_000)}
    ]
  end

  defp copies(%{publisher: publisher, rust: rust}) do
    %{services: services} =
      Nodes.call(publisher, GenServer, :call, [{:outrigger_status, rust}, :status])

    Enum.find(services, &(&1.name == "outrigger_pubsub")).figures["copies"]
  end

  defp await(node, pid, expected) do
    case Nodes.call(node, Side, :count, [pid]) do
      ^expected -> :ok
      fewer when fewer < expected -> Process.sleep(20) && await(node, pid, expected)
    end
  end

  defp report(samples, options) do
    metrics = [
      %{name: "CPU per event", unit: "us", better: :lower, goal: "0.3 of each node's decoding"},
      %{name: "CPU per event, Rust node", unit: "us", better: :lower, goal: nil},
      %{name: "messages to nodes per event", unit: "1", better: :lower, goal: nil}
    ]

    if Keyword.get(options, :keep, true),
      do:
        IO.puts(
          "kept in #{Report.write(Keyword.get(options, :name, "streams"), metrics, samples, @remarks)}"
        ),
      else: IO.puts(Report.table(Report.rows("streams", metrics, samples)))
  end
end
