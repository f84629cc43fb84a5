defmodule Outrigger.PubSub.Contract.Cluster do
  @moduledoc false
  # The cases across nodes. That something does not come is known by what comes after it: a publisher's messages keep
  # their order, so each case ends with one that everybody gets.

  import Bitwise, only: [<<<: 2]
  import Outrigger.PubSub.Contract.Check

  alias Outrigger.PubSub.Contract.{Nodes, Probe}

  def cases do
    [
      {"a broadcast reaches the subscribers of all nodes, once", :everywhere},
      {"a message arrives as it is", :as_it_is},
      {"local_broadcast stays on its node", :stays},
      {"broadcast_from spares the sender, and nobody on other nodes", :broadcast_from},
      {"direct_broadcast reaches one node, named as node_name does", :direct},
      {"twice subscribed is twice delivered, unsubscribe ends both", :twice},
      {"a dispatcher runs on each node with the metadata there", :dispatcher},
      {"many publishers on all nodes: each arrives once and in its order, across topics", :order},
      {"broadcasts and direct broadcasts of one publisher are in one order", :order_of_both},
      {"a subscriber that died takes nothing from the others", :dead},
      {"a node that comes later gets what is sent from then on, and leaves without harm",
       :late_node}
    ]
  end

  @doc "Waits until each node gets what each other node broadcasts."
  def meet(c, nodes \\ nil) do
    nodes = nodes || c.nodes
    topic = topic()
    listeners = for node <- nodes, do: {node, subscriber(c, node, topic)}
    names = nodes |> Enum.map(& &1.name) |> Enum.sort()

    heard = fn ->
      for node <- nodes, do: publish(c, node, [{:all, topic, node.name}])
      for {node, pid} <- listeners, do: node |> seen(pid) |> Enum.uniq() |> Enum.sort()
    end

    eventually(c, heard, Enum.map(nodes, fn _ -> names end), "the nodes that each node hears")
  end

  def everywhere(c) do
    listeners = everywhere(c, topic = topic())

    for {node, n} <- Enum.with_index(c.nodes) do
      publish(c, node, [{:all, topic, {:from, n}}])
      for {at, pid} <- listeners, do: wait_for(c, at, pid, {:from, n})
    end

    for {node, pid} <- listeners,
        do: equal(seen(node, pid), [{:from, 0}, {:from, 1}, {:from, 2}], "at #{node.name}")
  end

  def as_it_is(c) do
    [a, b | _] = c.nodes
    listener = subscriber(c, b, topic = topic())

    messages = [
      {:pid, self()},
      {:ref, make_ref()},
      {:text, "größe 🦀", :größe},
      {:numbers, [0, -1, 1 <<< 80, 1.5e300]},
      {:bits, <<5::size(3)>>},
      {:big, :binary.copy("0123456789", 100_000)},
      %{nested: %{[] => {}}}
    ]

    publish(c, a, for(message <- messages, do: {:all, topic, message}))
    eventually(c, fn -> seen(b, listener) end, messages, "what arrived")
  end

  def stays(c) do
    [a | _] = c.nodes
    listeners = everywhere(c, topic = topic())
    :ok = Nodes.call(a, c.api, :local_broadcast, [c.pubsub, topic, :here])
    :ok = Nodes.call(a, c.api, :local_broadcast_from, [c.pubsub, self(), topic, :here_too])
    publish(c, a, [{:all, topic, :last}])

    all_get(c, listeners, fn node ->
      if(node == a, do: [:here, :here_too, :last], else: [:last])
    end)
  end

  def broadcast_from(c) do
    [a | _] = c.nodes
    listeners = [{_a, sender} | _] = everywhere(c, topic = topic())
    second = subscriber(c, a, topic)
    args = [c.pubsub, sender, topic, :not_to_me]

    equal(
      Nodes.call(a, Probe, :run, [sender, c.api, :broadcast_from, args]),
      :ok,
      "broadcast_from"
    )

    args = [c.pubsub, topic, :last]
    equal(Nodes.call(a, Probe, :run, [sender, c.api, :broadcast, args]), :ok, "broadcast")

    all_get(c, listeners, fn node -> if(node == a, do: [:last], else: [:not_to_me, :last]) end)
    equal(seen(a, second), [:not_to_me, :last], "another subscriber on the sender's node")
  end

  def direct(c) do
    [a, b | _] = c.nodes
    listeners = everywhere(c, topic = topic())
    [at_a, at_b] = for node <- [a, b], do: Nodes.call(node, c.api, :node_name, [c.pubsub])

    publish(c, a, [{:one, at_b, topic, :to_b}, {:one, at_a, topic, :to_a}, {:all, topic, :last}])

    # The own node gets a broadcast at once, a direct one through its adapter.
    all_get(c, Enum.drop(listeners, 1), fn node ->
      if(node == b, do: [:to_b, :last], else: [:last])
    end)

    {_, own} = hd(listeners)
    eventually(c, fn -> Enum.sort(seen(a, own)) end, [:last, :to_a], "on the sender's own node")
  end

  def twice(c) do
    [a, b | _] = c.nodes
    topic = topic()
    subscriptions = [{topic, []}, {topic, []}, {topic <> "other", []}]
    pid = Nodes.call(b, Probe, :subscriber, [c.api, c.pubsub, subscriptions])
    publish(c, a, [{:all, topic, :one}, {:all, topic <> "other", :two}])
    eventually(c, fn -> seen(b, pid) end, [:one, :one, :two], "subscribed twice")

    :ok = Nodes.call(b, Probe, :run, [pid, c.api, :unsubscribe, [c.pubsub, topic]])
    publish(c, a, [{:all, topic, :three}, {:all, topic <> "other", :four}])
    eventually(c, fn -> seen(b, pid) end, [:one, :one, :two, :four], "after unsubscribe")
  end

  def dispatcher(c) do
    [a | _] = c.nodes
    topic = topic()

    listeners =
      for node <- c.nodes do
        subscriptions = [{topic, [metadata: {:socket, node.name}]}]
        {node, Nodes.call(node, Probe, :subscriber, [c.api, c.pubsub, subscriptions])}
      end

    :ok = Nodes.call(a, Probe, :tagged, [c.api, c.pubsub, topic, :m])
    all_get(c, listeners, fn node -> [{{:socket, node.name}, :none, :m}] end)
  end

  def order(c) do
    topics = for n <- 1..5, do: topic() <> "#{n}"
    {publishers, each} = {4, 250}

    listeners =
      for node <- c.nodes do
        args = [c.api, c.pubsub, Enum.map(topics, &{&1, []})]
        {node, Nodes.call(node, Probe, :subscriber, args)}
      end

    c.nodes
    |> Enum.map(fn node ->
      args = [c.api, c.pubsub, topics, node.name, publishers, each]
      Task.async(fn -> Nodes.call(node, Probe, :storm, args) end)
    end)
    |> Task.await_many(60_000)

    total = length(c.nodes) * publishers * each

    for {node, pid} <- listeners do
      eventually(c, fn -> length(seen(node, pid)) end, total, "messages at #{node.name}")

      for {{from, process}, numbers} <- Enum.group_by(seen(node, pid), &publisher/1, &elem(&1, 2)) do
        what = "messages of process #{process} on #{from} at #{node.name}"
        equal(numbers, Enum.to_list(1..each), what)
      end
    end
  end

  defp publisher({node, process, _n}), do: {node, process}

  def order_of_both(c) do
    [a, b | _] = c.nodes
    listener = subscriber(c, b, topic = topic())
    name = Nodes.call(b, c.api, :node_name, [c.pubsub])

    sends =
      for n <- 1..400, do: if(rem(n, 3) == 0, do: {:one, name, topic, n}, else: {:all, topic, n})

    publish(c, a, sends)
    eventually(c, fn -> seen(b, listener) end, Enum.to_list(1..400), "both kinds at #{b.name}")
  end

  def dead(c) do
    [a, b | _] = c.nodes
    [dies, stays] = for _ <- 1..2, topic = topic(), do: subscriber(c, b, topic)
    Nodes.call(b, Process, :exit, [dies, :kill])
    publish(c, a, for(n <- 1..20, do: {:all, topic(), n}))
    eventually(c, fn -> seen(b, stays) end, Enum.to_list(1..20), "the one that lives")
  end

  def late_node(c) do
    late = c.start.()
    for node <- c.nodes, do: Nodes.connect(node, late)
    meet(c, [late | c.nodes])

    listener = subscriber(c, late, topic = topic())
    publish(c, hd(c.nodes), [{:all, topic, :welcome}])
    eventually(c, fn -> seen(late, listener) end, [:welcome], "at the late node")

    Nodes.stop(late)
    listeners = everywhere(c, topic = topic() <> "after")
    publish(c, hd(c.nodes), [{:all, topic, :goodbye}])
    all_get(c, listeners, fn _node -> [:goodbye] end)
  end

  # Each case runs in a process of its own.
  defp topic, do: "contract:#{:erlang.pid_to_list(self())}:"

  defp subscriber(c, node, topic),
    do: Nodes.call(node, Probe, :subscriber, [c.api, c.pubsub, [{topic, []}]])

  defp everywhere(c, topic), do: for(node <- c.nodes, do: {node, subscriber(c, node, topic)})

  defp publish(c, node, sends),
    do: :ok = Nodes.call(node, Probe, :publish, [c.api, c.pubsub, sends])

  defp seen(node, pid), do: Nodes.call(node, Probe, :seen, [pid])

  defp wait_for(c, node, pid, message),
    do:
      eventually(
        c,
        fn -> message in seen(node, pid) end,
        true,
        "#{inspect(message)} at #{node.name}"
      )

  defp all_get(c, listeners, expected) do
    for {node, pid} <- listeners,
        do: eventually(c, fn -> seen(node, pid) end, expected.(node), "at #{node.name}")
  end
end
