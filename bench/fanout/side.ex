defmodule Bench.Fanout.Side do
  @moduledoc """
  What runs inside the measured nodes: the contenders, one subscriber per receiver and contender, the publishing loops.

  A contender is a module with `broadcast/3`, `subscribe/2` on a started PubSub of the name `name/1`.
  """

  alias Outrigger.Watch.Histogram

  @topic "bench:topic"
  @rust Bench.Rust

  @doc "The name of a contender's PubSub."
  @spec name(module) :: atom
  def name(contender), do: Module.concat(contender, "Bench")

  @doc "Starts the contenders on this node; node 0 publishes and supervises the Rust node, the others subscribe."
  @spec start([module], non_neg_integer) :: :ok
  def start(contenders, index) do
    {:ok, _started} = Application.ensure_all_started(:outrigger)
    Logger.configure(level: :warning)
    if index == 0, do: keep({Outrigger.Node, server: @rust, name: "bench-rust-#{System.pid()}"})
    for contender <- contenders, do: keep(child(contender))
    if index > 0, do: for(contender <- contenders, do: subscriber(contender))
    :ok
  end

  defp child(Bench.Flood),
    do: %{id: Bench.Flood, start: {Bench.Flood, :start_link, [name(Bench.Flood)]}}

  defp child(contender), do: Supervisor.child_spec({contender, name: name(contender)}, [])

  # The caller is a process of one call; what it starts has to outlive it.
  defp keep(child) do
    {:ok, supervisor} = Supervisor.start_link([child], strategy: :one_for_one)
    Process.unlink(supervisor)
    :ok
  end

  @doc "The operating-system process of the Rust node."
  @spec rust_os_pid() :: pos_integer
  def rust_os_pid do
    Outrigger.Node.info(@rust).os_pid
  end

  @doc "Waits until a broadcast of this contender reaches `count` other nodes the way it is meant to go."
  @spec await_reach(module, pos_integer, non_neg_integer) :: :ok | {:error, term}
  def await_reach(contender, count, attempts \\ 600)
  def await_reach(contender, _count, 0), do: {:error, {:not_reached, contender}}

  def await_reach(contender, count, attempts) do
    if reached?(contender, name(contender), count) do
      :ok
    else
      receive(do: (:never -> :ok), after: (50 -> await_reach(contender, count, attempts - 1)))
    end
  end

  defp reached?(Outrigger.PubSub, name, count) do
    info = Outrigger.PubSub.info(name)
    info.path == :relay and length(info.covered) == count
  end

  defp reached?(Bench.Flood, name, count), do: Bench.Flood.reach(name) == count
  defp reached?(_contender, _name, count), do: length(Node.list()) >= count

  defp subscriber(contender) do
    parent = self()

    pid =
      spawn(fn ->
        Process.register(self(), subscriber_name(contender))
        :ok = contender.subscribe(name(contender), @topic)
        send(parent, {:subscribed, self()})
        count(0, Histogram.new(), nil)
      end)

    receive(do: ({:subscribed, ^pid} -> :ok))
  end

  defp subscriber_name(contender), do: Module.concat(contender, "BenchSubscriber")

  defp count(received, histogram, waiting) do
    receive do
      {:m, _payload} -> count(received + 1, histogram, answer(waiting, received + 1))
      {:t, sent_at, _payload} -> timed(received, histogram, waiting, sent_at)
      {:await, from, total} -> count(received, histogram, answer({from, total}, received))
      {:reset, from} -> reset(from)
      {:latency, from} -> latency(from, received, histogram, waiting)
    end
  end

  defp timed(received, histogram, waiting, sent_at) do
    Histogram.record(histogram, max(:os.perf_counter(:nanosecond) - sent_at, 0))
    count(received + 1, histogram, answer(waiting, received + 1))
  end

  defp reset(from) do
    send(from, :reset)
    count(0, Histogram.new(), nil)
  end

  defp latency(from, received, histogram, waiting) do
    send(from, {:latency, Histogram.summary(histogram)})
    count(received, histogram, waiting)
  end

  defp answer({from, total}, received) when received >= total do
    send(from, :arrived)
    nil
  end

  defp answer(waiting, _received), do: waiting

  @doc "Forgets what the subscriber has counted."
  @spec forget(module) :: :ok
  def forget(contender) do
    send(subscriber_name(contender), {:reset, self()})
    receive(do: (:reset -> :ok))
  end

  @doc "Waits until the subscriber of this node has counted `total` messages."
  @spec await(module, pos_integer) :: :ok | :lost
  def await(contender, total) do
    send(subscriber_name(contender), {:await, self(), total})
    receive(do: (:arrived -> :ok), after: (60_000 -> :lost))
  end

  @doc "The latencies that the subscriber of this node has seen since `forget/1`."
  @spec latencies(module) :: map
  def latencies(contender) do
    send(subscriber_name(contender), {:latency, self()})
    receive(do: ({:latency, summary} -> summary))
  end

  @doc """
  Broadcasts `count` messages of `bytes` bytes as fast as one process can: by the whole function that applications call, or
  (`:adapter`) by the adapter's part of it alone, which is all that is sent to other nodes.
  """
  @spec blast(module, :whole | :adapter, pos_integer, pos_integer) :: :ok
  def blast(contender, part, count, bytes) do
    message = {:m, :binary.copy("x", bytes)}
    name = name(contender)

    case part do
      :whole ->
        loop(fn -> contender.broadcast(name, @topic, message) end, count)

      :adapter ->
        {:ok, {adapter, group}} = Registry.meta(name, :pubsub)
        loop(fn -> adapter.broadcast(group, @topic, message, contender) end, count)
    end
  end

  defp loop(_broadcast, 0), do: :ok

  defp loop(broadcast, left) do
    :ok = broadcast.()
    loop(broadcast, left - 1)
  end

  @doc "Broadcasts at 5 messages a millisecond for `seconds`; each carries the time it was sent."
  @spec pace(module, pos_integer, pos_integer) :: non_neg_integer
  def pace(contender, seconds, bytes) do
    payload = :binary.copy("x", bytes)
    ticks = seconds * 1000
    started = System.monotonic_time(:millisecond)
    Enum.each(1..ticks, &tick(contender, name(contender), payload, started + &1))
    ticks * 5
  end

  defp tick(contender, name, payload, due) do
    wait = due - System.monotonic_time(:millisecond)
    if wait > 0, do: receive(do: (:never -> :ok), after: (wait -> :ok))

    for _ <- 1..5,
        do: contender.broadcast(name, @topic, {:t, :os.perf_counter(:nanosecond), payload})
  end
end
