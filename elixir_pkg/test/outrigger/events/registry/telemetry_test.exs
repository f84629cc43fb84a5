defmodule Outrigger.Events.Registry.TelemetryTest do
  @moduledoc "The events of the table in `Outrigger.Telemetry`, as an application with the telemetry library would get them."
  # Replaces a module of the VM.
  use ExUnit.Case, async: false

  alias Outrigger.Events.Registry
  alias Outrigger.Test.SchemaRegistry

  if Code.ensure_loaded?(:telemetry), do: @moduletag(skip: "the real library is there")

  setup_all do
    Code.eval_string("""
    defmodule :telemetry do
      def execute([:outrigger, :events, :registry, event], measurements, %{registry: registry} = metadata),
        do: send(:"\#{registry}.Ear", {event, measurements, metadata})

      def execute(_event, _measurements, _metadata), do: :ok
    end
    """)

    on_exit(fn ->
      :code.purge(:telemetry)
      :code.delete(:telemetry)
    end)
  end

  # What the table says of an event: its measurements, and its metadata.
  defp documented(event) do
    {:docs_v1, _, _, _, %{"en" => docs}, _, _} = Code.fetch_docs(Outrigger.Telemetry)
    row = docs |> String.split("\n") |> Enum.find(&(&1 =~ ":registry, :#{event}]"))
    [_, _name, measurements, metadata | _] = String.split(row, "|")
    {names(measurements), names(metadata)}
  end

  defp names(text) do
    for [_, name] <- Regex.scan(~r/`([a-z_]+)`/, text), name != "nil", uniq: true do
      String.to_atom(name)
    end
  end

  defp told(event) do
    assert_receive {^event, measurements, metadata}
    {expected_measurements, expected_metadata} = documented(event)
    assert Enum.sort(Map.keys(measurements)) == Enum.sort(expected_measurements)
    assert Enum.sort(Map.keys(metadata)) == Enum.sort(expected_metadata)
    metadata
  end

  test "are those of the table" do
    name = :"#{__MODULE__}.Own"
    Process.register(self(), :"#{name}.Ear")
    server = start_supervised!(SchemaRegistry)
    clock = :atomics.new(1, [])
    url = SchemaRegistry.url(server)
    options = [name: name, url: url, retries: 0, clock: fn -> :atomics.get(clock, 1) end]
    start_supervised!({Registry, options})

    SchemaRegistry.put(server, "/schemas/ids/1", %{schema: "\"int\""})
    assert {:ok, _schema} = Registry.schema(name, 1)

    assert %{method: :get, path: "/schemas/ids/1", url: ^url, status: 200, error: nil} =
             told(:request)

    assert {:error, _error} = Registry.schema(name, 2)
    assert %{status: 404, error: nil} = told(:request)
    assert %{question: {:id, 2}, error: %{reason: :unknown_schema}} = told(:error)

    SchemaRegistry.down(server)
    assert {:error, _error} = Registry.versions(name, "orders")
    assert %{status: nil, error: %{reason: :registry_down}} = told(:request)
    assert %{question: {:versions, "orders"}} = told(:error)
    assert %{state: :open, error: %{reason: :registry_down}} = told(:circuit)
    SchemaRegistry.up(server)
    :atomics.put(clock, 1, 5_000)
    Registry.schema(name, 3)
    assert %{status: 404} = told(:request)
    assert %{state: :closed, error: nil} = told(:circuit)
  end
end
