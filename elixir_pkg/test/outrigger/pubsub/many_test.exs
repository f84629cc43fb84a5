defmodule Outrigger.PubSub.ManyTest do
  @moduledoc "Several broadcasts at once, on one node: what is sent is what the test, a worker on another node, would get."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.PubSub.Many

  defmodule Custom do
    @moduledoc false
    def dispatch(_entries, _from, :raise), do: raise("told to")

    def dispatch(entries, from, message),
      do: for({pid, metadata} <- entries, do: send(pid, {:custom, from, metadata, message}))
  end

  setup do
    pubsub = Module.concat(__MODULE__, "P#{System.unique_integer([:positive])}")
    start_supervised!({PubSub, name: pubsub})
    %{pubsub: pubsub, group: Module.concat(pubsub, "Adapter")}
  end

  # The path of this process leads to the test alone.
  defp path(c, relay, directs) do
    epoch = Outrigger.PubSub.Board.epoch(c.group)
    Process.put(c.group, {epoch, relay, directs, nil, [], []})
    epoch
  end

  defp received do
    receive(do: (message -> [message | received()]), after: (0 -> []))
  end

  defp numbered(numbers, topic \\ "t"), do: for(n <- numbers, do: {topic, n})

  test "they arrive in their order, across topics", c do
    for topic <- ["a", "b"], do: PubSub.subscribe(c.pubsub, topic)
    many = for n <- 1..500, do: {if(rem(div(n, 7), 2) == 0, do: "a", else: "b"), n}
    assert :ok = PubSub.broadcast_many(c.pubsub, many)
    assert received() == Enum.to_list(1..500)
    assert :ok = PubSub.broadcast_many(c.pubsub, [])
    assert :ok = PubSub.broadcast_many!(c.pubsub, [{"a", 1}, {"nobody", 2}])
    assert received() == [1]
  end

  test "from gets none of them", c do
    PubSub.subscribe(c.pubsub, "t")
    assert :ok = PubSub.broadcast_many_from(c.pubsub, self(), numbered(1..3))
    assert :ok = PubSub.broadcast_many_from!(c.pubsub, self(), numbered(1..1))
    other = spawn(fn -> Process.sleep(:infinity) end)
    assert :ok = PubSub.broadcast_many_from(c.pubsub, other, numbered(4..5))
    assert received() == [4, 5]
  end

  test "who has subscribed twice gets each twice, and from none", c do
    for _ <- 1..2, do: PubSub.subscribe(c.pubsub, "t")
    assert :ok = PubSub.broadcast_many(c.pubsub, numbered(1..2))
    assert :ok = PubSub.broadcast_many_from(c.pubsub, self(), numbered(3..4))
    assert received() == [1, 1, 2, 2]
  end

  test "a custom dispatcher is called for each, and what it raises is raised", c do
    PubSub.subscribe(c.pubsub, "t", metadata: :meta)
    assert :ok = PubSub.broadcast_many_from(c.pubsub, self(), numbered(1..2), Custom)
    assert received() == for(n <- 1..2, do: {:custom, self(), :meta, n})
    path(c, self(), [])
    many = numbered(1..200) |> List.replace_at(130, {"t", :raise})
    assert_raise RuntimeError, fn -> PubSub.broadcast_many(c.pubsub, many, Custom) end
    # What was sent before is dispatched here, and the chunk of it was on its way.
    assert [128, 72] = for({:"$outrigger_batch", sent} <- received(), do: length(sent))
  end

  test "up to 128 are one send, to the router and to each direct node", c do
    epoch = path(c, self(), [self()])
    assert :ok = PubSub.broadcast_many(c.pubsub, numbered(1..300), Custom)
    sent = received()

    expected = fn numbers ->
      data = for n <- numbers, do: {:"$outrigger", epoch, self(), "t", n, Custom}
      List.duplicate({:"$outrigger_batch", data}, 2)
    end

    assert sent == Enum.flat_map([1..128, 129..256, 257..300], expected)
    # One is as it ever was.
    assert :ok = PubSub.broadcast_many(c.pubsub, numbered(1..1))
    assert received() == List.duplicate({:"$outrigger", epoch, self(), "t", 1, PubSub}, 2)
  end

  test "a PG2 node gets them one by one", c do
    path(c, nil, [{:pg2, self()}, self()])
    assert :ok = PubSub.broadcast_many(c.pubsub, numbered(1..2))

    assert [
             {:forward_to_local, "t", 1, Phoenix.PubSub},
             {:forward_to_local, "t", 2, Phoenix.PubSub},
             {:"$outrigger_batch", [_, _]}
           ] = received()
  end

  test "chunks are bounded in bytes, a message in none" do
    large = {"t", :binary.copy(<<0>>, 400_000)}
    huge = {"t", :binary.copy(<<0>>, 3_000_000)}
    assert Enum.all?(Many.chunks(List.duplicate(large, 9)), &(length(&1) in 1..2))
    assert Many.chunks([huge, large]) == [[huge], [large]]
    all = Enum.map(1..1_000, &{"t", :binary.copy("x", rem(&1 * 7_919, 30_000))})
    chunks = Many.chunks(all)
    assert Enum.concat(chunks) == all
    assert Enum.all?(chunks, &(length(&1) in 1..128 and :erlang.external_size(&1) <= 1_048_576))
  end

  test "what is no message is refused before anything is sent", c do
    path(c, self(), [])
    PubSub.subscribe(c.pubsub, "t")

    for wrong <- [:no, {:topic, 1}, {"t"}, {"t", 1, 2}] do
      many = numbered(1..200) ++ [wrong]
      assert_raise ArgumentError, fn -> PubSub.broadcast_many(c.pubsub, many) end
    end

    assert received() == []
  end

  defmodule Fails do
    @moduledoc false
    def broadcast(test, topic, message, dispatcher) do
      send(test, {:sent, topic, message, dispatcher})
      if message == :fail, do: {:error, :told_to}, else: :ok
    end
  end

  # Also what an adapter that is not ours gets: one message at a time.
  test "an error says how many went out before it, and none follows", c do
    Registry.put_meta(c.pubsub, :pubsub, {Fails, self()})
    PubSub.subscribe(c.pubsub, "t")
    many = [{"t", 1}, {"t", 2}, {"t", :fail}, {"t", 4}]
    assert {:error, {:told_to, 2}} = PubSub.broadcast_many(c.pubsub, many, Custom)

    assert [{:sent, "t", 1, Custom}, {:custom, :none, nil, 1}, {:sent, "t", 2, Custom}, _, last] =
             received()

    assert last == {:sent, "t", :fail, Custom}

    error = assert_raise Outrigger.Error, fn -> PubSub.broadcast_many!(c.pubsub, many) end
    assert %{reason: :told_to, details: %{sent: 2}} = error
    assert_raise Outrigger.Error, fn -> PubSub.broadcast_many_from!(c.pubsub, self(), many) end
  end
end
