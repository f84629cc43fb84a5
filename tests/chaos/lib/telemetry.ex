defmodule :telemetry do
  @moduledoc "In the place of the telemetry library: what the package announces goes into the journal."

  def execute([:outrigger, :pubsub, :lost], %{count: count}, %{publisher: node}),
    do: Chaos.Journal.lost(Chaos.App.slot(node), count)

  def execute([:outrigger, :pubsub, :unconfirmed], %{at_most: count}, %{publisher: node}),
    do: Chaos.Journal.unconfirmed(Chaos.App.slot(node), count)

  def execute([:outrigger, :pubsub, :gap], _count, %{topics: topics}),
    do: Enum.each(topics, &Chaos.Journal.gap(Chaos.App.topic_number(&1)))

  def execute([:outrigger, :pubsub, event], measurements, _metadata)
      when event in [:stale, :handover_timeout, :dispatch_error],
      do: Chaos.Journal.note(event, Map.get(measurements, :count, 1))

  def execute(_event, _measurements, _metadata), do: :ok
end
