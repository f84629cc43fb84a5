defmodule Outrigger.PubSub.OrderedTest do
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.PubSub.Ordered
  alias Outrigger.PubSub.Ordered.Receiver
  alias Outrigger.Test.Orders

  test "prefixes that could not be kept are refused, and the remedy is named" do
    assert Ordered.validate(["a:", {"b:", history: 3}]) ==
             {:ok, [{"a:", []}, {"b:", [history: 3]}]}

    assert {:ok, []} = Ordered.validate([])

    for {ordered, text} <- [
          {["room:", "room:1"], "beginning of another one"},
          {["room:", "room:"], "beginning of another one"},
          {["", "room:"], "beginning of another one"},
          {[String.duplicate("x", 256)], "255 bytes"},
          {for(n <- 100..164, do: "#{n}"), "64 prefixes"}
        ] do
      assert {:error, %{reason: :bad_option, message: message}} =
               PubSub.Supervisor.start_link(name: __MODULE__.Refused, ordered: ordered)

      assert message =~ text
    end

    assert {:error, %{message: message}} =
             PubSub.Supervisor.start_link(name: __MODULE__.Refused, ordered: [{"a", 1}])

    assert message =~ "a tuple {string, keyword list}"
  end

  test "without a router nothing is sent, and nothing is dispatched" do
    start_supervised!({PubSub, name: __MODULE__.Alone, ordered: ["room:"]})
    PubSub.subscribe(__MODULE__.Alone, "room:1")
    PubSub.subscribe(__MODULE__.Alone, "else")
    assert PubSub.broadcast(__MODULE__.Alone, "room:1", :m) == {:error, :unordered}
    messages = [{"else", 1}, {"else", 2}, {"room:1", 3}, {"else", 4}]
    assert PubSub.broadcast_many(__MODULE__.Alone, messages) == {:error, {:unordered, 2}}
    assert_raise Outrigger.Error, fn -> PubSub.broadcast!(__MODULE__.Alone, "room:1", :m) end
    assert PubSub.local_broadcast(__MODULE__.Alone, "room:1", :here) == :ok
    assert for(_ <- 1..3, do: receive(do: (m -> m))) == [1, 2, :here]
    refute_received _
    assert PubSub.info(__MODULE__.Alone).ordered == %{"room:" => nil}
  end

  test "a PubSub without prefixes has the adapter that it always had" do
    start_supervised!({PubSub, name: __MODULE__.Plain})
    assert {:ok, {PubSub.Adapter, _}} = Registry.meta(__MODULE__.Plain, :pubsub)
    assert PubSub.info(__MODULE__.Plain).ordered == %{}
  end

  describe "a receiver" do
    @low {5, :a@r}
    @high {5, :b@r}

    defp total(receiver, term, first, payloads),
      do: Receiver.total(receiver, "p", term, first, payloads, 0)

    test "takes what comes, and begins anywhere" do
      {receiver, actions} = total(Receiver.new(), @low, 7, [:a, :b])
      assert actions == [{:term, "p", @low}, {:deliver, "p", @low, 7, [:a, :b]}]
      assert {_, [{:deliver, "p", @low, 9, [:c]}]} = total(receiver, @low, 9, [:c])
    end

    test "counts what is missing, under a term and at the beginning of the next one" do
      {receiver, _} = total(Receiver.new(), @low, 0, [:a])

      assert {receiver, [{:missed, "p", :a@r, 3}, {:deliver, "p", @low, 4, [:b]}]} =
               total(receiver, @low, 4, [:b])

      assert {receiver, [{:missed, "p", :a@r, 1}]} = Receiver.ended(receiver, "p", @low, 6, 0)
      {_, actions} = total(receiver, @high, 2, [:c])

      assert actions == [
               {:term, "p", @high},
               {:missed, "p", :b@r, 2},
               {:deliver, "p", @high, 2, [:c]}
             ]
    end

    test "takes nothing twice and nothing of a lower term" do
      {receiver, _} = total(Receiver.new(), @low, 0, [:a, :b])
      assert {receiver, [{:stale, "p", :a@r, 2}]} = total(receiver, @low, 0, [:a, :b])

      assert {receiver, [{:stale, "p", :a@r, 1}, {:deliver, "p", @low, 2, [:c]}]} =
               total(receiver, @low, 1, [:b, :c])

      {receiver, []} = Receiver.router_down(receiver, :a@r, 0)
      {receiver, _} = total(receiver, @high, 0, [:d])
      assert {_, [{:stale, "p", :a@r, 2}]} = total(receiver, @low, 3, [:e, :f])
    end

    defp holding do
      {receiver, _} = total(Receiver.new(%{}, hold_ms: 100, hold_max: 3), @low, 0, [:a])
      {receiver, [{:seen, "p", @high}]} = total(receiver, @high, 0, [:x])
      {receiver, []} = total(receiver, @high, 1, [:y])
      assert Receiver.holding?(receiver)
      assert {receiver, [{:deliver, "p", @low, 1, [:b]}]} = total(receiver, @low, 1, [:b])
      receiver
    end

    @held [{:term, "p", @high}, {:deliver, "p", @high, 0, [:x]}, {:deliver, "p", @high, 1, [:y]}]

    test "holds a higher term until the lower one is left by all, or its router is down, or time is up" do
      assert {receiver, [{:missed, "p", :a@r, 1} | @held]} =
               Receiver.ended(holding(), "p", @low, 3, 0)

      refute Receiver.holding?(receiver)
      assert {_, @held} = Receiver.router_down(holding(), :a@r, 0)
      assert {same, []} = Receiver.router_down(holding(), :c@r, 0)
      assert {same, []} = Receiver.timeout(same, 99)
      assert {receiver, @held} = Receiver.timeout(same, 100)
      assert {_, [{:stale, "p", :a@r, 1}]} = total(receiver, @low, 2, [:c])
    end

    test "holds no more than it may" do
      assert {receiver, []} = total(holding(), @high, 2, [:z])
      assert {receiver, actions} = total(receiver, @high, 3, [:w])
      assert List.last(actions) == {:deliver, "p", @high, 3, [:w]}
      refute Receiver.holding?(receiver)
    end

    test "holds a third term behind the second" do
      {receiver, []} = total(holding(), {7, :c@r}, 0, [:last])
      {receiver, actions} = Receiver.router_down(receiver, :a@r, 0)
      assert actions == @held ++ [{:seen, "p", {7, :c@r}}]

      assert {_, [{:term, _, _}, {:deliver, _, _, 0, [:last]}]} =
               Receiver.router_down(receiver, :b@r, 0)
    end

    test "does not hold what the same router says" do
      {receiver, _} = total(Receiver.new(), @low, 0, [:a])
      assert {_, [{:term, "p", {6, :a@r}}, _]} = total(receiver, {6, :a@r}, 0, [:b])
    end

    test "does not miss what it did not want" do
      {receiver, _} = total(Receiver.new(), @low, 0, [:a])
      receiver = Receiver.wanted(receiver, "p")
      assert {receiver, [{:deliver, "p", @low, 9, [:b]}]} = total(receiver, @low, 9, [:b])
      assert {_, [{:stale, "p", :a@r, 1}]} = total(receiver, @low, 9, [:b])
    end
  end

  test "orders that cannot be one are found" do
    assert Orders.merge([[1, 2, 4], [2, 3, 4], [1, 3]]) == {:ok, [1, 2, 3, 4]}
    assert Orders.faults([[1, 2], [3]]) == []
    assert [{:cycle, _}] = Orders.faults([[1, 2], [2, 3], [3, 1]])
    assert [{:twice, 1}] = Orders.faults([[1, 1]]) -- [{:cycle, [1]}]
  end
end
