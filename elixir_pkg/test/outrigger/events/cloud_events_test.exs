defmodule Outrigger.Events.CloudEventsTest do
  use ExUnit.Case, async: true

  alias Outrigger.Error
  alias Outrigger.Events.{Change, CloudEvent, CloudEvents, Debezium}

  doctest CloudEvents

  @attributes [
    {"ce_specversion", "1.0"},
    {"ce_id", "a \"quoted\" \\ id\n"},
    {"CE-Source", "/shop"},
    {"ce-type", "paid"}
  ]

  test "a binary event is what the structured one would be" do
    headers = [
      {"ce_time", "2024-02-29T10:15:30Z"},
      {"ce_tenant", "é"},
      {"content-type", "application/vnd.shop+json; charset=utf-8"} | @attributes
    ]

    assert {:ok, %CloudEvent{} = event} = CloudEvents.decode({headers, ~s({"n": [1]})})
    assert event.id == "a \"quoted\" \\ id\n"
    assert event.source == "/shop"
    assert event.time == ~U[2024-02-29 10:15:30Z]
    assert event.extensions == %{"tenant" => "é"}
    assert event.data == %{"n" => [1]}
    assert {:ok, %CloudEvent{data: nil}} = CloudEvents.decode({headers, ""})
    assert {:ok, %CloudEvent{data: %{}}} = CloudEvents.decode({@attributes, "{}"})
    assert {:error, %Error{reason: :malformed}} = CloudEvents.decode({headers, "{"})
  end

  test "a body cannot say what stands in headers" do
    assert {:error, %Error{reason: :malformed}} =
             CloudEvents.decode({tl(@attributes), ~s(1,"specversion":"1.0")})
  end

  test "Debezium's are changes, with its options" do
    headers = [
      {"ce_iodebeziumop", "c"},
      {"ce_iodebeziumtable", "orders"},
      {"ce_iodebeziumlsn", "7"}
    ]

    body = ~s({"before": null, "after": {"price": "AQI="}})
    options = [columns: %{"orders.price" => {:decimal, 2}}]

    for options <- [options, Debezium.options([shape: :cloud_event] ++ options)] do
      assert {:ok, %Change{} = change} =
               CloudEvents.decode({headers ++ @attributes, body}, options)

      assert {change.op, change.table, change.position} == {:create, "orders", %{lsn: 7}}
      assert change.after["price"] == %{__struct__: Decimal, sign: 1, coef: 258, exp: -2}
    end
  end
end
