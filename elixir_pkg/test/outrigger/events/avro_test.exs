defmodule Outrigger.Events.AvroTest do
  use ExUnit.Case, async: true

  alias Outrigger.Error
  alias Outrigger.Events.{Avro, Moment}

  doctest Avro

  defp decimal(sign, coef, exp), do: %{__struct__: Decimal, sign: sign, coef: coef, exp: exp}

  defp record(fields) do
    fields =
      Enum.map_join(fields, ",", fn {name, type} -> ~s({"name":"#{name}","type":#{type}}) end)

    Avro.schema!(~s({"type":"record","name":"R","fields":[#{fields}]}))
  end

  test "terms of every type come back" do
    for {type, terms} <- [
          {~s("null"), [nil]},
          {~s("boolean"), [true, false]},
          {~s("int"), [0, -1, 2_147_483_647, -2_147_483_648]},
          {~s("long"), [9_223_372_036_854_775_807, -9_223_372_036_854_775_808]},
          {~s("float"), [0.5, -0.0]},
          {~s("double"), [0.1, -1.0e300]},
          {~s("string"), ["", "é😀", String.duplicate("x", 1_000)]},
          {~s("bytes"), ["", <<0, 255>>, "text"]},
          {~s({"type":"fixed","name":"F","size":2}), [<<1, 255>>]},
          {~s({"type":"enum","name":"E","symbols":["A","B"]}), ["A", "B"]},
          {~s({"type":"array","items":"long"}), [[], [1, 2, 3], Enum.to_list(1..5_000)]},
          {~s({"type":"map","values":["null","string"]}), [%{}, %{"a" => nil, "b" => "c"}]},
          {~s({"type":"bytes","logicalType":"decimal","precision":40,"scale":2}),
           [
             decimal(1, 150, -2),
             decimal(-1, 12_345_678_901_234_567_890_123_456_789, -2),
             decimal(1, 0, -2)
           ]},
          {~s({"type":"int","logicalType":"date"}),
           [~D[1970-01-01], ~D[2026-11-21], ~D[-0001-12-31], ~D[9999-12-31]]},
          {~s({"type":"int","logicalType":"time-millis"}), [~T[23:59:59.999]]},
          {~s({"type":"long","logicalType":"time-micros"}), [~T[00:00:00.000001]]},
          {~s({"type":"long","logicalType":"timestamp-millis"}),
           [~U[2026-11-21 12:34:56.789Z], ~U[1969-12-31 23:59:59.999Z]]},
          {~s({"type":"long","logicalType":"timestamp-micros"}),
           [~U[2026-11-21 12:34:56.789012Z]]},
          {~s({"type":"long","logicalType":"timestamp-nanos"}),
           [%Moment{kind: :instant, value: 1_700_000_000_000_000_001}]},
          {~s({"type":"long","logicalType":"local-timestamp-micros"}),
           [~N[2026-11-21 12:34:56.789012]]},
          {~s({"type":"fixed","name":"D","size":12,"logicalType":"duration"}),
           [%Moment{kind: :duration, value: {1, 2, 3_000_000}}]},
          {~s({"type":"string","logicalType":"uuid"}), ["5f2d2f3e-6f0b-4c4e-9d1e-0c1f2a3b4c5d"]}
        ],
        schema = record(x: type, tail: ~s("int")),
        plan = Avro.plan!(schema),
        term <- terms do
      row = %{"x" => term, "tail" => 7}
      assert {type, Avro.decode!(Avro.encode!(row, schema), plan)} == {type, row}
      # Atoms are keys, too.
      assert Avro.encode(%{x: term, tail: 7}, schema) == Avro.encode(row, schema)
    end
  end

  test "floats that the VM does not have are atoms" do
    double = Avro.plan!(Avro.schema!(~s("double")))
    float = Avro.plan!(Avro.schema!(~s("float")))

    for {wide, narrow, atom} <- [
          {0x7FF0000000000000, 0x7F800000, :inf},
          {0xFFF0000000000000, 0xFF800000, :"-inf"},
          {0x7FF8000000000000, 0x7FC00000, :NaN}
        ] do
      assert Avro.decode(<<wide::64-little>>, double) == {:ok, atom}
      assert Avro.decode(<<narrow::32-little>>, float) == {:ok, atom}
    end
  end

  test "large data goes to a dirty scheduler, and is the same" do
    schema =
      Avro.schema!(
        ~s({"type":"array","items":{"type":"record","name":"R","fields":[{"name":"id","type":"long"},{"name":"e",
      "type":{"type":"enum","name":"E","symbols":["LEFT","RIGHT"]}}]}})
      )

    for count <- [0, 1, 100, 50_000] do
      rows = for n <- 1..count//1, do: %{"id" => n, "e" => Enum.at(["LEFT", "RIGHT"], rem(n, 2))}
      bytes = Avro.encode!(rows, schema)
      assert Avro.decode!(bytes, Avro.plan!(schema)) == rows

      assert Avro.decode!(bytes, Avro.plan!(schema), keys: :existing_atoms) ==
               for(row <- rows, do: %{id: row["id"], e: row["e"]})
    end
  end

  test "schemas refer to others, and have their fingerprints" do
    user =
      Avro.schema!(
        ~s({"type":"record","name":"a.User","doc":"left out","fields":[{"name":"id","type":"long"}]})
      )

    list = Avro.schema!(~s({"type":"array","items":"a.User"}), references: [user])
    assert Avro.decode!(Avro.encode!([%{id: 1}], list), Avro.plan!(list)) == [%{"id" => 1}]

    assert user.canonical ==
             ~s({"name":"a.User","type":"record","fields":[{"name":"id","type":"long"}]})

    assert user.sha256 == :crypto.hash(:sha256, user.canonical)
    # The specification's own example of the algorithm's result for "int".
    assert Avro.schema!(~s("int")).fingerprint == 0x7275D51A3F395C8F

    {:ok, single} = Avro.encode_single(%{id: 1}, user)
    fingerprint = user.fingerprint
    assert {:ok, ^fingerprint, datum} = Avro.split_single(single)
    assert Avro.decode!(datum, Avro.plan!(user)) == %{"id" => 1}
    assert {:error, %Error{reason: :malformed}} = Avro.split_single("other bytes")
  end

  test "what is wrong says where" do
    long = record(x: ~s("long"))

    assert {:error, %Error{reason: :bad_schema}} = Avro.schema("{")

    assert {:error, %Error{reason: :bad_schema}} =
             Avro.schema(~s({"type":"array","items":"nowhere"}))

    assert {:error, %Error{reason: :incompatible}} = Avro.plan(long, record(x: ~s("string")))

    assert {:error, %Error{reason: :malformed, details: %{offset: 0}}} =
             Avro.decode("", Avro.plan!(long))

    assert {:error, %Error{reason: :malformed}} = Avro.decode(<<2, 0>>, Avro.plan!(long))

    assert {:error, %Error{reason: :too_large}} =
             Avro.decode(<<2>>, Avro.plan!(long), max_bytes: 1) |> too_large()

    for wrong <- [
          %{},
          %{x: 1.5},
          %{x: "1"},
          %{x: 1, y: 2},
          %{x: self()},
          [1 | 2],
          {1},
          :atom,
          %{x: %URI{}},
          %{1 => 2}
        ] do
      assert {:error, %Error{reason: :bad_value} = error} = Avro.encode(wrong, long)
      assert_raise Error, Exception.message(error), fn -> Avro.encode!(wrong, long) end
    end
  end

  # A datum of one byte is within any bound.
  defp too_large({:ok, %{"x" => 1}}),
    do: Avro.decode(<<2, 2>>, Avro.plan!(record(x: ~s("long"), y: ~s("long"))), max_bytes: 1)
end
