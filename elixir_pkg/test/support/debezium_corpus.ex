defmodule Outrigger.Test.DebeziumCorpus do
  @moduledoc """
  The golden corpus of Debezium's records, which the Rust tests read as well: `tests/vectors/events/README.md`.
  """

  import ExUnit.Assertions

  alias Outrigger.Error
  alias Outrigger.Events.{Change, JSON, Moment, Tombstone}

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

  def files, do: Path.wildcard(Path.join(@folder, "debezium-*.json"))

  def cases(file) do
    cases = JSON.decode!(File.read!(file))["cases"]
    assert cases != []
    cases
  end

  @doc "Key and value."
  def record(case), do: {part(case["key"]), part(case["value"])}

  defp part(%{"hex" => digits}), do: Base.decode16!(digits, case: :lower)
  defp part(text), do: text

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
      assert {name, path, found} == {name, path, term(expected)}
    end
  end

  defp step(step, map) when is_map_key(map, step), do: Map.fetch!(map, step)
  defp step(step, map), do: Map.fetch!(map, String.to_existing_atom(step))

  # What a tagged term of the corpus is on the BEAM.
  defp term(%{"integer" => digits}), do: String.to_integer(digits)
  defp term(%{"float" => float}), do: float
  defp term(%{"bytes" => hex}), do: Base.decode16!(hex, case: :lower)
  defp term(%{"name" => name}), do: String.to_existing_atom(name)
  defp term(%{"list" => list}), do: Enum.map(list, &term/1)
  defp term(%{"map" => map}), do: Map.new(map, fn {key, value} -> {key, term(value)} end)
  defp term(%{"decimal" => text}), do: decimal(text)
  defp term(%{"infinity" => true}), do: %Moment{kind: :infinity, value: nil}
  defp term(%{"infinity" => false}), do: %Moment{kind: :minus_infinity, value: nil}
  defp term(%{"date" => days}), do: Date.add(~D[1970-01-01], String.to_integer(days))

  defp term(%{"time" => [nanos, digits]}) do
    nanos = String.to_integer(nanos)

    if rem(nanos, 1000) == 0 and nanos < 86_400_000_000_000,
      do: precise(Time.add(~T[00:00:00.000000], div(nanos, 1000), :microsecond), digits),
      else: %Moment{kind: :time, value: nanos}
  end

  defp term(%{"naive" => [nanos, digits]}), do: at(nanos, digits, :naive, ~N[1970-01-01 00:00:00])

  defp term(%{"instant" => [nanos, digits]}),
    do: at(nanos, digits, :instant, ~U[1970-01-01 00:00:00Z])

  defp term(%{"duration" => parts}) do
    %Moment{kind: :duration, value: parts |> Enum.map(&String.to_integer/1) |> List.to_tuple()}
  end

  defp term(plain), do: plain

  defp at(nanos, digits, kind, %module{} = epoch) do
    nanos = String.to_integer(nanos)

    if rem(nanos, 1000) == 0,
      do: precise(module.add(epoch, div(nanos, 1000), :microsecond), digits),
      else: %Moment{kind: kind, value: nanos}
  end

  defp precise(time, digits),
    do: %{time | microsecond: {elem(time.microsecond, 0), min(digits, 6)}}

  defp decimal("NaN"), do: %{__struct__: Decimal, sign: 1, coef: :NaN, exp: 0}
  defp decimal("-Infinity"), do: %{__struct__: Decimal, sign: -1, coef: :inf, exp: 0}

  defp decimal(text) do
    {mantissa, exponent} =
      with [one] <- String.split(text, "e"),
           do: {one, 0},
           else: ([m, e] -> {m, String.to_integer(e)})

    {sign, digits} =
      if String.starts_with?(mantissa, "-"),
        do: {-1, String.slice(mantissa, 1..-1//1)},
        else: {1, mantissa}

    places =
      with [_, fraction] <- String.split(digits, "."), do: byte_size(fraction), else: (_ -> 0)

    coef = digits |> String.replace(".", "") |> String.to_integer()
    %{__struct__: Decimal, sign: sign, coef: coef, exp: exponent - places}
  end

  @doc "The options of a case."
  def options(case) do
    for {name, value} <- case["options"] || %{},
        do: {String.to_existing_atom(name), option(name, value)}
  end

  defp option("columns", columns) do
    for {name, type} <- columns, into: %{} do
      case type do
        %{"decimal" => scale} ->
          {name, {:decimal, scale}}

        type when type in ["base64", "base64_url", "hex"] ->
          {name, {:binary, String.to_existing_atom(type)}}

        type ->
          {name, String.to_existing_atom(type)}
      end
    end
  end

  defp option(name, value) when name in ["prefix", "placeholder"] or is_boolean(value), do: value
  defp option(_name, value), do: String.to_existing_atom(value)
end
