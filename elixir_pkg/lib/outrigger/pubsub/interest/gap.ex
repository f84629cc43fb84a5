defmodule Outrigger.PubSub.Interest.Gap do
  @moduledoc """
  What a subscriber's node has missed for being new: counted, told as telemetry, logged, and handed to the application's `:on_gap`.

  A router can look back for 5 s or 32 MiB. When it learned of an interest later than that, messages that were published after
  `subscribe` had returned may not have come. Which ones nobody knows; on which topics is said here.

  ## Limits

  At most 100 topics are named, `count` has all of them. A prefix is named as `{:prefix, binary}`. The callback runs in a process of its own and is not waited for.
  """

  require Logger

  alias Outrigger.PubSub.Board
  alias Outrigger.PubSub.Interest.{Account, Wanted}
  alias Outrigger.Telemetry

  @named 100

  @type callback :: (atom, map -> term) | {module, atom, list} | nil
  @type place :: %{
          required(:pubsub) => atom,
          required(:group) => atom,
          required(:on_gap) => callback,
          optional(atom) => term
        }

  @doc "`router` could not reach back for `patterns`; `:all` stands for whatever is wanted."
  @spec tell(place, pid, [Account.pattern()] | :all, Wanted.t()) :: :ok
  def tell(place, router, :all, wanted) do
    {patterns, _cursor} = Wanted.portion(wanted, nil)
    told(place, router, Wanted.count(wanted), patterns)
  end

  def tell(place, router, patterns, _wanted), do: told(place, router, length(patterns), patterns)

  defp told(place, router, count, patterns) do
    gap = %{count: count, topics: Enum.take(patterns, @named), router: node(router)}
    Board.count(place.group, :gaps, count)
    metadata = %{pubsub: place.pubsub, router: gap.router, topics: gap.topics}
    Telemetry.execute([:outrigger, :pubsub, :gap], %{count: count}, metadata)

    Logger.warning(
      "#{inspect(place.pubsub)} may have missed messages on #{count} topics, since #{gap.router} heard too late that " <>
        "this node wants them: #{Enum.map_join(Enum.take(patterns, 5), ", ", &inspect/1)}#{if count > 5, do: ", ..."}"
    )

    call(place.on_gap, place.pubsub, gap)
  end

  defp call(nil, _pubsub, _gap), do: :ok

  defp call({module, function, args}, pubsub, gap) do
    spawn(fn -> apply(module, function, [pubsub, gap | args]) end)
    :ok
  end

  defp call(fun, pubsub, gap) do
    spawn(fn -> fun.(pubsub, gap) end)
    :ok
  end
end
