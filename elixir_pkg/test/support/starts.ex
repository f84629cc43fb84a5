defmodule Outrigger.Test.Starts do
  @moduledoc """
  Subscribers that have something published on another node as soon as `subscribe` has returned, each time on a topic that their node
  has not wanted before. What has to arrive for each is one message.

  A subscriber tells the publisher by a message of its own, which is not the router's way: it arrives before the router has heard
  of the interest, as often as not.
  """

  alias Outrigger.PubSub

  @doc "Keeps what this node is told of gaps, see `gapped/2`."
  @spec listen() :: :ok
  def listen do
    {:ok, _pid} = Agent.start(fn -> [] end, name: __MODULE__)
    :ok
  end

  @doc "For `on_gap: {Outrigger.Test.Starts, :gapped, []}`."
  @spec gapped(atom, map) :: :ok
  def gapped(_pubsub, gap), do: Agent.update(__MODULE__, &(gap.topics ++ &1))

  @doc "The topics on which this node was told of a gap."
  @spec gaps() :: [binary]
  def gaps, do: Agent.get(__MODULE__, & &1)

  @doc "Starts a publisher: it broadcasts what it is asked for."
  @spec publisher(atom) :: pid
  def publisher(pubsub), do: spawn(fn -> publish(pubsub) end)

  defp publish(pubsub) do
    receive do
      {:publish, topic, message} ->
        :ok = PubSub.broadcast(pubsub, topic, message)
        publish(pubsub)
    end
  end

  @doc """
  `workers` processes with `count` starts each, with the publishers in turn. Returns `%{started: n, lost: [topic], again: [topic]}`.
  """
  @spec run(atom, [pid], pos_integer, pos_integer) :: %{
          started: pos_integer,
          lost: [binary],
          again: [binary]
        }
  def run(pubsub, publishers, workers, count) do
    1..workers
    |> Enum.map(&Task.async(fn -> work(pubsub, publishers, &1, count) end))
    |> Task.await_many(120_000)
    |> Enum.reduce(fn a, b -> Map.merge(a, b, fn _, a, b -> a ++ b end) end)
    |> then(&%{started: length(&1.topics), lost: &1.lost, again: &1.again})
  end

  defp work(pubsub, publishers, worker, count) do
    topics = for n <- 1..count, do: "start:#{node()}:#{worker}:#{n}."

    early =
      for {topic, n} <- Enum.with_index(topics), reduce: [] do
        got ->
          # No topic here begins another one.
          :ok =
            if rem(n, 3) == 0,
              do: PubSub.subscribe_prefix(pubsub, topic),
              else: PubSub.subscribe(pubsub, topic)

          publisher = Enum.at(publishers, rem(worker + n, length(publishers)))
          send(publisher, {:publish, topic, {:start, topic}})
          # Some wait, so that the teller is idle at times and has much to tell at others.
          if rem(n, 5) == 0, do: await(topic, got), else: got
      end

    got = collect(early, length(topics))
    %{topics: topics, lost: topics -- got, again: got -- Enum.uniq(got)}
  end

  defp await(topic, got) do
    receive do: ({:start, ^topic} -> [topic | got]), after: (30_000 -> got)
  end

  defp collect(got, count) do
    receive do
      {:start, topic} -> collect([topic | got], count)
    after
      # All are here: a while for those that come again.
      if(length(got) >= count, do: 500, else: 30_000) -> got
    end
  end
end
