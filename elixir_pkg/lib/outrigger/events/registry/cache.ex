defmodule Outrigger.Events.Registry.Cache do
  @moduledoc """
  What a registry has answered, in a table that every process reads for itself.

  One process, the registry's server, writes. A row has a key, the answer (`{:ok, schema}` or `{:error, error}`), and when it gets
  stale, if ever. A row's last use is a stamp in an `:atomics` array, so that reading writes to no row. When a row would go beyond the
  bound on rows or on bytes, errors go first, then the least recently used, until a sixteenth of the bound is free.

  The handle is in `:persistent_term`, under the registry's name. It also has what decoders have made of the schemas
  (`Outrigger.Events.Registry.Writers`), which goes with the registry.
  """

  alias Outrigger.Error
  alias Outrigger.Events.Registry.{Schema, Writers}

  @enforce_keys [:server, :table, :writers, :stamps, :counters, :clock, :max_rows, :max_bytes]
  defstruct @enforce_keys

  @type t :: %__MODULE__{}
  @type key ::
          {:id, non_neg_integer}
          | {:guid, String.t()}
          | {:version, String.t(), pos_integer}
          | {:latest, String.t()}
          | {:made, term}

  @typedoc "What is made of a schema comes with the bytes that it is counted with."
  @type answer :: {:ok, Schema.t() | {term, pos_integer}} | {:error, Error.t()}

  @typedoc "What the writer keeps: slots for stamps that are free, and the bytes in the table."
  @type book :: %{free: [pos_integer], bytes: non_neg_integer}

  @counted %{
    hits: 1,
    misses: 2,
    stale: 3,
    requests: 4,
    retries: 5,
    errors: 6,
    evicted: 7,
    overloaded: 8
  }
  @error_bytes 512

  @doc "A new table of the calling process, and the writer's book."
  @spec new(atom, pos_integer, pos_integer, (() -> integer)) :: {t, book}
  def new(name, max_rows, max_bytes, clock) do
    cache = %__MODULE__{
      server: self(),
      table: :ets.new(name, [:set, :protected, read_concurrency: true]),
      writers: Writers.new(),
      stamps: :atomics.new(max_rows, signed: true),
      counters: :counters.new(map_size(@counted), [:write_concurrency]),
      clock: clock,
      max_rows: max_rows,
      max_bytes: max_bytes
    }

    {cache, %{free: Enum.to_list(1..max_rows), bytes: 0}}
  end

  @spec publish(t, atom) :: :ok
  def publish(cache, name), do: :persistent_term.put({__MODULE__, name}, cache)

  @spec unpublish(atom) :: boolean
  def unpublish(name), do: :persistent_term.erase({__MODULE__, name})

  @doc "The handle of a registry that runs."
  @spec handle(atom) :: t | nil
  def handle(name), do: :persistent_term.get({__MODULE__, name}, nil)

  @doc "What is known of a key: an answer, one that is stale, or nothing. `:gone` if the table's owner is."
  @spec lookup(t, key) :: answer | {:stale, answer} | :none | :gone
  def lookup(%__MODULE__{} = cache, key) do
    case :ets.lookup(cache.table, key) do
      [{_key, answer, slot, :infinity, _bytes}] ->
        :atomics.put(cache.stamps, slot, :erlang.monotonic_time())
        answer

      [{_key, answer, slot, until, _bytes}] ->
        :atomics.put(cache.stamps, slot, :erlang.monotonic_time())
        if cache.clock.() < until, do: answer, else: {:stale, answer}

      [] ->
        :none
    end
  rescue
    ArgumentError -> :gone
  end

  @doc "Writes a row that holds until `until` by the registry's clock."
  @spec put(t, book, key, answer, integer | :infinity) :: book
  def put(cache, book, key, answer, until) do
    bytes = size(answer)

    case :ets.lookup(cache.table, key) do
      [{_key, _answer, slot, _until, old}] ->
        :ets.insert(cache.table, {key, answer, slot, until, bytes})
        make_room(cache, %{book | bytes: book.bytes - old + bytes}, key, 0, 0)

      [] ->
        book = make_room(cache, book, key, bytes, 1)
        [slot | free] = book.free
        :atomics.put(cache.stamps, slot, :erlang.monotonic_time())
        :ets.insert(cache.table, {key, answer, slot, until, bytes})
        %{book | free: free, bytes: book.bytes + bytes}
    end
  end

  @doc "Deletes a row if it holds an error."
  @spec forget_error(t, book, key) :: book
  def forget_error(cache, book, key) do
    case :ets.lookup(cache.table, key) do
      [{_key, {:error, _error}, slot, _until, bytes}] ->
        :ets.delete(cache.table, key)
        %{free: [slot | book.free], bytes: book.bytes - bytes}

      _none ->
        book
    end
  end

  @spec count(t, atom) :: :ok
  def count(cache, :hits), do: :counters.add(cache.counters, 1, 1)
  def count(cache, what), do: :counters.add(cache.counters, @counted[what], 1)

  @spec counts(t) :: %{atom => non_neg_integer}
  def counts(cache),
    do: Map.new(@counted, fn {what, place} -> {what, :counters.get(cache.counters, place)} end)

  defp make_room(cache, book, key, bytes, slots) do
    if length(Enum.take(book.free, slots)) < slots or book.bytes + bytes > cache.max_bytes do
      rows = :ets.select(cache.table, [{{:"$1", {:"$2", :_}, :"$3", :_, :"$4"}, [], [:"$$"]}])

      rows
      |> Enum.reject(&(hd(&1) == key))
      |> Enum.sort_by(fn [_key, kind, slot, _bytes] ->
        {kind == :ok, :atomics.get(cache.stamps, slot)}
      end)
      |> evict(cache, book, bytes)
    else
      book
    end
  end

  defp evict([[key, _kind, slot, bytes] | rows], cache, book, wanted) do
    if enough?(cache, book, wanted) do
      book
    else
      :ets.delete(cache.table, key)
      count(cache, :evicted)
      evict(rows, cache, %{free: [slot | book.free], bytes: book.bytes - bytes}, wanted)
    end
  end

  defp evict([], _cache, book, _wanted), do: book

  defp enough?(cache, book, wanted) do
    length(book.free) >= max(div(cache.max_rows, 16), 1) and
      book.bytes + wanted <= cache.max_bytes - div(cache.max_bytes, 16)
  end

  defp size({:ok, {_made, bytes}}), do: bytes
  defp size({:ok, schema}), do: Schema.bytes(schema)
  defp size({:error, _error}), do: @error_bytes
end
