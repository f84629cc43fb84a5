defmodule Outrigger.PubSub.PrefixesTest do
  @moduledoc "Subscriptions to topics that begin alike, on one node: what other nodes publish comes from the test, to the worker."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.PubSub.{Adapter, Board, Prefixes.Lengths}

  defmodule Custom do
    @moduledoc false
    def dispatch(entries, from, message) do
      {[test | _], metadata} = Enum.unzip(entries)
      send(test, {:called, Enum.sort(metadata), from, message})
    end
  end

  setup do
    pubsub = Module.concat(__MODULE__, "P#{System.unique_integer([:positive])}")
    start_supervised!({PubSub, name: pubsub})
    %{pubsub: pubsub, group: Module.concat(pubsub, "Adapter")}
  end

  defp received do
    receive(do: (message -> [message | received()]), after: (0 -> []))
  end

  defp published(c, topic) do
    :ok = PubSub.broadcast(c.pubsub, topic, topic)
    received()
  end

  # From another node, and dispatched when this has returned.
  defp from_elsewhere(c, message) do
    send(c.group, message)
    GenServer.call(c.group, :waiting)
  end

  defp data(topic, message, dispatcher \\ PubSub),
    do: {:"$outrigger", 1, self(), topic, message, dispatcher}

  test "all topics that begin so, itself included, and no others", c do
    assert :ok = PubSub.subscribe_prefix(c.pubsub, "orders:")
    for topic <- ["orders:", "orders:1", "orders:*"], do: assert(published(c, topic) == [topic])
    for topic <- ["orders", "order:1", "Orders:1", "", "*"], do: assert(published(c, topic) == [])
    assert :ok = PubSub.unsubscribe_prefix(c.pubsub, "orders:")
    assert published(c, "orders:1") == []
  end

  test "no character is special, and the empty prefix begins every topic", c do
    :ok = PubSub.subscribe_prefix(c.pubsub, "orders:*")
    assert published(c, "orders:1") == []
    assert published(c, "orders:*:1") == ["orders:*:1"]
    :ok = PubSub.subscribe_prefix(c.pubsub, "")
    for topic <- ["", "x", <<0, 255>>], do: assert(published(c, topic) == [topic])
  end

  test "once for each subscription: to the topic, to a prefix, to a shorter one, twice to one",
       c do
    :ok = PubSub.subscribe(c.pubsub, "a:b:c")
    for prefix <- ["a:b", "a", "a", "b"], do: :ok = PubSub.subscribe_prefix(c.pubsub, prefix)
    assert published(c, "a:b:c") == List.duplicate("a:b:c", 4)
    :ok = PubSub.unsubscribe_prefix(c.pubsub, "a")
    assert published(c, "a:b:c") == List.duplicate("a:b:c", 2)
  end

  test "several messages at once keep each subscriber's order, with a topic and its prefix", c do
    :ok = PubSub.subscribe(c.pubsub, "a:1")
    :ok = PubSub.subscribe_prefix(c.pubsub, "a:")
    many = [{"a:1", 1}, {"a:1", 2}, {"a:2", 3}, {"a:1", 4}]
    expected = [1, 1, 2, 2, 3, 4, 4]
    :ok = PubSub.broadcast_many(c.pubsub, many)
    assert received() == expected
    from_elsewhere(c, {:"$outrigger_batch", for({topic, n} <- many, do: data(topic, n))})
    assert received() == expected
  end

  test "from gets none by a prefix either", c do
    :ok = PubSub.subscribe_prefix(c.pubsub, "a")
    :ok = PubSub.broadcast_from(c.pubsub, self(), "ab", 1)
    :ok = PubSub.local_broadcast_from(c.pubsub, self(), "ab", 2)
    :ok = PubSub.broadcast_many_from(c.pubsub, self(), [{"ab", 3}, {"ab", 4}])
    :ok = PubSub.local_broadcast(c.pubsub, "ab", 5)
    assert received() == [5]
  end

  test "what other nodes publish, in every way that it comes", c do
    :ok = PubSub.subscribe_prefix(c.pubsub, "a")
    from_elsewhere(c, data("ab", 1))
    from_elsewhere(c, {:"$outrigger_batch", [data("ab", 2), data("b", 0), data("ac", 3)]})
    from_elsewhere(c, {:forward_to_local, "ab", 4, Phoenix.PubSub})
    :ok = PubSub.direct_broadcast(node(), c.pubsub, "ab", 5)
    from_elsewhere(c, data("ab", 6, Phoenix.PubSub))
    assert received() == [1, 2, 3, 4, 5, 6]
  end

  test "a custom dispatcher is called for each prefix by itself, with the metadata", c do
    for {prefix, metadata} <- [{"a", 1}, {"a", 2}, {"ab", 3}],
        do: :ok = PubSub.subscribe_prefix(c.pubsub, prefix, metadata: metadata)

    :ok = PubSub.subscribe(c.pubsub, "abc", metadata: 4)
    called = &for metadata <- [[4], [1, 2], [3]], do: {:called, metadata, &1, :m}
    :ok = PubSub.broadcast_from(c.pubsub, self(), "abc", :m, Custom)
    assert received() == called.(self())
    from_elsewhere(c, data("abc", :m, Custom))
    assert received() == called.(:none)
  end

  # As Phoenix.PubSub does it: the adapter for others, and by itself for those of the topic.
  test "the functions of Phoenix.PubSub reach them through the adapter", c do
    :ok = PubSub.subscribe(c.pubsub, "ab")
    :ok = PubSub.subscribe_prefix(c.pubsub, "a", metadata: :meta)
    {:ok, {Adapter, group}} = Registry.meta(c.pubsub, :pubsub)
    :ok = Adapter.broadcast(group, "ab", :m, Phoenix.PubSub)
    assert received() == [:m]
    :ok = Adapter.broadcast(group, "ab", :m, Custom)
    assert received() == [{:called, [:meta], :none, :m}]
  end

  # Where the real one is in the code path. What it does by itself knows of no prefixes: that is how it is documented.
  if Code.ensure_loaded?(Phoenix.PubSub) do
    test "under Phoenix.PubSub: once each, but from is not spared and local_broadcast is not heard" do
      {:ok, _} = Application.ensure_all_started(:phoenix_pubsub)
      pubsub = __MODULE__.UnderPhoenix
      start_supervised!({Phoenix.PubSub, name: pubsub, adapter: Adapter})
      :ok = PubSub.subscribe_prefix(pubsub, "a")
      :ok = Phoenix.PubSub.subscribe(pubsub, "b")
      :ok = Phoenix.PubSub.broadcast(pubsub, "ab", 1)
      :ok = Phoenix.PubSub.broadcast(pubsub, "b", 2)
      :ok = Phoenix.PubSub.broadcast_from(pubsub, self(), "ab", 3)
      :ok = Phoenix.PubSub.local_broadcast(pubsub, "ab", 4)
      :ok = PubSub.broadcast_from(pubsub, self(), "ab", 5)
      :ok = PubSub.local_broadcast(pubsub, "ab", 6)
      :ok = PubSub.broadcast_many(pubsub, [{"ab", 7}, {"b", 8}])
      assert received() == [1, 2, 3, 6, 7, 8]
    end
  end

  test "beside another adapter it says that it needs ours", c do
    Registry.put_meta(c.pubsub, :pubsub, {Phoenix.PubSub.PG2, c.group})
    assert_raise ArgumentError, ~r/PG2/, fn -> PubSub.subscribe_prefix(c.pubsub, "a") end
    assert :ok = PubSub.local_broadcast(c.pubsub, "a", 1)
  end

  defp lengths(c) do
    {registry, lengths} = Board.prefixes(c.group)
    # The cell says the same.
    assert Board.beside?(c.group) == (lengths != [])
    if lengths != [], do: {registry, lengths}
  end

  defp check(c) do
    send(Lengths.name(c.group), :check)
    :sys.get_state(Lengths.name(c.group))
  end

  test "lengths that nobody uses any more are forgotten, those in use are not", c do
    assert lengths(c) == nil
    :ok = PubSub.subscribe_prefix(c.pubsub, "abc")

    other =
      spawn_link(fn -> PubSub.subscribe_prefix(c.pubsub, "a") && Process.sleep(:infinity) end)

    Outrigger.Test.Cluster.eventually(fn -> match?({_, [1, 3]}, lengths(c)) end)
    check(c)
    assert {_, [1, 3]} = lengths(c)
    Process.unlink(other)
    Process.exit(other, :kill)
    Outrigger.Test.Cluster.eventually(fn -> check(c) && match?({_, [3]}, lengths(c)) end)
    PubSub.unsubscribe_prefix(c.pubsub, "abc")
    check(c)
    assert lengths(c) == nil
    :ok = PubSub.subscribe_prefix(c.pubsub, "abcd")
    assert published(c, "abcde") == ["abcde"]
  end

  test "who keeps the lengths is killed: the successor knows them", c do
    :ok = PubSub.subscribe_prefix(c.pubsub, "abc")
    old = Process.whereis(Lengths.name(c.group))
    Process.exit(old, :kill)

    Outrigger.Test.Cluster.eventually(fn ->
      Process.whereis(Lengths.name(c.group)) not in [nil, old]
    end)

    check(c)
    assert {_, [3]} = lengths(c)
    assert published(c, "abcd") == ["abcd"]
  end

  # The check may have looked past where the subscription is now.
  test "who subscribes to a length that is being checked asks, and is answered behind the check",
       c do
    lengths = Lengths.name(c.group)
    :sys.suspend(lengths)
    :ok = Board.lengths(c.group, PubSub.Prefixes.registry(c.group), [1], true)
    test = self()

    spawn_link(fn ->
      send(test, PubSub.subscribe_prefix(c.pubsub, "a"))
      Process.sleep(:infinity)
    end)

    refute_receive :ok, 50
    :ok = Board.lengths(c.group, PubSub.Prefixes.registry(c.group), [], false)
    :sys.resume(lengths)
    assert_receive :ok
    assert {_, [1]} = lengths(c)
  end

  # Subscribers of lengths that come and go, while it is checked again and again who uses them.
  test "who has subscribed is reached, whatever is being forgotten just then", c do
    checker = spawn_link(fn -> again(Process.whereis(Lengths.name(c.group))) end)

    1..4
    |> Enum.map(fn worker ->
      Task.async(fn ->
        for n <- 1..500 do
          prefix = String.duplicate("x", rem(n * worker, 7)) <> "#{worker}:"
          :ok = PubSub.subscribe_prefix(c.pubsub, prefix)
          :ok = PubSub.local_broadcast(c.pubsub, prefix <> "t", n)
          assert received() == [n]
          :ok = PubSub.unsubscribe_prefix(c.pubsub, prefix)
        end
      end)
    end)
    |> Task.await_many(60_000)

    Process.unlink(checker)
    Process.exit(checker, :kill)
  end

  defp again(lengths) do
    send(lengths, :check)
    :sys.get_state(lengths)
    again(lengths)
  end
end
