defmodule Outrigger.PubSub.Contract.Local do
  @moduledoc false
  # The cases on one node. The caller subscribes, publishes and looks at its own mailbox. `broadcast` and its like dispatch on
  # the own node before they return, so "nothing came" is known without waiting: a message is sent by hand as the last one.

  import Outrigger.PubSub.Contract.Check
  alias Outrigger.PubSub.Contract.{FailingAdapter, TaggingDispatcher}

  def cases do
    [
      {"who has subscribed gets what is broadcast, once, as it is", :delivers},
      {"who has not subscribed gets nothing, and topics are apart", :apart},
      {"twice subscribed is twice delivered, unsubscribe ends both", :twice},
      {"unsubscribe without a subscription is :ok", :unsubscribe_nothing},
      {"broadcast_from spares the sender only", :broadcast_from},
      {"local_broadcast and local_broadcast_from", :local_broadcast},
      {"a dispatcher gets pids with metadata, the sender and the message", :dispatcher},
      {"a subscriber that died is not dispatched to", :dead},
      {"any binary is a topic", :topics},
      {"one publisher's messages arrive in its order, across topics", :order},
      {"the bang functions return :ok", :bangs},
      {"an adapter's error is returned or raised, and nothing is delivered", :errors},
      {"a PubSub that is not there, or a topic that is no binary, raises", :misuse},
      {"the adapter is found in the registry's metadata, with its functions", :adapter},
      {"node_name is a name", :node_name}
    ]
  end

  def delivers(c) do
    :ok = c.api.subscribe(c.pubsub, topic())

    for message <- [:atom, {:tuple, self()}, %{map: [1, 2.5]}, make_ref(), <<0::size(3)>>, nil] do
      equal(c.api.broadcast(c.pubsub, topic(), message), :ok, "broadcast")
      equal(mailbox(), [message], "the mailbox")
    end
  end

  def apart(c) do
    :ok = c.api.subscribe(c.pubsub, topic("a"))
    :ok = c.api.broadcast(c.pubsub, topic("b"), :other)
    :ok = c.api.broadcast(c.pubsub, topic("a") <> "x", :longer)
    equal(mailbox(), [], "the mailbox")
  end

  def twice(c) do
    :ok = c.api.subscribe(c.pubsub, topic("a"))
    :ok = c.api.subscribe(c.pubsub, topic("a"))
    :ok = c.api.subscribe(c.pubsub, topic("b"))
    :ok = c.api.broadcast(c.pubsub, topic("a"), :one)
    equal(mailbox(), [:one, :one], "subscribed twice")

    equal(c.api.unsubscribe(c.pubsub, topic("a")), :ok, "unsubscribe")
    :ok = c.api.broadcast(c.pubsub, topic("a"), :two)
    :ok = c.api.broadcast(c.pubsub, topic("b"), :three)
    equal(mailbox(), [:three], "unsubscribed from one of two topics")
  end

  def unsubscribe_nothing(c) do
    equal(c.api.unsubscribe(c.pubsub, topic()), :ok, "unsubscribe")
    :ok = c.api.subscribe(c.pubsub, topic())
    equal(c.api.unsubscribe(c.pubsub, topic()), :ok, "unsubscribe")
    equal(c.api.unsubscribe(c.pubsub, topic()), :ok, "unsubscribe again")
  end

  def broadcast_from(c) do
    me = self()
    :ok = c.api.subscribe(c.pubsub, topic())
    other = other(c, topic())

    equal(c.api.broadcast_from(c.pubsub, me, topic(), :mine), :ok, "broadcast_from")
    equal(c.api.broadcast_from(c.pubsub, other, topic(), :its), :ok, "broadcast_from another")
    equal(mailbox(), [:its], "the sender's mailbox")
    equal(seen(other), [:mine], "the other's mailbox")
  end

  def local_broadcast(c) do
    :ok = c.api.subscribe(c.pubsub, topic())
    other = other(c, topic())
    equal(c.api.local_broadcast(c.pubsub, topic(), :all), :ok, "local_broadcast")
    from = c.api.local_broadcast_from(c.pubsub, self(), topic(), :others)
    equal(from, :ok, "local_broadcast_from")
    equal(mailbox(), [:all], "the sender's mailbox")
    equal(seen(other), [:all, :others], "the other's mailbox")
  end

  def dispatcher(c) do
    me = self()
    :ok = c.api.subscribe(c.pubsub, topic())
    :ok = c.api.subscribe(c.pubsub, topic(), metadata: {:fastlane, me, "json", %{}})

    calls = [
      {:none, &c.api.broadcast(c.pubsub, topic(), &1, TaggingDispatcher)},
      {me, &c.api.broadcast_from(c.pubsub, me, topic(), &1, TaggingDispatcher)},
      {:none, &c.api.local_broadcast(c.pubsub, topic(), &1, TaggingDispatcher)},
      {me, &c.api.local_broadcast_from(c.pubsub, me, topic(), &1, TaggingDispatcher)}
    ]

    for {{from, call}, n} <- Enum.with_index(calls) do
      equal(call.({:m, n}), :ok, "with a dispatcher")

      expected =
        for metadata <- [nil, {:fastlane, me, "json", %{}}], do: {metadata, from, {:m, n}}

      equal(Enum.sort(mailbox()), Enum.sort(expected), "what the dispatcher saw")
    end
  end

  def dead(c) do
    :ok = c.api.subscribe(c.pubsub, topic())
    other = other(c, topic())
    ref = Process.monitor(other)
    Process.exit(other, :kill)
    receive do: ({:DOWN, ^ref, _, _, _} -> :ok)

    entries = fn -> length(Registry.lookup(c.pubsub, topic())) end
    eventually(c, entries, 1, "subscriptions after one of two subscribers died")
    :ok = c.api.broadcast(c.pubsub, topic(), :still_here)
    equal(mailbox(), [:still_here], "the other's mailbox")
  end

  def topics(c) do
    topics = [
      "",
      " ",
      "räume:größe",
      "部屋:1",
      "🦀:*",
      <<0>>,
      <<255, 254>>,
      String.duplicate("long:", 2_000)
    ]

    topics = for topic <- topics, do: topic() <> topic
    for topic <- topics, do: :ok = c.api.subscribe(c.pubsub, topic)
    for topic <- topics, do: :ok = c.api.broadcast(c.pubsub, topic, {:on, topic})
    equal(mailbox(), Enum.map(topics, &{:on, &1}), "the mailbox")
  end

  def order(c) do
    topics = for n <- 1..7, do: topic("#{n}")
    for topic <- topics, do: :ok = c.api.subscribe(c.pubsub, topic)
    for n <- 1..1_000, do: :ok = c.api.broadcast(c.pubsub, Enum.at(topics, rem(n, 7)), n)
    equal(mailbox(), Enum.to_list(1..1_000), "the mailbox")
  end

  def bangs(c) do
    equal(c.api.broadcast!(c.pubsub, topic(), :m), :ok, "broadcast!")
    equal(c.api.broadcast_from!(c.pubsub, self(), topic(), :m), :ok, "broadcast_from!")
    name = c.api.node_name(c.pubsub)
    equal(c.api.direct_broadcast!(name, c.pubsub, topic(), :m), :ok, "direct_broadcast!")
  end

  # The functions over an adapter that only fails.
  def errors(c) do
    broken = Module.concat(c.pubsub, "Broken#{System.unique_integer([:positive])}")
    meta = [pubsub: {FailingAdapter, :out_of_order}]
    {:ok, registry} = Registry.start_link(keys: :duplicate, name: broken, meta: meta)
    :ok = c.api.subscribe(broken, topic())
    error = {:error, :out_of_order}

    equal(c.api.broadcast(broken, topic(), :m), error, "broadcast")
    equal(c.api.broadcast_from(broken, self(), topic(), :m), error, "broadcast_from")
    equal(c.api.direct_broadcast(:n, broken, topic(), :m), error, "direct_broadcast")
    raises(fn -> c.api.broadcast!(broken, topic(), :m) end, "broadcast!")
    raises(fn -> c.api.broadcast_from!(broken, self(), topic(), :m) end, "broadcast_from!")
    raises(fn -> c.api.direct_broadcast!(:n, broken, topic(), :m) end, "direct_broadcast!")
    equal(mailbox(), [], "the mailbox")
    equal(c.api.local_broadcast(broken, topic(), :m), :ok, "local_broadcast needs no adapter")
    equal(mailbox(), [:m], "the mailbox")
    # A registry is linked to its subscribers.
    :ok = c.api.unsubscribe(broken, topic())
    Process.unlink(registry)
    Supervisor.stop(registry)
  end

  def misuse(c) do
    raises(fn -> c.api.broadcast(Contract.NoSuchPubSub, "t", :m) end, "broadcast, no such PubSub")
    raises(fn -> c.api.subscribe(Contract.NoSuchPubSub, "t") end, "subscribe, no such PubSub")
    clause = FunctionClauseError
    raises(fn -> c.api.subscribe(c.pubsub, :topic) end, "subscribe to an atom", clause)
    raises(fn -> c.api.unsubscribe(c.pubsub, ~c"topic") end, "unsubscribe a charlist", clause)
    raises(fn -> c.api.broadcast(c.pubsub, :topic, :m) end, "broadcast to an atom", clause)
    raises(fn -> c.api.broadcast_from(c.pubsub, :me, "t", :m) end, "from no pid", clause)
    raises(fn -> c.api.local_broadcast(c.pubsub, 1, :m) end, "local_broadcast to 1", clause)
  end

  def adapter(c) do
    {:ok, {adapter, name}} = Registry.meta(c.pubsub, :pubsub)
    equal(is_atom(name), true, "the adapter's name is an atom")

    for {function, arity} <- [node_name: 1, broadcast: 4, direct_broadcast: 5, child_spec: 1] do
      what = "#{inspect(adapter)} exports #{function}/#{arity}"
      equal(function_exported?(adapter, function, arity), true, what)
    end

    equal(adapter.node_name(name), c.api.node_name(c.pubsub), "the adapter's node_name")
  end

  def node_name(c) do
    name = c.api.node_name(c.pubsub)
    equal(is_atom(name) or is_binary(name), true, "node_name is an atom or a binary")
    equal(c.api.node_name(c.pubsub), name, "node_name, again")
  end

  # Each case runs in a process of its own.
  defp topic(suffix \\ ""), do: "contract:#{:erlang.pid_to_list(self())}:#{suffix}"

  defp mailbox do
    send(self(), :contract_last)
    messages_until(:contract_last, "the mailbox")
  end

  defp other(c, topic) do
    me = self()

    pid =
      spawn_link(fn ->
        :ok = c.api.subscribe(c.pubsub, topic)
        send(me, :contract_ready)
        keep([])
      end)

    Process.unlink(pid)
    equal(next_message("a subscriber"), :contract_ready, "a subscriber")
    pid
  end

  defp keep(seen) do
    receive do
      {:contract_seen, from} ->
        send(from, {:contract_seen, Enum.reverse(seen)})
        keep(seen)

      message ->
        keep([message | seen])
    end
  end

  defp seen(pid) do
    send(pid, {:contract_seen, self()})
    {:contract_seen, seen} = next_message("a subscriber's answer")
    seen
  end
end

defmodule Outrigger.PubSub.Contract.TaggingDispatcher do
  @moduledoc false
  # Sends each subscriber what the dispatcher was called with, its own metadata first.
  def dispatch(entries, from, message) do
    for {pid, metadata} <- entries, do: send(pid, {metadata, from, message})
    :ok
  end
end

defmodule Outrigger.PubSub.Contract.FailingAdapter do
  @moduledoc false
  def node_name(_name), do: node()
  def broadcast(name, _topic, _message, _dispatcher), do: {:error, name}
  def direct_broadcast(name, _node, _topic, _message, _dispatcher), do: {:error, name}
end
