defmodule Outrigger.Watch.Store do
  @moduledoc """
  The series: rows of an ETS table, each with the array that events are counted in.

  A row is `{{family, tag, …}, array, labels, id}`. An event finds the array of its row and adds to it. Rows that are older than a few seconds are also in
  a map (`published/1`), which lies in a `:persistent_term` with the rest of the store: a third of the price of the table. Rows are never taken away as long as the table lives, and the table has a number of its own (`life`): counts of
  one life only grow.

  ## Invariants

  - A family has at most `series` rows and one `other`, which takes what comes beyond them. Two processes that make the same row make one.
  - Rows of different tags may have the same labels (`:a` and `"a"`). Their `id` tells them apart.
  - A label is at most 128 bytes (`Outrigger.Watch.Label`).
  """

  alias Outrigger.Watch.{Buckets, Families, Label}

  @enforce_keys [:table, :requests, :life, :series, :families, :faults, :per_second]
  defstruct @enforce_keys ++ [threshold: nil, metrics: [], arrays: %{}]

  @type t :: %__MODULE__{
          table: :ets.tid(),
          requests: :ets.tid(),
          life: pos_integer,
          series: pos_integer,
          families: %{Families.family() => Families.t()},
          faults: :atomics.atomics_ref(),
          per_second: pos_integer,
          threshold: pos_integer | nil,
          metrics: [String.t()],
          arrays: %{tuple => :atomics.atomics_ref()}
        }

  @doc "An empty one, owned by the caller."
  @spec new(keyword) :: t
  def new(options) do
    shared = [:public, read_concurrency: true, write_concurrency: true]
    <<life::60, _::4>> = :crypto.strong_rand_bytes(8)

    %__MODULE__{
      table: :ets.new(__MODULE__, [:set | shared]),
      requests: :ets.new(Outrigger.Watch.Requests, [:set | shared]),
      life: life + 1,
      series: options[:series],
      families: Families.all(options[:events]),
      faults: :atomics.new(1, signed: false),
      per_second: System.convert_time_unit(1, :second, :native),
      threshold: options[:n_plus_one] || nil
    }
  end

  @doc "The array of a series, `key` being `{family, tag, …}` with tags as by `Outrigger.Watch.Label.tag/1`."
  @spec series(t, tuple) :: :atomics.atomics_ref()
  def series(%__MODULE__{arrays: arrays, table: table} = store, key) do
    case arrays do
      %{^key => array} ->
        array

      _not_yet ->
        case :ets.lookup(table, key) do
          [{_key, array, _labels, _id}] -> array
          [] -> make(store, key)
        end
    end
  end

  @doc "The store with all its rows in the map, if there are others than are in it."
  @spec published(t) :: t
  def published(%__MODULE__{table: table, arrays: arrays} = store) do
    rows = :ets.match(table, {:"$1", :"$2", :_, :_})

    if length(rows) == map_size(arrays),
      do: store,
      else: %{store | arrays: Map.new(rows, &List.to_tuple/1)}
  end

  @doc "Counts a duration in native time units. What is no number is no duration."
  @spec record(t, :atomics.atomics_ref(), non_neg_integer, term) :: :ok
  def record(%__MODULE__{per_second: 1_000_000_000}, array, at, time) when is_integer(time),
    do: Buckets.record(array, at, time)

  def record(%__MODULE__{per_second: per_second}, array, at, time) when is_integer(time),
    do: Buckets.record(array, at, div(time * 1_000_000_000, per_second))

  def record(_store, _array, _at, _none), do: :ok

  @doc "Adds one to a counter's series."
  @spec count(t, tuple) :: :ok
  def count(store, key), do: :atomics.add(series(store, key), 1, 1)

  @doc "Counts an event that could not be understood."
  @spec fault(t) :: :ok
  def fault(%__MODULE__{faults: faults}), do: :atomics.add(faults, 1, 1)

  # The budget is taken before the row is made, and given back if somebody else has made it: there are never more rows than it says. While several
  # make rows at once one more may seem to be too many; it is counted as `other` then, and has its row the next time.
  defp make(%__MODULE__{table: table} = store, key) do
    family = elem(key, 0)

    if take(store, family) do
      unless insert(store, key), do: give_back(table, family)
      :ets.lookup_element(table, key, 2)
    else
      others(store, family)
    end
  end

  defp take(%__MODULE__{table: table, series: most}, family) do
    rows = {:rows, family}

    cond do
      :ets.update_counter(table, rows, 0, {rows, 0}) >= most ->
        false

      :ets.update_counter(table, rows, 1) > most ->
        give_back(table, family)
        false

      true ->
        true
    end
  end

  defp give_back(table, family), do: :ets.update_counter(table, {:rows, family}, -1)

  defp others(%__MODULE__{table: table} = store, family) do
    key = other(store, family)
    unless :ets.member(table, key), do: insert(store, key)
    :ets.lookup_element(table, key, 2)
  end

  defp other(store, family) do
    labels = Map.fetch!(store.families, family).labels
    List.to_tuple([family | List.duplicate(Label.other(), length(labels))])
  end

  defp insert(%__MODULE__{table: table} = store, key) do
    [family | tags] = Tuple.to_list(key)

    %{kind: kind, labels: names, metrics: metrics, fixed: fixed} =
      Map.fetch!(store.families, family)

    labels =
      for {name, tag} <- Enum.zip(names, tags),
          tag != nil,
          into: fixed,
          do: {name, Label.text(tag)}

    array =
      if kind == :counter,
        do: :atomics.new(1, signed: false),
        else: Buckets.new(length(metrics))

    :ets.insert_new(table, {copied(key), array, labels, System.unique_integer([:positive])})
  end

  # A tag may be a part of a large message.
  defp copied(key) do
    for(
      part <- Tuple.to_list(key),
      do: if(is_binary(part), do: :binary.copy(part), else: part)
    )
    |> List.to_tuple()
  end
end
