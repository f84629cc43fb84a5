defmodule Outrigger.Test.DebeziumCorpus do
  @moduledoc """
  The golden corpus of Debezium's records, which the Rust tests read as well: `tests/vectors/events/README.md`.
  """

  import ExUnit.Assertions

  alias Outrigger.Error
  alias Outrigger.Events.{Change, JSON, Tombstone}
  alias Outrigger.Test.TaggedTerms

  @folder Path.expand("../../../tests/vectors/events", __DIR__)
  @structs %{
    "change" => Change,
    "tombstone" => Tombstone,
    "heartbeat" => Outrigger.Events.Heartbeat,
    "transaction" => Outrigger.Events.Transaction,
    "schema_change" => Outrigger.Events.SchemaChange,
    "notification" => Outrigger.Events.Notification,
    "signal" => Outrigger.Events.Signal,
    "outbox" => Outrigger.Events.Outbox,
    "cloud_event" => Outrigger.Events.CloudEvent
  }

  @framed ["debezium-avro.json", "debezium-protobuf.json"]

  @doc "Records that are documents."
  def files, do: Path.wildcard(Path.join(@folder, "debezium-*.json")) -- framed()

  @doc "Records behind a registry's frames."
  def framed, do: Enum.map(@framed, &Path.join(@folder, &1))

  def cases(file) do
    cases = JSON.decode!(File.read!(file))["cases"]
    assert cases != []
    cases
  end

  @doc "Key and value."
  def record(case), do: {part(case["key"]), part(case["value"])}

  defp part(%{"hex" => digits}), do: Base.decode16!(digits, case: :lower)
  defp part(text), do: text

  @doc "The schemas of a case, as a registry has them: id, type, text."
  def schemas(case) do
    for {id, schema} <- case["schemas"] do
      if is_binary(schema),
        do: {id, "PROTOBUF", schema},
        else: {id, "AVRO", IO.iodata_to_binary(JSON.encode!(schema))}
    end
  end

  @doc "Looks at what a case was decoded to."
  def check(%{"error" => wrong} = case, decoded) do
    name = case["name"]
    assert {^name, {:error, %Error{reason: reason, details: details}}} = {name, decoded}

    assert {name, Atom.to_string(reason), details[:path], details[:option]} ==
             {name, wrong["reason"], wrong["path"], wrong["option"]}
  end

  def check(case, decoded) do
    name = case["name"]
    assert {^name, {:ok, %struct{} = record}} = {name, decoded}
    assert {name, struct} == {name, @structs[case["record"]]}
    # No field is missing, and none is there that the struct does not have.
    assert Enum.sort(Map.keys(record)) == Enum.sort(Map.keys(struct(struct)))

    for {path, expected} <- case["expect"] do
      found = path |> String.split(".") |> Enum.reduce(record, &step/2)
      assert {name, path, found} == {name, path, TaggedTerms.term(expected)}
    end
  end

  defp step(step, map) when is_map_key(map, step), do: Map.fetch!(map, step)
  defp step(step, map), do: Map.fetch!(map, String.to_existing_atom(step))

  @doc "The options of a case."
  def options(case) do
    for {name, value} <- case["options"] || %{},
        do: {String.to_existing_atom(name), option(name, value)}
  end

  defp option("columns", columns),
    do: for({name, type} <- columns, into: %{}, do: {name, type(type)})

  defp option(name, value) when name in ["prefix", "placeholder"] or is_boolean(value), do: value
  defp option(_name, value), do: String.to_existing_atom(value)

  defp type(%{"decimal" => scale}), do: {:decimal, scale}
  defp type(%{"list" => type}), do: {:list, type(type)}

  defp type(type) when type in ["base64", "base64_url", "hex"],
    do: {:binary, String.to_existing_atom(type)}

  defp type(type) when is_binary(type), do: String.to_existing_atom(type)

  defp type(%{} = unit) do
    [{kind, unit}] = Map.to_list(unit)
    {String.to_existing_atom(kind), String.to_existing_atom(unit)}
  end
end
