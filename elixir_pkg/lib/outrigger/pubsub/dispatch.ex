defmodule Outrigger.PubSub.Dispatch do
  @moduledoc """
  Hands messages to the subscribers of this node: in the worker's process what other nodes publish (`run/4`), in the publisher's what is
  published here (`local/5`).

  A *run* is messages that follow one another, of one topic and one dispatcher. With the default dispatchers
  (`Outrigger.PubSub`, `Phoenix.PubSub`) the registry is asked once for a run, and each subscriber gets all of it before the next
  one gets any: it is woken once, and finds its work together. A custom dispatcher is called for each message, as its contract
  says. Those who have subscribed to a prefix of the topic get it beside those of the topic; a custom dispatcher is called for the entries of
  each prefix by themselves.

  Very many subscribers are shared out among several processes (`Outrigger.PubSub.Spread`): by the default dispatchers always, by a custom one in
  the worker. There it is called for each share of the entries; what is published here it dispatches in the publisher's process, as it may expect.

  ## Invariants

    * Each subscriber gets a run in its order, also one that has subscribed to the topic several times, and runs in theirs.
    * A dispatcher that does not exist here, or raises, is logged and counted, and costs that message alone. In the publisher's
      process it raises there.

  ## Limits

  Subscribers that come while a run is handed out get none of it.
  """

  require Logger

  alias Outrigger.PubSub.{Board, Kept, Prefixes, Spread}
  alias Outrigger.Telemetry

  # What both do is to send to everybody, so it is done here: also where Phoenix.PubSub is not installed.
  @default [Outrigger.PubSub, Phoenix.PubSub]

  @typedoc "Where: the registry of subscriptions, and the board to count on (`nil`: no prefixes); with `in_order: true` what is dispatched has its place."
  @type place :: %{
          required(:pubsub) => atom,
          required(:group) => atom | nil,
          optional(atom) => term
        }

  @doc "Dispatches a run of messages that the worker got. `from` gets none of it."
  @spec run(place, binary, module, [term], pid | :none) :: :ok
  def run(place, topic, dispatcher, messages, from \\ :none)

  def run(place, topic, dispatcher, messages, from) when dispatcher in @default do
    local(place, from, topic, dispatcher, messages)
  catch
    kind, reason -> failed(place, topic, dispatcher, kind, reason, __STACKTRACE__)
  end

  def run(place, topic, dispatcher, messages, from),
    do: Enum.each(messages, &one(place, topic, dispatcher, &1, from))

  defp one(place, topic, dispatcher, message, from) do
    Registry.dispatch(place.pubsub, topic, {__MODULE__, :share, [dispatcher, from, message]})

    for entries <- beside(place, topic),
        do: share(entries, dispatcher, from, message)
  catch
    kind, reason -> failed(place, topic, dispatcher, kind, reason, __STACKTRACE__)
  end

  @doc false
  def share(entries, dispatcher, from, message),
    do: Spread.each(entries, 1, &dispatcher.dispatch(&1, from, message))

  @doc "Dispatches a run of messages of this process. `from` gets none of it."
  @spec local(place, pid | :none, binary, module, [term]) :: :ok
  def local(place, from, topic, dispatcher, messages) when dispatcher in @default do
    case beside(place, topic) do
      [] ->
        Registry.dispatch(place.pubsub, topic, {__MODULE__, :deliver, [from, messages]})

      # Together, so that who has subscribed to a topic and its prefix gets a run in its order.
      matching ->
        deliver(Registry.lookup(place.pubsub, topic) ++ Enum.concat(matching), from, messages)
        :ok
    end
  end

  def local(place, from, topic, dispatcher, messages) do
    for message <- messages do
      Registry.dispatch(place.pubsub, topic, {dispatcher, :dispatch, [from, message]})

      for entries <- beside(place, topic),
          do: dispatcher.dispatch(entries, from, message)
    end

    :ok
  end

  @doc "Hands a message of this process to those alone whom the registry of topics does not know."
  @spec by_others(%{required(:group) => atom, optional(atom) => term}, binary, module, term) ::
          :ok
  def by_others(place, topic, dispatcher, message) do
    for entries <- beside(place, topic), do: hand(entries, dispatcher, :none, message)
    :ok
  end

  @doc "Hands a message to these subscribers of the topic, in the worker. `from` gets nothing."
  @spec to(place, pid | :none, binary, module, [{pid, term}], term) :: :ok
  def to(place, from, topic, dispatcher, entries, message) do
    hand(entries, dispatcher, own(from), message)
    :ok
  catch
    kind, reason -> failed(place, topic, dispatcher, kind, reason, __STACKTRACE__)
  end

  @doc "The process that a publisher spares, if it is of this node. Elsewhere nobody has that pid."
  @spec own(pid | :none) :: pid | :none
  def own(from) when is_pid(from) and node(from) == node(), do: from
  def own(_none_or_elsewhere), do: :none

  defp hand(entries, dispatcher, from, message) when dispatcher in @default,
    do: deliver(entries, from, [message])

  defp hand(entries, dispatcher, from, message),
    do: dispatcher.dispatch(entries, from, message)

  # The subscriptions that are not in the registry of topics: lists of entries.
  defp beside(%{group: nil}, _topic), do: []

  defp beside(%{group: group} = place, topic) do
    if Board.beside?(group),
      do: Prefixes.matching(group, topic) ++ kept(place, topic),
      else: []
  end

  # Those get what is in order from the keeper.
  defp kept(%{in_order: true}, _topic), do: []
  defp kept(%{group: group}, topic), do: Kept.entries(group, topic)

  @doc false
  def deliver(entries, from, messages),
    do: Spread.each(entries, length(messages), &send_all(&1, from, messages))

  defp send_all([{pid, _metadata}], from, messages), do: to_one(pid, from, messages)
  defp send_all(entries, from, [message]), do: to_all(entries, from, message)

  defp send_all(entries, from, messages) do
    pids = for {pid, _metadata} <- entries, do: pid

    # Who has subscribed twice gets each message twice, and not the run twice.
    if map_size(:maps.from_keys(pids, [])) == length(pids),
      do: for(pid <- pids, do: to_one(pid, from, messages)),
      else: for(message <- messages, do: to_all(entries, from, message))
  end

  defp to_one(from, from, _messages), do: []
  defp to_one(pid, _from, messages), do: for(message <- messages, do: send(pid, message))

  defp to_all(entries, from, message),
    do: for({pid, _metadata} when pid != from <- entries, do: send(pid, message))

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
