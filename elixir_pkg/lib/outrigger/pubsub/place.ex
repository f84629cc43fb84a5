defmodule Outrigger.PubSub.Place do
  @moduledoc """
  A PubSub as the functions of `Outrigger.PubSub` find it by its name: a registry, and an adapter in its metadata.

  The adapter is ours, or another one of Phoenix.PubSub's kind. What is more than such a one can do (prefixes, several messages in one
  send) needs ours: `group` is its name, and `nil` with another.
  """

  alias Outrigger.PubSub.{Adapter, Ordered, Publisher}

  @type t :: %{pubsub: atom, group: atom | nil, adapter: module, name: term}

  @doc "The place of a PubSub that runs. Raises otherwise."
  @spec of(atom) :: t
  def of(pubsub) do
    {:ok, {adapter, name}} = Registry.meta(pubsub, :pubsub)
    group = if adapter in [Adapter, Ordered.Adapter], do: name
    %{pubsub: pubsub, group: group, adapter: adapter, name: name}
  end

  @doc "The name of our adapter. Raises where there is another one."
  @spec group!(atom) :: atom
  def group!(pubsub) do
    case of(pubsub) do
      %{group: nil, adapter: adapter} ->
        raise ArgumentError,
              "#{inspect(pubsub)} runs with #{inspect(adapter)}, which does not know this: use " <>
                "{Outrigger.PubSub, name: #{inspect(pubsub)}}"

      %{group: group} ->
        group
    end
  end

  @doc "Sends to all other nodes. Ours is not asked as an adapter: then it would dispatch here, to those who have subscribed to a prefix."
  @spec broadcast(t, binary, term, module) :: :ok | {:error, term}
  def broadcast(%{group: nil} = place, topic, message, dispatcher),
    do: place.adapter.broadcast(place.name, topic, message, dispatcher)

  def broadcast(place, topic, message, dispatcher),
    do: Publisher.broadcast(place.group, topic, message, dispatcher)
end
