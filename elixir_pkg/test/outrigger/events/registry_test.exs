defmodule Outrigger.Events.RegistryTest do
  @moduledoc "The client beside a registry that works, on a socket of its own."
  use Outrigger.Test.RegistryCase, async: true

  test "a schema by id is asked for once", context do
    registry = registry(context)
    assert {:ok, schema} = Registry.schema(registry, 7)
    assert %{id: 7, guid: @guid, type: :avro, text: @text, references: []} = schema
    assert Registry.schema(registry, {:id, 7}) == {:ok, schema}
    assert Registry.schema(registry, 7) == {:ok, schema}
    # The answer has said the GUID.
    assert Registry.schema(registry, String.upcase(@guid)) == {:ok, schema}
    assert [request] = SchemaRegistry.requests(context.server)
    assert {request.method, request.path} == {"GET", "/schemas/ids/7"}
    assert request.headers["accept"] =~ "application/vnd.schemaregistry.v1+json"
    assert {:ok, %{requests: 1, hits: 3, misses: 1, hit_rate: 0.75}} = Registry.stats(registry)
  end

  test "by GUID, without an id in the answer", context do
    text = ~s({"type":"string"})

    SchemaRegistry.put(context.server, "/schemas/guids/#{@guid}", %{
      schema: text,
      schemaType: "JSON"
    })

    assert {:ok, schema} = Registry.schema(registry(context), {:guid, @guid})
    assert %{id: nil, guid: @guid, type: :json, text: ^text} = schema
  end

  test "by subject and version; names are escaped", context do
    path = "/subjects/a%2Fb%20%C3%A4"

    answer = %{
      subject: "a/b ä",
      version: 3,
      id: 9,
      schema: "syntax = \"proto3\";",
      schemaType: "PROTOBUF"
    }

    SchemaRegistry.put(context.server, path <> "/versions/3", answer)
    SchemaRegistry.put(context.server, path <> "/versions/latest", answer)
    SchemaRegistry.put(context.server, path <> "/versions", [1, 3])
    registry = registry(context)
    assert {:ok, [1, 3]} = Registry.versions(registry, "a/b ä")
    assert {:ok, schema} = Registry.latest(registry, "a/b ä")
    assert %{id: 9, version: 3, subject: "a/b ä", type: :protobuf} = schema
    # Known from the answer before.
    assert Registry.version(registry, "a/b ä", 3) == {:ok, schema}
    assert Registry.schema(registry, 9) == {:ok, schema}
    assert length(SchemaRegistry.requests(context.server)) == 2
  end

  test "registering and checking", context do
    registry = registry(context)
    SchemaRegistry.script(context.server, [{:status, 200, [], ~s({"id": 12})}])
    references = [%{name: "Id", subject: "id", version: 1}]
    assert Registry.register(registry, "orders", text: @text, references: references) == {:ok, 12}

    assert [%{method: "POST", path: "/subjects/orders/versions"} = post] =
             SchemaRegistry.requests(context.server)

    assert post.headers["content-type"] == "application/vnd.schemaregistry.v1+json"

    assert Outrigger.Events.JSON.decode!(post.body) == %{
             "schema" => @text,
             "schemaType" => "AVRO",
             "references" => [%{"name" => "Id", "subject" => "id", "version" => 1}]
           }

    SchemaRegistry.script(context.server, [
      {:status, 409, [], ~s({"error_code": 409, "message": "Incompatible"})},
      {:status, 422, [], ~s({"error_code": 42201, "message": "Invalid"})},
      {:status, 200, [], ~s({"is_compatible": true})},
      {:status, 200, [], ~s({"is_compatible": false, "messages": ["gone: x"]})}
    ])

    assert {:error, %{reason: :incompatible}} = Registry.register(registry, "orders", @text)
    assert {:error, %{reason: :bad_schema}} = Registry.register(registry, "orders", @text)
    assert Registry.check(registry, "orders", @text) == :ok
    assert {:error, error} = Registry.check(registry, "orders", @text, :all)
    assert {error.reason, error.details.messages} == {:incompatible, ["gone: x"]}

    assert ["/compatibility/subjects/orders/versions?verbose=true" | _] =
             Enum.reverse(SchemaRegistry.paths(context.server))

    assert {:error, %{reason: :bad_schema}} =
             Registry.register(registry, "orders", type: :xml, text: "")
  end

  test "one that is not there is an error with the remedy" do
    assert {:error, %{reason: :not_started, message: message}} = Registry.schema(Not.There, 1)
    assert message =~ "supervisor"
    assert {:error, %{reason: :not_started}} = Registry.versions(Not.There, "a")
    assert {:error, %{reason: :not_started}} = Registry.stats(Not.There)
  end

  test "options" do
    for {options, text} <- [
          {[name: :a], "give option :url"},
          {[name: :a, url: "http://h", dir: "d"], "both"},
          {[name: :a, url: "ftp://h"], "ftp://h"},
          {[name: :a, url: "http://me:secret@h"], ":auth"},
          {[name: :a, url: "http://h", auth: {:digest, "secret"}], ":auth"},
          {[name: :a, url: "http://h", auth: "secret"], ":auth"}
        ] do
      assert {:error, %{reason: :bad_option, message: message} = error} =
               Registry.start_link(options)

      assert message =~ text
      refute inspect(error) =~ "secret"
    end
  end
end
