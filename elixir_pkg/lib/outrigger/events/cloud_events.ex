defmodule Outrigger.Events.CloudEvents do
  @moduledoc """
  CloudEvents 1.0, structured (one JSON document) and binary (attributes in headers, data in the body).

      iex> event = ~s({"specversion": "1.0", "id": "1", "source": "/shop", "type": "paid", "time": "2024-02-29T10:15:30Z", "data": {"n": 7}})
      iex> {:ok, event} = Outrigger.Events.CloudEvents.decode(event)
      iex> {event.type, event.time, event.data}
      {"paid", ~U[2024-02-29 10:15:30Z], %{"n" => 7}}

  Debezium's own, whose attributes begin with `iodebezium`, become an `Outrigger.Events.Change` with the options of
  `Outrigger.Events.Debezium`.

  ## Binary

  Headers are pairs of text, with the prefix `ce_` (Kafka) or `ce-` (HTTP, in any case); `content-type` says what the body is. A body in
  JSON is decoded, any other is the event's bytes:

      iex> headers = [{"ce_specversion", "1.0"}, {"ce_id", "1"}, {"ce_source", "/shop"}, {"ce_type", "paid"}, {"content-type", "text/plain"}]
      iex> {:ok, event} = Outrigger.Events.CloudEvents.decode({headers, "seven"})
      iex> {event.data, event.datacontenttype}
      {"seven", "text/plain"}

  Errors are those of `Outrigger.Events.Debezium`.
  """

  alias Outrigger.Error
  alias Outrigger.Events.{Change, CloudEvent, Debezium, JSON}

  @typedoc "A structured event, or headers and body of a binary one."
  @type event :: binary | {[{String.t(), String.t()}], binary}

  @doc """
  Decodes one event. Options are those of `Outrigger.Events.Debezium`.
  """
  @spec decode(event, keyword | Debezium.Options.t()) ::
          {:ok, CloudEvent.t() | Change.t()} | {:error, Error.t()}
  def decode(event, options \\ [shape: :cloud_event])

  def decode({headers, body}, options) when is_list(headers) and is_binary(body) do
    with {:ok, event} <- structured(headers, body), do: decode(event, options)
  end

  def decode(event, options) when is_binary(event),
    do: Debezium.decode(event, cloud(options))

  defp cloud(options) when is_list(options), do: Keyword.put(options, :shape, :cloud_event)
  defp cloud(options), do: options

  # One reading of the rules: a binary event is read as the structured one that says the same.
  defp structured(headers, body) do
    attributes = Enum.flat_map(headers, &attribute/1)
    type = List.keyfind(attributes, "datacontenttype", 0, {nil, "application/json"}) |> elem(1)

    with {:ok, data} <- data(body, json?(type)) do
      pairs = for {name, value} <- attributes, do: [text(name), ?:, text(value)]
      {:ok, IO.iodata_to_binary([?{, Enum.intersperse(pairs ++ data, ?,), ?}])}
    end
  end

  defp data("", _json), do: {:ok, []}
  defp data(body, false), do: {:ok, [[~s("data_base64":"), Base.encode64(body), ?"]]}

  # A body that is more than one value could say attributes.
  defp data(body, true) do
    with {:ok, _value} <- JSON.decode(body), do: {:ok, [[~s("data":), body]]}
  end

  defp attribute({name, value}) do
    case String.downcase(name, :ascii) do
      "ce_" <> name -> [{name, value}]
      "ce-" <> name -> [{name, value}]
      "content-type" -> [{"datacontenttype", value}]
      _other -> []
    end
  end

  # RFC 6839: a structured syntax suffix says what a type is made of.
  defp json?(type) do
    [type | _parameters] = String.split(type, ";")
    type = type |> String.trim() |> String.downcase(:ascii)
    type == "application/json" or type == "text/json" or String.ends_with?(type, "+json")
  end

  defp text(text), do: [?", for(<<byte <- text>>, do: escaped(byte)), ?"]

  defp escaped(byte) when byte in [?", ?\\], do: [?\\, byte]

  defp escaped(byte) when byte < 0x20,
    do: ["\\u", byte |> Integer.to_string(16) |> String.pad_leading(4, "0")]

  defp escaped(byte), do: byte
end
