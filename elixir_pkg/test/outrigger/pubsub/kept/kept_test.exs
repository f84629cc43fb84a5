defmodule Outrigger.PubSub.KeptTest do
  @moduledoc "Subscriptions that begin with what is kept, on one node. The test is the router that puts messages in order."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.PubSub.{Cursor, Gap, Message}

  @prefix "room:"

  defmodule Custom do
    @moduledoc false
    def dispatch(entries, from, message),
      do: for({pid, metadata} <- entries, do: send(pid, {:custom, from, metadata, message}))
  end

  setup context do
    pubsub = Module.concat(__MODULE__, "P#{System.unique_integer([:positive])}")
    kept = Map.get(context, :kept, history: 50, latest: 10)
    start_supervised!({PubSub, name: pubsub, ordered: [{@prefix, kept}, "plain:"]})
    %{pubsub: pubsub, group: Module.concat(pubsub, "Adapter")}
  end

  # Handed out under `term` with the numbers from `first` on; dispatched when this has returned.
  defp total(c, term, first, payloads) do
    payloads = for {topic, message} <- payloads, do: {:none, topic, message, PubSub}
    send(c.group, {:"$outrigger_total", self(), @prefix, term, first, payloads})
    GenServer.call(c.group, :waiting)
  end

  defp numbered(numbers, topic \\ "room:1"), do: for(n <- numbers, do: {topic, n})

  defp received do
    receive(do: (message -> [message | received()]), after: (0 -> []))
  end

  defp messages(received), do: Enum.map(received, & &1.message)

  test "from now on, and behind a cursor again", c do
    total(c, 1, 0, numbered(0..4))
    assert {:ok, now} = PubSub.subscribe(c.pubsub, "room:1", since: :now)
    total(c, 1, 5, numbered(5..6) ++ numbered(7..7, "room:2"))

    assert [%Message{topic: "room:1", message: 5, cursor: five}, %Message{message: 6}] =
             received()

    assert Cursor.compare(now, five) == :lt

    :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    total(c, 1, 8, numbered(8..9))
    assert received() == []
    assert {:ok, ^five} = PubSub.subscribe(c.pubsub, "room:1", since: five)
    assert messages(received()) == [6, 8, 9]
    total(c, 1, 10, numbered(10..10))
    assert messages(received()) == [10]

    # By way of a client.
    :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    {:ok, again} = now |> Cursor.encode() |> Cursor.decode()
    assert {:ok, ^now} = PubSub.subscribe(c.pubsub, "room:1", since: again)
    assert messages(received()) == [5, 6, 8, 9, 10]
  end

  test "who was there before anything came misses nothing", c do
    assert {:ok, start} = PubSub.subscribe(c.pubsub, "room:1", since: :now)
    assert start == Cursor.beginning()
    assert :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    assert {:ok, ^start} = PubSub.subscribe(c.pubsub, "room:1", since: start)
    total(c, 1, 0, numbered(0..2))
    assert messages(received()) == [0, 1, 2]
  end

  test "a gap is said, with what there is for the asking", c do
    total(c, 1, 0, numbered(0..9))
    assert {:ok, start} = PubSub.subscribe(c.pubsub, "room:1", since: :now)

    other =
      spawn_link(fn ->
        PubSub.subscribe(c.pubsub, "room:2", since: :now) && Process.sleep(:infinity)
      end)

    :erlang.trace(other, true, [:receive])
    total(c, 1, 10, numbered(10..10))
    # 11 to 19 went elsewhere.
    total(c, 1, 20, numbered(20..21))

    assert [
             %Message{message: 10},
             %Gap{topic: "room:1"},
             %Message{message: 20, cursor: cursor},
             %Message{message: 21}
           ] = Enum.reject(received(), &match?({:trace, _, _, _}, &1))

    :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    assert {:error, :gap} = PubSub.subscribe(c.pubsub, "room:1", since: start)
    assert received() == []
    assert {:ok, ^cursor} = PubSub.subscribe(c.pubsub, "room:1", since: cursor)
    assert messages(received()) == [21]
    :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    assert {:ok, first} = PubSub.subscribe(c.pubsub, "room:1", since: :kept)
    kept = received()
    assert messages(kept) == Enum.to_list(0..10) ++ [20, 21]
    assert Cursor.compare(first, hd(kept).cursor) == :lt
  end

  test "beyond the bound it is a gap", c do
    assert {:ok, start} = PubSub.subscribe(c.pubsub, "room:1", since: :now)
    :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    total(c, 1, 0, numbered(0..59))
    assert {:error, :gap} = PubSub.subscribe(c.pubsub, "room:1", since: start)
    assert {:ok, _} = PubSub.subscribe(c.pubsub, "room:1", since: :kept)
    assert messages(received()) == Enum.to_list(10..59)
  end

  test "who has been further on another node gets nothing again", c do
    total(c, 1, 0, numbered(0..5))
    ahead = Cursor.new({1, node()}, 8)
    assert {:ok, ^ahead} = PubSub.subscribe(c.pubsub, "room:1", since: ahead)
    total(c, 1, 6, numbered(6..10))
    assert messages(received()) == [9, 10]
    # Of a term that this node has not heard of: who knows.
    later = Cursor.new({2, node()}, 0)
    :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    assert {:error, :gap} = PubSub.subscribe(c.pubsub, "room:1", since: later)
  end

  # What it has comes here a moment later as well.
  test "another node is ahead of this one", c do
    at = &Cursor.new({1, node()}, &1)
    packed = &:erlang.term_to_binary/1
    newest = {:newest, @prefix, [{"room:1", at.(7), PubSub, packed.(7)}]}
    assert GenServer.call(c.group, {:kept, newest}) == :ok
    rows = for n <- 7..4//-1, do: {at.(n), "room:1", packed.(n), 0}
    assert {:wanted, _} = GenServer.call(c.group, {:kept, {:prepend, @prefix, rows}})

    assert :ok = PubSub.subscribe(c.pubsub, "room:1", latest: true)
    assert received() == [7]
    seven = at.(7)
    assert {:ok, ^seven} = PubSub.subscribe(c.pubsub, "room:1", since: :now)
    total(c, 1, 6, numbered(6..7))
    assert received() == []
    total(c, 1, 8, numbered(8..8))
    assert [8, %Message{message: 8}] = Enum.sort(received())
    :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    assert {:ok, _} = PubSub.subscribe(c.pubsub, "room:1", since: at.(4))
    assert messages(received()) == [5, 6, 7, 8]
  end

  test "another term is a gap", c do
    total(c, 1, 0, numbered(0..1))
    assert {:ok, start} = PubSub.subscribe(c.pubsub, "room:1", since: :now)
    total(c, 2, 0, numbered(2..3))
    assert [%Gap{}, %Message{message: 2}, %Message{message: 3}] = received()
    :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    assert {:error, :gap} = PubSub.subscribe(c.pubsub, "room:1", since: start)
  end

  test "the latest one first, then what comes, as what it is", c do
    total(c, 1, 0, numbered(0..2) ++ numbered(3..3, "room:2"))
    assert :ok = PubSub.subscribe(c.pubsub, "room:1", latest: true)
    assert received() == [2]
    total(c, 1, 4, numbered(4..5))
    assert received() == [4, 5]
    # Twice subscribed is twice delivered.
    assert :ok = PubSub.subscribe(c.pubsub, "room:1", latest: true)
    assert received() == [5]
    total(c, 1, 6, numbered(6..6))
    assert received() == [6, 6]
    assert :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    assert :ok = PubSub.subscribe(c.pubsub, "room:3", latest: true)
    total(c, 1, 7, numbered(7..7))
    assert received() == []
  end

  test "a dispatcher of one's own gets the latest, too", c do
    payload = {:none, "room:1", :m, Custom}
    send(c.group, {:"$outrigger_total", self(), @prefix, 1, 0, [payload]})
    assert :ok = PubSub.subscribe(c.pubsub, "room:1", latest: true, metadata: :meta)
    assert received() == [{:custom, :none, :meta, :m}]
    send(c.group, {:"$outrigger_total", self(), @prefix, 1, 1, [payload]})
    GenServer.call(c.group, :waiting)
    assert received() == [{:custom, :none, :meta, :m}]
  end

  test "what is outside of the order has no cursor", c do
    assert {:ok, _} = PubSub.subscribe(c.pubsub, "room:1", since: :now)
    assert :ok = PubSub.subscribe(c.pubsub, "room:1", latest: true)
    :ok = PubSub.local_broadcast(c.pubsub, "room:1", :local)
    assert received() == [:local]
  end

  test "from is spared on its node", c do
    assert {:ok, _} = PubSub.subscribe(c.pubsub, "room:1", since: :now)
    assert :ok = PubSub.subscribe(c.pubsub, "room:1", latest: true)
    payloads = [{self(), "room:1", 1, PubSub}, {:none, "room:1", 2, PubSub}]
    send(c.group, {:"$outrigger_total", self(), @prefix, 1, 0, payloads})
    GenServer.call(c.group, :waiting)
    assert [2, %Message{message: 2}] = Enum.sort(received())
  end

  test "what cannot be had is said", c do
    for topic <- ["plain:1", "other", "room"],
        option <- [[latest: true], [since: :now]],
        do: assert({:error, :not_kept} = PubSub.subscribe(c.pubsub, topic, option))

    assert {:ok, cursor} = PubSub.subscribe(c.pubsub, "room:1", since: :now)
    assert {:error, :already_subscribed} = PubSub.subscribe(c.pubsub, "room:1", since: cursor)
    both = [since: :now, latest: true]
    assert_raise ArgumentError, fn -> PubSub.subscribe(c.pubsub, "room:2", both) end
    assert_raise ArgumentError, fn -> PubSub.subscribe(c.pubsub, "room:2", since: "text") end

    for wrong <- [[history: 0], [history: :many], [histori: 1], [latest: -1]] do
      options = [name: NotStarted, ordered: [{"a", wrong}]]

      assert {:error, %{reason: :bad_option, message: message}} =
               PubSub.Supervisor.start_link(options)

      assert message =~ "history"
    end
  end

  @tag kept: [latest: 10]
  test "the one without the other", c do
    total(c, 1, 0, numbered(0..2))
    assert {:error, :not_kept} = PubSub.subscribe(c.pubsub, "room:1", since: :now)
    assert :ok = PubSub.subscribe(c.pubsub, "room:1", latest: true)
    assert received() == [2]
  end

  test "the worker is killed: what was kept is there, and subscriptions live on", c do
    total(c, 1, 0, numbered(0..2))
    assert {:ok, start} = PubSub.subscribe(c.pubsub, "room:1", since: :kept)
    assert messages(received()) == [0, 1, 2]
    old = Process.whereis(c.group)
    Process.exit(old, :kill)
    Outrigger.Test.Cluster.eventually(fn -> Process.whereis(c.group) not in [nil, old] end)
    total(c, 1, 3, numbered(3..4))
    # It may have written down what it had not handed out.
    assert [%Gap{topic: "room:1"}, %Message{message: 3}, %Message{message: 4}] = received()
    :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    assert {:ok, ^start} = PubSub.subscribe(c.pubsub, "room:1", since: start)
    assert messages(received()) == [0, 1, 2, 3, 4]
  end

  # Less often than a supervisor puts up with.
  @tag kept: [history: 1_000_000, bytes: 1_000_000_000]
  test "the worker is killed in the middle of a flood: what is missing is said to be", c do
    subscribers =
      for _ <- 1..4 do
        Task.async(fn ->
          {:ok, _} = PubSub.subscribe(c.pubsub, "room:1", since: :now)
          told([])
        end)
      end

    for _ <- 1..4, do: assert_receive(:subscribed)

    for first <- 0..2_000//4 do
      payloads = for n <- first..(first + 3), do: {:none, "room:1", n, PubSub}
      message = {:"$outrigger_total", self(), @prefix, 1, first, payloads}
      if worker = Process.whereis(c.group), do: send(worker, message)
      if first in [500, 1_000, 1_500], do: Process.exit(Process.whereis(c.group), :kill)
      if rem(first, 16) == 0, do: Process.sleep(1)
    end

    Outrigger.Test.Cluster.eventually(fn -> Process.whereis(c.group) end)
    total(c, 1, 3_000, [{"room:1", :last}])

    for all <- Task.await_many(subscribers, 20_000) do
      assert :gap in all
      numbers = Enum.reject(all, &(&1 == :gap))
      assert numbers == Enum.sort(Enum.uniq(numbers)), "twice, or out of order"

      # Wherever one is missing there is a gap.
      Enum.zip(all, tl(all))
      |> Enum.each(fn
        {:gap, _} -> :ok
        {_, :gap} -> :ok
        {n, next} -> assert next in [n + 1, :last]
      end)
    end
  end

  defp told(all) do
    if all == [], do: send(hd(Process.get(:"$callers")), :subscribed)

    receive do
      %Message{message: :last} -> Enum.reverse([:last | all])
      %Message{message: n} -> told([n | all])
      %Gap{} -> told([:gap | all])
    after
      30_000 -> Enum.reverse(all)
    end
  end

  # One that hands out without a pause, and many that come at any time: from where they have been, or with the latest.
  @tag kept: [history: 1_000_000, latest: 10, bytes: 1_000_000_000]
  test "none twice and none missed, whenever one comes", c do
    total(c, 1, 0, numbered(0..0))
    {:ok, start} = PubSub.subscribe(c.pubsub, "room:1", since: :now)
    :ok = PubSub.unsubscribe(c.pubsub, "room:1")
    last = 12_000
    worker = Process.whereis(c.group)

    router =
      spawn_link(fn ->
        for first <- 1..last//4 do
          payloads = for n <- first..(first + 3), do: {:none, "room:1", n, PubSub}
          send(worker, {:"$outrigger_total", self(), @prefix, 1, first, payloads})
          if rem(first, 64) == 1, do: GenServer.call(worker, :waiting, 60_000)
        end

        Process.sleep(:infinity)
      end)

    comers =
      for n <- 1..60 do
        Task.async(fn ->
          come(c, Cursor.new({1, node()}, div(n * last, 60) - 100))

          if rem(n, 2) == 0 do
            :ok = PubSub.subscribe(c.pubsub, "room:1", latest: true)
            got = until(last, & &1)
            assert got == Enum.to_list(hd(got)..last)
            length(got)
          else
            {:ok, ^start} = PubSub.subscribe(c.pubsub, "room:1", since: start)
            got = until(last, & &1.message)
            assert got == Enum.to_list(1..last)
            last
          end
        end)
      end

    lengths = Task.await_many(comers, 60_000)
    Process.unlink(router)
    Process.exit(router, :kill)
    assert Enum.count(Enum.uniq(lengths)) > 10, "they came at the same moment: this shows nothing"
  end

  # When the worker has got so far.
  defp come(c, cursor) do
    {_floor, last} = PubSub.Kept.History.places(PubSub.Kept.kept(c.group).table, @prefix)
    if Cursor.compare(last, cursor) == :lt, do: :erlang.yield() && come(c, cursor)
  end

  defp until(last, number) do
    receive do
      message ->
        if number.(message) == last, do: [last], else: [number.(message) | until(last, number)]
    after
      20_000 -> [:nothing_more]
    end
  end
end
