defmodule Bench.Events.WorstBinary do
  @moduledoc """
  Avro, Protobuf and frames of logical replication, see `Bench.Events.Worst`.
  """

  import Bitwise
  import Bench.Events.Worst, only: [many: 3]

  alias Outrigger.Events.{Avro, PgOutput, Plain, Protobuf}
  alias Outrigger.Native

  @avro 32_768
  @protobuf 16_384
  @frame 8_192
  @term 8_192

  @spec cases() :: [Bench.Events.Worst.case()]
  def cases, do: avro() ++ avro_encoded() ++ protobuf() ++ protobuf_encoded() ++ frames()

  defp avro do
    for {name, items, item} <- [
          {"numbers", ~s("long"), <<2>>},
          {"instants", logical("long", "timestamp-micros"), <<2>>},
          {"local times", logical("long", "local-timestamp-nanos"), <<2>>},
          {"dates", logical("int", "date"), <<2>>},
          {"times of day", logical("long", "time-micros"), <<2>>},
          {"decimals", ~s({"type":"bytes","logicalType":"decimal","precision":9,"scale":2}),
           <<2, 1>>},
          {"large decimals",
           ~s({"type":"bytes","logicalType":"decimal","precision":2000,"scale":2}),
           <<18, 1::72>>},
          {"durations", ~s({"type":"fixed","size":12,"name":"d","logicalType":"duration"}),
           <<1::96>>},
          {"nothing", ~s("null"), :none},
          {"records of nothing", record(100, ~s("null")), :none},
          {"empty strings", ~s("string"), <<0>>},
          {"empty lists", ~s({"type":"array","items":"long"}), <<0>>},
          {"empty maps", ~s({"type":"map","values":"long"}), <<0>>},
          {"maps of one key", ~s({"type":"map","values":"long"}), <<2, 0, 0, 0>>},
          {"unions", ~s(["null","long"]), <<0>>},
          {"symbols", ~s({"type":"enum","name":"e","symbols":["a"]}), <<0>>},
          {"records of one field", record(1, ~s("boolean")), <<0>>},
          {"floats", ~s("float"), <<1::32>>}
        ] do
      plan = Avro.plan!(Avro.schema!(~s({"type":"array","items":#{items}}))).reference
      bytes = block(item)
      {:events_avro_decode, name, fn -> Native.events_avro_decode(plan, bytes, 0, nil) end}
    end ++ defaults() ++ [one_map()]
  end

  # What the reader has and the writer has not.
  defp defaults do
    for {name, count, type, default, bytes} <- [
          {"records of 100 defaults", 100, ~s("long"), "0", @avro},
          {"a few records of 100 defaults", 100, ~s("long"), "0", 60},
          {"records of a large default", 1, ~s({"type":"array","items":"long"}),
           "[#{Enum.join(1..1000, ",")}]", @avro}
        ] do
      writer = Avro.schema!(~s({"type":"array","items":#{record(1, ~s("boolean"))}}))

      fields =
        Enum.map_join(1..count, "", &~s(,{"name":"g#{&1}","type":#{type},"default":#{default}}))

      reader =
        Avro.schema!(
          ~s({"type":"array","items":{"type":"record","name":"r","fields":[{"name":"f1","type":"boolean"}#{fields}]}})
        )

      plan = Avro.plan!(writer, reader).reference
      bytes = block(<<0>>, bytes)
      {:events_avro_decode, name, fn -> Native.events_avro_decode(plan, bytes, 0, nil) end}
    end
  end

  defp one_map do
    plan = Avro.plan!(Avro.schema!(~s({"type":"map","values":"null"}))).reference
    keys = for n <- 1..div(@avro - 16, 6), do: [<<10>>, Integer.to_string(10_000 + div(n, 2))]
    bytes = IO.iodata_to_binary([long(length(keys)), keys, 0])

    {:events_avro_decode, "one map, each key twice",
     fn -> Native.events_avro_decode(plan, bytes, 0, nil) end}
  end

  defp block(item, bytes \\ @avro)
  defp block(:none, _bytes), do: long(60_000) <> <<0>>

  defp block(item, bytes) do
    items = many(item, bytes - 8, 0)
    IO.iodata_to_binary([long(length(items)), items, 0])
  end

  defp long(number) when number < 64, do: <<number <<< 1>>
  defp long(number), do: varint(number <<< 1)
  defp varint(number) when number < 128, do: <<number>>
  defp varint(number), do: <<1::1, band(number, 127)::7>> <> varint(number >>> 7)

  defp logical(type, name), do: ~s({"type":"#{type}","logicalType":"#{name}"})

  defp record(count, type) do
    fields = Enum.map_join(1..count, ",", &~s({"name":"f#{&1}","type":#{type}}))
    ~s({"type":"record","name":"r","fields":[#{fields}]})
  end

  defp avro_encoded do
    for {name, items, item} <- [
          {"numbers", ~s("long"), 1},
          {"large numbers as decimals",
           ~s({"type":"bytes","logicalType":"decimal","precision":2000}), 1 <<< 1_000},
          {"empty strings", ~s("string"), ""},
          {"empty maps", ~s({"type":"map","values":"long"}), %{}},
          {"maps of one key", ~s({"type":"map","values":"long"}), %{"a" => 1}},
          {"unions", ~s(["null","boolean","float","string",{"type":"map","values":"long"}]),
           %{"a" => 1}},
          {"records of 100 defaults",
           record(100, ~s(["null","long"])) |> String.replace("]}", ~s(],"default":null})), %{}},
          {"instants", logical("long", "timestamp-micros"), ~U[2026-11-22 10:00:00.123456Z]},
          {"something else at the end", ~s("long"), :wrong}
        ] do
      schema = Avro.schema!(~s({"type":"array","items":#{items}})).reference
      term = term(item)
      {:events_avro_encode, name, fn -> Native.events_avro_encode(schema, term) end}
    end
  end

  # As large as it may be.
  defp term(:wrong), do: Enum.drop(term(1), 1) ++ [:wrong]

  defp term(item) do
    {:ok, plain} = Plain.of(item)
    each = :erlang.external_size([plain, plain]) - :erlang.external_size([plain])
    List.duplicate(plain, div(@term - 64, each))
  end

  defp protobuf do
    set = message([])
    all = message(defaults: :all)

    for {name, message, part} <- [
          {"empty messages", set, <<10, 0>>},
          {"fields that are not there", all, <<10, 0>>},
          {"entries with one key", set, <<18, 0>>},
          {"varints", set, <<26, 4, 1, 1, 1, 1>>},
          {"numbers of 64 bits", set, <<24, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1>>},
          {"fields in turn", set, <<24, 1, 32, 1>>},
          {"a oneof that changes", set, <<210, 6, 0, 218, 6, 0>>},
          {"empty strings", set, <<42, 0>>},
          {"instants", set, <<226, 6, 0>>},
          {"spans", set, <<234, 6, 0>>},
          {"structs", set, <<242, 6, 0>>},
          {"entries with many keys", set, :keys},
          {"fields that are not known", message(unknown: :keep), <<250, 6, 0>>}
        ] do
      bytes = protobuf(part)

      {:events_protobuf_decode, name,
       fn -> Native.events_protobuf_decode(message, bytes, 0, nil) end}
    end
  end

  defp protobuf(:keys),
    do:
      for(
        n <- 1..div(@protobuf, 7),
        into: "",
        do: <<18, 5, 8>> <> varint(10_000 + n) <> <<16>> <> <<0>>
      )

  defp protobuf(part), do: part |> many(@protobuf, 0) |> IO.iodata_to_binary()

  defp message(options) do
    fields = Enum.map_join(6..105, " ", &"int32 f#{&1} = #{&1};")

    """
    syntax = "proto3"; import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/struct.proto";
    message M { repeated M a = 1; map<int32, int32> b = 2; repeated uint64 c = 3; repeated int32 d = 4; oneof o { M p = 106; M q = 107; }
    repeated string s = 5; repeated google.protobuf.Timestamp t = 108; repeated google.protobuf.Duration u = 109;
    repeated google.protobuf.Struct v = 110; #{fields} }
    """
    |> Protobuf.compile!()
    |> Protobuf.message!("M", Keyword.merge([defaults: :none], options))
    |> Map.fetch!(:reference)
  end

  defp protobuf_encoded do
    plan = message([])

    for {name, term} <- [
          {"numbers", %{"d" => Enum.drop(term(1), 100)}},
          {"empty messages", %{"a" => Enum.drop(term(%{}), 100)}},
          {"entries", %{"b" => Map.new(1..1_000, &{&1, 1})}},
          {"instants", %{"t" => Enum.drop(term(~U[2026-11-22 10:00:00.123456Z]), 10)}},
          {"depth", Enum.reduce(1..90, %{}, fn _, inner -> %{"a" => [inner]} end)}
        ] do
      {:events_protobuf_encode, name, fn -> Native.events_protobuf_encode(plan, term) end}
    end
  end

  defp frames do
    for {name, oid, value} <- [
          {"numbers", 20, "7"},
          {"instants", 1184, "2024-02-29 10:15:30.123456+00"},
          {"spans", 1186, "1 day"},
          {"list of numbers", 1016, "{" <> Enum.join(many("1", @frame - 60, 1), ",") <> "}"},
          {"list of decimals", 1231, "{" <> Enum.join(many("1", @frame - 60, 1), ",") <> "}"},
          {"list of dates", 1182,
           "{" <> Enum.join(many("2024-02-29", @frame - 60, 1), ",") <> "}"},
          {"list of lists", 1016,
           String.duplicate("{", 6) <>
             Enum.join(many("1", @frame - 60, 1), ",") <> String.duplicate("}", 6)},
          {"JSON", 3802, "[" <> Enum.join(many("{}", @frame - 60, 1), ",") <> "]"},
          {"JSON of one map", 3802,
           "{" <> Enum.map_join(1..800, ",", &~s("#{10_000 + div(&1, 2)}":0)) <> "}"},
          {"bytes", 17, "\\x" <> String.duplicate("00", 4_000)}
        ] do
      decoder = decoder(oid, 1)
      frame = <<"I", 7::32, "N", 1::16, "t", byte_size(value)::32, value::binary>>
      {:events_pgoutput, name, fn -> Native.events_pgoutput(decoder, frame) end}
    end ++ wide_rows() ++ truncated() ++ relations() ++ lists()
  end

  defp wide_rows do
    for {name, oid, value} <- [
          {"rows of many columns", 23, "7"},
          {"rows of many dates", 1082, "2024-02-29"},
          {"rows of many numerics", 1700, "1.5"},
          {"rows of nothing", 23, nil}
        ] do
      columns = min(1_600, div(@frame - 9, if(value, do: 5 + byte_size(value), else: 1)))
      cell = if value, do: <<"t", byte_size(value)::32, value::binary>>, else: "n"
      frame = <<"I", 7::32, "N", columns::16, String.duplicate(cell, columns)::binary>>
      decoder = decoder(oid, columns)
      {:events_pgoutput, name, fn -> Native.events_pgoutput(decoder, frame) end}
    end
  end

  defp truncated do
    {_results, decoder} =
      PgOutput.decode_all(opened(true), for(oid <- 1..250, do: relation(oid, [{"id", 20}])))

    frame = <<"T", 250::32, 0, for(oid <- 1..250, into: "", do: <<oid::32>>)::binary>>
    [{:events_pgoutput, "a truncate", fn -> Native.events_pgoutput(decoder.reference, frame) end}]
  end

  defp relations do
    decoder = opened(true).reference
    frame = relation(9, for(n <- 1..580, do: {"c#{n}", 20}))

    [
      {:events_pgoutput, "a table of many columns",
       fn -> Native.events_pgoutput(decoder, frame) end}
    ]
  end

  defp lists do
    one = decoder(1231, 1)
    cell = "{" <> Enum.join(many("1", 2_000, 1), ",") <> "}"
    frame = <<"I", 7::32, "N", 1::16, "t", byte_size(cell)::32, cell::binary>>
    small = <<"I", 7::32, "N", 1::16, "n">>
    wide = decoder(23, 1_600)
    row = <<"I", 7::32, "N", 1_600::16, String.duplicate("n", 1_600)::binary>>

    for {name, decoder, frame} <- [
          {"lists of decimals", one, frame},
          {"rows of nothing", one, small},
          {"wide rows of nothing", wide, row},
          {"frames of no bytes", one, ""},
          {"commits that follow nothing", one, <<"C", 0, 900::64, 910::64, 0::64>>}
        ] do
      frames = List.duplicate(frame, 10_000)
      {:events_pgoutput_all, name, fn -> Native.events_pgoutput_all(decoder, frames) end}
    end
  end

  defp decoder(oid, columns) do
    frame = relation(7, for(n <- 1..columns, do: {"c#{n}", oid}))
    {_results, decoder} = PgOutput.decode_all(opened(oid == 3802), [frame])
    decoder.reference
  end

  defp opened(json?) do
    begin = <<"B", 900::64, 762_344_130_123_456::64, 700::32>>

    {_results, decoder} =
      PgOutput.decode_all(PgOutput.new(version: 1, json: if(json?, do: :decode, else: :text)), [
        begin
      ])

    decoder
  end

  defp relation(oid, columns) do
    for {name, type} <- columns,
        into: <<"R", oid::32, "public", 0, "t#{oid}", 0, "d", length(columns)::16>> do
      <<0, "#{name}", 0, type::32, -1::32>>
    end
  end
end
