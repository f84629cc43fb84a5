defmodule Outrigger.Events.StreamLiveTest do
  @moduledoc "Three BEAM nodes and the real Rust node, which decodes for all of them."
  use ExUnit.Case, async: true

  import Bitwise

  alias Outrigger.Events.{Change, DeadLetter, Registry, Stream}
  alias Outrigger.PubSub
  alias Outrigger.Test.{Cluster, Probe, SchemaRegistry, Streams}

  @pubsub StreamLiveTest.PubSub
  @stream StreamLiveTest.Orders
  @moduletag :cluster
  @moduletag timeout: 120_000

  setup do
    members = Cluster.start_nodes(3)
    Cluster.connect(members)

    for member <- members,
        do: Cluster.start_pubsub(member, name: @pubsub, hold_ms: 20_000, path: :relay)

    %{members: members}
  end

  defp start_stream(member, options \\ []) do
    options = Keyword.merge([name: @stream, pubsub: @pubsub], options)
    :ok = Cluster.call(member, Streams, :start, [options])
  end

  defp relayed(members, router) do
    for member <- members do
      Cluster.eventually(fn ->
        info = Cluster.call(member, PubSub, :info, [@pubsub])
        Map.keys(info.routers) == [router] and length(info.covered) == length(members) - 1
      end)
    end
  end

  defp decoded(member, router) do
    %{services: services} =
      Cluster.call(member, GenServer, :call, [{:outrigger_status, router}, :status])

    %{figures: figures} = Enum.find(services, &(&1.name == "outrigger_pubsub"))
    Map.take(figures, ["events", "dead_letters"])
  end

  defp received(member, subscriber, count) do
    Cluster.eventually(fn ->
      all = Cluster.call(member, Probe, :received, [subscriber])
      length(all) >= count and all
    end)
  end

  defp event(n), do: ~s({"n": #{n}, "half": #{n / 2}, "name": "#{String.duplicate("é", 20)}"})

  test "events are decoded once in the Rust node, for all nodes and the publisher's own", c do
    [publisher | _] = c.members

    for member <- c.members,
        do:
          start_stream(member,
            views: [even: [topic: ["n:", {:path, "half"}]], all: [topic: "all"]]
          )

    router = Cluster.start_rust(publisher)
    relayed(c.members, router)

    subscribers =
      for member <- c.members,
          do:
            {member, Cluster.call(member, Probe, :subscriber, [@pubsub, "all", [confirm: true]])}

    events = for n <- 1..500, do: event(n)
    wrong = for n <- 501..510, do: {"key", "#{n}}"}
    :ok = Cluster.call(publisher, Stream, :publish, [@stream, events ++ wrong ++ [event(511)]])
    {:ok, terms} = Outrigger.Events.JSON.decode("[#{Enum.join(events, ",")},#{event(511)}]")

    for {member, subscriber} <- subscribers do
      all = received(member, subscriber, 501)
      assert all == for(term <- terms, do: {@stream, :all, term})
    end

    assert decoded(publisher, router) == %{"events" => 501, "dead_letters" => 10}
  end

  test "a view that is subscribed to is known everywhere when the call returns", c do
    [publisher, subscriber, other] = c.members
    for member <- c.members, do: start_stream(member)
    router = Cluster.start_rust(publisher)
    relayed(c.members, router)
    options = [fields: [n: "n"], as: :large]

    for round <- 1..5 do
      large = [where: [{"n", :>, 10}, {"n", :<, 1_000 + round}]] ++ options
      pid = Cluster.call(subscriber, Streams, :subscriber, [@stream, large])
      :ok = Cluster.call(publisher, Stream, :publish, [@stream, for(n <- 1..20, do: event(n))])
      :ok = Cluster.call(other, Stream, :publish, [@stream, event(30)])
      got = received(subscriber, pid, 11)
      assert Enum.sort(got) == for(n <- Enum.concat(11..20, [30]), do: {@stream, :large, %{n: n}})
      Cluster.call(subscriber, Process, :exit, [pid, :kill])
    end

    # Nobody is left, and no node decodes for them.
    for member <- c.members do
      Cluster.eventually(fn ->
        {:ok, compiled} = Cluster.call(member, Stream.Views, :fetch, [@stream])
        not (compiled.text =~ "large")
      end)
    end
  end

  test "a node that comes later knows what others want, and one that goes wants nothing more",
       c do
    [first, second, third] = c.members
    for member <- [first, second], do: start_stream(member)
    pid = Cluster.call(first, Streams, :subscriber, [@stream, [where: [{"n", :==, 1}]]])
    start_stream(third)
    :ok = Cluster.call(third, Stream, :publish, [@stream, event(1)])
    assert [{@stream, :event, %{"n" => 1}}] = received(first, pid, 1)

    Cluster.kill(first)

    for member <- [second, third] do
      Cluster.eventually(fn ->
        {:ok, compiled} = Cluster.call(member, Stream.Views, :fetch, [@stream])
        compiled.text =~ ~s("views":[])
      end)
    end
  end

  test "the Rust node is killed: what is published goes on, and nothing comes twice or out of order",
       c do
    [publisher, subscriber, holder] = c.members

    for member <- c.members,
        do: start_stream(member, views: [all: [topic: "all", fields: [n: "n"]]])

    router = Cluster.start_rust(holder)
    relayed(c.members, router)
    pid = Cluster.call(subscriber, Probe, :subscriber, [@pubsub, "all", [confirm: true]])
    feeder = Cluster.call(publisher, Streams, :publisher, [@stream, 1])
    received(subscriber, pid, 200)

    {_, 0} = System.cmd("kill", ["-9", "#{Cluster.rust(holder).os_pid}"])
    before = length(Cluster.call(subscriber, Probe, :received, [pid]))
    received(subscriber, pid, before + 500)
    last = Cluster.call(publisher, Probe, :stop, [feeder])
    all = received(subscriber, pid, 1)
    numbers = for {@stream, :all, %{n: n}} <- all, do: n
    assert numbers == Enum.sort(Enum.uniq(numbers))

    # What was under way in the Rust node is lost, as PubSub has it; no more than it can have held.
    missing = Enum.to_list(1..List.last(numbers)) -- numbers
    assert missing == [] or Enum.to_list(hd(missing)..List.last(missing)) == missing
    assert last >= List.last(numbers)
  end

  test "a dead letter reaches whoever listens, wherever that is", c do
    [publisher, listener, _] = c.members
    for member <- c.members, do: start_stream(member, dead_letter: "dead")
    router = Cluster.start_rust(publisher)
    relayed(c.members, router)
    pid = Cluster.call(listener, Probe, :subscriber, [@pubsub, "dead", [confirm: true]])
    :ok = Cluster.call(publisher, Stream, :publish, [@stream, [{"k", <<0, 255>>}, "1"]])
    assert [{@stream, :dead_letter, %DeadLetter{} = letter}] = received(listener, pid, 1)
    assert {letter.reason, letter.key, letter.value} == {:malformed, "k", <<0, 255>>}
    assert decoded(publisher, router) == %{"events" => 1, "dead_letters" => 1}
  end

  test "only the publisher's node asks the registry, and the Rust node decodes what others get",
       c do
    [publisher, subscriber, _] = c.members
    server = start_supervised!(SchemaRegistry)
    order = ~s({"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]})
    file = ~s(syntax = "proto3"; message Order { int64 id = 1; map<int32, bytes> of = 2; })

    row =
      ~s({"type":"record","name":"Envelope","fields":[{"name":"after","type":["null",#{order}]},{"name":"op","type":"string"}]})

    for {id, type, text} <- [
          {1, "AVRO", order},
          {2, "AVRO", ~s("long")},
          {3, "PROTOBUF", file},
          {4, "AVRO", row}
        ],
        do: SchemaRegistry.put(server, "/schemas/ids/#{id}", %{schema: text, schemaType: type})

    registry = [name: __MODULE__.Schemas, url: SchemaRegistry.url(server), retries: 0]
    :ok = Cluster.call(publisher, Probe, :start_child, [Registry.child_spec(registry)])
    formats = [:avro, :protobuf, :debezium]

    for member <- c.members, format <- formats do
      options = [
        name: Module.concat(@stream, format),
        format: format,
        registry: __MODULE__.Schemas,
        views: [all: [topic: "all"]],
        dead_letter: "all"
      ]

      start_stream(member, options)
    end

    router = Cluster.start_rust(publisher)
    relayed(c.members, router)
    pid = Cluster.call(subscriber, Probe, :subscriber, [@pubsub, "all", [confirm: true]])

    publish = fn format, events ->
      :ok = Cluster.call(publisher, Stream, :publish, [Module.concat(@stream, format), events])
    end

    orders = for n <- 1..300, do: Registry.frame(1 + rem(n, 2), <<n * 2 &&& 127>>)
    publish.(:avro, orders)
    publish.(:protobuf, Registry.frame(3, <<0, 8, 7, 18, 5, 8, 1, 18, 1, 255>>))
    publish.(:debezium, {Registry.frame(1, <<2>>), Registry.frame(4, <<2, 4, 2, "u">>)})
    publish.(:avro, [Registry.frame(9, "x"), Registry.frame(1, <<>>), Registry.frame(1, <<2>>)])
    SchemaRegistry.down(server)
    publish.(:avro, [Registry.frame(8, "x"), Registry.frame(1, <<4>>)])

    avro = Module.concat(@stream, :avro)
    {first, rest} = received(subscriber, pid, 307) |> Enum.split(300)

    assert first ==
             for(
               n <- 1..300,
               id = n &&& 63,
               do: {avro, :all, if(rem(n, 2) == 0, do: %{"id" => id}, else: id)}
             )

    assert [
             {_, :all, %{"id" => 7, "of" => %{1 => <<255>>}}},
             {_, :all, %Change{op: :update, after: %{"id" => 2}, key: %{"id" => 1}}},
             {_, :dead_letter, %DeadLetter{reason: :unknown_schema}},
             {_, :dead_letter, %DeadLetter{reason: :malformed}},
             {_, :all, %{"id" => 1}},
             {_, :dead_letter, %DeadLetter{reason: :registry_down, value: <<_::40, "x">>}},
             {_, :all, %{"id" => 2}}
           ] = rest

    # Letters of events without a schema are the publisher's.
    assert decoded(publisher, router) == %{"events" => 304, "dead_letters" => 1}
  end
end
