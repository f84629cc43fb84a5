defmodule Outrigger.Events.StreamTest do
  # On one node: what streams make of events, without a Rust node.
  use ExUnit.Case, async: true

  alias Outrigger.Events.{DeadLetter, JSON, Stream}
  alias Outrigger.{Error, PubSub}

  setup do
    unique = System.unique_integer([:positive])
    stream = Module.concat(__MODULE__, "Stream#{unique}")
    pubsub = Module.concat(__MODULE__, "PubSub#{unique}")
    start_supervised!({PubSub, name: pubsub})
    {:ok, stream: stream, pubsub: pubsub}
  end

  defp start(c, options) do
    start_supervised!({Stream, [name: c.stream, pubsub: c.pubsub] ++ options})
    :ok
  end

  defp event(state, customer \\ 7),
    do: JSON.encode!(%{state: state, customer: customer, sum: %{total: 12.5}, lines: [1, 2]})

  test "each view takes what it wants, to its topic", %{stream: stream, pubsub: pubsub} = c do
    start(c,
      views: [
        all: [topic: "all"],
        paid: [
          topic: ["paid:", {:path, "customer"}],
          where: [{"state", :==, "paid"}],
          fields: [total: "sum.total", second: "lines[1]", nothing: "a.b"]
        ]
      ]
    )

    for topic <- ["all", "paid:7", "paid:8"], do: PubSub.subscribe(pubsub, topic)
    assert Stream.publish(stream, [event("new"), event("paid"), event("paid", 9)]) == :ok

    for state <- ["new", "paid", "paid"],
        do: assert_receive({^stream, :all, %{"state" => ^state}})

    assert_receive {^stream, :paid, paid}
    assert paid == %{total: 12.5, second: 2, nothing: nil}
    refute_received {^stream, :paid, _}
  end

  test "messages come in the order of events, and of views",
       %{stream: stream, pubsub: pubsub} = c do
    start(c, views: [a: [topic: "one"], b: [topic: "one"]])
    PubSub.subscribe(pubsub, "one")
    events = for n <- 1..300, do: "#{n}"
    assert Stream.publish(stream, events) == :ok
    expected = for n <- 1..300, view <- [:a, :b], do: {stream, view, n}
    assert Enum.map(expected, fn _ -> assert_receive {^stream, _, _} end) == expected
  end

  test "what a topic needs and an event lacks is no message",
       %{stream: stream, pubsub: pubsub} = c do
    start(c, views: [by: [topic: ["of:", {:path, "id"}]], all: [topic: "all"]])
    PubSub.subscribe_prefix(pubsub, "of:")
    PubSub.subscribe(pubsub, "all")

    ids = [
      ~s("a"),
      "7",
      "true",
      "1.5",
      "null",
      "[1]",
      "{}",
      ~s("#{String.duplicate("x", 5_000)}")
    ]

    assert Stream.publish(stream, for(id <- ids, do: ~s({"id": #{id}}))) == :ok
    for _ <- ids, do: assert_receive({^stream, :all, _})
    for id <- ["a", 7, true], do: assert_receive({^stream, :by, %{"id" => ^id}})
    refute_received {^stream, :by, _}
  end

  test "a key that comes twice counts as it does elsewhere",
       %{stream: stream, pubsub: pubsub} = c do
    start(c, views: [all: [topic: "all"], one: [topic: "one", fields: [k: "k"]]])
    for topic <- ["all", "one"], do: PubSub.subscribe(pubsub, topic)
    many = Enum.map_join(1..40, ",", &~s("k#{&1}": #{&1}))

    for document <- [~s({"k": 1, "l": 3, "k": 2}), ~s({"k": 1, #{many}, "k": 2})] do
      assert Stream.publish(stream, document) == :ok
      assert_receive {^stream, :all, all}
      assert {:ok, ^all} = JSON.decode(document)
      assert_receive {^stream, :one, %{k: 2}}
    end
  end

  test "an event that is wrong is a dead letter, and the next one is taken",
       %{stream: stream, pubsub: pubsub} = c do
    start(c, views: [all: [topic: "all"]], dead_letter: "dead")
    for topic <- ["all", "dead"], do: PubSub.subscribe(pubsub, topic)
    assert Stream.publish(stream, ["1", ~s({"a": ), {"key", "x"}, nil, "2"]) == :ok
    assert_receive {^stream, :all, 1}
    assert_receive {^stream, :dead_letter, %DeadLetter{key: nil, value: ~s({"a": )} = letter}
    assert letter.reason == :malformed
    assert letter.message =~ "byte 6"
    assert_receive {^stream, :dead_letter, %DeadLetter{key: "key", value: "x"}}
    assert_receive {^stream, :dead_letter, %DeadLetter{key: nil, value: nil}}
    assert_receive {^stream, :all, 2}
  end

  test "Debezium's events are changes, and paths go into these",
       %{stream: stream, pubsub: pubsub} = c do
    start(c,
      format: :debezium,
      options: [columns: %{"orders.id" => :integer, "orders.sum" => :decimal}],
      views: [
        sums: [
          topic: ["table:", {:path, "table"}],
          where: [{"op", :in, ["create", "update"]}, {"after.id", :>, 1}],
          fields: [id: "after.id", sum: "after.sum", op: "op", at: "ts"]
        ]
      ]
    )

    PubSub.subscribe(pubsub, "table:orders")

    change = fn id, op ->
      ~s({"after": {"id": #{id}, "sum": "1.50"}, "source": {"table": "orders"}, "op": "#{op}", "ts_ms": 1700000000000})
    end

    events = [change.(1, "c"), change.(2, "c"), change.(3, "d"), change.(4, "u")]
    assert Stream.publish(stream, events) == :ok
    sum = %{__struct__: Decimal, coef: 150, exp: -2, sign: 1}
    at = ~U[2023-11-14 22:13:20.000Z]
    assert_receive {^stream, :sums, first}
    assert first == %{id: 2, sum: sum, op: :create, at: at}
    assert_receive {^stream, :sums, %{id: 4, op: :update}}
    refute_received {^stream, :sums, _}
  end

  describe "subscribe/2" do
    test "has a view of its own while somebody wants it", %{stream: stream} = c do
      start(c, [])
      options = [where: [{"state", :==, "failed"}], fields: [c: "customer"], as: :failed]
      assert Stream.subscribe(stream, options) == :ok
      {:ok, %{views: 1}} = Stream.Views.fetch(stream)

      other =
        Task.async(fn ->
          :ok = Stream.subscribe(stream, options)
          assert_receive {^stream, :failed, %{c: 7}}
        end)

      assert Stream.publish(stream, for(_ <- 1..1000, do: event("new"))) == :ok

      Outrigger.Test.Cluster.eventually(fn ->
        Stream.publish(stream, event("failed"))
        not Process.alive?(other.pid)
      end)

      Task.await(other)
      assert_receive {^stream, :failed, %{c: 7}}
      refute_received {^stream, :event, _}

      # The other one's end leaves ours.
      assert Stream.unsubscribe(stream, options) == :ok
      assert {:ok, %{text: text}} = Stream.Views.fetch(stream)
      refute text =~ "failed"
    end

    test "says what is wrong, and leaves nothing behind", %{stream: stream, pubsub: pubsub} = c do
      start(c, [])

      assert {:error, %Error{reason: :bad_plan}} =
               Stream.subscribe(stream, where: [{"a..b", :==, 1}])

      assert {:error, %Error{reason: :bad_plan}} =
               Stream.subscribe(stream, where: [{"a", :<, "x"}])

      assert {:error, %Error{reason: :bad_plan}} =
               Stream.subscribe(stream, where: [{"a", :like, "x"}])

      assert {:error, %Error{reason: :bad_option}} = Stream.subscribe(stream, field: [a: "a"])
      assert Registry.keys(pubsub, self()) == []
      assert Stream.subscribe(stream, where: [{"a", :<, 2}]) == :ok
      assert {:ok, %{views: 1}} = Stream.Views.fetch(stream)
    end

    test "a view too many is refused, and the others stay", %{stream: stream} = c do
      start(c, [])
      for n <- 1..64, do: assert(Stream.subscribe(stream, where: [{"n", :==, n}]) == :ok)

      assert {:error, %Error{reason: :bad_plan, message: message}} =
               Stream.subscribe(stream, where: [{"n", :==, 65}])

      assert message =~ "64 views at most"
      Stream.publish(stream, [~s({"n": 65}), ~s({"n": 64})])
      assert_receive {^stream, :event, %{"n" => 64}}
      refute_received {^stream, :event, %{"n" => 65}}
    end
  end

  test "who follows a stream is told its texts, and waited for by who subscribes",
       %{stream: stream} = c do
    start(c, [])
    {version, text} = GenServer.call(stream, {:follow, self()})
    assert {:ok, %{text: ^text}} = Stream.Views.fetch(stream)
    task = Task.async(fn -> Stream.subscribe(stream, as: :followed) end)
    assert_receive {:"$outrigger_stream", ^stream, newer, text} when newer > version
    assert text =~ "followed"
    assert_receive {:"$gen_call", from, {:told, ^newer}}
    # It is in the table long ago, and yet nobody has been told that it is in force.
    assert {:ok, %{text: ^text}} = Stream.Views.fetch(stream)
    assert Task.yield(task, 0) == nil
    GenServer.reply(from, :ok)
    assert Task.await(task) == :ok
  end

  test "options that are none are refused where the stream starts", c do
    for {options, reason} <- [
          {[views: [a: [topic: "t", where: [{"a..b", :==, 1}]]]], :bad_plan},
          {[views: [a: [topic: "t", fields: [x: "a", x: "b"]]]], :bad_plan},
          {[views: [a: [topic: 7]]], :bad_option},
          {[views: [a: [where: []]]], :bad_option},
          {[format: :xml], :bad_option}
        ] do
      options = [name: c.stream, pubsub: c.pubsub] ++ options

      assert {:error, {{%Error{reason: ^reason}, _} = error, _}} =
               start_supervised({Stream, options}) |> wrapped(),
             inspect(options)

      assert error
    end
  end

  # As `start_supervised/1` has it: an error of `start_link/1`, or of `init/1`.
  defp wrapped({:error, {%Error{} = error, child}}), do: {:error, {{error, nil}, child}}
  defp wrapped(other), do: other

  test "a stream that does not run, and what is no event", c do
    assert {:error, %Error{reason: :not_running}} = Stream.publish(c.stream, "1")
    assert {:error, %Error{reason: :not_running}} = Stream.subscribe(c.stream)
    start(c, [])

    for wrong <- [1, [:a], {"k", "v", "w"}, [["1"]], {{"a", "b"}, "c"}],
        do: assert_raise(ArgumentError, fn -> Stream.publish(c.stream, wrong) end)

    assert Stream.publish(c.stream, []) == :ok
  end
end
