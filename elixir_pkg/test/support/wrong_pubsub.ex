defmodule Outrigger.Test.WrongPubSub do
  @moduledoc """
  PubSubs that break a promise each, to see that `Outrigger.PubSub.Contract` notices.

  `use Right` makes a PubSub that is `Outrigger.PubSub` but for what the module overrides. `breaks/0` are cases that have to fail.
  """

  alias Outrigger.PubSub

  @doc "All of them."
  def all, do: [__MODULE__.Twice, __MODULE__.Swapped, __MODULE__.KeepsHalf, __MODULE__.Everybody]

  defmodule Right do
    @moduledoc false
    defmacro __using__(_options) do
      quote do
        alias Outrigger.PubSub
        defdelegate child_spec(options), to: PubSub
        defdelegate subscribe(pubsub, topic, options \\ []), to: PubSub
        defdelegate unsubscribe(pubsub, topic), to: PubSub
        defdelegate broadcast(p, topic, message), to: PubSub
        defdelegate broadcast(p, topic, message, dispatcher), to: PubSub
        defdelegate broadcast!(p, topic, message, dispatcher \\ PubSub), to: PubSub
        defdelegate broadcast_from(p, from, topic, message), to: PubSub
        defdelegate broadcast_from(p, from, topic, message, dispatcher), to: PubSub
        defdelegate broadcast_from!(p, from, topic, message, dispatcher \\ PubSub), to: PubSub
        defdelegate local_broadcast(p, topic, message, dispatcher \\ PubSub), to: PubSub

        defdelegate local_broadcast_from(p, from, topic, message, dispatcher \\ PubSub),
          to: PubSub

        defdelegate direct_broadcast(node, p, topic, message), to: PubSub
        defdelegate direct_broadcast(node, p, topic, message, dispatcher), to: PubSub
        defdelegate direct_broadcast!(node, p, topic, message, dispatcher \\ PubSub), to: PubSub
        defdelegate node_name(pubsub), to: PubSub

        defoverridable child_spec: 1,
                       unsubscribe: 2,
                       broadcast: 3,
                       broadcast_from: 4,
                       direct_broadcast: 4
      end
    end
  end

  defmodule Twice do
    @moduledoc "Sends to other nodes twice."
    use Outrigger.Test.WrongPubSub.Right

    def broadcast(pubsub, topic, message) do
      for node <- Node.list(), do: PubSub.direct_broadcast(node, pubsub, topic, message)
      PubSub.broadcast(pubsub, topic, message)
    end

    def breaks,
      do: [cluster: :everywhere, cluster: :stays, cluster: :order, cluster: :order_of_both]
  end

  defmodule Swapped do
    @moduledoc "Sends every other number after the next one."
    use Outrigger.Test.WrongPubSub.Right

    def broadcast(_pubsub, topic, n) when is_integer(n) and rem(n, 2) == 1 do
      Process.put(:swapped, {topic, n})
      :ok
    end

    def broadcast(pubsub, topic, n) do
      :ok = PubSub.broadcast(pubsub, topic, n)

      case Process.delete(:swapped) do
        {topic, held} -> PubSub.broadcast(pubsub, topic, held)
        nil -> :ok
      end
    end

    def breaks, do: [local: :order, cluster: :order_of_both, cluster: :dead]
  end

  defmodule KeepsHalf do
    @moduledoc "Ends one subscription of two."
    use Outrigger.Test.WrongPubSub.Right

    def unsubscribe(pubsub, topic) do
      subscriptions = Enum.count(Registry.keys(pubsub, self()), &(&1 == topic))
      :ok = PubSub.unsubscribe(pubsub, topic)
      for _ <- 2..subscriptions//1, do: :ok = PubSub.subscribe(pubsub, topic)
      :ok
    end

    def breaks, do: [local: :twice, cluster: :twice]
  end

  defmodule Everybody do
    @moduledoc "Spares nobody, and takes one node for all."
    use Outrigger.Test.WrongPubSub.Right
    def broadcast_from(pubsub, _from, topic, message), do: broadcast(pubsub, topic, message)
    def direct_broadcast(_node, pubsub, topic, message), do: broadcast(pubsub, topic, message)
    def breaks, do: [local: :broadcast_from, cluster: :broadcast_from, cluster: :direct]
  end
end
