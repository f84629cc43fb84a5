defmodule Outrigger.PubSub.Kept.Latest do
  @moduledoc """
  The newest message of each topic of one prefix, of so many topics. The rows lie in a table that other processes read; what is here is
  written by one process alone.

  ## Invariants

    * Of two messages of a topic the one with the later cursor stays, in whichever order they come: what another node has kept is put in
      as it is.
    * No more topics or bytes than the bounds. What goes is the topic whose newest message is the oldest.

  ## Limits

  A message is kept as its external format.
  """

  alias Outrigger.PubSub.Cursor

  @enforce_keys [:table, :prefix, :most, :bytes_most]
  defstruct @enforce_keys ++ [count: 0, bytes: 0]

  @type t :: %__MODULE__{}
  @type row :: {topic :: binary, Cursor.t(), dispatcher :: module, payload :: binary}

  @overhead 300

  @doc "The newest messages of `prefix` in `table` (an ordered set): what is there, within these bounds."
  @spec new(:ets.table(), binary, %{count: pos_integer, bytes: pos_integer}) :: t
  def new(table, prefix, bounds) do
    latest = %__MODULE__{
      table: table,
      prefix: prefix,
      most: bounds.count,
      bytes_most: bounds.bytes
    }

    for size <- :ets.select(table, [{{{:latest, :_}, prefix, :_, :_, :_, :"$1"}, [], [:"$1"]}]),
        reduce: latest,
        do: (latest -> add(latest, 1, size))
  end

  @doc "Puts in a message, unless a later one is there."
  @spec put(t, row) :: t
  def put(latest, {topic, cursor, dispatcher, payload}) do
    case :ets.lookup(latest.table, {:latest, topic}) do
      [{_key, _prefix, there, _, _, _size}] when there >= cursor ->
        latest

      [{_key, _prefix, there, _, _, size}] ->
        :ets.delete(latest.table, {:order, latest.prefix, there})
        latest |> add(-1, -size) |> insert(topic, cursor, dispatcher, payload)

      [] ->
        insert(latest, topic, cursor, dispatcher, payload)
    end
  end

  defp insert(latest, topic, cursor, dispatcher, payload) do
    size = byte_size(topic) + byte_size(payload) + @overhead
    row = {{:latest, topic}, latest.prefix, cursor, dispatcher, payload, size}
    :ets.insert(latest.table, [row, {{:order, latest.prefix, cursor}, topic}])
    latest |> add(1, size) |> bound()
  end

  defp bound(latest) when latest.count <= latest.most and latest.bytes <= latest.bytes_most,
    do: latest

  defp bound(%{prefix: prefix} = latest) do
    # A number is before every place.
    {:order, ^prefix, _cursor} = key = :ets.next(latest.table, {:order, prefix, 0})
    [{_key, topic}] = :ets.take(latest.table, key)
    [{_key, _prefix, _cursor, _, _, size}] = :ets.take(latest.table, {:latest, topic})
    latest |> add(-1, -size) |> bound()
  end

  defp add(latest, count, bytes),
    do: %{latest | count: latest.count + count, bytes: latest.bytes + bytes}

  @doc "The newest message on `topic`, or `nil`."
  @spec get(:ets.table(), binary) :: row | nil
  def get(table, topic) do
    case :ets.lookup(table, {:latest, topic}) do
      [{_key, _prefix, cursor, dispatcher, payload, _size}] ->
        {topic, cursor, dispatcher, payload}

      [] ->
        nil
    end
  end

  @doc "Up to `most` rows of a prefix, the newest first, behind (that is: older than) `cursor`; `nil` for the beginning."
  @spec portion(:ets.table(), binary, Cursor.t() | nil, pos_integer) :: [row]
  def portion(table, prefix, cursor, most) do
    # A list is behind every place.
    walk(table, prefix, :ets.prev(table, {:order, prefix, cursor || []}), most)
  end

  defp walk(table, prefix, {:order, prefix, cursor} = key, most) when most > 0 do
    next = walk(table, prefix, :ets.prev(table, key), most - 1)

    with [{_key, topic}] <- :ets.lookup(table, key),
         {_topic, ^cursor, _, _} = row <- get(table, topic),
         do: [row | next],
         else: (_gone -> next)
  end

  defp walk(_table, _prefix, _end_or_another, _most), do: []
end
