defmodule Outrigger.Watch.Buckets do
  @moduledoc """
  Counts of durations in log-linear buckets, in an array of `:atomics` that any number of processes add to.

  The layout is that of `outrigger_watch::LogLinear`, so that the counts of all nodes add up. A duration `v` in ns below 32 has a bucket of its
  own. Else, with `e = floor(log2 v)`, its bucket is `(e - 4) * 32 + ((v >>> (e - 5)) &&& 31)`: 32 of equal width for each power of two. A figure
  that stands for a bucket is within 1/64 (1.6 %) of each duration in it. `tests/vectors/watch/buckets.txt` is read by both languages.

  An array holds `n` histograms, one behind the other. Each has its 1152 buckets, then a sum for each power of two (`group`), then how many were
  too long to be told apart. The sums are for who reads: what has not grown is not read again.

  ## Invariants

  - A duration is added to its bucket first, and to its group's sum then. Atomics are ordered, so a sum that was read has its durations in buckets that
    are read later; what comes in between is in the sum of the next reading. Nothing is lost and nothing is counted twice.

  ## Example

      iex> alias Outrigger.Watch.Buckets
      iex> array = Buckets.new(1)
      iex> Buckets.record(array, 0, 1_000)
      iex> {groups, [{190, 1}], 0} = Buckets.changed(array, 0, nil)
      iex> Buckets.changed(array, 0, groups)
      nil

  ## Limits

  Durations of 2^40 ns (18 minutes) and more are counted in the last bucket, and as clamped. A histogram takes 9.3 KiB.
  """

  import Bitwise

  @buckets 1152
  @groups 36
  @slots @buckets + @groups + 1
  @limit 1 <<< 40

  @typedoc "Sums of the groups as they were read."
  @type groups :: tuple

  @doc "An array for `count` histograms that count nothing yet."
  @spec new(pos_integer) :: :atomics.atomics_ref()
  def new(count), do: :atomics.new(count * @slots, signed: false)

  @doc "Counts a duration in the histogram `at` (from 0) of an array. One that is negative, by a clock that was set, is 0."
  @spec record(:atomics.atomics_ref(), non_neg_integer, integer) :: :ok
  def record(array, at, nanos) when nanos < @limit do
    bucket = index(nanos)
    base = at * @slots + 1
    :atomics.add(array, base + bucket, 1)
    :atomics.add(array, base + @buckets + (bucket >>> 5), 1)
  end

  def record(array, at, _nanos) do
    :atomics.add(array, at * @slots + @slots, 1)
    record(array, at, @limit - 1)
  end

  @doc "The bucket of a duration below 2^40 ns."
  @spec index(integer) :: 0..1151
  def index(nanos) when nanos < 0, do: 0
  def index(nanos) when nanos < 32, do: nanos

  # Comparisons, halving the powers of two that are left: cheaper than a logarithm, and exact.
  search = fn search, low, high ->
    if low == high do
      quote do
        (unquote(low) - 4) * 32 + (var!(nanos) >>> unquote(low - 5) &&& 31)
      end
    else
      middle = div(low + high, 2)

      quote do
        if var!(nanos) < unquote(1 <<< (middle + 1)),
          do: unquote(search.(search, low, middle)),
          else: unquote(search.(search, middle + 1, high))
      end
    end
  end

  def index(nanos), do: unquote(search.(search, 5, 39))

  @doc """
  What has grown since `groups` were read: `{groups, [{bucket, count}], clamped}`, or `nil`. Counts are of all time, in the order of buckets, those of
  groups that have grown. `nil` as `groups`: since the beginning.
  """
  @spec changed(:atomics.atomics_ref(), non_neg_integer, groups | nil) ::
          {groups, [{0..1151, pos_integer}], non_neg_integer} | nil
  def changed(array, at, known) do
    base = at * @slots + 1
    groups = sums(array, base + @buckets, @groups - 1, [])

    cond do
      groups === known ->
        nil

      known == nil and groups === unquote(Macro.escape(Tuple.duplicate(0, @groups))) ->
        nil

      true ->
        known = known || unquote(Macro.escape(Tuple.duplicate(0, @groups)))
        buckets = grown(array, base, groups, known, @groups - 1, [])
        {groups, buckets, :atomics.get(array, at * @slots + @slots)}
    end
  end

  defp sums(_array, _base, -1, sums), do: List.to_tuple(sums)

  defp sums(array, base, group, sums),
    do: sums(array, base, group - 1, [:atomics.get(array, base + group) | sums])

  defp grown(_array, _base, _groups, _known, -1, buckets), do: buckets

  defp grown(array, base, groups, known, group, buckets) do
    if elem(groups, group) == elem(known, group) do
      grown(array, base, groups, known, group - 1, buckets)
    else
      first = group * 32
      grown(array, base, groups, known, group - 1, of(array, base, first, first + 31, buckets))
    end
  end

  defp of(_array, _base, first, bucket, buckets) when bucket < first, do: buckets

  defp of(array, base, first, bucket, buckets) do
    case :atomics.get(array, base + bucket) do
      0 -> of(array, base, first, bucket - 1, buckets)
      count -> of(array, base, first, bucket - 1, [{bucket, count} | buckets])
    end
  end
end
