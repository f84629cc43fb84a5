defmodule Demo.Screen do
  @moduledoc """
  The demo's picture: a line per node, redrawn twice a second on a terminal, a plain line per second elsewhere.

  Each line shows the path of the node's broadcasts, deliveries per second, the latency of the last interval and the total.
  """

  use Agent

  alias Demo.Cluster

  @interval_ms 500
  @bar_width 24

  @doc "Opens the screen."
  @spec open(map) :: pid
  def open(settings) do
    {:ok, screen} =
      Agent.start_link(fn ->
        %{
          terminal?: not settings.plain and match?({:ok, _}, :io.columns()),
          subscribers: settings.subscribers,
          started: now(),
          last: %{},
          drawn: 0,
          history: []
        }
      end)

    screen
  end

  @doc "Announces a new part of the play."
  @spec stage(pid, String.t()) :: :ok
  def stage(screen, text) do
    Agent.update(screen, &%{&1 | drawn: 0})
    say(screen, [IO.ANSI.format([:bright, "== ", text]) |> IO.iodata_to_binary()])
  end

  @doc "Prints one line with the time since the start."
  @spec say(pid, iodata) :: :ok
  def say(screen, text) do
    Agent.update(screen, fn state ->
      IO.puts([clock(state), " ", text])
      %{state | drawn: 0}
    end)
  end

  @doc "Shows the traffic for `duration` milliseconds."
  @spec watch(pid, Cluster.t(), non_neg_integer) :: :ok
  def watch(screen, cluster, duration), do: watch_until(screen, cluster, now() + duration)

  defp watch_until(screen, cluster, deadline) do
    case deadline - now() do
      left when left <= 0 ->
        :ok

      left ->
        receive(do: (:never -> :ok), after: (min(left, @interval_ms) -> :ok))
        draw(screen, cluster)
        watch_until(screen, cluster, deadline)
    end
  end

  @doc "The figures shown, newest first, for the verdict's summary."
  @spec history(pid) :: [map]
  def history(screen), do: Agent.get(screen, & &1.history)

  @doc "Leaves the cursor below the picture."
  @spec close(pid) :: :ok
  def close(screen), do: say(screen, "done")

  defp draw(screen, cluster) do
    subscribers = Agent.get(screen, & &1.subscribers)
    samples = Cluster.call_all(cluster, Demo.App, :sample, [subscribers])
    paths = Cluster.call_all(cluster, Demo.App, :path, [cluster.pubsub])
    labels = Enum.map(cluster.nodes, & &1.label)
    Agent.update(screen, &show(&1, Enum.zip([labels, samples, paths])))
  end

  defp show(state, rows) do
    at = now()
    figures = Enum.map(rows, &figure(&1, state.last, at))
    last = Map.new(figures, &{&1.label, {&1.at, &1.delivered}})
    if state.terminal?, do: redraw(state, figures), else: plain(state, figures)
    %{state | last: last, drawn: length(figures), history: [figures | state.history]}
  end

  defp figure({label, sample, path}, last, at) do
    {before, delivered} = Map.get(last, label, {at - @interval_ms, 0})
    rate = div((sample.delivered - delivered) * 1000, max(at - before, 1))

    %{
      label: label,
      path: path,
      at: at,
      delivered: sample.delivered,
      rate: rate,
      latency: sample.latency
    }
  end

  defp redraw(state, figures) do
    if state.drawn > 0, do: IO.write(IO.ANSI.cursor_up(state.drawn))
    highest = figures |> Enum.map(& &1.rate) |> Enum.max() |> max(1)

    for figure <- figures,
        do:
          IO.puts([
            IO.ANSI.clear_line(),
            clock(state),
            "   ",
            line(figure),
            "  ",
            bar(figure, highest)
          ])
  end

  defp plain(state, figures) do
    if rem(length(state.history), 2) == 1 do
      for figure <- figures, do: IO.puts([clock(state), "   ", line(figure)])
    end
  end

  defp line(%{latency: latency} = figure) do
    [
      String.pad_trailing(figure.label, 6),
      String.pad_trailing(Atom.to_string(figure.path), 7),
      String.pad_leading(Integer.to_string(figure.rate), 8),
      " deliveries/s   p50 ",
      micros(latency.p50),
      "   p99 ",
      micros(latency.p99),
      "   received ",
      String.pad_leading(Integer.to_string(figure.delivered), 8)
    ]
  end

  defp bar(%{rate: rate, path: path}, highest) do
    length = div(rate * @bar_width, highest)
    colour = if path == :relay, do: :green, else: :yellow
    IO.ANSI.format([colour, String.duplicate("▇", length)])
  end

  @doc "Nanoseconds as microseconds, aligned."
  @spec micros(non_neg_integer) :: String.t()
  def micros(nanoseconds), do: String.pad_leading("#{div(nanoseconds, 1000)} us", 9)

  defp clock(state) do
    seconds = (now() - state.started) / 1000
    String.pad_leading(:erlang.float_to_binary(seconds, decimals: 1), 5)
  end

  defp now, do: System.monotonic_time(:millisecond)
end
