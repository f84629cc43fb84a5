defmodule Outrigger.PubSub.Interest.Wanted do
  @moduledoc """
  The patterns that a node wants, in a table, and the search for those that nobody wants any more.

  A row is `{pattern, witness}`: a process that has subscribed to it, or the time since which none is known. The registry tells of
  subscriptions and of their orderly end, but not of the end of a process. So all rows are looked through in turn for witnesses that
  are dead, a slice at each `sweep/4`, all within 30 s. Whose witness is gone for 5 s is looked up in the registry, and is either
  given another witness or not wanted any more.

  ## Invariants

    * A pattern with a subscriber is in the table, once the registry's word about it has been taken in. A subscription that a look-up
      does not see yet is told of later, and the pattern is wanted anew.
    * `portion/3` finds what was there all the time once, while rows come and go.
    * A subscription costs one or two writes, whoever else has subscribed. The registry is asked once per pattern and 5 s at most.

  ## Limits

  The table is ordered, since a cursor has to stand still in it: inserting takes the logarithm of its size.
  """

  alias Outrigger.PubSub.Interest.Account

  defstruct [:table, cursor: nil, round: 0, unsure: :queue.new(), unsure_count: 0]

  @type t :: %__MODULE__{table: :ets.table()}

  @portion 1_000
  @quiet_ms 5_000
  @sweep_ms 30_000

  @doc "An empty table, owned by the caller."
  @spec new(atom) :: t
  def new(name), do: %__MODULE__{table: :ets.new(name, [:named_table, :ordered_set, :protected])}

  @doc "How many patterns are wanted."
  @spec count(t) :: non_neg_integer
  def count(wanted), do: :ets.info(wanted.table, :size)

  @doc "`pid` has subscribed. Is that pattern new?"
  @spec add(t, Account.pattern(), pid) :: boolean
  def add(%{table: table}, pattern, pid) do
    # The newest subscriber is the witness: that is the one to live longest.
    :ets.insert_new(table, {pattern, pid}) or not :ets.insert(table, {pattern, pid})
  end

  @doc "`pid` has ended its subscriptions to a pattern."
  @spec left(t, Account.pattern(), pid, integer) :: t
  def left(wanted, pattern, pid, now) do
    case :ets.lookup(wanted.table, pattern) do
      [{_pattern, ^pid}] -> unsure(wanted, pattern, now)
      _another_witness -> wanted
    end
  end

  @doc "Up to 1,000 patterns in order behind `cursor`, and the next cursor."
  @spec portion(t, Account.cursor()) :: {[Account.pattern()], Account.cursor()}
  def portion(wanted, cursor),
    do: portion(wanted.table, after_cursor(wanted.table, cursor), [], 0)

  defp portion(_table, :"$end_of_table", patterns, _count), do: {Enum.reverse(patterns), :done}

  defp portion(_table, _next, [last | _] = patterns, @portion),
    do: {Enum.reverse(patterns), last}

  defp portion(table, pattern, patterns, count),
    do: portion(table, :ets.next(table, pattern), [pattern | patterns], count + 1)

  defp after_cursor(table, nil), do: :ets.first(table)
  defp after_cursor(table, cursor), do: :ets.next(table, cursor)

  @doc """
  A slice of the search, `every_ms` after the last one. Returns the patterns that have been vacant for 5 s; they are not in the
  table any more. `find` looks up a subscriber of a pattern, or `nil`.
  """
  @spec sweep(t, integer, pos_integer, (Account.pattern() -> pid | nil)) ::
          {t, [Account.pattern()]}
  def sweep(wanted, now, every_ms, find) do
    # Of what there was when the round began: it may become less on the way.
    round = max(count(wanted), if(wanted.cursor, do: wanted.round, else: 0))
    slice = div(round * every_ms, @sweep_ms) + 1
    wanted = %{wanted | round: round}
    wanted = look(wanted, after_cursor(wanted.table, wanted.cursor), slice, now)
    # A part of a long queue, so that the end of very many at once holds up nobody.
    settle(wanted, div(wanted.unsure_count, 10) + 1_000, now - @quiet_ms, find, [])
  end

  defp look(wanted, :"$end_of_table", _left, _now), do: %{wanted | cursor: nil}
  defp look(wanted, _pattern, 0, _now), do: wanted

  defp look(wanted, pattern, left, now) do
    witness = :ets.lookup_element(wanted.table, pattern, 2)
    gone? = is_pid(witness) and not Process.alive?(witness)
    wanted = if gone?, do: unsure(wanted, pattern, now), else: wanted
    look(%{wanted | cursor: pattern}, :ets.next(wanted.table, pattern), left - 1, now)
  end

  defp unsure(wanted, pattern, now) do
    :ets.insert(wanted.table, {pattern, now})
    queue = :queue.in({now, pattern}, wanted.unsure)
    %{wanted | unsure: queue, unsure_count: wanted.unsure_count + 1}
  end

  defp settle(wanted, 0, _until, _find, vacant), do: {wanted, vacant}

  defp settle(wanted, left, until, find, vacant) do
    case :queue.peek(wanted.unsure) do
      {:value, {since, pattern}} when since <= until ->
        queue = :queue.drop(wanted.unsure)
        wanted = %{wanted | unsure: queue, unsure_count: wanted.unsure_count - 1}

        vacant =
          if vacant?(wanted.table, pattern, since, find), do: [pattern | vacant], else: vacant

        settle(wanted, left - 1, until, find, vacant)

      _none_or_later ->
        {wanted, vacant}
    end
  end

  defp vacant?(table, pattern, since, find) do
    with [{_pattern, ^since}] <- :ets.lookup(table, pattern),
         nil <- find.(pattern) do
      :ets.delete(table, pattern)
    else
      pid when is_pid(pid) -> not :ets.insert(table, {pattern, pid})
      _somebody_came -> false
    end
  end
end
