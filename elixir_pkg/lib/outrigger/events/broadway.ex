defmodule Outrigger.Events.Broadway do
  @moduledoc """
  Decoding in a Broadway pipeline: the data of many messages in one call, and failed messages that say why.

      def prepare_messages(messages, _context) do
        Outrigger.Events.Broadway.decode(messages, :debezium, registry: MyApp.Schemas)
      end

      # Broadway hands these on as well: they keep their bytes and their reason.
      def handle_message(_processor, %{status: {:failed, _reason}} = message, _context), do: message
      def handle_message(_processor, %{data: %Change{}} = message, _context), do: message

      def handle_failed(messages, _context) do
        for %{status: {:failed, reason}, metadata: %{raw: bytes}} = message <- messages, do: dead_letter(bytes, reason)
        messages
      end

  In `c:Broadway.prepare_messages/2` a processor decodes what it got at once; in `c:Broadway.handle_batch/4` a batch is decoded, which takes larger
  portions. Both ways all messages come back, in their order.

  ## What becomes of a message

    * Decoded: the term is its `data`.
    * Not decoded: its `data` are the bytes they were, and its `status` is `{:failed, error}`, as `Broadway.Message.failed/2` makes it, with
      an `Outrigger.Error`. One that is wrong does not harm the others.
    * Both keep the bytes in `metadata.raw`. A message that has failed before is left alone.

  ## Decoders

    * `:json`, with the options of `Outrigger.Events.JSON.decode/2`;
    * `:debezium`, with those of `Outrigger.Events.Debezium` (as well as what its `options/1` has compiled, in the option `:compiled`);
    * `:cloud_events`, with the same. A message with `headers` in its metadata that say `ce_specversion` is a binary one;
    * `{:avro, plan}`, with the options of `Outrigger.Events.Avro.decode/3`;
    * `{:protobuf, message}`, with the options of `Outrigger.Events.Protobuf.decode/3`, or `{:protobuf, registry}`, with those of `decode_framed/3`;
    * `{:project, plan}` of `Outrigger.Events.plan/2`: `data` become the row, or `nil` for a document that the plan's filter holds back;
    * a function from the bytes to `{:ok, term}` or `{:error, reason}`.

  ## Options besides those

    * `:key` - where `:debezium` finds the record's key in the metadata, `:key` by default, or `nil` to have none. Bytes that are empty, of a key or
      of data, are none: clients such as `brod` make no difference between them, and no document is empty;
    * `:raw` - where in the metadata the bytes are kept, `:raw` by default, or `nil` to keep them nowhere. Then a message that was decoded
      has lost them.

  Broadway is looked for neither when this is compiled nor when it runs: a message is any struct with `data`, `metadata` and `status`, and is
  changed in these alone.
  """

  alias Outrigger.{Error, Events}
  alias Outrigger.Events.{Avro, CloudEvents, Debezium, JSON, Plan, Protobuf, Registry}

  @type message :: %{
          required(:__struct__) => module,
          required(:data) => term,
          required(:metadata) => map,
          required(:status) => term,
          optional(atom) => term
        }
  @type decoder ::
          :json
          | :debezium
          | :cloud_events
          | {:avro, Avro.Plan.t()}
          | {:protobuf, Protobuf.Message.t() | Registry.registry()}
          | {:project, Plan.t()}
          | (binary -> {:ok, term} | {:error, term})

  @doc """
  Decodes the data of messages. See above.

      iex> message = %{__struct__: Broadway.Message, data: "[1]", metadata: %{}, status: :ok}
      iex> [good, bad] = Outrigger.Events.Broadway.decode([message, %{message | data: "["}], :json)
      iex> {good.data, good.status, good.metadata.raw}
      {[1], :ok, "[1]"}
      iex> {:failed, %Outrigger.Error{reason: :malformed}} = bad.status
      iex> bad.data
      "["
  """
  @spec decode([message], decoder, keyword) :: [message]
  def decode(messages, decoder, options \\ []) when is_list(messages) do
    {own, options} = Keyword.split(options, [:key, :raw])
    raw = Keyword.get(own, :raw, :raw)
    key = Keyword.get(own, :key, :key)
    open = for %{status: :ok} = message <- messages, do: message
    fill(messages, results(decoder, open, key, options), raw)
  end

  defp fill([%{status: :ok} = message | messages], [result | results], raw),
    do: [put(message, result, raw) | fill(messages, results, raw)]

  defp fill([message | messages], results, raw), do: [message | fill(messages, results, raw)]
  defp fill([], [], _raw), do: []

  defp put(message, result, raw) do
    metadata = if raw, do: Map.put(message.metadata, raw, message.data), else: message.metadata

    case result do
      {:ok, term} -> %{message | data: term, metadata: metadata}
      {:error, reason} -> %{message | status: {:failed, reason}, metadata: metadata}
    end
  end

  defp results(:json, messages, _key, options),
    do: each(messages, &JSON.decode(&1, options))

  defp results({:avro, plan}, messages, _key, options),
    do: each(messages, &Avro.decode(&1, plan, options))

  defp results({:protobuf, registry}, messages, _key, options) when is_atom(registry),
    do: each(messages, &Protobuf.decode_framed(&1, registry, options))

  defp results({:protobuf, message}, messages, _key, options),
    do: each(messages, &Protobuf.decode(&1, message, options))

  defp results(:debezium, messages, key, options) do
    records = for message <- messages, do: {part(message.metadata[key]), part(message.data)}
    Debezium.decode_all(records, compiled(options))
  end

  defp results(:cloud_events, messages, _key, options) do
    options = compiled(Keyword.put_new(options, :shape, :cloud_event))
    for message <- messages, do: message |> cloud() |> CloudEvents.decode(options)
  end

  defp results({:project, plan}, messages, _key, []) do
    # What is no binary is no document either.
    documents = for %{data: data} <- messages, do: part(data) || ""
    {rows, refused} = Events.project(documents, plan)

    # Rows do not say which documents they are of. They do not have to, unless a filter has held one back.
    if length(rows) + length(refused) == length(documents),
      do: rows(0, rows, refused),
      else: for(document <- documents, do: row(Events.project([document], plan)))
  end

  defp results(decode, messages, _key, []) when is_function(decode, 1),
    do: each(messages, decode)

  defp each(messages, decode) do
    for %{data: data} <- messages,
        do: if(is_binary(data), do: decode.(data), else: {:error, no_bytes()})
  end

  defp no_bytes,
    do: Error.new(:malformed, "the message has no bytes to decode: its data are no binary", %{})

  defp rows(place, rows, [{place, error} | refused]),
    do: [{:error, error} | rows(place + 1, rows, refused)]

  defp rows(place, [row | rows], refused), do: [{:ok, row} | rows(place + 1, rows, refused)]
  defp rows(_place, [], []), do: []

  defp row({[row], []}), do: {:ok, row}
  defp row({[], [{0, error}]}), do: {:error, error}
  defp row({[], []}), do: {:ok, nil}

  defp compiled(options) do
    case Keyword.pop(options, :compiled) do
      {nil, options} -> Debezium.options(options)
      {compiled, _shape} -> compiled
    end
  end

  defp part(bytes) when is_binary(bytes) and bytes != "", do: bytes
  defp part(_none), do: nil

  defp cloud(%{metadata: %{headers: headers}} = message) when is_list(headers) do
    data = part(message.data) || ""
    if List.keymember?(headers, "ce_specversion", 0), do: {headers, data}, else: data
  end

  defp cloud(%{data: data}), do: part(data) || ""
end
