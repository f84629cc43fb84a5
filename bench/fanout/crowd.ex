defmodule Bench.Fanout.Crowd do
  @moduledoc """
  Very many subscribers in a receiving node, and such as come and go.
  """

  alias Bench.Fanout.Side

  @topic "bench:hot"

  @doc "Their topic."
  @spec topic() :: String.t()
  def topic, do: @topic

  @doc "Starts so many subscribers to one topic."
  @spec subscribe(module, pos_integer) :: [pid]
  def subscribe(contender, count) do
    parent = self()

    pids =
      for _ <- 1..count do
        spawn(fn ->
          :ok = contender.subscribe(Side.name(contender), @topic)
          send(parent, {:subscribed, self()})
          member(0, nil)
        end)
      end

    for pid <- pids, do: receive(do: ({:subscribed, ^pid} -> pid))
  end

  defp member(received, {from, received}), do: send(from, {:arrived, self()})

  defp member(received, waiting) do
    receive do
      {:m, _payload} -> member(received + 1, waiting)
      {:await, from, total} -> member(received, {from, total})
    end
  end

  @doc "Waits until each of them has `total` messages, and has ended."
  @spec await([pid], pos_integer) :: :ok
  def await(pids, total) do
    for pid <- pids, do: send(pid, {:await, self(), total})
    for pid <- pids, do: receive(do: ({:arrived, ^pid} -> :ok))
    :ok
  end

  @doc """
  `operations` subscriptions and their ends, by 8 processes. How long it took, until routers know all of it, in microseconds; and the longest
  queue of those who tell them.
  """
  @spec churn(module, pos_integer) :: {pos_integer, non_neg_integer}
  def churn(contender, operations) do
    name = Side.name(contender)
    watcher = Task.async(fn -> longest(tellers(contender, name), 0) end)

    {elapsed, _} =
      :timer.tc(fn ->
        1..8
        |> Enum.map(&Task.async(fn -> come_and_go(contender, name, &1, div(operations, 16)) end))
        |> Task.await_many(120_000)

        # Behind all that was said.
        :ok = told(contender, name)
      end)

    send(watcher.pid, :enough)
    {elapsed, Task.await(watcher)}
  end

  defp come_and_go(contender, name, process, count) do
    for n <- 1..count do
      topic = "churn:#{process}:#{n}"
      :ok = contender.subscribe(name, topic)
      :ok = contender.unsubscribe(name, topic)
    end
  end

  defp told(Outrigger.PubSub, name) do
    :ok = Outrigger.PubSub.subscribe(name, "churn:last", confirm: true, confirm_timeout: 60_000)
    Outrigger.PubSub.unsubscribe(name, "churn:last")
  end

  defp told(_contender, _name), do: :ok

  defp tellers(Outrigger.PubSub, name) do
    group = Module.concat(name, "Adapter")

    for module <- [Outrigger.PubSub.Interest, Outrigger.PubSub.Interest.Ear],
        do: module.name(group)
  end

  defp tellers(_contender, _name), do: []

  defp longest(tellers, longest) do
    lengths =
      for name <- tellers,
          {:message_queue_len, length} <- [
            Process.info(Process.whereis(name), :message_queue_len)
          ],
          do: length

    longest = Enum.max([longest | lengths])

    receive do
      :enough -> longest
    after
      5 -> longest(tellers, longest)
    end
  end
end
