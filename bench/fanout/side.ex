defmodule Bench.Fanout.Side do
  @moduledoc """
  What runs inside the measured nodes: the contenders, one subscriber per receiver and contender, the publishing loops.

  A contender is a module with `broadcast/3`, `subscribe/2` on a started PubSub of the name `name/1`.
  """

  alias Outrigger.Watch.Histogram

  @topic "bench:topic"
  # Of one node, and of none.
  @one "bench:one"
  @nobody "bench:nobody"
  @rust Bench.Rust

  @doc "The name of a contender's PubSub."
  @spec name(module) :: atom
  def name(contender), do: Module.concat(contender, "Bench")

  @doc """
  Starts the contenders on this node; node 0 publishes and supervises the Rust node, the others subscribe. `path` is the option of
  `Outrigger.PubSub`.
  """
  @spec start([module], :auto | :relay | :direct, non_neg_integer) :: :ok
  def start(contenders, path, index) do
    {:ok, _started} = Application.ensure_all_started(:outrigger)
    Logger.configure(level: :warning)
    if index == 0, do: keep({Outrigger.Node, server: @rust, name: "bench-rust-#{System.pid()}"})
    for contender <- contenders, do: keep(child(contender, path))
    if index > 0, do: for(contender <- contenders, do: subscriber(contender))
    if index == 1, do: for(contender <- contenders, do: subscriber_of_one(contender))
    :ok
  end

  defp child(Bench.Flood, _path),
    do: %{id: Bench.Flood, start: {Bench.Flood, :start_link, [name(Bench.Flood)]}}

  defp child(Outrigger.PubSub, path),
    do: Supervisor.child_spec({Outrigger.PubSub, name: name(Outrigger.PubSub), path: path}, [])

  defp child(Bench.Ordered, path) do
    options = [name: name(Bench.Ordered), path: path, ordered: [Bench.Ordered.prefix()]]
    Supervisor.child_spec({Outrigger.PubSub, options}, id: Bench.Ordered)
  end

  defp child(contender, _path), do: Supervisor.child_spec({contender, name: name(contender)}, [])

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

  @doc "Waits until each router knows what this node wants."
  @spec await_told(non_neg_integer) :: :ok | {:error, term}
  def await_told(attempts \\ 600)
  def await_told(0), do: {:error, Outrigger.PubSub.info(name(Outrigger.PubSub))}

  def await_told(attempts) do
    case Outrigger.PubSub.info(name(Outrigger.PubSub)) do
      %{interest: %{open: [], listed: [_ | _]}} -> :ok
      _not_yet -> receive(do: (:never -> :ok), after: (50 -> await_told(attempts - 1)))
    end
  end

  defp reached?(Outrigger.PubSub, name, count) do
    info = Outrigger.PubSub.info(name)

    case info do
      %{path: :relay, covered: nodes} -> length(nodes) == count
      %{reason: reason, direct: nodes} when reason != :no_router -> length(nodes) == count
      _not_yet -> false
    end
  end

  defp reached?(Bench.Ordered, name, count) do
    info = Outrigger.PubSub.info(name)
    info.ordered[Bench.Ordered.prefix()] != nil and reached?(Outrigger.PubSub, name, count)
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

  # The one that counts is another process.
  defp subscriber_of_one(contender) do
    parent = self()

    pid =
      spawn(fn ->
        :ok = contender.subscribe(name(contender), @one)
        send(parent, {:subscribed, self()})
        forget_all()
      end)

    receive(do: ({:subscribed, ^pid} -> :ok))
  end

  defp forget_all do
    receive(do: (_message -> forget_all()))
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
  (`:adapter`) by the adapter's part of it alone, which is all that is sent to other nodes. `{:many, n}`: so many at a time. `:one` and `:nobody`: on a topic of one node
  or of none, and then one message more for all. `:hot`: on that of `crowd/2`. `{:crowd, n}`: by so many processes.
  """
  @spec blast(
          module,
          :whole
          | :adapter
          | :hot
          | {:crowd, pos_integer}
          | {:many, pos_integer}
          | :one
          | :nobody,
          pos_integer,
          pos_integer
        ) :: :ok
  def blast(contender, part, count, bytes) do
    message = {:m, :binary.copy("x", bytes)}
    name = name(contender)

    case part do
      :whole ->
        loop(fn -> contender.broadcast(name, @topic, message) end, count)

      :adapter ->
        {:ok, {adapter, group}} = Registry.meta(name, :pubsub)
        loop(fn -> adapter.broadcast(group, @topic, message, contender) end, count)

      :hot ->
        topic = Bench.Fanout.Crowd.topic()
        loop(fn -> contender.broadcast(name, topic, message) end, count)

      {:crowd, processes} ->
        work = fn ->
          loop(fn -> contender.broadcast(name, @topic, message) end, div(count, processes))
        end

        for(_ <- 1..processes, do: Task.async(work)) |> Task.await_many(120_000)
        :ok

      {:many, at_once} ->
        messages = List.duplicate({@topic, message}, at_once)
        loop(fn -> many(contender, name, messages) end, div(count, at_once))

      wanted ->
        topic = if wanted == :one, do: @one, else: @nobody
        loop(fn -> contender.broadcast(name, topic, message) end, count)
        contender.broadcast(name, @topic, message)
    end
  end

  defp many(Outrigger.PubSub, name, messages),
    do: Outrigger.PubSub.broadcast_many(name, messages)

  defp many(contender, name, messages) do
    for {topic, message} <- messages, do: :ok = contender.broadcast(name, topic, message)
    :ok
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
