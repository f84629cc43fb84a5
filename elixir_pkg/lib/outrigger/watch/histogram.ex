defmodule Outrigger.Watch.Histogram do
  @moduledoc """
  Latency histograms that any number of processes record into, kept outside of the Erlang heap.

  Recording takes about 100 ns from Elixir and does not allocate. Figures are within 0.1 % of what was recorded, from
  1 us to 60 s; a longer duration counts as 60 s and is counted again as `:clamped`.

  ## Example

      iex> alias Outrigger.Watch.Histogram
      iex> histogram = Histogram.new()
      iex> for ms <- 1..100, do: Histogram.record(histogram, ms, :millisecond)
      iex> %{count: 100, clamped: 0, p50: p50} = Histogram.summary(histogram)
      iex> div(p50, 1_000_000)
      50

  ## Limits

  A histogram takes about 150 KB, whatever is in it, and is freed when nobody refers to it any more. It belongs to the
  node it was made on: send figures to other nodes, not histograms. Needs the NIF (`Outrigger.Native.status/0`);
  without it every function raises an `Outrigger.Error` with reason `:not_loaded`.
  """

  alias Outrigger.Native

  @enforce_keys [:ref]
  defstruct [:ref]

  @opaque t :: %__MODULE__{ref: Native.histogram()}

  @typedoc "Durations are in nanoseconds, `p999` is the 99.9th percentile."
  @type summary :: %{
          count: pos_integer,
          clamped: non_neg_integer,
          min: non_neg_integer,
          max: non_neg_integer,
          mean: float,
          p50: non_neg_integer,
          p90: non_neg_integer,
          p99: non_neg_integer,
          p999: non_neg_integer
        }

  # More than the NIF tells apart, and within its 64 bits.
  @longest 0xFFFF_FFFF_FFFF_FFFF

  @doc """
  An empty histogram.
  """
  @spec new() :: t
  def new, do: %__MODULE__{ref: Native.histogram_new()}

  @doc """
  Counts one duration, given in `unit`.

      iex> histogram = Outrigger.Watch.Histogram.new()
      iex> started = System.monotonic_time()
      iex> Outrigger.Watch.Histogram.record(histogram, System.monotonic_time() - started, :native)
      :ok
  """
  @spec record(t, non_neg_integer, System.time_unit()) :: :ok
  def record(histogram, duration, unit \\ :nanosecond), do: record_n(histogram, duration, 1, unit)

  @doc """
  Counts the same duration `count` times.
  """
  @spec record_n(t, non_neg_integer, non_neg_integer, System.time_unit()) :: :ok
  def record_n(%__MODULE__{ref: ref}, duration, count, unit \\ :nanosecond)
      when is_integer(duration) and duration >= 0 and count in 0..@longest do
    Native.histogram_record(ref, min(nanoseconds(duration, unit), @longest), count)
  end

  @doc """
  Runs `fun`, counts how long it took, and returns what it returned. What raises is not counted.

      iex> histogram = Outrigger.Watch.Histogram.new()
      iex> Outrigger.Watch.Histogram.measure(histogram, fn -> :done end)
      :done
      iex> Outrigger.Watch.Histogram.summary(histogram).count
      1
  """
  @spec measure(t, (... -> result)) :: result when result: var
  def measure(histogram, fun) when is_function(fun, 0) do
    started = System.monotonic_time()
    result = fun.()
    record(histogram, System.monotonic_time() - started, :native)
    result
  end

  @doc """
  The usual figures, or `nil` as long as nothing is recorded.

      iex> Outrigger.Watch.Histogram.summary(Outrigger.Watch.Histogram.new())
      nil
  """
  @spec summary(t) :: summary | nil
  def summary(%__MODULE__{ref: ref}), do: Native.histogram_summary(ref)

  @doc """
  The shortest duration in nanoseconds that `percentile` percent of all do not exceed, or `nil` as long as nothing is
  recorded.

  Raises an `ArgumentError` unless `percentile` is a number from 0 to 100.

      iex> histogram = Outrigger.Watch.Histogram.new()
      iex> Outrigger.Watch.Histogram.record_n(histogram, 2, 9, :second)
      iex> Outrigger.Watch.Histogram.record(histogram, 4, :second)
      iex> round(Outrigger.Watch.Histogram.percentile(histogram, 90) / 1.0e9)
      2
  """
  @spec percentile(t, number) :: non_neg_integer | nil
  def percentile(%__MODULE__{ref: ref}, percentile) when is_number(percentile) do
    Native.histogram_percentile(ref, percentile / 1)
  end

  @doc """
  Adds to `into` all that `from` holds at this moment. `from` stays as it is.
  """
  @spec merge(t, t) :: :ok
  def merge(%__MODULE__{ref: into}, %__MODULE__{ref: from}),
    do: Native.histogram_merge(into, from)

  @doc """
  Forgets everything.
  """
  @spec reset(t) :: :ok
  def reset(%__MODULE__{ref: ref}), do: Native.histogram_reset(ref)

  defp nanoseconds(duration, :nanosecond), do: duration
  defp nanoseconds(duration, unit), do: System.convert_time_unit(duration, unit, :nanosecond)
end
