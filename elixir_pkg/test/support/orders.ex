defmodule Outrigger.Test.Orders do
  @moduledoc """
  What subscribers got, laid side by side: is there one order in which all of it could have been sent?

  Each list names what came before what. All lists together have one order if nobody, going from what came before to what came behind, comes
  back to where it began.
  """

  @doc "What is wrong with lists of what subscribers got, oldest first: messages that came `:twice`, and those on a `:cycle`."
  @spec faults([[term]]) :: [{:twice, term} | {:cycle, [term]}]
  def faults(lists) do
    twice =
      for list <- lists, message <- Enum.uniq(list -- Enum.uniq(list)), do: {:twice, message}

    case merge(lists) do
      {:ok, _merged} -> twice
      {:cycle, left} -> [{:cycle, Enum.take(left, 10)} | twice]
    end
  end

  @doc "One list of all messages that has each of `lists` in its order, or what cannot be put into one."
  @spec merge([[term]]) :: {:ok, [term]} | {:cycle, [term]}
  def merge(lists) do
    after_each =
      for list <- lists, [one, next] <- Enum.chunk_every(list, 2, 1, :discard), reduce: %{} do
        after_each -> Map.update(after_each, one, [next], &[next | &1])
      end

    waits =
      for {_one, nexts} <- after_each,
          next <- nexts,
          reduce: Map.new(Enum.concat(lists), &{&1, 0}) do
        waits -> Map.update!(waits, next, &(&1 + 1))
      end

    free = for {message, 0} <- waits, do: message
    take(free, waits, after_each, [])
  end

  defp take([], waits, _after_each, merged) when map_size(waits) == 0,
    do: {:ok, Enum.reverse(merged)}

  defp take([], waits, _after_each, _merged), do: {:cycle, Map.keys(waits)}

  defp take([message | free], waits, after_each, merged) do
    {free, waits} =
      for next <- Map.get(after_each, message, []), reduce: {free, Map.delete(waits, message)} do
        {free, waits} ->
          case waits do
            %{^next => 1} -> {[next | free], %{waits | next => 0}}
            %{^next => n} -> {free, %{waits | next => n - 1}}
          end
      end

    take(free, waits, after_each, [message | merged])
  end
end
