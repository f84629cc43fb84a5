defmodule Bench.Ordered do
  @moduledoc """
  `Outrigger.PubSub` with all topics of the bench in one order, as a contender of its own: what total order costs beside the order of each
  publisher.
  """

  @doc "What its topics begin with."
  @spec prefix() :: binary
  def prefix, do: "bench:"

  @doc "As `Outrigger.PubSub.subscribe/2`."
  @spec subscribe(atom, binary) :: :ok | {:error, term}
  def subscribe(pubsub, topic), do: Outrigger.PubSub.subscribe(pubsub, topic)

  @doc "As `Outrigger.PubSub.broadcast/3`."
  @spec broadcast(atom, binary, term) :: :ok | {:error, term}
  def broadcast(pubsub, topic, message), do: Outrigger.PubSub.broadcast(pubsub, topic, message)
end
