defmodule Outrigger.Test.Ledger do
  @moduledoc """
  A PubSub on some nodes with a subscriber on each and publishers on all, and what is wrong with what arrived.

      ledger = Ledger.start(members, name: MyTest.PubSub)
      publishers = Ledger.publish(ledger, 8)
      Ledger.settled(publishers)
      sent = Ledger.stop(ledger, publishers)
      Ledger.faults(ledger, sent)

  A publisher's key is `{node, n}`.
  """

  alias Outrigger.PubSub
  alias Outrigger.Test.{Cluster, Probe}

  @doc "Starts the PubSub on connected nodes, and a subscriber on each."
  def start(members, options) do
    for member <- members, do: Cluster.start_pubsub(member, options)
    pubsub = options[:name]

    subscribers =
      Map.new(members, &{&1.name, Cluster.call(&1, Probe, :subscriber, [pubsub, "t"])})

    %{pubsub: pubsub, options: options, members: members, subscribers: subscribers}
  end

  @doc "`Outrigger.PubSub.info/1` of a node."
  def info(ledger, member), do: Cluster.call(member, PubSub, :info, [ledger.pubsub])

  @doc "The names of nodes, in their order."
  def names(members), do: members |> Enum.map(& &1.name) |> Enum.sort()

  @doc "Waits until every node uses these routers, and each of them covers all of the others."
  def routed(ledger, routers) do
    for member <- ledger.members do
      wanted = Map.new(routers, &{&1, names(ledger.members -- [member])})
      Cluster.eventually(fn -> info(ledger, member).routers == wanted end, 30_000)
    end
  end

  @doc "What a node's subscriber got."
  def received(ledger, member),
    do: Cluster.call(member, Probe, :received, [ledger.subscribers[member.name]])

  @doc "Starts publishers on each node, which go on until `stop/2`."
  def publish(ledger, per_node) do
    for member <- ledger.members, n <- 1..per_node do
      key = {member.name, n}
      {member, key, Cluster.call(member, Probe, :publisher, [ledger.pubsub, "t", key, 1])}
    end
  end

  @doc "Waits until all publishers have published by the newest route of their nodes: the router of each, by key."
  def settled(ledger, publishers) do
    group = Module.concat(ledger.pubsub, "Adapter")

    Map.new(publishers, fn {member, key, pid} ->
      Cluster.eventually(fn ->
        {:dictionary, dictionary} = Cluster.call(member, Process, :info, [pid, :dictionary])
        epoch = info(ledger, member).epoch

        with {^epoch, relay, _, _, _, _} <- dictionary[group],
             do: {key, relay && node(relay)},
             else: (_not_yet -> nil)
      end)
    end)
  end

  @doc "Stops the publishers, and waits for their last messages. How many each has sent."
  def stop(ledger, publishers) do
    sent =
      for {member, key, pid} <- publishers, do: {key, Cluster.call(member, Probe, :stop, [pid])}

    for member <- ledger.members, {key, count} <- sent do
      Cluster.eventually(fn ->
        Cluster.call(member, Probe, :last, [ledger.subscribers[member.name], key]) == count
      end)
    end

    sent
  end

  @doc "What is wrong: `[{node, key, faults}]`, see `Outrigger.Test.Probe.faults/3`."
  def faults(ledger, sent) do
    for member <- ledger.members,
        all = received(ledger, member),
        {key, count} <- sent,
        faults = Probe.faults(all, key, count),
        faults != %{lost: [], again: [], late: []},
        do: {member.name, key, faults}
  end

  @doc "Waits until no receiver holds anything back. The nodes where one had to give up on an old way."
  def gave_up(ledger) do
    for member <- ledger.members,
        group = Module.concat(ledger.pubsub, "Adapter"),
        Cluster.eventually(fn ->
          Cluster.call(member, GenServer, :call, [group, :waiting]) == []
        end),
        %{counters: counters} = info(ledger, member),
        counters.gave_up + counters.stale > 0,
        do: member.name
  end
end
