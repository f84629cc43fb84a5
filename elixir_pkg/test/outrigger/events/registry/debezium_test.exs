defmodule Outrigger.Events.Registry.DebeziumTest do
  @moduledoc "Debezium's records behind a registry's frames."
  use Outrigger.Test.RegistryCase, async: true

  alias Outrigger.Error
  alias Outrigger.Events.{Change, CloudEvents, Debezium, Tombstone}
  alias Outrigger.Test.DebeziumCorpus

  @row ~s({"type":"record","name":"shop.orders.Value","fields":[{"name":"id","type":"long"}]})

  defp put(context, id, schema, more \\ %{}) do
    answer = Map.merge(%{schema: schema}, more)
    SchemaRegistry.put(context.server, "/schemas/ids/#{id}", answer)
  end

  defp asked(registry) do
    {:ok, stats} = Registry.stats(registry)
    stats.requests
  end

  test "every case of the corpus in Avro and Protobuf decodes as it says", context do
    for file <- DebeziumCorpus.framed(), case <- DebeziumCorpus.cases(file) do
      # What an id names never changes, so each case has a registry of its own.
      for {id, type, text} <- DebeziumCorpus.schemas(case),
          do: put(context, id, text, %{schemaType: type})

      registry = registry(context)
      options = DebeziumCorpus.options(case) ++ [registry: registry]
      record = DebeziumCorpus.record(case)
      decoded = Debezium.decode(record, options)
      DebeziumCorpus.check(case, decoded)
      compiled = Debezium.options(options)
      assert List.duplicate(decoded, 3) == Debezium.decode_all([record, record, record], compiled)
      assert asked(registry) == map_size(case["schemas"])
    end
  end

  test "a list is decoded in order, whatever is known of it", context do
    put(context, 1, @row)
    put(context, 3, ~s(["int","string"]))
    registry = registry(context)
    row = &Registry.frame(1, <<&1 * 2>>)
    unknown = Registry.frame(2, <<2>>)
    refused = Registry.frame(3, <<0, 2>>)

    records =
      for n <- 1..50, record <- [row.(n), unknown, {row.(n), nil}, refused, "{"], do: record

    results = Debezium.decode_all(records, registry: registry)
    # Three schemas, one of which there is not.
    assert asked(registry) == 3

    for {[change, unknown, tombstone, refused, wrong], n} <-
          Enum.with_index(Enum.chunk_every(results, 5), 1) do
      assert {:ok, %Change{after: %{"id" => ^n}}} = change
      assert {:error, %Error{reason: :unknown_schema}} = unknown
      assert tombstone == {:ok, %Tombstone{key: %{"id" => n}}}
      assert {:error, %Error{reason: :unsupported}} = refused
      assert {:error, %Error{reason: :malformed}} = wrong
    end

    assert results == Enum.map(records, &Debezium.decode(&1, registry: registry))
    assert Debezium.decode_all([], registry: registry) == []
  end

  test "what is known is decoded while the registry is down", context do
    put(context, 1, @row)
    registry = registry(context)
    record = Registry.frame(1, <<14>>)
    assert {:ok, %Change{} = change} = Debezium.decode(record, registry: registry)
    SchemaRegistry.down(context.server)
    assert Debezium.decode(record, registry: registry) == {:ok, change}
    other = Registry.frame(9, <<14>>)

    assert [{:ok, ^change}, {:error, %Error{reason: :registry_down}}] =
             Debezium.decode_all([record, other], registry: registry)
  end

  test "schemas of several parts, GUIDs, and documents behind a frame", context do
    part = ~s({"type":"record","name":"Id","fields":[{"name":"n","type":"long"}]})
    whole = ~s({"type":"record","name":"Order","fields":[{"name":"id","type":"Id"}]})
    references = [%{name: "Id", subject: "id", version: 1}]

    SchemaRegistry.put(context.server, "/subjects/id/versions/1", %{
      subject: "id",
      version: 1,
      schema: part
    })

    put(context, 9, whole, %{references: references})
    put(context, 10, "{}", %{schemaType: "JSON"})
    put(context, 11, "syntax = \"proto3\"; message A { A a = 1; }", %{schemaType: "PROTOBUF"})
    order = ~s(syntax = "proto3"; import "id.proto"; message Order { Id id = 1; })
    references = [%{name: "id.proto", subject: "id.proto", version: 1}]
    put(context, 12, order, %{schemaType: "PROTOBUF", references: references})
    put(context, 13, "no file", %{schemaType: "PROTOBUF"})

    SchemaRegistry.put(context.server, "/subjects/id.proto/versions/1", %{
      subject: "id.proto",
      version: 1,
      schema: ~s(syntax = "proto3"; message Id { int64 n = 1; }),
      schemaType: "PROTOBUF"
    })

    SchemaRegistry.put(context.server, "/schemas/guids/#{@guid}", %{schema: @row, guid: @guid})
    options = Debezium.options(registry: registry(context), untyped: :as_is)
    decode = &Debezium.decode(&1, options)
    assert {:ok, %Change{after: %{"id" => %{"n" => 7}}}} = decode.(Registry.frame(9, <<14>>))
    assert {:ok, %Change{after: %{"id" => 7}}} = decode.(Registry.frame(@guid, <<14>>))

    event = ~s({"after":{"id":7},"source":{},"op":"c"})
    assert decode.(Registry.frame(10, event)) == decode.(event)

    assert {:ok, %Change{after: %{"id" => %{"n" => 7}}}} =
             decode.(Registry.frame(12, <<0, 10, 2, 8, 7>>))

    assert {:error, %Error{reason: :bad_schema}} = decode.(Registry.frame(13, <<0>>))

    assert {:error, %Error{reason: :unsupported, message: message}} =
             decode.(Registry.frame(11, <<0>>))

    assert message =~ "types that hold themselves"
  end

  test "a CloudEvent whose data are in Avro", context do
    for file <- DebeziumCorpus.framed(),
        case <- DebeziumCorpus.cases(file),
        case["name"] =~ "its data in Avro" do
      for {id, "AVRO", text} <- DebeziumCorpus.schemas(case), do: put(context, id, text)
      {nil, value} = DebeziumCorpus.record(case)
      DebeziumCorpus.check(case, CloudEvents.decode(value, registry: registry(context)))
    end
  end

  test "data whose document is long is decoded on a dirty scheduler", context do
    name = String.duplicate("n", 1_000)

    rows =
      ~s({"type":"array","items":{"type":"record","name":"R","fields":[{"name":"#{name}","type":"boolean"}]}})

    put(context, 1, ~s({"type":"record","name":"A.Value","fields":[{"name":"v","type":#{rows}}]}))
    registry = registry(context)
    short = Registry.frame(1, <<2, 1, 0>>)
    # 1,000 bytes that stand for a megabyte.
    long = Registry.frame(1, <<0xD0, 0x0F, String.duplicate(<<1>>, 1_000)::binary, 0>>)

    results = Debezium.decode_all([short, long, short, long, long], registry: registry)

    assert [1, 1_000, 1, 1_000, 1_000] ==
             for({:ok, change} <- results, do: length(change.after["v"]))

    assert Debezium.decode(long, registry: registry) == Enum.at(results, 1)

    assert {:error, %Error{reason: :too_large, details: %{what: "bytes as a document"}}} =
             Debezium.decode(long, registry: registry, max_bytes: 100_000)
  end

  test "without a registry, the remedy is named" do
    assert {:error, %Error{reason: :needs_option, details: %{option: "registry"}}} =
             Debezium.decode(Registry.frame(1, <<14>>))

    assert {:error, %Error{reason: :not_started}} = Debezium.decode("{}", registry: __MODULE__)

    assert [{:error, %Error{reason: :not_started}}] =
             Debezium.decode_all(["{}"], registry: __MODULE__)

    assert_raise ArgumentError, fn -> Debezium.options(registry: "name") end
  end
end
