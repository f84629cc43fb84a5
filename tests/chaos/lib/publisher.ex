defmodule Chaos.Publisher do
  @moduledoc """
  Publishes numbered messages in bursts, lives for a while, and is followed by another.

  A message is `{:chaos, publisher, number, topic, of_topic, padding}`: `number` counts all messages of this publisher,
  `of_topic` those on this topic. What it is going to publish stands in the journal first.

  Subscribers tell it by plain messages that they have subscribed (`{:watching, subscription, topic}`). It looks at these before
  every burst, so what it publishes after its note of one was published after that `subscribe` had returned: with no clock in it.
  """

  alias Chaos.{App, Journal}

  @doc "The name under which the publisher in `place` of a node is registered."
  @spec name(non_neg_integer) :: atom
  def name(place), do: :"chaos_publisher_#{place}"

  @doc false
  def child_spec(place),
    do: %{id: {__MODULE__, place}, start: {App, :start_process, [fn -> run(place) end]}}

  defp run(place) do
    Process.register(self(), name(place))

    loop(%{
      id: App.next_id(),
      file: Journal.open(),
      number: 0,
      of_topic: %{},
      heard: %{},
      left: Enum.random(20..400)
    })
  end

  defp loop(%{left: 0}), do: :ok

  defp loop(state) do
    state |> hear() |> burst() |> pause()
  end

  defp pause(state) do
    receive do
      {:stop, from} ->
        send(from, {:stopped, self()})
        Process.sleep(:infinity)
    after
      Enum.random(5..75) -> loop(%{state | left: state.left - 1})
    end
  end

  defp hear(state) do
    receive do
      {:watching, subscription, _topic} when is_map_key(state.heard, subscription) ->
        hear(state)

      {:watching, subscription, topic} ->
        next = Map.get(state.of_topic, topic, 0) + 1
        first = %{who: subscription, publisher: state.id, topic: topic, of_topic: next}
        Journal.write(state.file, Journal.entry(?F, first))
        hear(put_in(state.heard[subscription], true))
    after
      0 -> state
    end
  end

  defp burst(state) do
    size = if :rand.uniform(40) == 1, do: 50, else: Enum.random(1..3)
    {messages, state} = Enum.map_reduce(1..size, state, fn _, state -> message(state) end)
    Journal.write(state.file, Enum.map(messages, &Journal.entry(?P, &1)))
    Enum.each(messages, &publish(&1, state))
    state
  end

  defp message(state) do
    topic = :rand.uniform(App.setting(:wide) + App.setting(:narrow)) - 1
    of_topic = Map.get(state.of_topic, topic, 0) + 1

    state = %{
      state
      | number: state.number + 1,
        of_topic: Map.put(state.of_topic, topic, of_topic)
    }

    {%{publisher: state.id, number: state.number, topic: topic, of_topic: of_topic}, state}
  end

  defp publish(
         %{publisher: id, number: number, topic: topic, of_topic: of_topic} = message,
         state
       ) do
    term = {:chaos, id, number, topic, of_topic, App.padding()}

    case Outrigger.PubSub.broadcast(App.pubsub(), App.topic(topic), term) do
      :ok -> :ok
      {:error, _reason} -> Journal.write(state.file, Journal.entry(?R, message))
    end
  end
end
