defmodule Demo.Ledger do
  @moduledoc """
  What one subscriber has received: every publisher numbers its messages 1, 2, 3, …, and this keeps the account.

  Pure. A number that is skipped is `missing`; if it comes later it is `reordered`; one that comes again is `duplicate`.

      iex> ledger = Enum.reduce([1, 2, 5, 3, 2], Demo.Ledger.new(), &Demo.Ledger.add(&2, :p, &1))
      iex> {Demo.Ledger.missing(ledger), ledger.reordered, ledger.duplicates}
      {[{:p, 4}], [{:p, 3}], [{:p, 2}]}
  """

  defstruct last: %{}, missing: MapSet.new(), reordered: [], duplicates: []

  @type publisher :: term
  @type t :: %__MODULE__{
          last: %{publisher => pos_integer},
          missing: MapSet.t({publisher, pos_integer}),
          reordered: [{publisher, pos_integer}],
          duplicates: [{publisher, pos_integer}]
        }

  @doc "An empty account."
  @spec new() :: t
  def new, do: %__MODULE__{}

  @doc "Enters message `number` of `publisher`."
  @spec add(t, publisher, pos_integer) :: t
  def add(%__MODULE__{last: last} = ledger, publisher, number) do
    case Map.get(last, publisher, 0) do
      previous when number == previous + 1 -> %{ledger | last: Map.put(last, publisher, number)}
      previous when number > previous -> skip(ledger, publisher, previous + 1, number)
      _previous -> late(ledger, {publisher, number})
    end
  end

  defp skip(ledger, publisher, from, number) do
    skipped = MapSet.new(from..(number - 1), &{publisher, &1})

    %{
      ledger
      | last: Map.put(ledger.last, publisher, number),
        missing: MapSet.union(ledger.missing, skipped)
    }
  end

  defp late(ledger, message) do
    if MapSet.member?(ledger.missing, message) do
      %{
        ledger
        | missing: MapSet.delete(ledger.missing, message),
          reordered: [message | ledger.reordered]
      }
    else
      %{ledger | duplicates: [message | ledger.duplicates]}
    end
  end

  @doc "The messages that were skipped and have not come, in order."
  @spec missing(t) :: [{publisher, pos_integer}]
  def missing(ledger), do: Enum.sort(ledger.missing)

  @doc "How many different messages have come."
  @spec received(t) :: non_neg_integer
  def received(ledger), do: Enum.sum(Map.values(ledger.last)) - MapSet.size(ledger.missing)

  @doc "Whether everything up to the given numbers has been heard of."
  @spec reached?(t, %{publisher => non_neg_integer}) :: boolean
  def reached?(ledger, numbers) do
    Enum.all?(numbers, fn {publisher, number} -> Map.get(ledger.last, publisher, 0) >= number end)
  end
end
