defmodule Outrigger.Events.BroadwayTest do
  @moduledoc "The helpers over messages that are shaped as Broadway's, and over the real ones where Broadway is there."
  use Outrigger.Test.RegistryCase, async: true

  alias Outrigger.{Error, Events}
  alias Outrigger.Events.{Avro, Broadway, Change, CloudEvent, Debezium, Protobuf, Tombstone}
  alias Outrigger.Test.BroadwayStandIn

  doctest Broadway

  # The stand-in, and the library itself with OUTRIGGER_HEX=1 (or ERL_LIBS).
  @messages [BroadwayStandIn.Message] ++
              if(Code.ensure_loaded?(Elixir.Broadway.Message),
                do: [Elixir.Broadway.Message],
                else: []
              )

  defp message(module, data, metadata \\ %{}) do
    struct!(module, data: data, metadata: metadata, acknowledger: {NoAcknowledger, :ref, :data})
  end

  for module <- @messages do
    describe "#{inspect(module)}" do
      @module module

      test "has the fields that are read and written, and fails as the library does it" do
        message = message(@module, "x")

        assert message |> Map.from_struct() |> Map.keys() |> Enum.sort() ==
                 [:acknowledger, :batch_key, :batch_mode, :batcher, :data, :metadata, :status]

        assert message.status == :ok
        [failed] = Broadway.decode([message], fn _data -> {:error, :reason} end, raw: nil)
        assert failed == @module.failed(message, :reason)
      end

      test "all come back in their order, and nothing else of them is changed" do
        good = %{message(@module, "[1]", %{offset: 7}) | batcher: :other, batch_key: 3}
        before = @module.failed(message(@module, "not looked at"), :earlier)
        messages = [good, message(@module, "["), before, good, message(@module, nil)]
        [first, bad, earlier, second, nothing] = Broadway.decode(messages, :json)
        assert first == %{good | data: [1], metadata: %{offset: 7, raw: "[1]"}}
        assert second == first
        assert earlier == before
        assert {:failed, %Error{reason: :malformed}} = bad.status
        assert {bad.data, bad.metadata} == {"[", %{raw: "["}}
        assert {:failed, %Error{reason: :malformed}} = nothing.status
        assert Broadway.decode([], :json) == []
        [kept] = Broadway.decode([good], :json, raw: :bytes, floats: :decimals)
        assert kept.metadata == %{offset: 7, bytes: "[1]"}
      end
    end
  end

  defp decode(data, decoder, options \\ []) do
    data
    |> Enum.map(fn
      {data, metadata} -> message(BroadwayStandIn.Message, data, metadata)
      data -> message(BroadwayStandIn.Message, data)
    end)
    |> Broadway.decode(decoder, options)
    |> Enum.map(&if(&1.status == :ok, do: &1.data, else: &1.status))
  end

  @event ~s({"after":{"id":7},"source":{"table":"orders"},"op":"c"})

  test "Debezium, with keys, tombstones and a registry", context do
    row = ~s({"type":"record","name":"shop.orders.Value","fields":[{"name":"id","type":"long"}]})
    SchemaRegistry.put(context.server, "/schemas/ids/1", %{schema: row})
    registry = registry(context)
    key = ~s({"id":7})
    framed = Registry.frame(1, <<14>>)
    options = [untyped: :as_is, registry: registry]

    messages = [
      {@event, %{key: key}},
      {framed, %{key: framed}},
      {"", %{key: key}},
      {@event, %{key: ""}},
      "{",
      nil
    ]

    assert [
             %Change{key: %{"id" => 7}, after: %{"id" => 7}, table: "orders"} = change,
             %Change{key: %{"id" => 7}, after: %{"id" => 7}},
             %Tombstone{key: %{"id" => 7}},
             %Change{key: nil},
             {:failed, %Error{reason: :malformed}},
             %Tombstone{key: nil}
           ] = decode(messages, :debezium, options)

    compiled = Debezium.options(options)
    assert [^change] = decode([{@event, %{key: key}}], :debezium, compiled: compiled)
    assert [%Change{key: nil}] = decode([{@event, %{key: key}}], :debezium, options ++ [key: nil])
    assert [^change] = decode([{@event, %{id: key}}], :debezium, options ++ [key: :id])
  end

  test "CloudEvents, structured and binary" do
    event = ~s({"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"n":1}})
    headers = [{"ce_specversion", "1.0"}, {"ce_id", "1"}, {"ce_source", "/s"}, {"ce_type", "t"}]

    assert [%CloudEvent{data: %{"n" => 1}}, %CloudEvent{data: %{"n" => 2}}, {:failed, %Error{}}] =
             decode(
               [
                 event,
                 {~s({"n":2}), %{headers: headers}},
                 {event, %{headers: [{"ce_specversion", "1.0"}]}}
               ],
               :cloud_events
             )

    assert [%CloudEvent{}] = decode([{event, %{headers: [{"other", "1"}]}}], :cloud_events)
  end

  test "Avro by a plan, and functions" do
    schema = Avro.schema!(~s("long"))

    assert [7, {:failed, %Error{reason: :malformed}}] =
             decode([<<14>>, ""], {:avro, Avro.plan!(schema)})

    assert ["A", {:failed, :no}] =
             decode(["a", "b"], &if(&1 == "a", do: {:ok, "A"}, else: {:error, :no}))
  end

  test "Protobuf, by a message and by a registry", context do
    text = ~s(syntax = "proto3"; message Order { int64 id = 1; })
    order = Protobuf.message!(Protobuf.compile!(text), "Order")
    bytes = Protobuf.encode!(%{id: 7}, order)
    assert [%{"id" => 7}, {:failed, %Error{}}] = decode([bytes, <<8>>], {:protobuf, order})
    SchemaRegistry.put(context.server, "/schemas/ids/5", %{schema: text, schemaType: "PROTOBUF"})
    registry = registry(context)
    framed = Registry.frame(5, <<0>> <> bytes)
    options = [keys: :existing_atoms]
    assert [%{id: 7}, {:failed, _}] = decode([framed, ""], {:protobuf, registry}, options)
  end

  test "projections: rows, refusals, and what a filter holds back" do
    documents = [~s({"n":1}), ~s({"n":2}), "{", ~s({"n":3})]
    all = Events.plan!(["n"])

    assert [{1}, {2}, {:failed, %Error{reason: :malformed}}, {3}] =
             decode(documents, {:project, all})

    some = Events.plan!([n: "n"], where: [{"n", :in, [1, 3]}])

    assert [%{n: 1}, nil, {:failed, %Error{}}, %{n: 3}, {:failed, %Error{}}] =
             decode(documents ++ [nil], {:project, some})
  end

  defmodule Pipeline do
    def prepare_messages(messages, _context),
      do: Outrigger.Events.Broadway.decode(messages, :debezium, untyped: :as_is)

    def handle_message(_processor, %{status: {:failed, _reason}} = message, _context), do: message
    def handle_message(_processor, %{data: %Change{}} = message, _context), do: message
  end

  test "a processor hands failed messages on with their bytes" do
    messages = for data <- [@event, "{", @event], do: message(BroadwayStandIn.Message, data)
    {good, bad} = BroadwayStandIn.process(messages, Pipeline)
    assert [%Change{}, %Change{}] = Enum.map(good, & &1.data)
    assert [%{metadata: %{raw: "{"}, status: {:failed, %Error{}}}] = bad
  end
end
