defmodule Outrigger.PubSub.Many do
  @moduledoc """
  Several broadcasts at once, for `Outrigger.PubSub.broadcast_many/3`.

  What is broadcast is cut into chunks, and each chunk is sent to other nodes as one message and then dispatched here, before the next
  one. So each subscriber gets what it would have got from that many broadcasts, in their order; only between subscribers the
  order is another.

  ## Invariants

    * A chunk has at most 128 messages, and at most 1 MiB unless it is one message: a router takes no more of the former, and ends
      the link over a message beyond its limit.
    * A chunk is sent, and dispatched here, or neither. None follows one that was not.
    * Messages that follow one another on a topic are dispatched here together (`Outrigger.PubSub.Dispatch`).

  ## Limits

  A publisher gives up the processor after a chunk only: others get theirs a little later.
  """

  alias Outrigger.PubSub.{Board, Dispatch, Ordered, Place, Publisher}

  @most 128
  @bytes 1_048_576

  @doc "Broadcasts messages in their order. An error says how many went out before it."
  @spec broadcast(atom, pid | :none, [{binary, term}], module) ::
          :ok | {:error, {term, non_neg_integer}}
  def broadcast(pubsub, from, messages, dispatcher) do
    place = Place.of(pubsub)
    each(chunks_at(place, messages), place, {from, dispatcher}, 0)
  end

  # What is in order goes one by one.
  defp chunks_at(%{adapter: Ordered.Adapter} = place, messages) do
    Enum.each(messages, &check/1)

    messages
    |> Enum.chunk_by(fn {topic, _message} -> Ordered.prefix_at(place, topic) end)
    |> Enum.flat_map(fn [{topic, _message} | _] = part ->
      chunks(part, if(Ordered.prefix_at(place, topic), do: 1, else: @most))
    end)
  end

  # Another adapter knows one message at a time.
  defp chunks_at(place, messages), do: chunks(messages, if(place.group, do: @most, else: 1))

  defp each([], _place, _how, _sent), do: :ok

  defp each([chunk | chunks], place, how, sent) do
    case publish(place, chunk, how) do
      :ok -> each(chunks, place, how, sent + length(chunk))
      {:error, reason} -> {:error, {reason, sent}}
    end
  end

  # A chunk of what is in order is one message.
  defp publish(place, [{topic, message} | _] = chunk, {from, dispatcher} = how) do
    if prefix = Ordered.prefix_at(place, topic) do
      Ordered.broadcast(place.group, prefix, from, topic, message, dispatcher)
    else
      with :ok <- to_others(place, chunk, dispatcher), do: dispatch(chunk, place, how)
    end
  end

  defp to_others(place, [{topic, message}], dispatcher),
    do: Place.broadcast(place, topic, message, dispatcher)

  defp to_others(place, chunk, dispatcher),
    do: Publisher.broadcast_many(place.group, chunk, dispatcher)

  @doc "Hands messages to the subscribers of this node."
  @spec here(Place.t(), pid | :none, [{binary, term}], module) :: :ok
  def here(place, from, messages, dispatcher), do: dispatch(messages, place, {from, dispatcher})

  @doc "Whether anybody on this node has subscribed to anything; to one of `topics`, or to a prefix."
  @spec anybody_here?(Place.t()) :: boolean
  def anybody_here?(place), do: Registry.count(place.pubsub) > 0 or Board.beside?(place.group)

  @spec anybody_here?(Place.t(), [binary]) :: boolean
  def anybody_here?(place, topics) do
    Enum.any?(topics, &(Registry.count_match(place.pubsub, &1, :_) > 0)) or
      Board.beside?(place.group)
  end

  @doc "`[{topic, message}]` in chunks of at most `most`. Raises if there is anything else in it."
  @spec chunks([{binary, term}], pos_integer) :: [[{binary, term}, ...]]
  def chunks(messages, most \\ @most) do
    Enum.each(messages, &check/1)
    messages |> Enum.chunk_every(most) |> Enum.flat_map(&fitting/1)
  end

  defp check({topic, _message}) when is_binary(topic), do: :ok

  defp check(other),
    do:
      raise(
        ArgumentError,
        "expected {topic, message}, the topic a binary, got: #{inspect(other)}"
      )

  defp fitting([_] = chunk), do: [chunk]

  defp fitting(chunk) do
    # Cheap beside the encoding: what is in binaries is not looked at.
    if :erlang.external_size(chunk) <= @bytes do
      [chunk]
    else
      {front, back} = Enum.split(chunk, div(length(chunk), 2))
      fitting(front) ++ fitting(back)
    end
  end

  defp dispatch([], _place, _how), do: :ok

  defp dispatch([{topic, _message} | _] = messages, place, {from, dispatcher} = how) do
    {run, rest} = run(messages, topic, [])
    Dispatch.local(place, from, topic, dispatcher, run)
    dispatch(rest, place, how)
  end

  # The messages in front that are on one topic.
  defp run([{topic, message} | rest], topic, run), do: run(rest, topic, [message | run])
  defp run(rest, _topic, run), do: {Enum.reverse(run), rest}
end
