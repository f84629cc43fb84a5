defmodule Outrigger.PubSub.Kept.History do
  @moduledoc """
  The newest messages of one prefix in order, within bounds. The rows lie in a table that other processes read; what is here is written by
  one process alone. Time is an argument.

  A history has a `floor` and a `last` place. Of what came behind the floor and up to `last` every message is known: that is what a
  cursor is held against (`since/4`). A message that does not follow upon the one before raises the floor to where it stands, and so
  does the first one of another term: what its predecessor handed out at the end nobody knows. Older rows stay for those who take
  what there is (`:kept`).

  ## Invariants

    * No more rows, bytes or age than the bounds. What goes is the oldest, and the floor rises to it.
    * What lies behind the floor has no hole: `append/5` and `prepend/4` see to that.
    * A row is there before `last` says so, and the floor is raised before a row goes. So who reads the places first and the rows then
      misses nothing that it was told of.

  ## Limits

  A message is kept as its external format. Looking for those of a topic is a walk over the rows of the prefix behind the cursor.
  """

  alias Outrigger.PubSub.Cursor

  @enforce_keys [:table, :prefix, :most, :bytes_most, :age_most]
  defstruct @enforce_keys ++ [floor: nil, last: nil, count: 0, bytes: 0]

  @type t :: %__MODULE__{}
  @type entry :: {topic :: binary, payload :: binary}
  @type row :: {Cursor.t(), topic :: binary, payload :: binary, age_ms :: non_neg_integer}
  @type bounds :: %{count: pos_integer, bytes: pos_integer, ms: pos_integer}

  # What a row costs beside its payload, about.
  @overhead 200

  @doc "The history of `prefix` in `table` (an ordered set): what is there, within these bounds."
  @spec new(:ets.table(), binary, bounds) :: t
  def new(table, prefix, bounds) do
    history = %__MODULE__{
      table: table,
      prefix: prefix,
      most: bounds.count,
      bytes_most: bounds.bytes,
      age_most: bounds.ms
    }

    {count, bytes} =
      :ets.select(table, [{{{prefix, :_}, :_, :_, :"$1", :_}, [], [:"$1"]}])
      |> Enum.reduce({0, 0}, fn size, {count, bytes} -> {count + 1, bytes + size} end)

    {floor, last} = places(table, prefix) || {nil, nil}
    %{history | floor: floor, last: last, count: count, bytes: bytes}
  end

  @doc "The floor and the last place of a prefix, if anything has come."
  @spec places(:ets.table(), binary) :: {Cursor.t(), Cursor.t()} | nil
  def places(table, prefix) do
    case :ets.lookup(table, {:places, prefix}) do
      [{_key, floor, last}] -> {floor, last}
      [] -> nil
    end
  end

  @doc """
  Adds messages of one term, with the numbers from `first` on, that came at `now` (ms). Those that are there already are left out. Whether
  something before them may be missing.
  """
  @spec append(t, {pos_integer, node}, non_neg_integer, [entry], integer) :: {t, gap? :: boolean}
  def append(history, term, first, entries, now) do
    start = Cursor.new(term, first - 1)
    {known, floor, gap?} = follows(history, start, length(entries))

    case Enum.drop(entries, known) do
      [] ->
        {history, false}

      entries ->
        rows =
          for {{topic, payload}, number} <- Enum.with_index(entries, first + known),
              do: row(history, Cursor.new(term, number), topic, payload, now)

        :ets.insert(history.table, rows)
        {{_prefix, last}, _, _, _, _} = List.last(rows)
        history = Enum.reduce(rows, %{history | floor: floor, last: last}, &count/2)
        {history |> write() |> expire(now), gap?}
    end
  end

  # How many of so many behind `start` are known, the floor with the others, and whether there is a hole before them.
  defp follows(%{last: nil}, start, _length), do: {0, start, false}

  defp follows(%{last: last, floor: floor}, start, length) do
    cond do
      start > last -> {0, start, true}
      Cursor.same_term?(start, last) -> {min(Cursor.between(start, last), length), floor, false}
      # Of a term that is over nothing is taken any more.
      true -> {length, floor, false}
    end
  end

  @doc """
  Adds what another node has kept: rows in falling order, the first of which is the one that `wanted/1` names.
  """
  @spec prepend(t, [row], integer) :: t
  def prepend(history, rows, now) do
    Enum.reduce_while(rows, history, fn {cursor, topic, payload, age}, history ->
      {_key, _, _, size, _} = row = row(history, cursor, topic, payload, now - age)

      if wanted(history) in [nil, cursor] and history.count < history.most and
           history.bytes + size <= history.bytes_most and age < history.age_most do
        # One from before a hole may be there still.
        new? = :ets.insert_new(history.table, row)
        places = %{history | floor: Cursor.previous(cursor), last: history.last || cursor}
        {:cont, write(if new?, do: count(row, places), else: places)}
      else
        {:halt, history}
      end
    end)
  end

  @doc "The place whose message would be the next to prepend, or `nil` for the newest that there is."
  @spec wanted(t) :: Cursor.t() | nil
  def wanted(%{floor: floor}), do: floor

  @doc "Is there room for older ones?"
  @spec room?(t) :: boolean
  def room?(history), do: history.count < history.most and history.bytes < history.bytes_most

  @doc "Drops what is too much or, at `now`, too old."
  @spec expire(t, integer) :: t
  def expire(history, now) do
    case surplus(history, {history.prefix, 0}, now, []) do
      {history, []} ->
        history

      # The floor first: who reads may count on what is behind it.
      {history, [{_prefix, newest} | _] = keys} ->
        history = if newest > history.floor, do: write(%{history | floor: newest}), else: history
        for key <- keys, do: :ets.delete(history.table, key)
        history
    end
  end

  # The keys of the oldest that have to go, behind `key`; the newest of them first. A number is before every place.
  defp surplus(%{prefix: prefix} = history, key, now, keys) do
    with {^prefix, _cursor} = next <- :ets.next(history.table, key),
         [{_key, _topic, _payload, size, at}] = :ets.lookup(history.table, next),
         true <-
           history.count > history.most or history.bytes > history.bytes_most or
             now - at >= history.age_most do
      history = %{history | count: history.count - 1, bytes: history.bytes - size}
      surplus(history, next, now, [next | keys])
    else
      _nothing_more -> {history, keys}
    end
  end

  @doc """
  The messages on `topic` behind `cursor`, and the place up to which that is all. `:gap`: not all that came behind it is there.
  `:kept` stands for whatever there is.
  """
  @spec since(:ets.table(), binary, binary, Cursor.t() | :kept) ::
          {:ok, [{Cursor.t(), payload :: binary}], Cursor.t()} | :gap
  def since(table, prefix, topic, cursor) do
    case {places(table, prefix), cursor} do
      {nil, :kept} -> {:ok, [], Cursor.beginning()}
      {nil, cursor} -> if cursor == Cursor.beginning(), do: {:ok, [], cursor}, else: :gap
      {{_floor, last}, :kept} -> {:ok, rows(table, prefix, topic, Cursor.beginning(), last), last}
      {{floor, last}, cursor} -> behind(table, prefix, topic, cursor, floor, last)
    end
  end

  defp behind(table, prefix, topic, cursor, floor, last) do
    if cursor >= floor and Cursor.same_term?(cursor, last) do
      rows = rows(table, prefix, topic, cursor, last)
      # Meanwhile the oldest may have gone.
      {floor, _last} = places(table, prefix)
      # Who is ahead of this node is told of nothing again.
      if cursor >= floor, do: {:ok, rows, max(cursor, last)}, else: :gap
    else
      :gap
    end
  end

  defp rows(table, prefix, topic, cursor, last) do
    behind = [{:>, :"$1", {:const, cursor}}, {:"=<", :"$1", {:const, last}}]
    :ets.select(table, [{{{prefix, :"$1"}, topic, :"$2", :_, :_}, behind, [{{:"$1", :"$2"}}]}])
  end

  @doc """
  For a node that has `wanted` at `now`: up to `most` rows in falling order, the first of which is that place or, for `nil`, the newest. `:behind`: that has
  not come here yet.
  """
  @spec before(:ets.table(), binary, Cursor.t() | nil, pos_integer, integer) :: [row] | :behind
  def before(table, prefix, wanted, most, now) do
    case places(table, prefix) do
      nil -> []
      {_floor, last} when wanted > last and wanted != nil -> :behind
      {floor, last} -> walk(table, prefix, wanted || last, floor, most, now)
    end
  end

  defp walk(table, prefix, cursor, floor, most, now) when most > 0 and cursor > floor do
    case :ets.lookup(table, {prefix, cursor}) do
      [{_key, topic, payload, _size, at}] ->
        row = {cursor, topic, payload, max(now - at, 0)}
        [row | walk(table, prefix, Cursor.previous(cursor), floor, most - 1, now)]

      # It has gone meanwhile.
      [] ->
        []
    end
  end

  defp walk(_table, _prefix, _cursor, _floor, _most, _now), do: []

  defp row(history, cursor, topic, payload, at),
    do: {{history.prefix, cursor}, topic, payload, byte_size(payload) + @overhead, at}

  defp count({_key, _topic, _payload, size, _at}, history),
    do: %{history | count: history.count + 1, bytes: history.bytes + size}

  defp write(history) do
    :ets.insert(history.table, {{:places, history.prefix}, history.floor, history.last})
    history
  end
end
