defmodule Bench.Events.Worst do
  @moduledoc """
  Input that takes long for its size, for each of the NIF's functions that runs on a normal scheduler: as large as the package gives it there.

  `cases/0` is the table. The bench says how long each holds a scheduler, and `elixir_pkg/test/outrigger/events/quiet_test.exs` that none of
  them does so for a millisecond.

  Time is that of the clock on the wall, which a machine that has something else to do makes longer and never shorter. So of many calls the
  shortest counts, and of many rounds the most silent one: a call that takes a millisecond of work takes that each time.
  """

  alias Bench.Events.{WorstBinary, WorstDebezium, WorstDocuments}

  @typedoc "The NIF's function, what it is given, and the call."
  @type case :: {atom, String.t(), (() -> term)}

  @doc "The table."
  @spec cases() :: [case]
  def cases, do: WorstDocuments.cases() ++ WorstDebezium.cases() ++ WorstBinary.cases()

  @doc "Functions on a normal scheduler whose input is a few words, or the options of a few columns."
  @spec small() :: [atom]
  def small do
    [
      :events_debezium_options,
      :events_protobuf_frame,
      :events_protobuf_indexes,
      :events_writers,
      :events_writers_json
    ]
  end

  @doc "A list of JSON of so many bytes at most."
  @spec list(String.t(), pos_integer) :: String.t()
  def list(element, bytes), do: "[" <> Enum.join(many(element, bytes, 1), ",") <> "]"

  @doc "An element so many times that these are so many bytes at most, each with some more beside it."
  @spec many(element, pos_integer, non_neg_integer) :: [element] when element: binary
  def many(element, bytes, beside),
    do: List.duplicate(element, div(bytes - 2, byte_size(element) + beside))

  @doc "Microseconds of the shortest of so many calls; of the first that takes no more than `enough`."
  @spec shortest((() -> term), pos_integer, non_neg_integer) :: non_neg_integer
  def shortest(call, calls, enough \\ 0) do
    alone(fn ->
      Enum.reduce_while(1..calls, :infinity, fn _, least ->
        {us, _result} = :timer.tc(call)
        least = min(us, least)
        if least <= enough, do: {:halt, least}, else: {:cont, least}
      end)
    end)
  end

  @doc """
  The fewest schedules of a millisecond or more that the VM saw in a round of so many calls, one behind the other; of so many
  rounds, or up to the first that was silent.
  """
  @spec fewest_long_schedules((() -> term), pos_integer, pos_integer) :: non_neg_integer
  def fewest_long_schedules(call, calls, rounds) do
    Enum.reduce_while(1..rounds, :infinity, fn _, fewest ->
      {_done, seen} = watched(fn -> alone(fn -> Enum.each(1..calls, fn _ -> call.() end) end) end)
      if seen == 0, do: {:halt, 0}, else: {:cont, min(seen, fewest)}
    end)
  end

  @doc "What `fun` returns, and how many schedules of a millisecond or more the VM saw meanwhile."
  @spec watched((() -> result)) :: {result, non_neg_integer} when result: term
  def watched(fun) do
    before = :erlang.system_monitor(self(), [{:long_schedule, 1}])
    result = fun.()
    :erlang.system_monitor(before)
    {result, seen(0)}
  end

  defp seen(count) do
    receive do
      {:monitor, _pid_or_port, :long_schedule, _about} -> seen(count + 1)
    after
      0 -> count
    end
  end

  # In a process of its own, whose heap is nobody's.
  defp alone(fun), do: fun |> Task.async() |> Task.await(:infinity)
end
