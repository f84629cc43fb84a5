defmodule Outrigger.PubSub.Worker do
  @moduledoc """
  Receives what other nodes publish, and dispatches it to the subscribers: a thin process around
  `Outrigger.PubSub.Handover` and `Outrigger.PubSub.Dispatch`.

  Registered under the adapter's name, which is also the group's: messages come from publishers directly, or from routers,
  which under load put several into one (`$outrigger_batch`). While no publisher changes its way, a message costs a look at one
  empty map and the dispatch, and those of a batch that follow one another on a topic are dispatched together.

  ## Invariants

    * Messages of one publisher are dispatched in the order it sent them.
    * A dispatcher that does not exist here, or raises, is logged and counted; the worker goes on.
    * A batch is its elements, one behind the other. What is no traffic in it is counted and left out.
    * What it knows of routers is kept on the board, for a successor.

  ## Limits

  One worker per PubSub and node: dispatching to many local subscribers is what bounds it. What it held for
  publishers that were changing their way dies with it.
  """

  use GenServer

  require Logger

  alias Outrigger.PubSub.{Board, Dispatch, Handover, Loss, PG2, Switch}
  alias Outrigger.Telemetry

  @tick_ms 100

  @doc "Starts the worker of a group. Options: `:pubsub`, `:group`, `:hold_ms`, `:hold_max`."
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options), do: GenServer.start_link(__MODULE__, options, name: options[:group])

  @impl true
  def init(options) do
    # A process with an off-heap queue keeps order only per sender. Ours has to keep it per link, across senders.
    Process.flag(:message_queue_data, :on_heap)
    group = Keyword.fetch!(options, :group)
    routers = Board.read(group, :routers, %{})

    handover =
      Handover.new(node(),
        hold_ms: Keyword.fetch!(options, :hold_ms),
        hold_max: Keyword.fetch!(options, :hold_max),
        routers: routers
      )

    state = %{
      pubsub: Keyword.fetch!(options, :pubsub),
      group: group,
      handover: handover,
      routers: Map.new(routers, fn {pid, _known} -> {Process.monitor(pid), pid} end),
      monitors: %{},
      loss: %Loss{},
      tick: nil
    }

    {:ok, state, {:continue, :announce}}
  end

  # Not from init/1: the switch may be starting this very moment, and finds us by name then.
  @impl true
  def handle_continue(:announce, state) do
    Switch.tell(state.group, {:worker_up, self()})
    {:noreply, state}
  end

  @impl true
  def handle_info({:"$outrigger", epoch, pid, topic, message, dispatcher}, state) do
    if Handover.idle?(state.handover) do
      Dispatch.run(state, topic, dispatcher, [message])
      {:noreply, state}
    else
      fence(state, Handover.data(state.handover, epoch, pid, {topic, message, dispatcher}))
    end
  end

  # From a PG2 node, or from the slot that one sent to: no epochs, so nothing to hold.
  def handle_info({:forward_to_local, topic, message, dispatcher}, state) do
    Dispatch.run(state, topic, PG2.dispatcher(dispatcher), [message])
    {:noreply, state}
  end

  def handle_info({:"$outrigger_begin", epoch, pid, uses, nodes}, state),
    do: fence(state, Handover.begin(state.handover, epoch, pid, uses, nodes, now()))

  def handle_info({:"$outrigger_end", epoch, pid, way}, state),
    do: fence(state, Handover.finish(state.handover, epoch, pid, way, now()))

  def handle_info({:"$outrigger_batch", elements}, state) do
    Board.count(state.group, :batches)
    {:noreply, batch(elements, state)}
  end

  def handle_info({:"$outrigger_members", router, version, route, list}, state) do
    Switch.tell(state.group, {:members, router, version, route, list})

    state =
      if is_map_key(state.handover.routers, router),
        do: state,
        else: put_in(state.routers[Process.monitor(router)], router)

    fence_routers(state, Handover.members(state.handover, router, version, list))
  end

  def handle_info({:"$outrigger_refused", router, _group, reason, limit}, state) do
    Switch.tell(state.group, {:refused, router, reason, limit})
    fence(state, Handover.not_attaching(state.handover, node(router)))
  end

  def handle_info({:"$outrigger_lost", router, lost}, state),
    do: {:noreply, %{state | loss: Loss.told(state.loss, state, router, lost, now())}}

  def handle_info({:"$outrigger_fence", node, gen}, state) do
    Switch.tell(state.group, {:fenced, node, gen})
    {:noreply, %{state | handover: Handover.attaching(state.handover, node)}}
  end

  def handle_info({:"$outrigger_hidden_down", node}, state),
    do: fence(state, Handover.not_attaching(state.handover, node))

  def handle_info({:DOWN, ref, :process, pid, _reason}, state) do
    case state.routers do
      %{^ref => router} ->
        state = %{state | routers: Map.delete(state.routers, ref)}
        fence_routers(state, Handover.router_down(state.handover, router))

      _publisher ->
        state = %{state | monitors: Map.delete(state.monitors, pid)}
        fence(state, Handover.publisher_down(state.handover, pid))
    end
  end

  def handle_info(:tick, state),
    do: fence(%{state | tick: nil}, Handover.timeout(state.handover, now()))

  def handle_info(_other, state), do: {:noreply, state}

  @impl true
  def handle_call(:waiting, _from, state), do: {:reply, Handover.waiting(state.handover), state}

  defp batch([{:"$outrigger", _, _, topic, _, dispatcher} = first | rest] = elements, state) do
    if Handover.idle?(state.handover) do
      {messages, rest} = run(elements, topic, dispatcher, [])
      Dispatch.run(state, topic, dispatcher, messages)
      batch(rest, state)
    else
      batch(rest, element(first, state))
    end
  end

  defp batch([marker | rest], state)
       when elem(marker, 0) in [:"$outrigger_begin", :"$outrigger_end"],
       do: batch(rest, element(marker, state))

  defp batch([], state), do: state

  defp batch(malformed, state) do
    Board.count(state.group, :malformed)
    if is_list(malformed), do: batch(tl(malformed), state), else: state
  end

  # As if it had come alone.
  defp element(message, state) do
    {:noreply, state} = handle_info(message, state)
    state
  end

  # The messages in front that are dispatched together.
  defp run([{:"$outrigger", _, _, topic, message, dispatcher} | rest], topic, dispatcher, run),
    do: run(rest, topic, dispatcher, [message | run])

  defp run(rest, _topic, _dispatcher, run), do: {Enum.reverse(run), rest}

  defp fence_routers(state, {handover, _actions} = result) do
    Board.write(state.group, :routers, handover.routers)
    fence(state, result)
  end

  defp fence(state, {handover, actions}) do
    state = Enum.reduce(actions, %{state | handover: handover}, &perform/2)
    {:noreply, tick(state)}
  end

  # A coarse clock that ticks only while somebody changes the way.
  defp tick(%{tick: nil} = state) do
    if Handover.idle?(state.handover),
      do: state,
      else: %{state | tick: Process.send_after(self(), :tick, @tick_ms)}
  end

  defp tick(state), do: state

  defp perform({:deliver, {topic, message, dispatcher}}, state) do
    Dispatch.run(state, topic, dispatcher, [message])
    state
  end

  defp perform({:monitor, pid}, state), do: put_in(state.monitors[pid], Process.monitor(pid))

  defp perform({:demonitor, pid}, state) do
    {ref, monitors} = Map.pop(state.monitors, pid)
    if ref, do: Process.demonitor(ref, [:flush])
    %{state | monitors: monitors}
  end

  defp perform({:stale, pid}, state) do
    Board.count(state.group, :stale)
    metadata = %{pubsub: state.pubsub, publisher: pid}
    Telemetry.execute([:outrigger, :pubsub, :stale], %{count: 1}, metadata)
    state
  end

  defp perform({:gave_up, pid, held}, state) do
    Board.count(state.group, :gave_up)
    metadata = %{pubsub: state.pubsub, publisher: pid}
    Telemetry.execute([:outrigger, :pubsub, :handover_timeout], %{held: held}, metadata)

    Logger.warning(
      "#{inspect(state.pubsub)} gave up the old way of #{inspect(pid)}: its end did not come in time"
    )

    state
  end

  defp now, do: System.monotonic_time(:millisecond)
end
