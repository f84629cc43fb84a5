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

  ## Options

  Options can be compiled once: `options/1`.

    * `:columns` - a map from `"table.column"` (or `"schema.table.column"`, `"*.column"`) to a type, whatever the schema says:
      `:as_is`, `:string`, `:boolean`, `:integer`, `:float`, `:decimal` (a number, or text that holds one), `{:decimal, scale}` (base64 of
      an unscaled number), `:variable_decimal`, `:date` (days), `{:time, unit}`, `{:naive, unit}`, `{:instant, unit}`,
      `{:duration, unit}` (whole numbers of `:second`, `:millisecond`, `:microsecond` or `:nanosecond`), `:iso_date`, `:iso_time`, `:iso_naive`,
      `:iso_instant`, `:iso_duration` (text), `{:binary, :base64 | :base64_url | :hex}`, `:bits`, `:enum_set`, `{:list, type}`;
    * `:untyped` - `:error` (default) or `:as_is`, for columns of which neither a schema nor `:columns` says anything;
    * `:shape` - `:auto` (default), `:envelope`, `:row` (flattened), `:outbox` or `:cloud_event`;
    * `:binary` - `:base64`, `:base64_url` or `:hex`: how the content of messages is written where no schema says it;
    * `:prefix` - of the fields that `ExtractNewRecordState` adds, `"__"` by default;
    * `:placeholder` - for values that did not change, `"__debezium_unavailable_value"` by default;
    * `:expand_payload` - `true` if the payload of outbox events is JSON in text that is to be decoded;
    * `:strings`, `:max_bytes`, `:max_depth`, `:max_digits` - as in `Outrigger.Events.JSON`.

  ## Errors

  Those of `Outrigger.Events.JSON`, and `:needs_option`, whose `details` name the `:path` and the `:option`.
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
    reference = Options.reference(options)

    answer =
      if size(record) > @normal,
        do: Native.events_debezium_dirty(record, reference),
        else: Native.events_debezium(record, reference)

    answer(answer)
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
  def decode_all(records, options \\ []) when is_list(records),
    do: all(records, Options.reference(options), [])

  defp all([], _reference, results) do
    results |> Enum.reverse() |> Enum.concat() |> Enum.map(&answer/1)
  end

  defp all([record | _] = records, reference, results) do
    {more, left} =
      if size(record) > @normal,
        do: Native.events_debezium_all_dirty(records, reference),
        else: Native.events_debezium_all(records, reference)

    all(left, reference, [more | results])
  end

  defp size(nil), do: 0
  defp size(value) when is_binary(value), do: byte_size(value)
  defp size({key, value}), do: size(key) + size(value)

  defp answer({:ok, _decoded} = answer), do: answer
  defp answer({:error, problem}), do: {:error, Problem.error(problem)}
end
