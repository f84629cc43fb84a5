defmodule Outrigger.Events.Registry.KeepingTest do
  @moduledoc "What is kept of the answers, for how long, and how much of it; questions that many ask."
  use Outrigger.Test.RegistryCase, async: true

  test "a thousand processes that miss one id make one request", context do
    SchemaRegistry.always(context.server, :gate)
    SchemaRegistry.watch(context.server)
    registry = registry(context)
    tasks = for _ <- 1..1_000, do: Task.async(fn -> Registry.schema(registry, 7) end)
    assert_receive {:request, "/schemas/ids/7"}
    # All have asked, and none has an answer.
    wait_until(fn -> match?({:ok, %{misses: 1_000}}, Registry.stats(registry)) end)
    SchemaRegistry.release(context.server)
    assert tasks |> Task.await_many(30_000) |> Enum.uniq() |> length() == 1
    assert length(SchemaRegistry.requests(context.server)) == 1
  end

  test "what there is not is asked for once in a while", context do
    registry = registry(context, negative_ttl: 1_000)
    for _ <- 1..3, do: assert({:error, %{reason: :unknown_schema}} = Registry.schema(registry, 8))
    assert length(SchemaRegistry.requests(context.server)) == 1
    SchemaRegistry.put(context.server, "/schemas/ids/8", %{schema: @text})
    later(context, 999)
    assert {:error, %{reason: :unknown_schema}} = Registry.schema(registry, 8)
    later(context, 1)
    assert {:ok, %{id: 8}} = Registry.schema(registry, 8)
    assert {:ok, %{circuit: :closed, requests: 2}} = Registry.stats(registry)
  end

  test "the latest is asked for again after a while, and is stale while the registry is down",
       context do
    path = "/subjects/orders/versions/latest"

    SchemaRegistry.put(context.server, path, %{
      subject: "orders",
      version: 1,
      id: 1,
      schema: @text
    })

    registry = registry(context, latest_ttl: 1_000)
    strict = registry(context, latest_ttl: 1_000, stale_latest: false)

    for registry <- [registry, strict],
        do: assert({:ok, %{version: 1}} = Registry.latest(registry, "orders"))

    SchemaRegistry.put(context.server, path, %{
      subject: "orders",
      version: 2,
      id: 2,
      schema: @text
    })

    later(context, 999)
    assert {:ok, %{version: 1}} = Registry.latest(registry, "orders")
    later(context, 1)
    assert {:ok, %{version: 2}} = Registry.latest(registry, "orders")

    SchemaRegistry.down(context.server)
    later(context, 1_000)
    # Once after the retries, once with the circuit open.
    for _ <- 1..2, do: assert({:ok, %{version: 2}} = Registry.latest(registry, "orders"))
    assert {:ok, %{stale: 2}} = Registry.stats(registry)
    assert {:error, %{reason: :registry_down}} = Registry.latest(strict, "orders")
  end

  test "one more question than may wait is an error, and the others get their answers", context do
    SchemaRegistry.watch(context.server)
    SchemaRegistry.always(context.server, :gate)
    for id <- 1..2, do: SchemaRegistry.put(context.server, "/schemas/ids/#{id}", %{schema: @text})
    registry = registry(context, connections: 1, waiting: 1)
    first = Task.async(fn -> Registry.schema(registry, 1) end)
    assert_receive {:request, "/schemas/ids/1"}
    second = Task.async(fn -> Registry.schema(registry, 2) end)
    wait_until(fn -> match?({:ok, %{waiting: 1}}, Registry.stats(registry)) end)
    assert {:error, %{reason: :overloaded}} = Registry.schema(registry, 3)
    SchemaRegistry.release(context.server)
    assert [{:ok, %{id: 1}}, {:ok, %{id: 2}}] = Task.await_many([first, second], 30_000)
  end

  test "the cache is bounded: errors go first, then what was not used", context do
    for id <- 1..40,
        do: SchemaRegistry.put(context.server, "/schemas/ids/#{id}", %{schema: @text})

    registry = registry(context, cache_entries: 16)

    for id <- 1..40 do
      assert {:ok, _schema} = Registry.schema(registry, id)
      assert {:error, _none} = Registry.schema(registry, 1_000 + id)
      assert {:ok, _schema} = Registry.schema(registry, 1)
    end

    assert {:ok, %{entries: entries, evicted: evicted}} = Registry.stats(registry)
    assert entries <= 16 and evicted > 0
    asked = length(SchemaRegistry.requests(context.server))
    for id <- [1, 40, 39], do: Registry.schema(registry, id)
    assert length(SchemaRegistry.requests(context.server)) == asked
    assert 1 == Enum.count(SchemaRegistry.paths(context.server), &(&1 == "/schemas/ids/1"))
  end

  test "bytes are bounded as well", context do
    text = String.duplicate(" ", 10_000)
    for id <- 1..20, do: SchemaRegistry.put(context.server, "/schemas/ids/#{id}", %{schema: text})
    registry = registry(context, cache_bytes: 50_000)
    for id <- 1..20, do: assert({:ok, _schema} = Registry.schema(registry, id))
    assert {:ok, %{bytes: bytes, entries: entries}} = Registry.stats(registry)
    assert bytes <= 50_000 and entries in 3..4
  end

  test "what was registered is the latest, and is no longer unknown", context do
    path = "/subjects/orders/versions/latest"

    SchemaRegistry.put(context.server, path, %{
      subject: "orders",
      version: 1,
      id: 1,
      schema: @text
    })

    registry = registry(context)
    assert {:ok, %{version: 1}} = Registry.latest(registry, "orders")
    assert {:error, %{reason: :unknown_schema}} = Registry.schema(registry, 2)
    answer = %{subject: "orders", version: 2, id: 2, schema: "\"int\""}
    SchemaRegistry.put(context.server, path, answer)
    SchemaRegistry.put(context.server, "/schemas/ids/2", answer)
    SchemaRegistry.script(context.server, [{:status, 200, [], ~s({"id": 2})}])
    assert Registry.register(registry, "orders", "\"int\"") == {:ok, 2}
    assert {:ok, %{text: "\"int\""}} = Registry.schema(registry, 2)
    assert {:ok, %{version: 2}} = Registry.latest(registry, "orders")
  end
end
