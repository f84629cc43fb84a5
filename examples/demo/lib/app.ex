defmodule Demo.App do
  @moduledoc """
  What runs on each application node: an ordinary application that depends on Outrigger.

  `start/1` is what a generated `application.ex` does; the rest are the questions that the demo asks a node.
  """

  @doc "Starts Outrigger and this application's supervisor, which outlives the caller."
  @spec start([Supervisor.child_spec() | {module, keyword}]) :: :ok
  def start(children) do
    {:ok, _started} = Application.ensure_all_started(:outrigger)
    Logger.configure(level: :warning)

    {:ok, supervisor} =
      Supervisor.start_link(children, strategy: :one_for_one, name: Demo.Supervisor)

    Process.unlink(supervisor)
    :ok
  end

  @doc "Starts subscribers, publishers and the observer of the path on this node."
  @spec start_traffic(map) :: :ok
  def start_traffic(%{
        pubsub: pubsub,
        subscribers: subscribers,
        publishers: publishers,
        per_second: per_second
      }) do
    histogram = Outrigger.Watch.Histogram.new()
    :persistent_term.put(__MODULE__, histogram)

    children =
      [{Demo.PathLog, pubsub}] ++
        for(index <- 1..subscribers, do: {Demo.Subscriber, {index, pubsub, histogram}}) ++
        for(index <- 1..publishers, do: {Demo.Publisher, {index, pubsub, per_second}})

    Enum.each(children, &({:ok, _} = Supervisor.start_child(Demo.Supervisor, &1)))
  end

  @doc "Deliveries so far and the latency since the last call, for the screen."
  @spec sample(pos_integer) :: map
  def sample(subscribers) do
    histogram = :persistent_term.get(__MODULE__)
    latency = Outrigger.Watch.Histogram.summary(histogram)
    Outrigger.Watch.Histogram.reset(histogram)
    %{delivered: Demo.Subscriber.delivered(subscribers), latency: latency}
  end

  @doc "The path that this node's broadcasts take now: `:relay` or `:direct`."
  @spec path(atom) :: atom
  def path(pubsub), do: Outrigger.PubSub.info(pubsub).path
end
