defmodule Outrigger.PubSub.Ordered.Adapter do
  @moduledoc """
  The adapter of a PubSub that has prefixes in order: `Outrigger.PubSub.Adapter`, but for topics of those.

  The functions of `Phoenix.PubSub` call it and then dispatch on this node by themselves, which would be out of order. So it raises for such a
  topic, at the first call, and says what to call instead. Nothing is sent then. The functions of `Outrigger.PubSub` do not come here with one.
  """

  alias Outrigger.Error
  alias Outrigger.PubSub.{Adapter, Ordered}

  @doc false
  defdelegate node_name(adapter_name), to: Adapter

  @doc "As `Outrigger.PubSub.Adapter.broadcast/4`. Raises `Outrigger.Error` for a topic in order."
  @spec broadcast(atom, binary, term, module) :: :ok | {:error, :unavailable}
  def broadcast(group, topic, message, dispatcher) do
    if prefix = Ordered.prefix(group, topic), do: raise(unordered(topic, prefix))
    Adapter.broadcast(group, topic, message, dispatcher)
  end

  @doc "Outside of the order, as for all topics."
  defdelegate direct_broadcast(adapter_name, node_name, topic, message, dispatcher), to: Adapter

  defp unordered(topic, prefix) do
    Error.new(
      :unordered,
      "#{inspect(topic)} is a topic in order (`ordered: [#{inspect(prefix)}]`), and Phoenix.PubSub.broadcast would dispatch it on this " <>
        "node out of order: call Outrigger.PubSub.broadcast, with the same arguments",
      %{topic: topic, prefix: prefix}
    )
  end
end
