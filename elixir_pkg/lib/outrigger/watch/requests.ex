defmodule Outrigger.Watch.Requests do
  @slots 512
  @most 10_000
  @callers 8

  @moduledoc """
  Queries by their shape within one request: what runs one query again and again (N + 1).

  A request is what one process does from a span's start to its end: a request of an endpoint, a LiveView's callback, a job, a Broadway message. Spans
  within a span belong to the outermost one. A query belongs to the request of its process, or else of the nearest of its `$callers`, so
  that tasks of a request count for it. The shape of a query is a hash of its text, which has no parameters in it; the text is not kept.

  A request that runs one shape `threshold` times is counted once for that shape.

  Rows are `{pid, depth}` of an open request, and `{{pid, :shapes}, array}` as soon as it has run a query: #{@slots} counters, each for the shapes whose
  hash falls on it.

  ## Limits

  A text that has its parameters in it, or as many placeholders as there are values (`IN (?, ?)`), is another shape each time. Two shapes of a
  request that share a counter are taken for one: with a hundred shapes that each run once, ten fall on one counter once in 10^11 requests. At most #{@most} requests
  are looked at at a time, with 4 KiB each. Rows of a process that was killed are swept by `sweep/1`.
  """

  alias Outrigger.Watch.Store

  @doc "A request begins that is within no other: what its process has begun before is over."
  @spec begin(Store.t()) :: :ok
  def begin(%Store{threshold: nil}), do: :ok

  def begin(%Store{requests: requests}) do
    unless open(requests) do
      :ets.insert(requests, {self(), 1})
      :ets.delete(requests, {self(), :shapes})
    end

    :ok
  end

  @doc "A span begins, which is a request unless it is within one."
  @spec enter(Store.t()) :: :ok
  def enter(%Store{threshold: nil}), do: :ok

  def enter(%Store{requests: requests}) do
    unless open(requests), do: :ets.update_counter(requests, self(), {2, 1})
    :ok
  end

  @doc "A span ends."
  @spec leave(Store.t()) :: :ok
  def leave(%Store{threshold: nil}), do: :ok

  def leave(%Store{requests: requests}) do
    case :ets.take(requests, self()) do
      [{_pid, depth}] when depth > 1 -> :ets.insert(requests, {self(), depth - 1})
      [_outermost] -> :ets.delete(requests, {self(), :shapes})
      [] -> :ok
    end

    :ok
  end

  @doc "A query: whether its request has now run its shape as often as is suspicious."
  @spec query(Store.t(), term) :: boolean
  def query(%Store{threshold: nil}, _text), do: false

  def query(%Store{requests: requests, threshold: threshold}, text) when is_binary(text) do
    case shapes(requests, self()) || of_callers(requests, Process.get(:"$callers"), @callers) do
      nil -> false
      shapes -> :atomics.add_get(shapes, :erlang.phash2(text, @slots) + 1, 1) == threshold
    end
  end

  def query(_store, _text), do: false

  @doc "Takes away the rows of processes that have ended."
  @spec sweep(Store.t()) :: :ok
  def sweep(%Store{requests: requests}) do
    for [pid] <- :ets.match(requests, {:"$1", :_}),
        is_pid(pid) and not Process.alive?(pid),
        do: :ets.delete(requests, pid)

    # Also those that a task has made just when its request was over.
    for [pid] <- :ets.match(requests, {{:"$1", :shapes}, :_}),
        not :ets.member(requests, pid),
        do: :ets.delete(requests, {pid, :shapes})

    :ok
  end

  # False: there is one already. Where there is no room for it, it is none.
  defp open(requests) do
    if :ets.info(requests, :size) < 2 * @most,
      do: :ets.insert_new(requests, {self(), 1}),
      else: not :ets.member(requests, self())
  end

  defp shapes(requests, pid) do
    case :ets.lookup(requests, {pid, :shapes}) do
      [{_key, shapes}] -> shapes
      [] -> if :ets.member(requests, pid), do: first(requests, pid)
    end
  end

  # Of several tasks that come at once, one makes the array.
  defp first(requests, pid) do
    :ets.insert_new(requests, {{pid, :shapes}, :atomics.new(@slots, signed: false)})

    case :ets.lookup(requests, {pid, :shapes}) do
      [{_key, shapes}] -> shapes
      # The request is over by now.
      [] -> nil
    end
  end

  defp of_callers(requests, [pid | callers], left) when left > 0,
    do: shapes(requests, pid) || of_callers(requests, callers, left - 1)

  defp of_callers(_requests, _callers, _left), do: nil
end
