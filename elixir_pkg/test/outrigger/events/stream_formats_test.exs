defmodule Outrigger.Events.StreamFormatsTest do
  # On one node: streams of formats with schemas, given or behind a registry's frames.
  use Outrigger.Test.RegistryCase, async: true

  alias Outrigger.{Error, Native, PubSub}
  alias Outrigger.Events.{Avro, DeadLetter, Debezium, JSON, Protobuf, Stream}
  alias Outrigger.Events.Stream.Requests
  alias Outrigger.Test.DebeziumCorpus

  @corpus Path.expand("../../../../tests/vectors/events", __DIR__)
  @order ~s({"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"of","type":"Id"}]})
  @id ~s({"type":"record","name":"Id","fields":[{"name":"n","type":"long"}]})
  @file_of ~s(syntax = "proto3"; package shop; import "money.proto";
              message Other { int64 id = 1; } message Order { int64 id = 1; Money total = 2; map<int32, string> of = 3; })
  @money ~s(syntax = "proto3"; package shop; message Money { string currency = 1; int64 units = 2; })

  setup do
    unique = System.unique_integer([:positive])
    pubsub = Module.concat(__MODULE__, "PubSub#{unique}")
    start_supervised!({PubSub, name: pubsub})
    for topic <- ["all", "dead"], do: PubSub.subscribe(pubsub, topic)
    {:ok, stream: Module.concat(__MODULE__, "Stream#{unique}"), pubsub: pubsub}
  end

  defp put(context, id, type, text, references \\ []) do
    references =
      for {name, text} <- references do
        path = "/subjects/#{name}/versions/1"
        answer = %{subject: name, version: 1, schema: text, schemaType: type}
        SchemaRegistry.put(context.server, path, answer)
        %{name: name, subject: name, version: 1}
      end

    answer = %{schema: text, schemaType: type, references: references}
    SchemaRegistry.put(context.server, "/schemas/ids/#{id}", answer)
  end

  defp start(c, options) do
    defaults = [
      name: c.stream,
      pubsub: c.pubsub,
      dead_letter: "dead",
      views: [all: [topic: "all"]]
    ]

    start_supervised!({Stream, Keyword.merge(defaults, options)}, id: make_ref())
    c.stream
  end

  # What comes of an event: as its decoder answers, with the reason of an error alone.
  defp come(stream) do
    receive do
      {^stream, :all, decoded} -> {:ok, decoded}
      {^stream, :dead_letter, %DeadLetter{} = letter} -> {:error, letter.reason}
    after
      5_000 -> flunk("nothing has come")
    end
  end

  defp all_of(stream, events) do
    assert Stream.publish(stream, events) == :ok
    for _event <- events, do: come(stream)
  end

  defp short({:error, %Error{reason: reason}}), do: {:error, reason}
  defp short(result), do: result

  defp corpus(format) do
    files = Path.wildcard(Path.join(@corpus, "#{format}-*.json"))
    assert files != []
    for file <- files, do: {Path.basename(file), JSON.decode!(File.read!(file))}
  end

  test "the golden corpus of Avro becomes the terms that its decoder gives", c do
    for {name, case} <- corpus("avro") do
      datum = Base.decode16!(case["input"]["hex"], case: :lower)
      text = &(JSON.encode!(&1) |> IO.iodata_to_binary())
      reader = get_in(case, ["options", "reader"])
      written = Avro.schema!(text.(case["schema"]))
      plan = Avro.plan!(written, reader && Avro.schema!(text.(reader)))
      expected = short(Avro.decode(datum, plan))
      put(c, 1, "AVRO", written.text)
      framed = [registry: registry(c), schema: reader && text.(reader)]
      unique = Module.concat(c.stream, "S#{System.unique_integer([:positive])}")
      stream = start(%{c | stream: unique}, [format: :avro] ++ framed)
      assert {name, [expected]} == {name, all_of(stream, [Registry.frame(1, datum)])}

      unless reader do
        given =
          start(%{c | stream: Module.concat(unique, Given)}, format: :avro, schema: written.text)

        assert {name, [expected]} == {name, all_of(given, [datum])}
      end
    end
  end

  test "the golden corpus of Protobuf becomes the terms that its decoder gives", c do
    for {name, case} <- corpus("protobuf"),
        not match?(%{"error" => %{"kind" => "schema"}}, case) do
      bytes = Base.decode16!(case["input"]["hex"], case: :lower)

      ways =
        for {name, way} <- case["options"] || %{},
            do: {String.to_existing_atom(name), String.to_existing_atom(way)}

      message = Protobuf.message!(Protobuf.compile!(case["schema"]), "M", ways)
      expected = short(Protobuf.decode(bytes, message))
      put(c, 1, "PROTOBUF", case["schema"])
      unique = Module.concat(c.stream, "S#{System.unique_integer([:positive])}")
      options = [format: :protobuf, options: ways]
      stream = start(%{c | stream: unique}, [registry: registry(c)] ++ options)
      place = Native.events_protobuf_frame(message.indexes)
      assert {name, [expected]} == {name, all_of(stream, [Registry.frame(1, place <> bytes)])}
      given = [schema: [text: case["schema"], message: "M"]] ++ options
      given = start(%{c | stream: Module.concat(unique, Given)}, given)
      assert {name, [expected]} == {name, all_of(given, [bytes])}
    end
  end

  test "the golden corpus of Debezium behind frames becomes the terms that its decoder gives",
       c do
    for file <- DebeziumCorpus.framed(), case <- DebeziumCorpus.cases(file) do
      for {id, type, text} <- DebeziumCorpus.schemas(case), do: put(c, id, type, text)
      options = DebeziumCorpus.options(case)
      registry = registry(c)
      record = DebeziumCorpus.record(case)
      expected = short(Debezium.decode(record, options ++ [registry: registry]))
      unique = Module.concat(c.stream, "S#{System.unique_integer([:positive])}")
      how = [format: :debezium, registry: registry, options: options]
      stream = start(%{c | stream: unique}, how)

      # A frame inside of a CloudEvent is seen by nobody who could ask for its schema.
      expected = if case["name"] =~ "CloudEvent", do: {:error, :unknown_schema}, else: expected
      assert {case["name"], [expected]} == {case["name"], all_of(stream, [record])}
    end
  end

  test "events of many schemas come in their order, each id is asked for once, and what is wrong stops nothing",
       c do
    put(c, 1, "AVRO", @order, [{"Id", @id}])
    put(c, 2, "AVRO", ~s("long"))
    put(c, 3, "AVRO", ~s({"type": "nothing"}))
    put(c, 4, "PROTOBUF", @money)
    registry = registry(c)
    stream = start(c, format: :avro, registry: registry)

    {events, expected} =
      for n <- 1..300 do
        case rem(n, 7) do
          0 -> {Registry.frame(9, "x"), {:error, :unknown_schema}}
          1 -> {Registry.frame(2, <<2 * rem(n, 60)>>), {:ok, rem(n, 60)}}
          2 -> {Registry.frame(3, <<0>>), {:error, :bad_schema}}
          3 -> {"{}", {:error, :malformed}}
          4 -> {nil, {:error, :malformed}}
          5 -> {Registry.frame(4, <<0>>), {:error, :unsupported}}
          6 -> {{"key", Registry.frame(1, <<2, 4>>)}, {:ok, %{"id" => 1, "of" => %{"n" => 2}}}}
        end
      end
      |> Enum.unzip()

    assert all_of(stream, events) == expected
    asked = for path <- SchemaRegistry.paths(c.server), path =~ "/schemas/ids/", do: path
    assert length(asked) == length(Enum.uniq(asked)) and length(asked) == 5
  end

  test "while the registry is down what is known goes on, and what is not is a letter with its bytes",
       c do
    put(c, 1, "AVRO", ~s("long"))
    stream = start(c, format: :avro, registry: registry(c))
    assert all_of(stream, [Registry.frame(1, <<14>>)]) == [{:ok, 7}]
    SchemaRegistry.down(c.server)
    unknown = Registry.frame(2, <<14>>)

    assert Stream.publish(stream, [
             Registry.frame(1, <<2>>),
             {"k", unknown},
             Registry.frame(1, <<4>>)
           ]) == :ok

    assert come(stream) == {:ok, 1}
    assert_receive {^stream, :dead_letter, %DeadLetter{reason: :registry_down} = letter}
    assert {letter.key, letter.value} == {"k", unknown}
    assert letter.message =~ "registry"
    assert come(stream) == {:ok, 2}
  end

  test "a registry that is not there makes letters, too", c do
    stream = start(c, format: :protobuf, registry: __MODULE__.Nowhere)
    assert all_of(stream, [Registry.frame(1, <<0, 8, 7>>)]) == [{:error, :not_started}]

    assert all_of(stream, ["", <<0>>, Registry.frame(1, <<1>>)]) ==
             List.duplicate({:error, :malformed}, 3)
  end

  test "messages of a file in Protobuf are found by their places, with all that it imports", c do
    put(c, 9, "PROTOBUF", @file_of, [{"money.proto", @money}])
    registry = registry(c)
    stream = start(c, format: :protobuf, registry: registry, options: [defaults: :none])
    order = <<8, 7, 18, 7, 10, 3, "EUR", 16, 5, 26, 5, 8, 1, 18, 1, "x">>
    events = for place <- [<<0>>, <<2, 2>>, <<2, 4>>], do: Registry.frame(9, place <> order)

    expected =
      for event <- events, do: short(Protobuf.decode_framed(event, registry, defaults: :none))

    assert [{:ok, %{"id" => 7}}, {:ok, %{"of" => %{1 => "x"}}}, {:error, :bad_schema}] = expected
    assert all_of(stream, events) == expected
  end

  test "requests have what their events need, and no more than one may have", c do
    large = String.duplicate(" ", 300_000)
    for n <- 1..5, do: put(c, n, "AVRO", ~s("long") <> String.slice(large, 0, 220_000))
    for n <- 6..10, do: put(c, n, "AVRO", ~s("long"))
    put(c, 11, "AVRO", ~s("long") <> large)
    stream = start(c, format: :avro, registry: registry(c))
    {:ok, %{format: %{framed: framed}}} = Stream.Views.fetch(stream)
    shape = fn events -> for request <- Requests.cut(events, framed), do: shape(request) end
    event = &Registry.frame(&1, <<0>>)
    assert shape.([]) == []
    assert shape.(List.duplicate(event.(6), 300)) == [{128, 1}, {128, 1}, {44, 1}]
    assert shape.(for _ <- 1..20, n <- 6..10, do: event.(n)) == [{100, 5}]
    assert shape.(for n <- [1, 2, 3, 4, 5, 1], do: event.(n)) == [{4, 4}, {2, 2}]
    assert shape.([event.(6), event.(12), event.(6)]) == [{1, 1}, :unknown_schema, {1, 1}]
    # Longer than the engine takes, so it is not sent to anybody.
    assert shape.([event.(11), event.(6)]) == [:bad_plan, {1, 1}]

    assert shape.([
             event.(6) <> large,
             event.(7) <> large,
             event.(7) <> String.duplicate(large, 2)
           ]) == [{2, 2}, {1, 1}]

    assert [{:events, [nil, "1"], []}] = Requests.cut([nil, "1"], nil)
  end

  test "what a worker gets as it came becomes the same", c do
    put(c, 1, "AVRO", @order, [{"Id", @id}])
    stream = start(c, format: :avro, registry: registry(c))
    {:ok, compiled} = Stream.Views.fetch(stream)
    events = [Registry.frame(1, <<2, 4>>), "wrong"]
    [{:events, ^events, [{text, _reference}]}] = Requests.cut(events, compiled.format.framed)

    assert {:ok, [{"all", {^stream, :all, %{"id" => 1}}}, {"dead", _letter}]} =
             Stream.messages([compiled.text, text], events)

    for wrong <- [[], ["no stream"], [compiled.text, "no schema"]],
        do: assert({:error, _problem} = Stream.messages(wrong, events))
  end

  test "schemas and registries that do not fit a format are refused where the stream starts", c do
    for {options, reason, text} <- [
          {[format: :avro], :bad_option, ":avro takes"},
          {[format: :protobuf], :bad_option, ":protobuf takes"},
          {[format: :protobuf, registry: R, schema: [text: "", message: "M"]], :bad_option,
           ":protobuf takes"},
          {[format: :debezium, schema: "x"], :bad_option, ":debezium takes"},
          {[format: :json, registry: R], :bad_option, ":json takes"},
          {[format: :avro, schema: 7], :bad_option, "its text"},
          {[format: :avro, schema: [txt: ""]], :bad_option, "its text"},
          {[format: :avro, schema: <<255>>], :bad_option, "its text"},
          {[format: :protobuf, schema: "syntax"], :bad_option, "message: name"},
          {[format: :protobuf, schema: [text: "", message: nil]], :bad_option, "message: name"}
        ] do
      options = [name: c.stream, pubsub: c.pubsub] ++ options

      assert {:error, %Error{reason: ^reason} = error} = Stream.start_link(options),
             inspect(options)

      assert error.message =~ text
    end

    Process.flag(:trap_exit, true)
    wrong = [format: :avro, schema: "nonsense", name: c.stream, pubsub: c.pubsub]
    assert {:error, %Error{reason: :bad_plan}} = Stream.start_link(wrong)

    for options <- [
          [format: :avro, schema: ~s("int"), options: [floats: :decimals]],
          [format: :debezium, options: [registry: R]]
        ] do
      assert_raise ArgumentError, fn ->
        Stream.start_link([name: c.stream, pubsub: c.pubsub] ++ options)
      end
    end
  end

  defp shape({:events, events, schemas}), do: {length(events), length(schemas)}
  defp shape({:letter, _event, error}), do: error.reason
end
