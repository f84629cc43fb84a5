defmodule Outrigger.Test.Streams do
  @moduledoc """
  Subscribers and publishers of `Outrigger.Events.Stream` that tests start on nodes by `Outrigger.Test.Cluster.call/4`. What a subscriber has
  got is asked for with `Outrigger.Test.Probe.received/1`.
  """

  alias Outrigger.Events.Stream
  alias Outrigger.Test.Probe

  @doc "Starts a stream that outlives the call."
  @spec start(keyword) :: :ok
  def start(options), do: Probe.start_child(Stream.child_spec(options))

  @doc "Starts a subscriber of a view of its own, and returns when it has subscribed."
  @spec subscriber(atom, keyword) :: pid
  def subscriber(stream, view),
    do: Probe.collector(fn -> :ok = Stream.subscribe(stream, view) end)

  @doc "Starts a publisher of `{\"n\": 1}`, `{\"n\": 2}`, ..., `pause_ms` between two. To be stopped with `Outrigger.Test.Probe.stop/1`."
  @spec publisher(atom, non_neg_integer) :: pid
  def publisher(stream, pause_ms), do: spawn(fn -> publish(stream, pause_ms, 1) end)

  defp publish(stream, pause_ms, n) do
    :ok = Stream.publish(stream, ~s({"n": #{n}}))

    receive do
      {:stop, from} -> send(from, {:sent, n})
    after
      pause_ms -> publish(stream, pause_ms, n + 1)
    end
  end
end
