defmodule Outrigger.Events.Registry.AvroTest do
  @moduledoc "From framed bytes to a term, with a schema of several parts."
  use Outrigger.Test.RegistryCase, async: true

  alias Outrigger.Events.Avro

  defp decode(registry, message) do
    with {:ok, reference, payload} <- Registry.unframe(message),
         {:ok, found} <- Registry.schema(registry, reference) do
      Avro.decode(payload, Avro.plan!(avro(found)))
    end
  end

  # The references of a registry are in the order in which they are read.
  defp avro(found) do
    references =
      Enum.reduce(found.references, [], fn part, read ->
        read ++ [Avro.schema!(part.text, references: read)]
      end)

    Avro.schema!(found.text, references: references)
  end

  test "what is known is decoded while the registry is down", context do
    part = ~s({"type":"record","name":"Id","fields":[{"name":"n","type":"long"}]})
    whole = ~s({"type":"record","name":"Order","fields":[{"name":"id","type":"Id"}]})
    references = [%{name: "Id", subject: "id", version: 1}]

    SchemaRegistry.put(context.server, "/subjects/id/versions/1", %{
      subject: "id",
      version: 1,
      schema: part
    })

    SchemaRegistry.put(context.server, "/schemas/ids/9", %{schema: whole, references: references})
    registry = registry(context)
    message = Registry.frame(9, <<14>>)
    assert {:ok, %{"id" => %{"n" => 7}} = order} = decode(registry, message)
    SchemaRegistry.down(context.server)
    assert decode(registry, message) == {:ok, order}
    assert {:error, %{reason: :registry_down}} = decode(registry, Registry.frame(10, <<14>>))
    assert decode(registry, message) == {:ok, order}
  end
end
