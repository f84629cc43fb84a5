defmodule Outrigger.Events.Registry.FailuresTest do
  @moduledoc "The client beside a registry that is down, slow, or answers what no registry does."
  use Outrigger.Test.RegistryCase, async: true

  test "known ids are given while the registry is down, and others are errors at once", context do
    registry = registry(context)
    assert {:ok, schema} = Registry.schema(registry, 7)
    SchemaRegistry.down(context.server)
    assert {:error, error} = Registry.schema(registry, 8)
    assert %{reason: :registry_down, details: %{attempts: 3}} = error

    assert {:error, %{reason: :registry_down, details: %{retry_in: 5_000}}} =
             Registry.schema(registry, 9)

    assert {:ok, %{circuit: :open, requests: 4}} = Registry.stats(registry)
    assert Registry.schema(registry, 7) == {:ok, schema}

    # It comes back; the circuit lets a probe through when its time has come.
    SchemaRegistry.up(context.server)
    SchemaRegistry.put(context.server, "/schemas/ids/9", %{schema: @text})
    later(context, 4_999)
    assert {:error, %{details: %{retry_in: 1}}} = Registry.schema(registry, 9)
    later(context, 1)
    assert {:ok, %{id: 9}} = Registry.schema(registry, 9)
    assert {:ok, %{circuit: :closed}} = Registry.stats(registry)
  end

  test "a probe that fails opens the circuit again", context do
    SchemaRegistry.always(context.server, {:status, 500, [], "{}"})
    registry = registry(context, retries: 0)
    assert {:error, %{reason: :registry_down}} = Registry.schema(registry, 1)
    later(context, 5_000)
    assert {:error, %{details: %{attempts: 1}}} = Registry.schema(registry, 1)
    assert {:error, %{details: %{retry_in: 5_000}}} = Registry.schema(registry, 1)
    assert length(SchemaRegistry.requests(context.server)) == 2
  end

  test "failures that pass are asked again", context do
    failures = [
      {:status, 500, [], ~s({"error_code": 50001, "message": "Oh"})},
      {:status, 429, [], ""},
      {:raw, ""},
      {:raw, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"}
    ]

    SchemaRegistry.script(context.server, failures)
    registry = registry(context, retries: 4)
    assert {:ok, %{id: 7}} = Registry.schema(registry, 7)
    assert {:ok, %{requests: 5, retries: 4}} = Registry.stats(registry)
  end

  test "Retry-After beyond the deadline is not waited for", context do
    SchemaRegistry.always(context.server, {:status, 429, [{"retry-after", "3600"}], "{}"})
    registry = registry(context)
    assert {:error, error} = Registry.schema(registry, 7)
    assert %{reason: :rate_limited, details: %{retry_after: 3_600_000, attempts: 1}} = error
  end

  test "one that hangs is given up after the timeout", context do
    SchemaRegistry.script(context.server, [:hang])
    registry = registry(context, timeout: 50)
    assert {:ok, %{id: 7}} = Registry.schema(registry, 7)
    assert {:ok, %{requests: 2}} = Registry.stats(registry)
  end

  test "of several urls the others are asked when one is down, and the one that answered stays",
       context do
    other = start_supervised!(SchemaRegistry, id: :other)
    for id <- 1..3, do: SchemaRegistry.put(other, "/schemas/ids/#{id}", %{schema: @text})
    SchemaRegistry.always(context.server, {:status, 503, [], ""})
    urls = [SchemaRegistry.url(context.server), SchemaRegistry.url(other)]
    registry = registry(context, url: urls, retries: 0)
    for id <- 1..3, do: assert({:ok, %{id: ^id}} = Registry.schema(registry, id))
    assert length(SchemaRegistry.requests(context.server)) == 1
    assert length(SchemaRegistry.requests(other)) == 3
  end

  test "answers that cannot be used are errors that say so", context do
    odd = [
      {{:status, 200, [], "<html>"}, "no JSON"},
      {{:status, 200, [{"content-type", "text/html"}], "{}"}, "content type"},
      {{:status, 302, [{"location", "http://127.0.0.1:1/"}], ""}, "redirect"},
      {{:status, 404, [{"content-type", "text/html"}], "not here"}, "status 404"},
      {{:status, 200, [], "[]"}, "a schema"},
      {{:status, 200, [], ~s({"schema": "x", "schemaType": "XSD"})}, "AVRO, JSON and PROTOBUF"},
      {{:status, 200, [], ~s({"schema": "x", "references": [{"name": 1}]})}, "references"},
      {{:raw, "SSH-2.0-x\r\n\r\n"}, "no HTTP"},
      {{:raw, "HTTP/1.1 200 OK\r\nx: #{String.duplicate("x", 9_000)}\r\n\r\n"}, ""},
      {{:raw, "HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n"}, ":max_bytes"},
      {{:raw, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n"}, ":max_bytes"},
      {:endless, ":max_bytes"}
    ]

    registry = registry(context, max_bytes: 100_000)

    for {{behaviour, text}, id} <- Enum.with_index(odd) do
      SchemaRegistry.always(context.server, behaviour)
      assert {:error, error} = Registry.schema(registry, id)
      assert {behaviour, error.reason} == {behaviour, :bad_answer}
      assert error.message =~ text
    end

    assert {:ok, %{circuit: :closed, retries: 0}} = Registry.stats(registry)
  end

  test "a chunked answer", context do
    [a, b] = [~s({"schema": "st), ~s(ring"})]
    chunk = fn text -> Integer.to_string(byte_size(text), 16) <> "\r\n" <> text <> "\r\n" end
    head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    SchemaRegistry.script(context.server, [{:raw, [head, chunk.(a), chunk.(b), "0\r\n\r\n"]}])
    assert {:ok, %{text: "string"}} = Registry.schema(registry(context), 7)
  end

  test "those that wait for their turn do not wait for a registry that was found down", context do
    SchemaRegistry.watch(context.server)
    SchemaRegistry.always(context.server, :gate)
    registry = registry(context, connections: 1, retries: 0)
    tasks = for id <- 1..20, do: Task.async(fn -> Registry.schema(registry, id) end)
    assert_receive {:request, _first}
    wait_until(fn -> match?({:ok, %{waiting: 19}}, Registry.stats(registry)) end)
    SchemaRegistry.drop(context.server)

    for result <- Task.await_many(tasks, 30_000),
        do: assert({:error, %{reason: :registry_down}} = result)

    assert length(SchemaRegistry.requests(context.server)) == 1
  end

  test "a question has a deadline, whatever it waits for", context do
    SchemaRegistry.always(context.server, {:status, 503, [{"retry-after", "1"}], ""})
    registry = registry(context, deadline: 900)

    assert {:error, %{reason: :registry_down, details: %{attempts: 1}}} =
             Registry.schema(registry, 7)

    SchemaRegistry.always(context.server, :hang)
    slow = registry(context, deadline: 100, retries: 1_000)
    assert {:error, %{reason: :registry_down}} = Registry.schema(slow, 7)
  end

  test "those who wait when it is stopped are told", context do
    SchemaRegistry.watch(context.server)
    SchemaRegistry.always(context.server, :gate)
    registry = registry(context)
    task = Task.async(fn -> Registry.schema(registry, 7) end)
    assert_receive {:request, _path}
    stop_supervised!({Registry, registry})
    assert {:error, %{reason: :not_started}} = Task.await(task)
    assert {:error, %{reason: :not_started}} = Registry.schema(registry, 7)
  end
end
