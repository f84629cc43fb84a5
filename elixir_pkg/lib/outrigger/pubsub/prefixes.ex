defmodule Outrigger.PubSub.Prefixes do
  @moduledoc """
  Who on this node has subscribed to topics that begin alike, for `Outrigger.PubSub.subscribe_prefix/3`.

  The subscriptions lie in a registry of their own, under their prefix. A topic is looked up there once for each *length* that
  prefixes have (`Outrigger.PubSub.Prefixes.Lengths`), whatever their number: with `"orders:"`, `"users:"` and `"a"` in use that is
  two look-ups, of the first seven bytes and of the first one.

  ## Invariants

    * Where nobody has subscribed to a prefix, a message costs the look at one atomic cell (`Outrigger.PubSub.Board.beside?/1`).
    * When `subscribe/3` has returned, `matching/2` finds the subscription, until its process ends or `unsubscribe/2`.

  ## Limits

  One partition: a registry with more of them costs a look-up for each.
  """

  alias Outrigger.PubSub.{Board, Prefixes.Lengths}

  @type entries :: [{pid, metadata :: term}, ...]

  @doc "The name of the registry of a group, which is also that of its `Registry` process."
  @spec registry(atom) :: atom
  def registry(group), do: Module.concat(group, "Prefixes")

  @doc "The processes of a group. `ear` is told of subscriptions, if there is one."
  @spec children(atom, atom | nil) :: [Supervisor.module_spec()]
  def children(group, ear) do
    registry = [keys: :duplicate, name: registry(group), listeners: List.wrap(ear)]
    [{Registry, registry}, {Lengths, group: group, registry: registry(group)}]
  end

  @doc "Subscribes the caller to all topics that begin with `prefix`."
  @spec subscribe(atom, binary, term) :: :ok | {:error, term}
  def subscribe(group, prefix, metadata) do
    # Behind the registration, as `Lengths` asks for.
    with {:ok, _owner} <- Registry.register(registry(group), prefix, metadata),
         do: Lengths.need(group, byte_size(prefix))
  end

  @doc "Ends all subscriptions of the caller to `prefix`."
  @spec unsubscribe(atom, binary) :: :ok
  def unsubscribe(group, prefix), do: Registry.unregister(registry(group), prefix)

  @doc "The subscriptions to each prefix of `topic` that has any, the shortest first."
  @spec matching(atom, binary) :: [entries]
  def matching(group, topic) do
    case Board.prefixes(group) do
      nil -> []
      {registry, lengths} -> matching(lengths, registry, topic)
    end
  end

  defp matching([length | lengths], registry, topic) when length <= byte_size(topic) do
    case Registry.lookup(registry, binary_part(topic, 0, length)) do
      [] -> matching(lengths, registry, topic)
      entries -> [entries | matching(lengths, registry, topic)]
    end
  end

  defp matching(_none_or_longer, _registry, _topic), do: []
end
