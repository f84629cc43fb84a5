defmodule Bench.Flood do
  @moduledoc """
  The baseline: what Phoenix.PubSub's PG2 adapter does, and no more.

  A broadcast looks the workers up in `:pg` and sends `{:forward_to_local, topic, message, dispatcher}` to each remote one from the
  publishing process; a worker per node walks the `Registry` and sends to the local subscribers.
  """

  use GenServer

  @scope Bench.Flood.Scope

  @doc "Starts the registry and the worker of this node."
  @spec start_link(atom) :: Supervisor.on_start()
  def start_link(name) do
    children = [
      %{id: :pg, start: {:pg, :start_link, [@scope]}},
      {Registry, keys: :duplicate, name: name, meta: [pubsub: {__MODULE__, group(name)}]},
      %{id: :worker, start: {GenServer, :start_link, [__MODULE__, name, [name: group(name)]]}}
    ]

    Supervisor.start_link(children, strategy: :rest_for_one)
  end

  defp group(name), do: Module.concat(name, "Adapter")

  @doc "Subscribes the caller."
  @spec subscribe(atom, String.t()) :: :ok
  def subscribe(name, topic) do
    {:ok, _owner} = Registry.register(name, topic, nil)
    :ok
  end

  @doc "Ends the caller's subscriptions to a topic."
  @spec unsubscribe(atom, String.t()) :: :ok
  def unsubscribe(name, topic), do: Registry.unregister(name, topic)

  @doc "Sends to every other node, then to the local subscribers."
  @spec broadcast(atom, String.t(), term) :: :ok
  def broadcast(name, topic, message) do
    {:ok, {adapter, group}} = Registry.meta(name, :pubsub)
    :ok = adapter.broadcast(group, topic, message, __MODULE__)
    Registry.dispatch(name, topic, {__MODULE__, :dispatch, [:none, message]})
  end

  @doc "The adapter's part of it: sends to every other node."
  @spec broadcast(atom, String.t(), term, module) :: :ok
  def broadcast(group, topic, message, dispatcher) do
    forward = {:forward_to_local, topic, message, dispatcher}
    for pid <- :pg.get_members(@scope, group), node(pid) != node(), do: send(pid, forward)
    :ok
  end

  @doc false
  def dispatch(entries, :none, message),
    do: Enum.each(entries, fn {pid, _value} -> send(pid, message) end)

  @doc "How many nodes a broadcast from here reaches."
  @spec reach(atom) :: non_neg_integer
  def reach(name), do: Enum.count(:pg.get_members(@scope, group(name)), &(node(&1) != node()))

  @impl true
  def init(name) do
    :ok = :pg.join(@scope, group(name), self())
    {:ok, name}
  end

  @impl true
  def handle_info({:forward_to_local, topic, message, dispatcher}, name) do
    Registry.dispatch(name, topic, {dispatcher, :dispatch, [:none, message]})
    {:noreply, name}
  end
end
