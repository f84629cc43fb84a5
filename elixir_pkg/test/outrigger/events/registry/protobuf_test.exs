defmodule Outrigger.Events.Registry.ProtobufTest do
  @moduledoc "From framed bytes to a term, with a schema of several files."
  use Outrigger.Test.RegistryCase, async: true

  alias Outrigger.Events.Protobuf

  @money ~s(syntax = "proto3"; package shop; message Money { string currency = 1; int64 units = 2; })
  @order ~s(syntax = "proto3"; package shop; import "shop/money.proto";
            message Order { int64 id = 1; Money total = 2; message Line { int32 count = 1; } } message Refund { int64 order = 1; })

  setup context do
    SchemaRegistry.put(context.server, "/subjects/money/versions/1", %{
      subject: "money",
      version: 1,
      schema: @money,
      schemaType: "PROTOBUF"
    })

    SchemaRegistry.put(context.server, "/schemas/ids/9", %{
      schema: @order,
      schemaType: "PROTOBUF",
      references: [%{name: "shop/money.proto", subject: "money", version: 1}]
    })

    :ok
  end

  defp framed(indexes, bytes), do: Registry.frame(9, indexes <> bytes)

  test "the frame says which message it is", context do
    registry = registry(context)
    # The first message has a form of its own, and is read in both.
    for indexes <- [<<0>>, <<2, 0>>] do
      message = framed(indexes, <<8, 7, 18, 3, 10, 1, 255>>)
      assert {:error, %{reason: :malformed}} = Protobuf.decode_framed(message, registry)
      message = framed(indexes, <<8, 7, 18, 7, 10, 3, "EUR", 16, 5>>)
      total = %{"currency" => "EUR", "units" => 5}
      assert Protobuf.decode_framed(message, registry) == {:ok, %{"id" => 7, "total" => total}}
    end

    assert Protobuf.decode_framed(framed(<<2, 2>>, <<8, 1>>), registry) == {:ok, %{"order" => 1}}
    line = framed(<<4, 0, 0>>, <<8, 2>>)
    assert Protobuf.decode_framed(line, registry) == {:ok, %{"count" => 2}}
    assert Protobuf.decode_framed(line, registry, keys: :existing_atoms) == {:ok, %{count: 2}}
    assert Protobuf.decode_framed(framed(<<0>>, ""), registry, defaults: :none) == {:ok, %{}}

    for {wrong, reason} <- [
          {framed(<<2, 8>>, ""), :bad_schema},
          {framed(<<1>>, ""), :malformed},
          {framed("", ""), :malformed},
          {<<9>>, :not_framed}
        ] do
      assert {:error, %{reason: ^reason}} = Protobuf.decode_framed(wrong, registry)
    end
  end

  test "what is encoded with a frame is read by it", context do
    schema = Protobuf.compile!(@order, imports: %{"shop/money.proto" => @money})
    registry = registry(context)

    for {name, row} <- [
          {"Order", %{"id" => 1, "total" => nil}},
          {"Order.Line", %{"count" => 3}},
          {"Refund", %{"order" => 5}}
        ] do
      {:ok, bytes} = Protobuf.encode_framed(row, Protobuf.message!(schema, name), 9)
      assert Protobuf.decode_framed(bytes, registry) == {:ok, row}
    end

    money = Protobuf.message!(schema, "shop.Money")
    assert {:error, %{reason: :bad_schema}} = Protobuf.encode_framed(%{}, money, 9)
  end

  test "what is made of a schema is kept, and is there while the registry is down", context do
    registry = registry(context)
    message = framed(<<0>>, <<8, 7>>)
    assert {:ok, %{"id" => 7} = order} = Protobuf.decode_framed(message, registry)
    # Two schemas and a plan; it is kept behind the caller's back.
    wait_until(fn -> match?({:ok, %{entries: 3}}, Registry.stats(registry)) end)
    SchemaRegistry.down(context.server)
    {:ok, before} = Registry.stats(registry)
    for _round <- 1..10, do: assert(Protobuf.decode_framed(message, registry) == {:ok, order})
    {:ok, later} = Registry.stats(registry)
    assert {later.hits - before.hits, later.misses - before.misses} == {10, 0}
    # Another message of the file is made of what is known.
    assert {:ok, %{"order" => 1}} = Protobuf.decode_framed(framed(<<2, 2>>, <<8, 1>>), registry)
    unknown = Registry.frame(10, <<0>>)
    assert {:error, %{reason: :registry_down}} = Protobuf.decode_framed(unknown, registry)
  end

  test "plans take room like schemas, and give way", context do
    registry = registry(context, cache_entries: 4)

    for indexes <- [<<0>>, <<2, 2>>, <<4, 0, 0>>], defaults <- [:all, :none], _round <- 1..2 do
      assert {:ok, %{}} =
               Protobuf.decode_framed(framed(indexes, ""), registry, defaults: defaults)
    end

    wait_until(fn ->
      match?({:ok, %{evicted: evicted}} when evicted > 0, Registry.stats(registry))
    end)

    assert {:ok, %{entries: entries}} = Registry.stats(registry)
    assert entries <= 4
  end

  test "schemas of other types are refused, and registries that are not there", context do
    registry = registry(context)
    avro = Registry.frame(7, <<0, 8, 1>>)
    assert {:error, %{reason: :bad_schema} = error} = Protobuf.decode_framed(avro, registry)
    assert Exception.message(error) =~ "avro"
    assert {:error, %{reason: :not_started}} = Protobuf.decode_framed(avro, :nowhere)
  end
end
