defmodule Outrigger.PubSub.BatchTest do
  @moduledoc "What a worker makes of several messages, in one or in its mailbox. No nodes: the test is the router."
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias Outrigger.Events.Stream
  alias Outrigger.PubSub

  defmodule Custom do
    @moduledoc false
    def dispatch(entries, from, message) do
      for {pid, metadata} <- entries, do: send(pid, {:custom, from, metadata, message})
      if message == :raise, do: raise("told to")
    end
  end

  setup context do
    pubsub = Module.concat(__MODULE__, "P#{System.unique_integer([:positive])}")
    options = [name: pubsub, hold_ms: 20_000] ++ Map.get(context, :options, [])
    start_supervised!({PubSub, options})
    %{pubsub: pubsub, worker: Process.whereis(Module.concat(pubsub, "Adapter"))}
  end

  defp data(topic, message, dispatcher \\ PubSub, publisher \\ self(), epoch \\ 1),
    do: {:"$outrigger", epoch, publisher, topic, message, dispatcher}

  # When it has returned, the worker has dispatched.
  defp batch(c, elements) do
    send(c.worker, {:"$outrigger_batch", elements})
    GenServer.call(c.worker, :waiting)
  end

  defp received do
    receive(do: (message -> [message | received()]), after: (0 -> []))
  end

  defp counters(c), do: PubSub.info(c.pubsub).counters

  # A subscriber that notes what it gets, and who it was that got it, in one list for all.
  defp witness(c, topics) do
    test = self()

    pid =
      spawn_link(fn ->
        for topic <- topics, do: PubSub.subscribe(c.pubsub, topic)
        send(test, {:ready, self()})
        collect([])
      end)

    assert_receive {:ready, ^pid}
    pid
  end

  defp collect(all) do
    receive do
      {:tell, from} -> send(from, {:told, self(), Enum.reverse(all)})
      message -> collect([message | all])
    end
  end

  defp told(pid) do
    send(pid, {:tell, self()})
    assert_receive {:told, ^pid, all}
    all
  end

  test "events that no router has decoded are decoded here, in their place", c do
    {:ok, config} =
      Stream.Text.config(name: S, pubsub: c.pubsub, views: [v: [topic: "a", fields: [n: "n"]]])

    text = Stream.Text.text(config, config.views)
    events = fn texts, events -> {:"$outrigger_events", 1, 1, self(), PubSub, texts, events} end
    PubSub.subscribe(c.pubsub, "a")
    wanted = events.([text], [~s({"n": 2}), {nil, ~s({"n": 3})}])

    malformed = [
      events.(["{}"], ["4"]),
      events.([], ["4"]),
      events.(text, ["4"]),
      events.([text, :schema], ["4"]),
      events.([text | "tail"], ["4"]),
      events.([text], "4"),
      events.([text], [4]),
      events.([text], ["4" | "tail"]),
      events.([text], [{"key", :value}])
    ]

    log = capture_log(fn -> batch(c, [data("a", 1), wanted] ++ malformed ++ [data("a", 5)]) end)

    assert received() == [1, {S, :v, %{n: 2}}, {S, :v, %{n: 3}}, 5]
    assert log =~ "dropped events of #{inspect(self())}"
    assert counters(c).malformed == length(malformed)
    send(c.worker, events.([text], [~s({"n": 6})]))
    assert_receive {S, :v, %{n: 6}}
  end

  test "each subscriber gets the publisher's order, across topics", c do
    both = witness(c, ["a", "b"])
    only = witness(c, ["b"])
    order = for n <- 1..200, do: {if(rem(div(n, 3), 2) == 0, do: "a", else: "b"), n}
    batch(c, for({topic, n} <- order, do: data(topic, {topic, n})))
    assert told(both) == order
    assert told(only) == for({"b", n} <- order, do: {"b", n})
    assert %{batches: 1, malformed: 0, dispatch_errors: 0} = counters(c)
  end

  @tag options: [partitions: 4]
  test "a run goes to one subscriber after the other, wherever they are registered", c do
    subscribers = for _ <- 1..50, do: witness(c, ["t"])
    batch(c, for(n <- 1..100, do: data("t", n)))
    for pid <- subscribers, do: assert(told(pid) == Enum.to_list(1..100))
  end

  test "all of a run is there before the next subscriber gets any of it", c do
    # Who is traced, and in which order: sends of the worker, by addressee.
    subscribers = for _ <- 1..5, do: witness(c, ["t"])
    :erlang.trace(c.worker, true, [:send])
    batch(c, for(n <- 1..4, do: data("t", n)))
    batch(c, [data("t", 5, Phoenix.PubSub), data("t", 6, Phoenix.PubSub)])
    :erlang.trace(c.worker, false, [:send])

    sends =
      for {:trace, _, :send, message, to} <- received(), to in subscribers, do: {to, message}

    {first, second} = Enum.split(sends, 20)
    assert first == for(pid <- subscribers, n <- 1..4, do: {pid, n})
    assert second == for(pid <- subscribers, n <- 5..6, do: {pid, n})
  end

  test "who has subscribed twice gets each message twice, in order", c do
    twice = witness(c, ["t", "t"])
    once = witness(c, ["t"])
    batch(c, for(n <- 1..3, do: data("t", n)))
    assert told(twice) == [1, 1, 2, 2, 3, 3]
    assert told(once) == [1, 2, 3]
  end

  test "very many subscribers get what few would, also by a custom dispatcher", c do
    subscribers = for _ <- 1..4_100, do: witness(c, ["t"])
    twice = witness(c, ["t", "t"])
    :erlang.trace(c.worker, true, [:procs])
    batch(c, for(n <- 1..10, do: data("t", n)) ++ [data("other", 0), data("t", 11)])
    for _ <- 1..4, do: send(c.worker, data("t", :custom, Custom))
    GenServer.call(c.worker, :waiting)
    :erlang.trace(c.worker, false, [:procs])

    custom = List.duplicate({:custom, :none, nil, :custom}, 4)
    for pid <- subscribers, do: assert(told(pid) == Enum.to_list(1..11) ++ custom)
    assert told(twice) == Enum.flat_map(Enum.to_list(1..11) ++ custom, &[&1, &1])

    # 41,000 sends, and five times 4,100. With one scheduler all is the worker's.
    parts = &(min(System.schedulers_online(), &1) - 1)
    spawned = Enum.count(received(), &match?({:trace, _, :spawn, _, _}, &1))
    assert spawned == parts.(8) + 5 * parts.(2)
  end

  test "a custom dispatcher is called for each message, with the metadata and no sender", c do
    :ok = PubSub.subscribe(c.pubsub, "t", metadata: :meta)
    batch(c, [data("t", 1), data("t", 2, Custom), data("t", 3, Custom), data("t", 4)])
    assert received() == [1, {:custom, :none, :meta, 2}, {:custom, :none, :meta, 3}, 4]
  end

  test "of Phoenix.PubSub only the name is needed", c do
    :ok = PubSub.subscribe(c.pubsub, "t")
    batch(c, [data("t", 1, Phoenix.PubSub), data("t", 2, Phoenix.PubSub)])
    send(c.worker, data("t", 3, Phoenix.PubSub))
    GenServer.call(c.worker, :waiting)
    assert received() == [1, 2, 3]
  end

  test "a dispatcher that is missing or raises costs its message alone", c do
    :ok = PubSub.subscribe(c.pubsub, "t")

    log =
      capture_log(fn ->
        batch(c, [
          data("t", 1),
          data("t", 2, NoSuch.Dispatcher),
          data("t", :raise, Custom),
          data("t", 4, Custom),
          data("t", 5)
        ])
      end)

    assert [1, {:custom, :none, nil, :raise}, {:custom, :none, nil, 4}, 5] = received()
    assert counters(c).dispatch_errors == 2
    assert log =~ "NoSuch.Dispatcher" and log =~ "told to"
    assert Process.alive?(c.worker)
  end

  test "what is no traffic is left out and counted, and the worker lives", c do
    :ok = PubSub.subscribe(c.pubsub, "t")
    batch(c, [data("t", 1), :nonsense, {}, {:"$outrigger"}, data("t", 2)])
    batch(c, [data("t", 3) | :improper])
    batch(c, :no_list)
    batch(c, [{:"$outrigger_begin", 1}, {:"$outrigger_end"}, data("t", 4)])
    batch(c, [])
    assert received() == [1, 2, 3, 4]
    assert %{malformed: 5, batches: 5} = counters(c)
    assert Process.whereis(Module.concat(c.pubsub, "Adapter")) == c.worker
  end

  test "markers within a batch: what follows waits, and comes in order", c do
    :ok = PubSub.subscribe(c.pubsub, "t")
    other = spawn_link(fn -> Process.sleep(:infinity) end)
    here = node()

    # The direct way is not at its end: of this publisher all is held from `begin` on, and nothing of others.
    batch(c, [
      data("t", 1),
      data("t", 2),
      {:"$outrigger_begin", 2, self(), [], [here]},
      data("t", 4, PubSub, self(), 2),
      data("t", :other_1, PubSub, other),
      data("t", 5, PubSub, self(), 2)
    ])

    assert received() == [1, 2, :other_1]
    assert GenServer.call(c.worker, :waiting) == [self()]

    batch(c, [
      data("t", 6, PubSub, self(), 2),
      data("t", 3),
      data("t", :other_2, PubSub, other),
      {:"$outrigger_end", 2, self(), :direct},
      data("t", 7, PubSub, self(), 2),
      data("t", 8, PubSub, self(), 2)
    ])

    assert received() == [3, :other_2, 4, 5, 6, 7, 8]
    assert GenServer.call(c.worker, :waiting) == []
  end

  test "the subscriber that a publisher spares is a matter of the publisher's node", c do
    :ok = PubSub.subscribe(c.pubsub, "t")

    # broadcast_from/4 of a process that is subscribed here and publishes elsewhere: it is not spared here.
    batch(c, [data("t", 1), data("t", 2)])
    assert received() == [1, 2]
    :ok = PubSub.local_broadcast_from(c.pubsub, self(), "t", 3)
    assert received() == []
  end

  describe "what waits in the mailbox" do
    # All of it waits when the worker looks.
    defp mailbox(c, messages) do
      :erlang.suspend_process(c.worker)
      for message <- messages, do: send(c.worker, message)
      :erlang.resume_process(c.worker)
      GenServer.call(c.worker, :waiting)
    end

    test "is dispatched together where it follows one another, and in its order", c do
      [first, second] = subscribers = for _ <- 1..2, do: witness(c, ["a", "b"])
      topics = for n <- 1..300, do: {if(n in 201..203, do: "b", else: "a"), n}
      :erlang.trace(c.worker, true, [:send])
      mailbox(c, for({topic, n} <- topics, do: data(topic, n)))
      :erlang.trace(c.worker, false, [:send])
      for pid <- subscribers, do: assert(told(pid) == Enum.to_list(1..300))

      sent_to = for {:trace, _, :send, _, to} <- received(), to in subscribers, do: to
      turns = for turn <- Enum.chunk_by(sent_to, & &1), do: {hd(turn), length(turn)}

      # 128 at most at a time, and of one topic.
      assert turns == for(n <- [128, 72, 3, 97], pid <- [first, second], do: {pid, n})
    end

    test "is not overtaken by markers, batches and calls among it", c do
      :ok = PubSub.subscribe(c.pubsub, "t")
      call = {:"$gen_call", {self(), [:alias | make_ref()]}, :waiting}

      mailbox(c, [
        data("t", 1),
        {:"$outrigger_begin", 2, self(), [], [node()]},
        data("t", 3, PubSub, self(), 2),
        data("t", 2),
        {:"$outrigger_end", 2, self(), :direct},
        data("t", 4, PubSub, self(), 2),
        {:"$outrigger_batch", [data("t", 5, PubSub, self(), 2)]},
        data("t", 6, PubSub, self(), 2),
        {:forward_to_local, "t", 7, PubSub},
        data("t", 8, PubSub, self(), 2),
        :nonsense,
        call,
        data("t", 9, PubSub, self(), 2)
      ])

      assert for(n <- received(), is_integer(n), do: n) == Enum.to_list(1..9)
    end

    test "does not keep calls and system messages from their turn", c do
      worker = c.worker
      # A stream that never ends, of which there is always something in the mailbox.
      feeder = spawn_link(fn -> feed(worker, data("t", 1)) end)
      :erlang.trace(worker, true, [:send])
      for _ <- 1..50, do: assert(GenServer.call(worker, :waiting) == [])
      for _ <- 1..50, do: assert(%{group: _} = :sys.get_state(worker))
      :erlang.trace(worker, false, [:send])
      Process.unlink(feeder)
      Process.exit(feeder, :kill)

      back = for {:trace, _, :send, message, ^worker} <- received(), do: elem(message, 0)
      # Each is put back once at most. What the worker hears from others meanwhile may be, too.
      assert Enum.count(back, &(&1 in [:"$gen_call", :system])) in 1..100
    end

    defp feed(worker, message) do
      {:message_queue_len, length} = Process.info(worker, :message_queue_len)
      if length < 1_000, do: for(_ <- 1..500, do: send(worker, message))
      feed(worker, message)
    end
  end
end
