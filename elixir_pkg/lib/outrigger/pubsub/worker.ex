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

  alias Outrigger.Events.Stream

  alias Outrigger.PubSub.{
    Board,
    Dispatch,
    Handover,
    Interest,
    Loss,
    Ordered,
    PG2,
    Switch,
    Unconfirmed
  }

  alias Outrigger.Telemetry

  @tick_ms 100
  # Messages of the mailbox that are dispatched together. There is little to gain beyond some 64.
  @most 128

  @doc "Starts the worker of a group. Options: `:pubsub`, `:group`, `:hold_ms`, `:hold_max`."
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options), do: GenServer.start_link(__MODULE__, options, name: options[:group])

  @impl true
  def init(options) do
    # A process with an off-heap queue keeps order only per sender. Ours has to keep it per link, across senders.
    Process.flag(:message_queue_data, :on_heap)
    group = Keyword.fetch!(options, :group)
    routers = Board.read(group, :routers, %{})

    bounds = Keyword.take(options, [:hold_ms, :hold_max])
    handover = Handover.new(node(), [routers: routers] ++ bounds)

    state = %{
      pubsub: Keyword.fetch!(options, :pubsub),
      group: group,
      handover: handover,
      routers: Map.new(routers, fn {pid, _known} -> {Process.monitor(pid), pid} end),
      monitors: %{},
      loss: %Loss{},
      ordered: Ordered.Delivery.new(group, bounds),
      # Messages to be taken one by one, so that a GenServer's own among them get their turn.
      alone: 0,
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
    cond do
      not Handover.idle?(state.handover) ->
        fence(state, Handover.data(state.handover, epoch, pid, {topic, message, dispatcher}))

      state.alone > 0 ->
        Dispatch.run(state, topic, dispatcher, [message])
        {:noreply, %{state | alone: state.alone - 1}}

      true ->
        {run, next} = waiting(topic, dispatcher, [message], @most)
        Dispatch.run(state, topic, dispatcher, run)
        go_on(next, state)
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

  # From a router that does not decode events of this kind.
  def handle_info({:"$outrigger_events", 1, epoch, pid, dispatcher, texts, events}, state) do
    case Stream.messages(texts, events) do
      {:ok, messages} ->
        elements =
          for {topic, message} <- messages,
              do: {:"$outrigger", epoch, pid, topic, message, dispatcher}

        {:noreply, batch(elements, state)}

      {:error, problem} ->
        Board.count(state.group, :malformed)

        Logger.error(
          "#{inspect(state.pubsub)} dropped events of #{inspect(pid)}: #{inspect(problem)}"
        )

        {:noreply, state}
    end
  end

  def handle_info({:"$outrigger_total", router, prefix, number, first, payloads}, state),
    do: {:noreply, total(state, router, prefix, number, first, payloads)}

  def handle_info({:"$outrigger_total_end", router, prefix, number, next}, state) do
    ordered = Ordered.Delivery.ended(state.ordered, state, router, prefix, number, next)
    {:noreply, tick(%{state | ordered: ordered})}
  end

  def handle_info({:"$outrigger_ordered", router, prefix, pid, number}, state) do
    ordered = Ordered.Delivery.granted(state.ordered, state, router, prefix, pid, number)
    {:noreply, %{state | ordered: ordered}}
  end

  def handle_info({:"$outrigger_kept", request}, state) do
    {_answer, ordered} = Ordered.Delivery.kept(state.ordered, state, request)
    {:noreply, %{state | ordered: ordered}}
  end

  def handle_info({:"$outrigger_wanted", prefix}, state),
    do: {:noreply, %{state | ordered: Ordered.Delivery.wanted(state.ordered, prefix)}}

  def handle_info({:"$outrigger_members", router, version, route, list}, state) do
    Switch.tell(state.group, {:members, router, version, route, list})
    Ordered.Switch.members(state.group, router, list)

    state =
      if is_map_key(state.handover.routers, router),
        do: state,
        else: put_in(state.routers[Process.monitor(router)], router)

    result = fence_routers(state, Handover.members(state.handover, router, version, list))
    # Behind the board, on which a teller that starts now finds it.
    Interest.attached(state.group, router, list)
    result
  end

  def handle_info({:"$outrigger_refused", router, _group, reason, limit}, state) do
    Switch.tell(state.group, {:refused, router, reason, limit})
    fence(state, Handover.not_attaching(state.handover, node(router)))
  end

  def handle_info({:"$outrigger_leaving", router}, state) do
    Switch.tell(state.group, {:leaving, router})
    Interest.leaving(state.group, router)
    Ordered.Switch.tell(state.group, {:leaving, router})
    {:noreply, state}
  end

  def handle_info({:"$outrigger_lost", router, lost}, state),
    do: {:noreply, %{state | loss: Loss.told(state.loss, state, router, lost, now())}}

  def handle_info({:"$outrigger_unconfirmed", router, counts}, state) do
    Unconfirmed.told(state, router, counts)
    {:noreply, state}
  end

  def handle_info({:"$outrigger_fence", node, gen}, state) do
    Switch.tell(state.group, {:fenced, node, gen})
    {:noreply, %{state | handover: Handover.attaching(state.handover, node)}}
  end

  def handle_info({:"$outrigger_hidden_down", node}, state),
    do: fence(state, Handover.not_attaching(state.handover, node))

  def handle_info({:DOWN, ref, :process, pid, _reason}, state) do
    case state.routers do
      %{^ref => router} ->
        Ordered.Switch.tell(state.group, {:down, router})
        ordered = Ordered.Delivery.router_down(state.ordered, state, router)
        state = %{state | routers: Map.delete(state.routers, ref), ordered: ordered}
        fence_routers(state, Handover.router_down(state.handover, router))

      _publisher ->
        state = %{state | monitors: Map.delete(state.monitors, pid)}
        fence(state, Handover.publisher_down(state.handover, pid))
    end
  end

  def handle_info(:tick, state) do
    ordered = Ordered.Delivery.timeout(state.ordered, state)
    fence(%{state | tick: nil, ordered: ordered}, Handover.timeout(state.handover, now()))
  end

  def handle_info(_other, state), do: {:noreply, state}

  @impl true
  def handle_call(:waiting, _from, state), do: {:reply, Handover.waiting(state.handover), state}

  def handle_call({:kept, request}, _from, state) do
    {answer, ordered} = Ordered.Delivery.kept(state.ordered, state, request)
    {:reply, answer, %{state | ordered: ordered}}
  end

  # What waits in the mailbox behind the first message of a run and belongs to it; and what comes next, if that has been taken.
  defp waiting(_topic, _dispatcher, run, 1), do: {Enum.reverse(run), nil}

  defp waiting(topic, dispatcher, run, most) do
    receive do
      {:"$outrigger", _, _, ^topic, message, ^dispatcher} ->
        waiting(topic, dispatcher, [message | run], most - 1)

      next ->
        {Enum.reverse(run), next}
    after
      0 -> {Enum.reverse(run), nil}
    end
  end

  defp go_on(nil, state), do: {:noreply, state}

  # For the GenServer around us, which takes it when it comes again.
  defp go_on(next, state) when elem(next, 0) in [:"$gen_call", :"$gen_cast", :system] do
    send(self(), next)

    # Counted when it is in its place. Before that, what comes from others meanwhile would stand in front of it uncounted, and
    # it could be taken for the end of a run, and put back, again and again.
    {:message_queue_len, waiting} = Process.info(self(), :message_queue_len)
    {:noreply, %{state | alone: waiting - 1}}
  end

  defp go_on(next, state), do: handle_info(next, state)

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
       when elem(marker, 0) in [
              :"$outrigger_begin",
              :"$outrigger_end",
              :"$outrigger_total",
              :"$outrigger_events"
            ],
       do: batch(rest, element(marker, state))

  defp batch([], state), do: state

  defp batch(malformed, state) do
    Board.count(state.group, :malformed)
    if is_list(malformed), do: batch(tl(malformed), state), else: state
  end

  defp total(state, router, prefix, number, first, payloads) do
    %{ordered: ordered} = state
    ordered = Ordered.Delivery.total(ordered, state, router, prefix, number, first, payloads)
    tick(%{state | ordered: ordered})
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

  # A coarse clock that ticks only while somebody changes the way, or something is held.
  defp tick(%{tick: nil} = state) do
    if Handover.idle?(state.handover) and Ordered.Delivery.idle?(state.ordered),
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
