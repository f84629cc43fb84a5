defmodule Outrigger.Test.PG2StandIn do
  @moduledoc """
  A PubSub that speaks on the wire as nodes with the PG2 adapter of Phoenix.PubSub do, written from what those were seen to
  send and to expect. For mixed clusters where Phoenix.PubSub is not to be had.

  Options: `:name`, `:pool_size`, `:broadcast_pool_size`. Like a node without this package it knows no dispatcher
  `Outrigger.PubSub`: its worker dies of it.
  """

  @scope Phoenix.PubSub

  def child_spec(options),
    do: %{id: options[:name], type: :supervisor, start: {__MODULE__, :start_link, [options]}}

  def start_link(options) do
    start_scope()
    {name, size} = {options[:name], options[:pool_size] || 1}
    adapter_name = Module.concat(name, "Adapter")
    slots = [adapter_name | for(n <- 2..size//1, do: :"#{adapter_name}_#{n}")]
    used = Enum.take(slots, options[:broadcast_pool_size] || size)
    :persistent_term.put(adapter_name, List.to_tuple(used))
    registry = [name: name, keys: :duplicate, meta: [pubsub: {__MODULE__, adapter_name}]]

    workers =
      for slot <- slots, do: %{id: slot, start: {__MODULE__.Worker, :start_link, [slot, name]}}

    Supervisor.start_link([{Registry, registry} | workers], strategy: :one_for_one)
  end

  @doc "What the application of Phoenix.PubSub does on a node."
  def start_scope do
    case :pg.start(@scope) do
      {:ok, _} -> :ok
      {:error, {:already_started, _}} -> :ok
    end
  end

  def node_name(_adapter_name), do: node()

  def broadcast(adapter_name, topic, message, dispatcher) do
    for pid <- :pg.get_members(@scope, slot(adapter_name)),
        node(pid) != node(),
        do: send(pid, {:forward_to_local, topic, message, known(dispatcher)})

    :ok
  end

  def direct_broadcast(adapter_name, node, topic, message, dispatcher) do
    send({slot(adapter_name), node}, {:forward_to_local, topic, message, known(dispatcher)})
    :ok
  end

  defp slot(adapter_name) do
    slots = :persistent_term.get(adapter_name)
    elem(slots, :erlang.phash2(self(), tuple_size(slots)))
  end

  # The tests call the functions of `Outrigger.PubSub`. On such a node they would be those of Phoenix.PubSub.
  defp known(Outrigger.PubSub), do: Phoenix.PubSub
  defp known(dispatcher), do: dispatcher

  defmodule Worker do
    @moduledoc false
    use GenServer

    def start_link(slot, pubsub), do: GenServer.start_link(__MODULE__, {slot, pubsub}, name: slot)

    @impl true
    def init({slot, pubsub}) do
      :ok = :pg.join(Phoenix.PubSub, slot, self())
      {:ok, pubsub}
    end

    @impl true
    def handle_info({:forward_to_local, topic, message, Phoenix.PubSub}, pubsub) do
      Registry.dispatch(pubsub, topic, &for({pid, _} <- &1, do: send(pid, message)))
      {:noreply, pubsub}
    end

    def handle_info({:forward_to_local, _topic, _message, Outrigger.PubSub}, pubsub),
      do: {:stop, :there_is_no_such_dispatcher, pubsub}

    def handle_info({:forward_to_local, topic, message, dispatcher}, pubsub) do
      Registry.dispatch(pubsub, topic, {dispatcher, :dispatch, [:none, message]})
      {:noreply, pubsub}
    end

    def handle_info(_other, pubsub), do: {:noreply, pubsub}
  end
end

defmodule Outrigger.Test.MixedPubSub do
  @moduledoc "`Outrigger.PubSub` on some nodes (`as: :outrigger`, the default), PG2's protocol on others (`as: :pg2`)."
  use Outrigger.Test.WrongPubSub.Right

  def child_spec(options) do
    case Keyword.pop(options, :as, :outrigger) do
      {:outrigger, options} -> PubSub.child_spec(options)
      {:pg2, options} -> pg2().child_spec(options)
    end
  end

  @doc "What the application of Phoenix.PubSub does on a node."
  def start_scope do
    if Code.ensure_loaded?(Phoenix.PubSub),
      do: {:ok, _} = Application.ensure_all_started(:phoenix_pubsub),
      else: :ok = Outrigger.Test.PG2StandIn.start_scope()
  end

  # The real one where it is.
  defp pg2 do
    start_scope()
    if Code.ensure_loaded?(Phoenix.PubSub), do: Phoenix.PubSub, else: Outrigger.Test.PG2StandIn
  end
end
