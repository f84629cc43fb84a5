defmodule Outrigger.Watch.Reading do
  @moduledoc """
  What has been counted, for who asks from outside: the guest of `outrigger watch`, which keeps the state between two readings.

  A reading is a map: `life` of the store, `metrics` that are counted here, `series` and `counts` that have grown since the reading that `state` is of,
  and `faults`, events that were not understood. Of a series: `{id, metric, labels, buckets, clamped}` with the buckets of
  `Outrigger.Watch.Buckets.changed/3`; of a counter: `{id, metric, labels, count}`. All counts are since the life's beginning, so that a reading that got
  lost is made good by one with the state `:new`, and the difference of two is exact.
  """

  alias Outrigger.Watch.{Buckets, Store}

  @opaque state :: {pos_integer, map} | :new

  @doc "Reads a store."
  @spec read(Store.t(), state) :: {map, state}
  def read(%Store{life: life} = store, {life, known}) do
    {series, counts, known} =
      :ets.foldl(&row(&1, &2, store.families), {[], [], known}, store.table)

    reading = %{
      life: life,
      metrics: store.metrics,
      series: series,
      counts: counts,
      faults: :atomics.get(store.faults, 1)
    }

    {reading, {life, known}}
  end

  # Another life, or the first reading of all.
  def read(%Store{life: life} = store, _other), do: read(store, {life, %{}})

  defp row({{:rows, _family}, _count}, read, _families), do: read

  defp row({key, array, labels, id}, read, families) do
    case Map.fetch!(families, elem(key, 0)) do
      %{kind: :histograms, metrics: metrics} -> histograms(metrics, 0, array, labels, id, read)
      %{kind: :counter, metrics: [metric]} -> counter(metric, array, labels, id, read)
      _not_told -> read
    end
  end

  defp histograms([], _at, _array, _labels, _id, read), do: read

  defp histograms([metric | metrics], at, array, labels, id, {series, counts, known} = read) do
    key = {id, at}

    read =
      case Buckets.changed(array, at, Map.get(known, key)) do
        nil ->
          read

        {groups, buckets, clamped} ->
          one = {id, metric, labels, buckets, clamped}
          {[one | series], counts, Map.put(known, key, groups)}
      end

    histograms(metrics, at + 1, array, labels, id, read)
  end

  defp counter(metric, array, labels, id, {series, counts, known} = read) do
    count = :atomics.get(array, 1)

    if Map.get(known, id, 0) == count,
      do: read,
      else: {series, [{id, metric, labels, count} | counts], Map.put(known, id, count)}
  end
end
