defmodule Outrigger.PubSub.Contract.Probe do
  @moduledoc false
  # What runs on the nodes of the contract's cases.

  alias Outrigger.PubSub.Contract.TaggingDispatcher

  @doc "Starts a child under a process that outlives the call."
  def start(child) do
    keep(fn -> {:ok, _} = Supervisor.start_link([child], strategy: :one_for_one) end)
    :ok
  end

  @doc "A process with `subscriptions` [{topic, options}] that keeps what it gets."
  def subscriber(api, pubsub, subscriptions) do
    keep(fn ->
      for {topic, options} <- subscriptions, do: :ok = api.subscribe(pubsub, topic, options)
    end)
  end

  @doc "All that a process of `subscriber/3` got, oldest first."
  def seen(pid), do: ask(pid, fn seen -> Enum.reverse(seen) end)

  @doc "Runs `function` of the api with `args` in a process of `subscriber/3`."
  def run(pid, api, function, args), do: ask(pid, fn _seen -> apply(api, function, args) end)

  @doc "One process that sends all: `{:all, topic, message}` or `{:one, node, topic, message}`."
  def publish(api, pubsub, sends) do
    for send <- sends do
      :ok =
        case send do
          {:all, topic, message} -> api.broadcast(pubsub, topic, message)
          {:one, node, topic, message} -> api.direct_broadcast(node, pubsub, topic, message)
        end
    end

    :ok
  end

  @doc "`count` processes at once, each broadcasts `{name, process, 1..each}` over `topics` in turn."
  def storm(api, pubsub, topics, name, count, each) do
    1..count
    |> Enum.map(fn process ->
      Task.async(fn ->
        for n <- 1..each do
          topic = Enum.at(topics, rem(n, length(topics)))
          :ok = api.broadcast(pubsub, topic, {name, process, n})
        end
      end)
    end)
    |> Task.await_many(60_000)

    :ok
  end

  @doc "Broadcasts with a dispatcher."
  def tagged(api, pubsub, topic, message),
    do: api.broadcast(pubsub, topic, message, TaggingDispatcher)

  defp keep(prepare) do
    me = self()

    pid =
      spawn(fn ->
        prepare.()
        send(me, {:contract_ready, self()})
        keep_all([])
      end)

    receive do: ({:contract_ready, ^pid} -> pid), after: (30_000 -> raise("it did not start"))
  end

  defp keep_all(seen) do
    receive do
      {:contract_ask, from, ref, fun} ->
        send(from, {ref, fun.(seen)})
        keep_all(seen)

      message ->
        keep_all([message | seen])
    end
  end

  defp ask(pid, fun) do
    ref = make_ref()
    send(pid, {:contract_ask, self(), ref, fun})
    receive do: ({^ref, answer} -> answer), after: (30_000 -> raise("no answer"))
  end
end
