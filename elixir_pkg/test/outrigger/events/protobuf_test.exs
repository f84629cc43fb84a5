defmodule Outrigger.Events.ProtobufTest do
  use ExUnit.Case, async: true

  alias Outrigger.Error
  alias Outrigger.Events.{JSON, Moment, Protobuf}

  doctest Protobuf

  # The golden corpus, which the Rust tests read as well: tests/vectors/events/README.md.
  @corpus Path.expand("../../../../tests/vectors/events", __DIR__)

  defp decimal(sign, coef, exp), do: %{__struct__: Decimal, sign: sign, coef: coef, exp: exp}

  defp message(body, options \\ []) do
    imports = %{
      "google/type/date.proto" =>
        ~s(syntax = "proto3"; package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; }),
      "confluent/type/decimal.proto" =>
        ~s(syntax = "proto3"; package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; })
    }

    googles =
      for name <- ~w(timestamp duration struct wrappers any),
          do: "google/protobuf/#{name}.proto"

    all = Enum.map_join(googles ++ Map.keys(imports), &~s(import "#{&1}";))
    text = ~s(syntax = "proto3"; #{all} message M { #{body} })
    Protobuf.message!(Protobuf.compile!(text, imports: imports), "M", options)
  end

  test "terms of every type come back" do
    for {type, terms} <- [
          {"int32", [0, -1, 2_147_483_647, -2_147_483_648]},
          {"sint64", [9_223_372_036_854_775_807, -9_223_372_036_854_775_808]},
          {"uint64", [0, 18_446_744_073_709_551_615]},
          {"fixed32", [4_294_967_295]},
          {"float", [0.5, -0.0, :NaN, :inf, :"-inf"]},
          {"double", [0.1, -1.0e300, :NaN]},
          {"bool", [true, false]},
          {"string", ["", "é😀", String.duplicate("x", 1_000)]},
          {"bytes", ["", <<0, 255>>, "text"]},
          {"E", ["ZERO", "ONE", 7, -1]},
          {"repeated int64", [[], [1, 2, 3], Enum.to_list(1..5_000)]},
          {"repeated string", [["a", "", "b"]]},
          {"map<string, int32>", [%{}, %{"a" => 1, "b" => 0}]},
          {"map<int64, string>", [%{1 => "x", -9_223_372_036_854_775_808 => ""}]},
          {"map<uint64, string>", [%{18_446_744_073_709_551_615 => "x"}]},
          {"map<bool, double>", [%{true => 1.0, false => 2.0}]},
          {"google.protobuf.Timestamp",
           [nil, ~U[2026-11-22 12:34:56.789012Z], ~U[0001-01-01 00:00:00.000000Z]]},
          {"google.protobuf.Timestamp",
           [%Moment{kind: :instant, value: 1_700_000_000_000_000_001}]},
          {"google.protobuf.Duration", [%Moment{kind: :duration, value: {0, 0, -1}}]},
          {"google.type.Date", [~D[2026-11-22], %{"year" => 2026, "month" => 0, "day" => 0}]},
          {"confluent.type.Decimal",
           [decimal(1, 150, -2), decimal(-1, 12_345_678_901_234_567_890_123, -3)]},
          {"google.protobuf.Int64Value", [nil, 0, 7]},
          {"google.protobuf.Struct",
           [%{"a" => [1.0, nil, "x", %{"b" => true}], "c" => %{}, "d" => []}]},
          {"google.protobuf.Any", [%{"type_url" => "t", "value" => <<255>>}]}
        ],
        message = message("enum E { ZERO = 0; ONE = 1; } #{type} x = 1; sint32 tail = 2;"),
        term <- terms do
      row = %{"x" => term, "tail" => -7}
      assert {type, Protobuf.decode!(Protobuf.encode!(row, message), message)} == {type, row}
      # Atoms are keys, too.
      assert Protobuf.encode(%{x: term, tail: -7}, message) == Protobuf.encode(row, message)
    end
  end

  for file <- Path.wildcard(Path.join(@corpus, "protobuf-*.json")) do
    test "#{Path.basename(file)} decodes as it says" do
      case = JSON.decode!(File.read!(unquote(file)))
      bytes = Base.decode16!(case["input"]["hex"], case: :lower)

      ways =
        for {name, way} <- case["options"] || %{},
            do: {String.to_existing_atom(name), String.to_existing_atom(way)}

      decoded =
        with {:ok, schema} <- Protobuf.compile(case["schema"]) do
          message = Protobuf.message!(schema, "M", ways)
          referring = Protobuf.decode(bytes, message, strings: :reference)
          assert Protobuf.decode(bytes, message) == referring
          referring
        end

      case {case, decoded} do
        {%{"error" => error}, {:error, %Error{reason: reason, details: details}}} ->
          reasons = %{"malformed" => :malformed, "schema" => :bad_schema}

          assert {reason, details[:offset], details.path} ==
                   {reasons[error["kind"]], error["at"], error["path"]}

        {%{"expect" => expected}, {:ok, term}} ->
          assert term == term(expected)
      end
    end
  end

  # Values as the corpus has them.
  defp term(%{"integer" => digits}), do: String.to_integer(digits)
  defp term(%{"float" => "NaN"}), do: :NaN
  defp term(%{"float" => "inf"}), do: :inf
  defp term(%{"float" => digits}), do: String.to_float(digits)
  defp term(%{"bytes" => digits}), do: Base.decode16!(digits, case: :lower)
  defp term(%{"name" => name}), do: String.to_existing_atom(name)

  defp term(%{"map" => pairs}),
    do: Map.new(pairs, fn [key, value] -> {term(key), term(value)} end)

  defp term(items) when is_list(items), do: Enum.map(items, &term/1)

  defp term(%{"instant" => [nanos, _digits]}),
    do: DateTime.from_unix!(div(String.to_integer(nanos), 1_000), :microsecond)

  defp term(%{"duration" => parts}),
    do: %Moment{kind: :duration, value: List.to_tuple(Enum.map(parts, &String.to_integer/1))}

  defp term(same), do: same

  test "keys are atoms by option, those of maps never" do
    message = message("int32 id = 1; map<string, M> rows = 2;", defaults: :none)
    never = "never_an_atom_#{System.unique_integer([:positive])}"
    bytes = Protobuf.encode!(%{id: 1, rows: %{never => %{id: 2}}}, message)
    expected = {:ok, %{id: 1, rows: %{never => %{id: 2}}}}
    assert Protobuf.decode(bytes, message, keys: :existing_atoms) == expected
    assert Protobuf.decode(bytes, message, keys: :atoms) == expected
    assert_raise ArgumentError, fn -> String.to_existing_atom(never) end

    field = "field_#{System.unique_integer([:positive])}"
    unknown = message("int32 #{field} = 1;")

    assert {:error, %Error{reason: :unknown_key}} =
             Protobuf.decode(<<8, 1>>, unknown, keys: :existing_atoms)
  end

  test "strings may refer to the message" do
    message = message("string s = 1;")
    text = String.duplicate("x", 100)
    bytes = Protobuf.encode!(%{s: text}, message)
    assert {:ok, %{"s" => copy}} = Protobuf.decode(bytes, message)
    assert {:ok, %{"s" => part}} = Protobuf.decode(bytes, message, strings: :reference)
    assert {copy, part} == {text, text}
    assert :binary.referenced_byte_size(copy) == 100
    assert :binary.referenced_byte_size(part) == byte_size(bytes)
  end

  test "options of a message" do
    body = "int32 a = 1; oneof o { int32 b = 2; string c = 3; }"
    assert Protobuf.decode!("", message(body)) == %{"a" => 0}
    assert Protobuf.decode!("", message(body, defaults: :none)) == %{}
    assert Protobuf.decode!(<<16, 0>>, message(body)) == %{"a" => 0, "b" => 0}

    keeping = message(body, unknown: :keep, defaults: :none)
    bytes = <<8, 1, 80, 5>>
    assert Protobuf.decode!(bytes, keeping) == %{"a" => 1, :__unknown_fields__ => <<80, 5>>}
    assert Protobuf.encode!(Protobuf.decode!(bytes, keeping), keeping) == bytes

    plain = message("google.protobuf.Timestamp t = 1;", well_known: :messages)
    assert Protobuf.decode!(<<10, 2, 8, 1>>, plain) == %{"t" => %{"seconds" => 1, "nanos" => 0}}

    for wrong <- [[defaults: :some], [unknown: true], [other: 1]] do
      assert_raise ArgumentError, ~r/has no option/, fn -> message(body, wrong) end
    end
  end

  test "a descriptor set is a file, too" do
    # Written by hand: file "a.proto", package "p", message "M" with the field int32 "id" = 1.
    field = <<10, 2, "id", 24, 1, 32, 1, 40, 5>>
    message = <<10, 1, "M", 18, byte_size(field), field::binary>>
    file = <<10, 7, "a.proto", 18, 1, "p", 34, byte_size(message), message::binary>>
    set = <<10, byte_size(file), file::binary>>
    schema = Protobuf.load!(set)
    assert %{name: "p.M", indexes: [0]} = message = Protobuf.message!(schema, "M")
    # proto2 is what a file is that does not say.
    assert Protobuf.decode!("", message) == %{"id" => nil}
    assert Protobuf.decode!(<<8, 5>>, message) == %{"id" => 5}
    assert {:ok, _schema} = Protobuf.load(set, file: "a.proto")
    assert {:error, %Error{reason: :bad_schema}} = Protobuf.load(set, file: "b.proto")
    assert {:error, %Error{reason: :bad_schema}} = Protobuf.load(<<255>>)
  end

  test "large messages go to a dirty scheduler, and are the same" do
    rows =
      message(
        "message Row { int64 id = 1; E e = 2; string s = 3; } enum E { LEFT = 0; RIGHT = 1; } repeated Row rows = 1;"
      )

    for count <- [0, 1, 100, 50_000] do
      all =
        for n <- 1..count//1,
            do: %{"id" => n, "e" => Enum.at(["LEFT", "RIGHT"], rem(n, 2)), "s" => "row #{n}"}

      bytes = Protobuf.encode!(%{rows: all}, rows)
      assert Protobuf.decode!(bytes, rows) == %{"rows" => all}
    end
  end

  test "fields that are not there are bounded, and told by a dirty scheduler when they are many" do
    fields = Enum.map_join(2..200, &"int32 f#{&1} = #{&1}; ")
    wide = message("repeated M m = 1; #{fields}")
    nothing = fn count -> String.duplicate(<<10, 0>>, count) end
    # 200 fields in each of them.
    assert %{"m" => rows} = Protobuf.decode!(nothing.(100), wide)
    assert length(rows) == 100 and Enum.all?(rows, &(map_size(&1) == 200))

    assert {:error, %Error{reason: :too_large, details: %{what: "absent fields"}} = error} =
             Protobuf.decode(nothing.(1_000), wide)

    assert Exception.message(error) =~ "defaults: :none"
    sparse = message("repeated M m = 1; #{fields}", defaults: :none)
    assert %{"m" => rows} = Protobuf.decode!(nothing.(1_000), sparse)
    assert length(rows) == 1_000
  end

  test "messages are as deep as they may be, on both kinds of schedulers" do
    nested =
      message(
        "M m = 1; int32 n = 2; map<int32, M> s = 3; oneof o { M one = 4; int32 other = 5; } string t = 6;",
        defaults: :none
      )

    sized = fn tag, bytes -> IO.iodata_to_binary([tag, varint(byte_size(bytes)), bytes]) end

    levels = fn count, level ->
      Enum.reduce(2..count, "", fn _level, inner -> level.(inner) end)
    end

    shapes = [
      {200, &sized.(10, &1)},
      {100, &sized.(26, <<8, 1>> <> sized.(18, &1))},
      # What does not count is looked into all the same.
      {200, &(sized.(34, &1) <> <<40, 1>>)}
    ]

    # A message of this depth is small; with a long text behind it it goes to a dirty scheduler, whose stack is.
    for {most, level} <- shapes, tail <- ["", sized.(50, String.duplicate("x", 40_000))] do
      for options <- [[], [max_depth: 1_000_000]] do
        assert {:ok, %{}} = Protobuf.decode(levels.(most, level) <> tail, nested, options)

        for count <- [most + 1, 5_000] do
          assert {:error, %Error{reason: :too_large}} =
                   Protobuf.decode(levels.(count, level) <> tail, nested, options)
        end
      end
    end

    assert {:error, %Error{reason: :too_large}} =
             Protobuf.decode(levels.(20, &sized.(10, &1)), nested, max_depth: 19)

    deep = fn depth ->
      Enum.reduce(2..depth, %{"n" => 1}, fn _level, inner -> %{"m" => inner} end)
    end

    for text <- ["", String.duplicate("x", 40_000)] do
      map = Map.put(deep.(200), "t", text)
      assert {:ok, bytes} = Protobuf.encode(map, nested)
      assert {:ok, %{"m" => %{}}} = Protobuf.decode(bytes, nested)

      for {depth, reason} <- [{201, :too_large}, {5_000, :bad_value}] do
        assert {:error, %Error{reason: ^reason}} =
                 Protobuf.encode(Map.put(deep.(depth), "t", text), nested)
      end
    end
  end

  defp varint(number) when number < 128, do: <<number>>
  defp varint(number), do: <<1::1, rem(number, 128)::7, varint(div(number, 128))::binary>>

  test "what is wrong says where" do
    message = message("message Row { string s = 1; } repeated Row rows = 1; int32 n = 2;")

    for {bytes, offset, path} <- [
          {<<10, 3, 10, 1, 255>>, 4, "$.rows[0].s"},
          {<<10, 0, 10, 9>>, 4, "$.rows"},
          {<<18, 1, 1>>, 1, "$.n"},
          {<<0>>, 0, "$"}
        ] do
      assert {:error, %Error{reason: :malformed, details: details} = error} =
               Protobuf.decode(bytes, message)

      assert details == %{offset: offset, path: path}
      assert_raise Error, Exception.message(error), fn -> Protobuf.decode!(bytes, message) end
    end

    assert {:error, %Error{reason: :bad_schema}} = Protobuf.compile("message {")
    schema = Protobuf.compile!(~s(syntax = "proto3"; message M {}))
    assert {:error, %Error{reason: :bad_schema}} = Protobuf.message(schema, "N")
    assert {:error, %Error{reason: :bad_schema}} = Protobuf.message(schema, [1])

    for wrong <- [
          %{n: 1.5},
          %{n: 1, z: 2},
          %{rows: %{}},
          1,
          [1 | 2],
          %{n: self()},
          %{n: {1}},
          %{n: %URI{}}
        ] do
      assert {:error, %Error{reason: :bad_value}} = Protobuf.encode(wrong, message)
    end
  end

  test "files import others, in chains that have a bound" do
    # Each imports the one before it.
    chain = fn count ->
      imports =
        for n <- 1..count, into: %{} do
          before = if n > 1, do: ~s(import "f#{n - 1}.proto";), else: ""
          held = if n > 1, do: "M#{n - 1} m = 1;", else: "int32 n = 1;"
          {"f#{n}.proto", ~s(syntax = "proto3"; #{before} message M#{n} { #{held} })}
        end

      text = ~s(syntax = "proto3"; import "f#{count}.proto"; message T { M#{count} m = 1; })
      Protobuf.compile(text, imports: imports)
    end

    assert {:ok, schema} = chain.(64)
    message = Protobuf.message!(schema, "T", defaults: :none)
    deep = Enum.reduce(1..64, %{"n" => 7}, fn _n, inner -> %{"m" => inner} end)
    assert Protobuf.decode!(Protobuf.encode!(deep, message), message) == deep

    assert {:error, %Error{reason: :bad_schema} = error} = chain.(65)
    assert Exception.message(error) =~ "more than 64 deep"
    assert {:error, %Error{reason: :bad_schema}} = chain.(250)
  end
end
