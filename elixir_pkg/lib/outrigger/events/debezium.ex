defmodule Outrigger.Events.Debezium do
  @moduledoc """
  Debezium's events, from bytes to a typed change in one call.

      iex> event = ~s({"before": null, "after": {"id": 7}, "source": {"table": "orders"}, "op": "c", "ts_ms": 1700000000000})
      iex> {:ok, change} = Outrigger.Events.Debezium.decode({~s({"id": 7}), event}, untyped: :as_is)
      iex> {change.op, change.table, change.key, change.after, change.ts}
      {:create, "orders", %{"id" => 7}, %{"id" => 7}, ~U[2023-11-14 22:13:20.000Z]}

  A record is its value, or `{key, value}`; `nil` for a value is a tombstone. What comes back is one of

    * `Outrigger.Events.Change` - an envelope with `before` and `after`, a row that `ExtractNewRecordState` has taken out of one, or
      a message of the database's log;
    * `Outrigger.Events.Tombstone`, `Outrigger.Events.Heartbeat`, `Outrigger.Events.Transaction`, `Outrigger.Events.SchemaChange`,
      `Outrigger.Events.Notification`, `Outrigger.Events.Signal`;
    * `Outrigger.Events.Outbox`, with `shape: :outbox`;
    * `Outrigger.Events.CloudEvent`, for one that carries no change: Debezium's own CloudEvents are changes.

  ## With a schema, and without

  A document with `schema` and `payload` says what its columns are: decimals become `Decimal` structs, days a `Date`, and so on for
  every semantic type of Debezium and Kafka Connect. The schema is compared with those seen before and costs next to nothing
  after the first event.

  Without a schema nothing says that `"AQI="` is 2.58 and 19782 a day. Nothing is guessed: say what columns are, or take them as
  JSON has them.

      iex> event = ~s({"after": {"id": 7, "price": "AQI="}, "source": {"table": "orders"}, "op": "c"})
      iex> {:error, error} = Outrigger.Events.Debezium.decode(event)
      iex> {error.reason, error.details.path}
      {:needs_option, "$.after.id"}
      iex> columns = %{"orders.id" => :integer, "orders.price" => {:decimal, 2}}
      iex> {:ok, change} = Outrigger.Events.Debezium.decode(event, columns: columns)
      iex> change.after["price"]
      %{__struct__: Decimal, sign: 1, coef: 258, exp: -2}

  ## Behind a registry

  With `registry: MyApp.Schemas` (see `Outrigger.Events.Registry`) a value, a key, or the data of a CloudEvent may begin with a registry's frame: Avro as
  Kafka Connect writes it becomes the same change as the document in JSON that says the same, so does Protobuf as far as that goes, and a
  document behind a frame is read as one without. Schemas are asked for once. Each part says for itself what it is, so a key in JSON beside a value in Avro is no
  matter.

  A float of 32 bits has the digits of its shortest text (`0.1`), as in JSON. Where Connect has given a type no name (`connect.meta.data` `false`),
  Avro's logical type says what it means: a `timestamp-millis` is then an instant.

  Kafka Connect's converter to Protobuf drops the names of types: an `int64` may be a number or a time of three precisions, a `string` may be
  a timestamp. So what `:columns` does for documents without a schema it does here for whole numbers, text and bytes; the lists of these
  go by `{:list, type}`. Without a type a column is an error, or what Protobuf has, with `untyped: :as_is`. Booleans, floats, numbers of 8 and
  16 bits, decimals and Connect's own dates and times say what they are, and so do Debezium's structs.

  Unless the converter is told to (`optional.for.nullables` or `wrapper.for.nullables`), it also writes `NULL` and a zero as the same bytes, none at
  all, and an empty list always as no list. Such a column is an error, too, which names `:absent`. In all that is not a column, it is `nil`.

  ## Options

  Options can be compiled once: `options/1`.

    * `:registry` - the name of an `Outrigger.Events.Registry`;
    * `:columns` - a map from `"table.column"` (or `"schema.table.column"`, `"*.column"`) to a type, whatever the schema says:
      `:as_is`, `:string`, `:boolean`, `:integer`, `:float`, `:decimal` (a number, or text that holds one), `{:decimal, scale}` (base64 of
      an unscaled number), `:variable_decimal`, `:date` (days), `{:time, unit}`, `{:naive, unit}`, `{:instant, unit}`,
      `{:duration, unit}` (whole numbers of `:second`, `:millisecond`, `:microsecond` or `:nanosecond`), `:iso_date`, `:iso_time`, `:iso_naive`,
      `:iso_instant`, `:iso_duration` (text), `{:binary, :base64 | :base64_url | :hex}`, `:bits`, `:enum_set`, `{:list, type}`;
    * `:untyped` - `:error` (default) or `:as_is`, for columns of which neither a schema nor `:columns` says anything;
    * `:absent` - `:error` (default), `:null` or `:zero`: what a column in Protobuf is that is not in the bytes, where the schema does not say it;
    * `:shape` - `:auto` (default), `:envelope`, `:row` (flattened), `:outbox` or `:cloud_event`;
    * `:binary` - `:base64`, `:base64_url` or `:hex`: how the content of messages is written where no schema says it;
    * `:prefix` - of the fields that `ExtractNewRecordState` adds, `"__"` by default; a converter to Protobuf with `scrub.invalid.names` makes
      `"x__"` of it;
    * `:placeholder` - for values that did not change, `"__debezium_unavailable_value"` by default;
    * `:expand_payload` - `true` if the payload of outbox events is JSON in text that is to be decoded;
    * `:strings`, `:max_bytes`, `:max_depth`, `:max_digits` - as in `Outrigger.Events.JSON`.

  ## Errors

  Those of `Outrigger.Events.JSON`, and `:needs_option`, whose `details` name the `:path` and the `:option`. Behind a registry also those of
  `Outrigger.Events.Registry`, and `:unsupported` for schemas that Kafka Connect does not write for Debezium. Offsets are those in the
  bytes that were given; what does not fit its semantic type is at the text told last.
  """

  alias Outrigger.{Error, Native}

  alias Outrigger.Events.{
    Change,
    CloudEvent,
    Heartbeat,
    Notification,
    Outbox,
    Problem,
    SchemaChange,
    Signal
  }

  alias Outrigger.Events.{Tombstone, Transaction}
  alias Outrigger.Events.Debezium.Options
  alias Outrigger.Events.Registry.Writers

  @typedoc "The value of a record, or its key and its value."
  @type record :: binary | nil | {key :: binary | nil, value :: binary | nil}

  @type decoded ::
          Change.t()
          | Tombstone.t()
          | Heartbeat.t()
          | Transaction.t()
          | SchemaChange.t()
          | Notification.t()
          | Signal.t()
          | Outbox.t()
          | CloudEvent.t()

  # Where the worst of documents takes less than a millisecond.
  @normal 32_768
  # A record has three frames at most: value, key, and the data of a CloudEvent.
  @rounds 8

  @doc """
  Compiles options, for many calls of `decode/2`. Raises `ArgumentError` for what is none.
  """
  @spec options(keyword) :: Options.t()
  defdelegate options(options), to: Options, as: :new

  @doc """
  Decodes one record.
  """
  @spec decode(record, keyword | Options.t()) :: {:ok, decoded} | {:error, Error.t()}
  def decode(record, options \\ []) do
    options = Options.compiled(options)
    with {:ok, writers} <- Options.writers(options), do: one(record, options, writers, @rounds)
  end

  defp one(record, options, writers, rounds) do
    case run(record, options.reference, writers) do
      {:error, {:unknown_schema, key}} when rounds > 0 ->
        with :ok <- Writers.learn(options.registry, writers, key),
             do: one(record, options, writers, rounds - 1)

      result ->
        answer(result)
    end
  end

  defp run(record, reference, writers) do
    with true <- size(record) <= @normal,
         result when result != :dirty <- Native.events_debezium(record, reference, writers) do
      result
    else
      _large -> Native.events_debezium_dirty(record, reference, writers)
    end
  end

  @doc """
  Like `decode/2`, and raises `Outrigger.Error`.
  """
  @spec decode!(record, keyword | Options.t()) :: decoded
  def decode!(record, options \\ []) do
    case decode(record, options) do
      {:ok, decoded} -> decoded
      {:error, error} -> raise error
    end
  end

  @doc """
  Decodes a list of records, each as `decode/2` does: one that is wrong does not harm the others.

      iex> [{:ok, tombstone}, {:error, error}] = Outrigger.Events.Debezium.decode_all([nil, "x"])
      iex> {tombstone, error.reason}
      {%Outrigger.Events.Tombstone{}, :malformed}

  Records are read in portions well under a millisecond, between which the VM can let others run.
  """
  @spec decode_all([record], keyword | Options.t()) :: [{:ok, decoded} | {:error, Error.t()}]
  def decode_all(records, options \\ []) when is_list(records) do
    options = Options.compiled(options)

    case Options.writers(options) do
      {:ok, writers} -> all(records, options, writers, @rounds)
      error -> Enum.map(records, fn _record -> error end)
    end
  end

  defp all(records, options, writers, rounds) do
    results = portions(records, options.reference, writers, [])
    keys = for {:error, {:unknown_schema, key}} <- results, rounds > 0, uniq: true, do: key
    learned = Map.new(keys, &{&1, Writers.learn(options.registry, writers, &1)})

    case again(records, results, learned) do
      [] -> fill(results, learned, [])
      again -> fill(results, learned, all(again, options, writers, rounds - 1))
    end
  end

  # The records whose schemas are known by now.
  defp again(records, results, learned) do
    for {record, {:error, {:unknown_schema, key}}} <- Enum.zip(records, results),
        learned[key] == :ok,
        do: record
  end

  defp fill([{:error, {:unknown_schema, key}} = unknown | results], learned, again) do
    case {learned[key], again} do
      {:ok, [result | again]} -> [result | fill(results, learned, again)]
      {nil, again} -> [answer(unknown) | fill(results, learned, again)]
      {error, again} -> [error | fill(results, learned, again)]
    end
  end

  defp fill([result | results], learned, again),
    do: [answer(result) | fill(results, learned, again)]

  defp fill([], _learned, []), do: []

  defp portions([], _reference, _writers, results),
    do: results |> Enum.reverse() |> Enum.concat()

  defp portions([record | _] = records, reference, writers, results) do
    with true <- size(record) <= @normal,
         {[_ | _] = more, left} <- Native.events_debezium_all(records, reference, writers) do
      portions(left, reference, writers, [more | results])
    else
      _large ->
        {more, left} = Native.events_debezium_all_dirty(records, reference, writers)
        portions(left, reference, writers, [more | results])
    end
  end

  defp size(nil), do: 0
  defp size(value) when is_binary(value), do: byte_size(value)
  defp size({key, value}), do: size(key) + size(value)

  defp answer({:ok, _decoded} = answer), do: answer
  defp answer({:error, problem}), do: {:error, Problem.error(problem)}
end
