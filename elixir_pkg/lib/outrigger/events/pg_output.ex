defmodule Outrigger.Events.PgOutput do
  @moduledoc """
  PostgreSQL's logical replication: frames of the `pgoutput` plug-in, versions 1 to 4, as typed changes.

  A frame is what `XLogData` carries, or the `data` of `pg_logical_slot_get_binary_changes`. Frames are decoded in their order, and a decoder
  goes from one to the next:

      decoder = Outrigger.Events.PgOutput.new(version: 1)
      {results, decoder} = Outrigger.Events.PgOutput.decode_all(decoder, frames)
      for {:ok, records} <- results, record <- records, do: ...

      iex> decoder = Outrigger.Events.PgOutput.new()
      iex> begin = <<"B", 23_963_416::64, 762_344_130_123_456::64, 555::32>>
      iex> relation = <<"R", 16_384::32, "public", 0, "orders", 0, "d", 1::16, 1, "id", 0, 23::32, -1::32>>
      iex> insert = <<"I", 16_384::32, "N", 1::16, "t", 1::32, "7">>
      iex> {:ok, [transaction], decoder} = Outrigger.Events.PgOutput.decode(decoder, begin)
      iex> {:ok, [], decoder} = Outrigger.Events.PgOutput.decode(decoder, relation)
      iex> {:ok, [change], _decoder} = Outrigger.Events.PgOutput.decode(decoder, insert)
      iex> {transaction.status, transaction.id, change.op, change.table, change.key}
      {:begin, "555", :create, "orders", %{"id" => 7}}
      iex> change.position
      %{tx_id: 555, commit_lsn: 23_963_416, index: 1}

  A decoder is a value. Nothing is half done when a process dies between two frames: whoever still has the decoder from before
  decodes the same frames to the same records. For a new connection take a new one, since the server tells its tables anew.

  ## Records

  A frame becomes a list of `Outrigger.Events.Change` and `Outrigger.Events.Transaction`: one, for a truncate one for each table, and none
  for what is only remembered (tables and types).

    * `change.key` - the columns of the replica identity; `nil` where that is full or nothing: no frame says which columns are the key then, but
      `:keys` may;
    * `change.before` - the whole row if the replica identity is full; the key as it was, if it changed or the row was deleted; else `nil`;
    * `change.changed` - only where `before` is the whole row;
    * `change.after` - a value that did not come since it did not change is `:unchanged`, unless `before` has it;
    * `change.source_ts` - when the transaction committed or was prepared;
    * `change.rest` - of a truncate `%{"cascade" => boolean, "restart_identity" => boolean}`.

  ## Position

  `{commit_lsn, index}` names a change, and is the same whenever the server sends it again: what has been done up to there need not be
  done twice. `index` is the place in the transaction, from 1, as `change.transaction.total_order`; a frame that was refused has its place, too.
  In a prepared transaction it is `{prepare_lsn, index}`. `tx_id` is the transaction, `lsn` the position of a message.

  A streamed transaction has neither yet. Its changes have `tx_id` and `sub_tx_id`: collect them by the first, drop those that an
  `:abort` takes back, and count what is left when it ends.

  ## Values

  As in `Outrigger.Events.Change`, the same from text and from `binary 'true'`, and the same as Debezium's where types are the same:
  spans are exact `Outrigger.Events.Moment`s, times of day with an offset are in UTC, bit strings are integers and `bit(1)` is a boolean. `real` is
  the float that it is exactly, which may have more digits than PostgreSQL shows. Floats that the VM does not have are `:NaN`, `:inf` and `:"-inf"`.
  Arrays are lists, in any dimension. Domains are what they are made of. Every other type is its text, or with `binary 'true'` the bytes that
  PostgreSQL has for it, which of an enum are its text.

  The connection has to have `client_encoding` UTF8, `DateStyle` ISO, and `IntervalStyle` postgres or iso_8601. What is in another
  style is an error.

  ## Options

    * `:version` - of the protocol, 1 to 4 (default); a message of a later one is an error;
    * `:json` - `:text` (default), or `:decode` for what is in `json` and `jsonb`;
    * `:types` - how values of types that a database has made are read: `%{"public._mood" => "_text"}` makes lists of arrays of an enum. The names of
      built-in types are those in `pg_type`, an array's has `_` in front;
    * `:keys` - columns that are the key of a table, whatever its replica identity is: `%{"public.orders" => ["id"]}`;
    * `:strings`, `:max_bytes`, `:max_depth`, `:max_digits`, `:floats` - as in `Outrigger.Events.JSON`, the last of decoded JSON.

  ## Errors

  `:malformed` with `:offset` and `:path` (`"$.after.price"`), also where frames are missing before; `:too_large`. A frame that was refused leaves
  the decoder as it was, but that its change has taken its place.
  """

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.{Change, Options, Problem, Transaction}

  @enforce_keys [:reference]
  defstruct [:reference]

  @typedoc "What is known of a stream between two frames."
  @type t :: %__MODULE__{reference: reference}

  @type frame :: binary
  @type record :: Change.t() | Transaction.t()

  # Where the worst of frames takes less than a millisecond: an array of small numerics; the tables of a truncate.
  @normal 8_192
  @truncate 1_024

  @own [:version, :json, :types, :keys]
  @shared [:strings, :floats, :max_bytes, :max_depth, :max_digits]

  @doc """
  A decoder for a stream that has just begun. Raises `ArgumentError` for what is no option.
  """
  @spec new(keyword) :: t
  def new(options \\ []) when is_list(options) do
    {own, shared} = Keyword.split(options, @own)
    for {name, value} <- shared, name not in @shared, do: bad({name, value})
    {flags, bounds} = Options.read(shared, "Outrigger.Events.PgOutput")

    version = one_of(own, :version, 1..4, 4)
    json = one_of(own, :json, [:text, :decode], :text) == :decode
    types = map(own, :types, &type/1)
    keys = map(own, :keys, &key/1)

    case Native.events_pgoutput_new(version, json, flags, bounds, types, keys) do
      {:ok, reference} -> %__MODULE__{reference: reference}
      {:error, name} -> bad({:types, name})
    end
  end

  @doc """
  Decodes one frame, and says what is known afterwards.
  """
  @spec decode(t, frame) :: {:ok, [record], t} | {:error, Error.t(), t}
  def decode(%__MODULE__{reference: reference}, frame) when is_binary(frame) do
    {result, reference} =
      if large?(frame),
        do: Native.events_pgoutput_dirty(reference, frame),
        else: Native.events_pgoutput(reference, frame)

    case result do
      {:ok, records} -> {:ok, records, %__MODULE__{reference: reference}}
      {:error, problem} -> {:error, Problem.error(problem), %__MODULE__{reference: reference}}
    end
  end

  @doc """
  Decodes frames in their order, each as `decode/2` does: one that is wrong does not harm the others.

      iex> decoder = Outrigger.Events.PgOutput.new()
      iex> {[{:error, error}, {:ok, [message]}], _decoder} =
      ...>   Outrigger.Events.PgOutput.decode_all(decoder, ["?", <<"M", 0, 99::64, "prefix", 0, 2::32, "hi">>])
      iex> {error.reason, message.op, message.message, message.position}
      {:malformed, :message, %{prefix: "prefix", content: "hi"}, %{lsn: 99}}

  They are read in portions well under a millisecond, between which the VM can let others run.
  """
  @spec decode_all(t, [frame]) :: {[{:ok, [record]} | {:error, Error.t()}], t}
  def decode_all(%__MODULE__{reference: reference}, frames) when is_list(frames),
    do: all(frames, reference, [])

  defp all([], reference, results) do
    results = results |> Enum.reverse() |> Enum.concat() |> Enum.map(&answer/1)
    {results, %__MODULE__{reference: reference}}
  end

  defp all([frame | _] = frames, reference, results) do
    {more, left, reference} =
      if large?(frame),
        do: Native.events_pgoutput_all_dirty(reference, frames),
        else: Native.events_pgoutput_all(reference, frames)

    all(left, reference, [more | results])
  end

  defp answer({:ok, _records} = answer), do: answer
  defp answer({:error, problem}), do: {:error, Problem.error(problem)}

  defp large?(<<"T", _rest::binary>> = frame), do: byte_size(frame) > @truncate
  defp large?(frame), do: byte_size(frame) > @normal

  defp one_of(options, name, values, default) do
    value = Keyword.get(options, name, default)
    if value in values, do: value, else: bad({name, value})
  end

  defp map(options, name, fun) do
    case Keyword.get(options, name, %{}) do
      %{} = map -> Enum.map(map, fun)
      other -> bad({name, other})
    end
  end

  defp type({name, built_in} = type) when is_binary(name) and is_binary(built_in), do: type
  defp type(other), do: bad({:types, other})

  defp key({table, [_ | _] = columns} = key) when is_binary(table) do
    if Enum.all?(columns, &is_binary/1), do: key, else: bad({:keys, key})
  end

  defp key(other), do: bad({:keys, other})

  @spec bad(term) :: no_return
  defp bad(option) do
    raise ArgumentError,
          "Outrigger.Events.PgOutput has no option #{inspect(option)}: see its documentation for names and values"
  end
end
