defmodule Outrigger.Test.Probe do
  @moduledoc """
  Subscribers and publishers that tests start on nodes by `Outrigger.Test.Cluster.call/4`.

  A publisher sends `{key, 1}`, `{key, 2}`, ...; a subscriber keeps all it gets, in order. `faults/2` compares.
  """

  alias Outrigger.PubSub

  @doc "Starts a PubSub that outlives the call."
  @spec start_pubsub(keyword) :: :ok
  def start_pubsub(options), do: start_child(PubSub.child_spec(options))

  @doc "Starts a child that outlives the call."
  @spec start_child(map) :: :ok
  def start_child(%{start: {module, function, args}}) do
    keep(fn -> {:ok, _} = apply(module, function, args) end)
  end

  @doc "Starts a subscriber of a topic, a `{:prefix, prefix}` or several of both, and returns its pid."
  @spec subscriber(atom, pattern | [pattern], keyword) :: pid
        when pattern: binary | {:prefix, binary}
  def subscriber(pubsub, topics, options \\ []) do
    collector(fn ->
      for topic <- List.wrap(topics), do: subscribed(subscribe(pubsub, topic, options))
    end)
  end

  @doc "Starts a process that subscribes as `fun` does, and keeps what it gets."
  @spec collector((() -> term)) :: pid
  def collector(fun) do
    me = self()

    pid =
      spawn(fn ->
        fun.()
        send(me, {:subscribed, self()})
        collect([])
      end)

    receive do: ({:subscribed, ^pid} -> pid), after: (30_000 -> raise("not subscribed"))
  end

  defp subscribed(:ok), do: :ok
  defp subscribed({:ok, _cursor}), do: :ok

  defp subscribe(pubsub, {:prefix, prefix}, options),
    do: PubSub.subscribe_prefix(pubsub, prefix, options)

  defp subscribe(pubsub, topic, options), do: PubSub.subscribe(pubsub, topic, options)

  defp collect(all) do
    receive do
      {:probe, from, ref, fun} ->
        send(from, {ref, fun.(all)})
        collect(all)

      message ->
        collect([message | all])
    end
  end

  defp ask(subscriber, fun) do
    ref = Process.monitor(subscriber)
    send(subscriber, {:probe, self(), ref, fun})

    receive do
      {^ref, answer} ->
        Process.demonitor(ref, [:flush])
        answer

      {:DOWN, ^ref, _, _, reason} ->
        raise "subscriber died: #{inspect(reason)}"
    end
  end

  @doc "All that the subscriber got, oldest first."
  @spec received(pid) :: [term]
  def received(subscriber), do: ask(subscriber, &Enum.reverse/1)

  @doc "The newest message of `key` that the subscriber got."
  @spec last(pid, term) :: non_neg_integer
  def last(subscriber, key) do
    ask(subscriber, fn all ->
      Enum.find_value(all, 0, &(match?({^key, _}, &1) && elem(&1, 1)))
    end)
  end

  @doc "Starts a publisher, `pause_ms` between two broadcasts."
  @spec publisher(atom, binary, term, non_neg_integer) :: pid
  def publisher(pubsub, topic, key, pause_ms),
    do: spawn(fn -> publish(pubsub, topic, key, pause_ms, 1) end)

  @doc "Starts a publisher of `count` messages without a pause, some of each topic in turn."
  @spec burst(atom, [binary], term, pos_integer) :: pid
  def burst(pubsub, topics, key, count) do
    turns = Stream.cycle(Enum.flat_map(topics, &List.duplicate(&1, 5)))

    spawn(fn ->
      for {topic, n} <- Enum.zip(turns, 1..count),
          do: :ok = PubSub.broadcast(pubsub, topic, {key, n})
    end)
  end

  @doc "Starts a publisher like `burst/4`, of as many broadcasts as go out of `:rand` at a time."
  @spec burst_of_many(atom, [binary], term, pos_integer) :: pid
  def burst_of_many(pubsub, topics, key, count) do
    turns = Stream.cycle(Enum.flat_map(topics, &List.duplicate(&1, 5)))

    spawn(fn ->
      messages = for {topic, n} <- Enum.zip(turns, 1..count), do: {topic, {key, n}}
      some(pubsub, messages)
    end)
  end

  defp some(_pubsub, []), do: :ok

  defp some(pubsub, messages) do
    {front, back} = Enum.split(messages, :rand.uniform(300) - 1)
    :ok = PubSub.broadcast_many(pubsub, front)
    some(pubsub, back)
  end

  @doc "A process that runs what it is told to, for publishers with a plan."
  @spec runner() :: pid
  def runner do
    {:ok, pid} = Agent.start(fn -> nil end)
    pid
  end

  @doc "Runs a function of a module in a runner."
  @spec run(pid, module, atom, [term]) :: term
  def run(runner, module, function, args),
    do: Agent.get(runner, fn _ -> apply(module, function, args) end)

  @doc "Stops a publisher. Returns how many messages it sent."
  @spec stop(pid) :: non_neg_integer
  def stop(publisher) do
    ref = Process.monitor(publisher)
    send(publisher, {:stop, self()})

    receive do
      {:sent, count} -> count
      {:DOWN, ^ref, _, _, reason} -> raise "publisher died: #{inspect(reason)}"
    end
  end

  defp publish(pubsub, topic, key, pause_ms, n) do
    :ok = PubSub.broadcast(pubsub, topic, {key, n})

    receive do
      {:stop, from} -> send(from, {:sent, n})
    after
      pause_ms -> publish(pubsub, topic, key, pause_ms, n + 1)
    end
  end

  @doc """
  What is wrong with the messages of `key`: `%{lost: [n], again: [n], late: [n]}` against `1..count`.
  """
  @spec faults([term], term, non_neg_integer) :: %{
          lost: [integer],
          again: [integer],
          late: [integer]
        }
  def faults(received, key, count) do
    numbers = for {^key, n} <- received, do: n

    late =
      numbers
      |> Enum.zip(Enum.drop(numbers, 1))
      |> Enum.filter(fn {a, b} -> b < a end)
      |> Enum.map(&elem(&1, 1))

    %{
      lost: Enum.to_list(1..count//1) -- Enum.uniq(numbers),
      again: Enum.uniq(numbers -- Enum.uniq(numbers)),
      late: late
    }
  end

  defp keep(fun) do
    me = self()

    spawn(fn ->
      # The PubSub may be stopped by the test.
      Process.flag(:trap_exit, true)
      fun.()
      send(me, :started)
      Process.sleep(:infinity)
    end)

    receive do: (:started -> :ok), after: (30_000 -> raise("it did not start"))
  end
end
