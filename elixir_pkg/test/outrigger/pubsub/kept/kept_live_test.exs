defmodule Outrigger.PubSub.KeptLiveTest do
  @moduledoc "What nodes keep, on BEAM nodes and real Rust nodes: clients that move, nodes that come late, a router that is killed."
  use ExUnit.Case, async: true

  alias Outrigger.PubSub
  alias Outrigger.PubSub.{Cursor, Gap, Message}
  alias Outrigger.Test.{Cluster, Probe}

  @pubsub KeptLiveTest.PubSub
  @topics ["room:1", "room:2"]
  @options [name: @pubsub, ordered: [{"room:", history: 50_000, bytes: 100_000_000, latest: 100}]]
  @moduletag :cluster
  @moduletag timeout: 120_000

  setup do
    members = Cluster.start_nodes(3)
    Cluster.connect(members)
    [_, _, late] = members
    for member <- members -- [late], do: Cluster.start_pubsub(member, @options)
    %{members: members -- [late], late: late}
  end

  # Until all of them send to the same router, and get what it sends.
  defp sequenced(members) do
    Cluster.eventually(fn ->
      match?(
        [%{"room:" => %{sequencer: _}}],
        Enum.uniq(for member <- members, do: info(member).ordered)
      ) and Enum.all?(members, &(info(&1).interest.listed != []))
    end)
  end

  defp info(member), do: Cluster.call(member, PubSub, :info, [@pubsub])

  defp subscriber(member, topics, options),
    do: {member, Cluster.call(member, Probe, :subscriber, [@pubsub, topics, options])}

  defp received({member, subscriber}), do: Cluster.call(member, Probe, :received, [subscriber])

  defp leave({member, subscriber} = here) do
    got = received(here)
    Cluster.call(member, Process, :exit, [subscriber, :kill])
    got
  end

  defp bursts(members, count) do
    for member <- members, n <- 1..2 do
      key = {member.name, n}
      Cluster.call(member, Probe, :burst, [@pubsub, @topics, key, count])
      {key, count}
    end
  end

  defp messages(got), do: for(%Message{message: message} <- got, do: message)

  # Of what one gets that has subscribed to both topics, what is on one of them.
  defp on(plain, topic), do: for(%{topic: ^topic, message: message} <- plain, do: message)

  test "a client that moves from node to node gets all, once and in order", c do
    Cluster.start_rust(hd(c.members))
    sequenced(c.members)
    whole = subscriber(hd(c.members), "room:1", since: :now)
    client = subscriber(hd(c.members), "room:1", since: :now)

    publishers =
      for member <- c.members, topic <- @topics do
        key = {member.name, topic}
        {member, topic, Cluster.call(member, Probe, :publisher, [@pubsub, topic, key, 1])}
      end

    # It comes back every time where it was not, with the text of the last cursor that it has got.
    {got, client} =
      Enum.reduce(1..100, {[], client}, fn n, {got, client} ->
        Cluster.eventually(fn -> received(client) != [] end)
        more = leave(client)
        {:ok, cursor} = List.last(more).cursor |> Cursor.encode() |> Cursor.decode()
        {got ++ more, subscriber(Enum.at(c.members, rem(n, 2)), "room:1", since: cursor)}
      end)

    sent =
      for {member, topic, publisher} <- publishers,
          do: {topic, Cluster.call(member, Probe, :stop, [publisher])}

    # What another node has sent before may be on its way still, and come behind what is sent now.
    total = Enum.sum(for {"room:1", count} <- sent, do: count)
    Cluster.eventually(fn -> length(received(whole)) == total end)
    :ok = Cluster.call(hd(c.members), PubSub, :broadcast, [@pubsub, "room:1", :last])
    Cluster.eventually(fn -> List.last(messages(received(whole))) == :last end)
    expected = messages(received(whole))
    Cluster.eventually(fn -> List.last(messages(received(client))) == :last end)
    assert messages(got ++ received(client)) == expected
    assert length(expected) > 300

    # Every node says the same of every message.
    there = leave(subscriber(List.last(c.members), "room:1", since: :kept))
    assert there == got ++ received(client)
    latest = leave(subscriber(List.last(c.members), "room:1", latest: true))
    assert latest == [List.last(expected)]
  end

  test "a node that comes late has what others have kept, and goes on from there", c do
    Cluster.start_rust(hd(c.members))
    sequenced(c.members)
    whole = subscriber(hd(c.members), @topics, since: :now)
    keys = bursts(c.members, 2_000)
    Cluster.eventually(fn -> length(received(whole)) > 1_000 end)
    early = received(whole) |> Enum.at(10)
    # In the middle of it.
    Cluster.start_pubsub(c.late, @options)
    client = subscriber(c.late, early.topic, since: early.cursor)
    total = Enum.sum(for {_key, count} <- keys, do: count)
    Cluster.eventually(fn -> length(received(whole)) == total end, 60_000)
    expected = received(whole) |> Enum.drop(11) |> on(early.topic)
    Cluster.eventually(fn -> length(received(client)) >= length(expected) end)
    assert messages(received(client)) == expected

    # A topic that was quiet since: the latest of it is there, too.
    for topic <- @topics do
      latest = leave(subscriber(c.late, topic, latest: true))
      assert latest == [List.last(on(received(whole), topic))]
    end

    assert %{missed: 0, malformed: 0, stale: 0} = info(c.late).counters
  end

  test "the router is killed: who is told of a gap gets nothing twice, and the latest is the latest",
       c do
    Cluster.start_rust(hd(c.members))
    sequenced(c.members)
    clients = for member <- c.members, do: subscriber(member, "room:1", since: :now)
    first = :before
    :ok = Cluster.call(hd(c.members), PubSub, :broadcast, [@pubsub, "room:1", first])
    for client <- clients, do: Cluster.eventually(fn -> messages(received(client)) == [first] end)
    [%Message{cursor: cursor}] = received(hd(clients))

    before = info(hd(c.members)).ordered
    os_pid = Cluster.rust(hd(c.members)).os_pid
    {_, 0} = System.cmd("kill", ["-9", "#{os_pid}"])
    Cluster.eventually(fn -> Cluster.rust(hd(c.members)).os_pid not in [nil, os_pid] end)

    # All are there again: who is not when it is handed out does not get it.
    Cluster.eventually(fn -> Enum.all?(c.members, &(info(&1).ordered != before)) end)
    sequenced(c.members)
    :ok = Cluster.call(hd(c.members), PubSub, :broadcast, [@pubsub, "room:1", :later])

    for client <- clients do
      Cluster.eventually(fn -> :later in messages(received(client)) end)

      assert [%Message{message: ^first}, %Gap{topic: "room:1"}, %Message{message: :later}] =
               received(client)
    end

    for member <- c.members do
      since = [@pubsub, "room:1", [since: cursor]]
      assert {:error, :gap} = Cluster.call(member, PubSub, :subscribe, since)
      assert leave(subscriber(member, "room:1", latest: true)) == [:later]
      assert [first, :later] == messages(leave(subscriber(member, "room:1", since: :kept)))
    end
  end
end
