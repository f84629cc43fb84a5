defmodule Bench.WatchCost.Side do
  @moduledoc """
  What the watched node does. All that it starts ends with the node.
  """

  @doc "The work, as the table names it."
  @spec title(atom) :: String.t()
  def title(:nothing), do: "idle"
  def title(:little), do: "a little work"
  def title(work), do: "#{work}"

  @doc "Starts so many processes that wait, and the work."
  @spec start(atom, pos_integer) :: :ok
  def start(work, processes) do
    for _ <- 1..processes, do: spawn(fn -> Process.sleep(:infinity) end)
    done = :counters.new(1, [:write_concurrency])
    :persistent_term.put(__MODULE__, done)
    work(work, done)
    :ok
  end

  @doc "How much is done, and when that was, in seconds."
  @spec count() :: {non_neg_integer, float}
  def count do
    second = System.convert_time_unit(1, :second, :native)
    {:counters.get(:persistent_term.get(__MODULE__), 1), System.monotonic_time() / second}
  end

  @doc "Has the node measure its schedulers' time, as every watch does, and no more than that; ends it."
  @spec measured(boolean) :: :ok
  def measured(true) do
    spawn(fn ->
      Process.register(self(), __MODULE__.Measured)
      :erlang.system_flag(:scheduler_wall_time, true)
      Process.sleep(:infinity)
    end)

    :ok
  end

  def measured(false) do
    if holder = Process.whereis(__MODULE__.Measured), do: Process.exit(holder, :kill)
    :ok
  end

  defp work(:nothing, _done), do: :ok

  defp work(:messages, done) do
    options = [:public, write_concurrency: true]
    table = :ets.new(__MODULE__, [{:heir, :erlang.whereis(:init), nil} | options])

    for pair <- 1..8 do
      pong = spawn(fn -> pong() end)
      spawn(fn -> ping(pong, table, pair, done) end)
    end
  end

  defp work(:decoding, done), do: for(_ <- 1..2, do: spawn(fn -> decode(text(), done) end))
  defp work(:little, done), do: spawn(fn -> little(text(), done, now()) end)

  defp ping(pong, table, pair, done) do
    send(pong, {self(), pair})

    receive do
      ^pair -> :ets.update_counter(table, pair, 1, {pair, 0})
    end

    :counters.add(done, 1, 1)
    ping(pong, table, pair, done)
  end

  defp pong do
    receive do
      {from, what} -> send(from, what)
    end

    pong()
  end

  defp decode(text, done) do
    URI.decode_query(text)
    :counters.add(done, 1, 1)
    decode(text, done)
  end

  # As much each hundredth of a second, by the clock: a window has as much of it as the next one, however fast the machine is meanwhile.
  defp little(text, done, at) do
    for _ <- 1..4, do: URI.decode_query(text)
    :counters.add(done, 1, 4)
    next = at + 10
    Process.sleep(max(next - now(), 0))
    little(text, done, next)
  end

  defp now, do: System.monotonic_time(:millisecond)

  defp text, do: URI.encode_query(for n <- 1..30, do: {"key #{n}", "value, number #{n}"})
end
