defmodule Outrigger.Events.Registry.ReferencesTest do
  @moduledoc "Schemas that refer to others: each is asked for once, and neither a circle nor a flood of them does harm."
  use ExUnit.Case, async: true

  alias Outrigger.Events.Registry
  alias Outrigger.Test.SchemaRegistry

  setup do
    server = start_supervised!(SchemaRegistry)
    name = :"#{__MODULE__}.#{System.unique_integer([:positive])}"

    start_supervised!(
      {Registry, name: name, url: SchemaRegistry.url(server), references: 20, max_bytes: 10_000}
    )

    %{server: server, registry: name}
  end

  # Version 1 of a subject, which refers to version 1 of others.
  defp put(server, subject, to, text \\ "\"int\"") do
    references = for other <- to, do: %{name: "the " <> other, subject: other, version: 1}
    answer = %{subject: subject, version: 1, schema: text, references: references}
    SchemaRegistry.put(server, "/subjects/#{subject}/versions/1", answer)
  end

  defp put_top(server, id, to) do
    references = for other <- to, do: %{name: "the " <> other, subject: other, version: 1}
    SchemaRegistry.put(server, "/schemas/ids/#{id}", %{schema: "\"int\"", references: references})
  end

  test "are there once each, after those that they need", context do
    %{server: server, registry: registry} = context
    put(server, "a", ["c", "d"])
    put(server, "b", ["c"])
    put(server, "c", ["d"])
    put(server, "d", [])
    put_top(server, 1, ["a", "b"])
    assert {:ok, schema} = Registry.schema(registry, 1)
    assert Enum.map(schema.references, & &1.name) == ["the d", "the c", "the a", "the b"]
    assert Enum.all?(schema.references, &(&1.references == [] and &1.version == 1))
    assert length(SchemaRegistry.requests(server)) == 5

    # Those are known from now on.
    put_top(server, 2, ["b"])
    assert {:ok, %{references: references}} = Registry.schema(registry, 2)
    assert Enum.map(references, & &1.subject) == ["d", "c", "b"]
    assert {:ok, %{subject: "a", references: [_d, _c]}} = Registry.version(registry, "a", 1)
    assert length(SchemaRegistry.requests(server)) == 6
  end

  test "in a circle are an error that shows it", %{server: server, registry: registry} do
    put(server, "a", ["b"])
    put(server, "b", ["c"])
    put(server, "c", ["a"])
    put_top(server, 1, ["a"])
    assert {:error, %{reason: :bad_schema, message: message}} = Registry.schema(registry, 1)
    assert message =~ "a 1 -> b 1 -> c 1 -> a 1"
    assert {:error, %{reason: :bad_schema}} = Registry.version(registry, "b", 1)
  end

  test "are bounded in number, depth and bytes", %{server: server, registry: registry} do
    for n <- 1..40, do: put(server, "n#{n}", [])
    put_top(server, 1, for(n <- 1..21, do: "n#{n}"))
    assert {:error, %{reason: :bad_schema, message: message}} = Registry.schema(registry, 1)
    assert message =~ "more than 20 references"

    for n <- 1..6, do: put(server, "large#{n}", [], String.duplicate(" ", 2_000))
    put_top(server, 2, for(n <- 1..6, do: "large#{n}"))
    assert {:error, %{reason: :bad_schema, message: message}} = Registry.schema(registry, 2)
    assert message =~ "more than 10000 bytes"

    # Each twice in the next: 2^9 ways through, 10 schemas, and as many requests.
    for n <- 1..9, do: put(server, "d#{n}", ["d#{n + 1}", "d#{n + 1}"])
    put(server, "d10", [])
    put_top(server, 3, ["d1"])
    before = length(SchemaRegistry.requests(server))
    assert {:ok, %{references: references}} = Registry.schema(registry, 3)
    assert length(references) == 10
    assert length(SchemaRegistry.requests(server)) - before == 11
  end

  test "of which one is not there", %{server: server, registry: registry} do
    put_top(server, 1, ["gone"])
    assert {:error, %{reason: :unknown_schema}} = Registry.schema(registry, 1)
  end
end
