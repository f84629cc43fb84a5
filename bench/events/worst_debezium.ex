defmodule Bench.Events.WorstDebezium do
  @moduledoc """
  Debezium's events, alone, in lists, framed and through streams, see `Bench.Events.Worst`.
  """

  import Bench.Events.Worst, only: [many: 3]

  alias Outrigger.Events.{Avro, Debezium, JSON}
  alias Outrigger.Native

  @record 32_768
  @event 16_384

  @spec cases() :: [Bench.Events.Worst.case()]
  def cases, do: records() ++ lists() ++ framed() ++ streams()

  defp records do
    for {name, options, record} <- documents(@record) do
      reference = options.reference
      {:events_debezium, name, fn -> Native.events_debezium(record, reference, nil) end}
    end ++ [unknown_schemas()]
  end

  # More of them than are kept, in turn.
  defp unknown_schemas do
    records = List.to_tuple(for n <- 1..40, do: schema_of_many(@record, 20_000 + 1_000 * n))
    turn = :counters.new(1, [])

    call = fn ->
      :counters.add(turn, 1, 1)
      record = elem(records, rem(:counters.get(turn, 1), 40))
      Native.events_debezium(record, nil, nil)
    end

    {:events_debezium, "schemas of many fields, each another one", call}
  end

  defp documents(bytes) do
    as_is = Debezium.options(untyped: :as_is)
    plain = Debezium.options([])
    outbox = Debezium.options(shape: :outbox, expand_payload: true, untyped: :as_is)

    typed =
      for {name, type, item} <- [
            {"instants", ~s({"type":"int64","name":"io.debezium.time.MicroTimestamp"}), "1"},
            {"zoned instants", ~s({"type":"string","name":"io.debezium.time.ZonedTimestamp"}),
             ~s("2024-02-29T10:15:30.123456Z")},
            {"dates", ~s({"type":"int32","name":"io.debezium.time.Date"}), "1"},
            {"decimals",
             ~s({"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}}),
             ~s("AQ==")},
            {"scaled decimals",
             ~s({"type":"struct","name":"io.debezium.data.VariableScaleDecimal","fields":[{"type":"int32","field":"scale"},{"type":"bytes","field":"value"}]}),
             ~s({"scale":1,"value":"AQ=="})},
            {"points",
             ~s({"type":"struct","name":"io.debezium.data.geometry.Point","fields":[{"type":"double","field":"x"},{"type":"double","field":"y"}]}),
             ~s({"x":1.5,"y":1.5})},
            {"numbers", ~s({"type":"int64"}), "1"}
          ] do
        {"lists of #{name}", plain, with_schema(type, item, bytes)}
      end

    row = columns(div(bytes - 200, 9), &"#{10_000 + &1}")
    twice = columns(div(bytes - 200, 9), &"#{10_000 + div(&1, 2)}")
    pair = columns(div(bytes - 400, 18), &"#{10_000 + &1}")
    turned = columns(div(bytes - 400, 18), &"#{10_000 + div(bytes - 400, 18) + 1 - &1}")

    typed ++
      [
        {"one row", as_is, envelope("null", row)},
        {"one row, each column twice", as_is, envelope("null", twice)},
        {"rows that differ", as_is, envelope(pair, String.replace(pair, ":0", ":1"))},
        {"rows in different orders", as_is, envelope(pair, turned)},
        {"structs in another order than their schema", plain, turned(bytes)},
        {"columns that need an option", plain, envelope("null", row)},
        {"lists", as_is,
         envelope("null", ~s({"a":[#{Enum.join(many("{}", bytes - 200, 1), ",")}]}))},
        {"a row without an envelope", as_is, row},
        {"members that nobody knows", as_is,
         String.replace_suffix(envelope("null", "{}"), "}", "," <> String.slice(row, 1..-1//1))},
        {"a schema of many fields", plain, schema_of_many(bytes, 10_000)},
        {"a schema that is no schema", plain,
         ~s({"schema":#{Bench.Events.Worst.list("{}", bytes - 200)},"payload":{}})},
        {"JSON in a string", outbox,
         ~s({"id":"1","aggregatetype":"a","aggregateid":"b","type":"c","payload":"[#{Enum.join(many("{}", bytes - 200, 1), ",")}]"})},
        {"wrong at the end", as_is, envelope("null", row) <> "x"},
        {"no document", plain, String.duplicate("x", bytes - 1)}
      ]
  end

  defp with_schema(type, item, bytes) do
    row =
      ~s("type":"struct","optional":true,"name":"t.Value","fields":[{"field":"a","items":#{type},"type":"array"}])

    schema =
      ~s({"type":"struct","name":"t.Envelope","fields":[{"field":"before",#{row}},{"field":"after",#{row}},{"field":"op","type":"string"}]})

    frame = ~s({"schema":#{schema},"payload":)
    payload = envelope("null", ~s({"a":[]}))
    room = bytes - byte_size(frame) - byte_size(payload) - 2
    frame <> envelope("null", ~s({"a":[#{Enum.join(many(item, room, 1), ",")}]})) <> "}"
  end

  # Half of it is the schema of a struct, the rest a list of those with the last field alone.
  defp turned(bytes) do
    count = div(bytes, 128)
    fields = Enum.map_join(1..count, ",", &~s({"field":"#{10_000 + &1}","type":"int8"}))
    item = ~s({"#{10_000 + count}":0})
    with_schema(~s({"type":"struct","fields":[#{fields}]}), item, bytes)
  end

  defp schema_of_many(bytes, from) do
    fields =
      Enum.map_join(1..div(bytes - 300, 34), ",", &~s({"field":"f#{from + &1}","type":"int8"}))

    ~s({"schema":{"type":"struct","name":"t.Envelope","fields":[{"field":"after","type":"struct","fields":[#{fields}]}]},) <>
      ~s("payload":#{envelope("null", "{}")}})
  end

  defp envelope(before, after_),
    do:
      ~s({"before":#{before},"after":#{after_},"source":{"db":"d","table":"t"},"op":"u","ts_ms":1700000000000})

  defp columns(count, key), do: "{" <> Enum.map_join(1..count, ",", &~s("#{key.(&1)}":0)) <> "}"

  defp lists do
    as_is = Debezium.options(untyped: :as_is)

    for {name, options, record} <-
          [
            {"tombstones", as_is, nil},
            {"keys alone", as_is, {"{}", nil}},
            {"small changes", as_is, ~s({"op":"c","after":{}})},
            {"no documents", as_is, "x"},
            {"no bytes", as_is, ""}
          ] ++ documents(4_096) do
      {reference, records} = {options.reference, List.duplicate(record, 10_000)}
      {:events_debezium_all, name, fn -> Native.events_debezium_all(records, reference, nil) end}
    end
  end

  # A datum is written out as the document that it stands for.
  defp framed do
    for {name, items, item} <- [
          {"instants", ~s({"type":"long","connect.name":"io.debezium.time.MicroTimestamp"}),
           <<2>>},
          {"numbers", ~s("long"), <<2>>},
          {"strings", ~s("string"), <<0>>}
        ],
        bytes <- [8_000, 32_700] do
      row =
        ~s({"type":"record","name":"Value","fields":[{"name":"a","type":{"type":"array","items":#{items}}}]})

      schema =
        Avro.schema!(
          ~s({"type":"record","name":"Envelope","namespace":"t","fields":[{"name":"before","type":["null",#{row}]},{"name":"after","type":["null","Value"]},{"name":"op","type":"string"}]})
        )

      writers = Native.events_writers()
      :ok = Native.events_writers_avro(writers, {:id, 7}, schema.reference)
      one = Avro.encode!(%{"before" => nil, "after" => %{"a" => []}, "op" => "c"}, schema)
      items = many(item, bytes - 64, 0)
      # Behind the two branches stands the count of the list's items, which was none.
      <<0, 2, 0, rest::binary>> = one
      count = Avro.encode!(length(items), Avro.schema!(~s("long")))
      record = IO.iodata_to_binary([<<0, 7::32, 0, 2>>, count, items, 0, rest])

      {:events_debezium, "framed, lists of #{name}, #{bytes} B",
       fn -> Native.events_debezium(record, nil, writers) end}
    end
  end

  defp streams do
    views = fn count, fields ->
      for n <- 1..count,
          do: %{
            "name" => "v#{n}",
            "topic" => ["t#{n}"],
            "where" => [],
            "fields" => fields
          }
    end

    head = %{"name" => "s", "dead_letter" => "d", "limits" => nil}

    for {name, format, views, event} <- [
          {"64 views of all of it", "json", Enum.map(views.(64, nil), &Map.delete(&1, "fields")),
           Bench.Events.Worst.list("{}", @event)},
          {"64 views of small events", "json",
           Enum.map(views.(64, nil), &Map.delete(&1, "fields")), "{}"},
          {"a view of all of it", "json", Enum.map(views.(1, nil), &Map.delete(&1, "fields")),
           Bench.Events.Worst.list("{}", @event)},
          {"64 views of 64 fields", "json", views.(64, for(n <- 1..64, do: ["f#{n}", "k#{n}"])),
           "{}"},
          {"lists of instants", "debezium", Enum.map(views.(1, nil), &Map.delete(&1, "fields")),
           with_schema(~s({"type":"int64","name":"io.debezium.time.MicroTimestamp"}), "1", 8_000)},
          {"no documents", "json", Enum.map(views.(1, nil), &Map.delete(&1, "fields")), "x"}
        ] do
      text =
        JSON.encode!(
          head
          |> Map.merge(%{"format" => format, "views" => views})
          |> Map.delete("limits")
        )

      {:ok, stream} = Native.events_stream(text)
      events = List.duplicate(event, 10_000)
      {:events_stream_take, name, fn -> Native.events_stream_take(stream, events) end}
    end
  end
end
