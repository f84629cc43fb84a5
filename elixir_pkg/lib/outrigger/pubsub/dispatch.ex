defmodule Outrigger.PubSub.Dispatch do
  @moduledoc """
  Hands what other nodes publish to the subscribers of this one, in the worker's process.

  A *run* is messages that follow one another, of one topic and one dispatcher. With the default dispatchers
  (`Outrigger.PubSub`, `Phoenix.PubSub`) the registry is asked once for a run, and each subscriber gets all of it before the next
  one gets any: it is woken once, and finds its work together. A custom dispatcher is called for each message, as its contract
  says.

  ## Invariants

    * Each subscriber gets a run in its order, also one that has subscribed to the topic several times, and runs in theirs.
    * A dispatcher that does not exist here, or raises, is logged and counted, and costs that message alone.

  ## Limits

  Subscribers that come while a run is handed out get none of it.
  """

  require Logger

  alias Outrigger.PubSub.Board
  alias Outrigger.Telemetry

  # What both do is to send to everybody, so it is done here: also where Phoenix.PubSub is not installed.
  @default [Outrigger.PubSub, Phoenix.PubSub]

  @typedoc "Where: the registry of subscriptions, and the board to count on."
  @type place :: %{required(:pubsub) => atom, required(:group) => atom, optional(atom) => term}

  @doc "Dispatches a run of messages."
  @spec run(place, binary, module, [term]) :: :ok
  def run(place, topic, dispatcher, messages) when dispatcher in @default do
    Registry.dispatch(place.pubsub, topic, {__MODULE__, :deliver, [messages]})
  catch
    kind, reason -> failed(place, topic, dispatcher, kind, reason, __STACKTRACE__)
  end

  def run(place, topic, dispatcher, messages),
    do: Enum.each(messages, &one(place, topic, dispatcher, &1))

  defp one(place, topic, dispatcher, message) do
    Registry.dispatch(place.pubsub, topic, {dispatcher, :dispatch, [:none, message]})
  catch
    kind, reason -> failed(place, topic, dispatcher, kind, reason, __STACKTRACE__)
  end

  @doc false
  def deliver([{pid, _metadata}], messages), do: to_one(pid, messages)
  def deliver(entries, [message]), do: to_all(entries, message)

  def deliver(entries, messages) do
    pids = for {pid, _metadata} <- entries, do: pid

    # Who has subscribed twice gets each message twice, and not the run twice.
    if map_size(:maps.from_keys(pids, [])) == length(pids),
      do: for(pid <- pids, do: to_one(pid, messages)),
      else: for(message <- messages, do: to_all(entries, message))
  end

  defp to_one(pid, messages), do: for(message <- messages, do: send(pid, message))
  defp to_all(entries, message), do: for({pid, _metadata} <- entries, do: send(pid, message))

  defp failed(place, topic, dispatcher, kind, reason, stacktrace) do
    Board.count(place.group, :dispatch_errors)

    metadata = %{
      pubsub: place.pubsub,
      topic: topic,
      dispatcher: dispatcher,
      kind: kind,
      reason: reason
    }

    Telemetry.execute([:outrigger, :pubsub, :dispatch_error], %{count: 1}, metadata)

    Logger.error(
      "#{inspect(place.pubsub)} could not dispatch a message of another node on #{inspect(topic)} with " <>
        "#{inspect(dispatcher)}: " <> Exception.format(kind, reason, stacktrace)
    )
  end
end
