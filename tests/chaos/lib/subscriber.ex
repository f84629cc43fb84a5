defmodule Chaos.Subscriber do
  @moduledoc """
  Writes down what it receives.

  A `:listener` is subscribed to all wide topics for as long as it lives; a `:comer` comes to narrow topics and goes, at random.
  When `subscribe` has returned, the subscriber tells the publishers of all nodes so by plain messages, and again every now and then,
  for publishers that are new.
  """

  alias Chaos.{App, Journal, Publisher}
  alias Outrigger.PubSub

  @again_ms 300
  @at_once 128

  @doc false
  def child_spec({kind, place}),
    do: %{id: {__MODULE__, kind, place}, start: {App, :start_process, [fn -> run(kind) end]}}

  defp run(kind) do
    state = %{id: App.next_id(), file: Journal.open(), subscriptions: %{}}
    Process.send_after(self(), :again, @again_ms)
    state |> come(kind) |> loop()
  end

  defp come(state, :listener),
    do: Enum.reduce(0..(App.setting(:wide) - 1), state, &subscribe(&2, &1))

  defp come(state, :comer) do
    turn()
    state
  end

  defp loop(state) do
    receive do
      {:chaos, _, _, _, _, _} = message -> take(state, [delivered(state, message)], 1)
      :again -> again(state)
      :turn -> turn(state)
    end
    |> loop()
  end

  # All that is there with one write.
  defp take(state, entries, count) when count < @at_once do
    receive do
      {:chaos, _, _, _, _, _} = message ->
        take(state, [delivered(state, message) | entries], count + 1)
    after
      0 -> flush(state, entries)
    end
  end

  defp take(state, entries, _count), do: flush(state, entries)

  defp flush(state, entries) do
    Journal.write(state.file, Enum.reverse(entries))
    state
  end

  defp delivered(state, {:chaos, publisher, number, topic, of_topic, _padding}) do
    fields = %{publisher: publisher, number: number, topic: topic, of_topic: of_topic}
    Journal.entry(?D, Map.put(fields, :who, state.id))
  end

  defp again(state) do
    Process.send_after(self(), :again, @again_ms)
    Enum.each(state.subscriptions, fn {topic, id} -> tell(id, topic) end)
    state
  end

  defp turn, do: Process.send_after(self(), :turn, Enum.random(100..2_500))

  defp turn(state) do
    turn()
    topic = App.setting(:wide) + :rand.uniform(App.setting(:narrow)) - 1
    if state.subscriptions[topic], do: unsubscribe(state, topic), else: subscribe(state, topic)
  end

  defp subscribe(state, topic) do
    :ok = PubSub.subscribe(App.pubsub(), App.topic(topic))
    id = App.next_id()
    write(state, ?S, topic, id)
    tell(id, topic)
    put_in(state.subscriptions[topic], id)
  end

  defp unsubscribe(state, topic) do
    {id, subscriptions} = Map.pop(state.subscriptions, topic)
    write(state, ?U, topic, id)
    :ok = PubSub.unsubscribe(App.pubsub(), App.topic(topic))
    %{state | subscriptions: subscriptions}
  end

  defp write(state, kind, topic, id) do
    Journal.write(
      state.file,
      Journal.entry(kind, %{who: state.id, publisher: id, topic: topic})
    )
  end

  defp tell(id, topic) do
    for node <- [node() | Node.list()], place <- 1..App.setting(:publishers) do
      :erlang.send({Publisher.name(place), node}, {:watching, id, topic}, [:noconnect, :nosuspend])
    end
  end
end
