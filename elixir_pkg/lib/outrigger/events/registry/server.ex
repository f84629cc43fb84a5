defmodule Outrigger.Events.Registry.Server do
  @moduledoc """
  The process of a registry: it writes the cache, and sees to it that a question that many ask is put once.

  A question that the cache does not answer gets a process of its own, a flight, and all who ask meanwhile wait for it. So many fly at
  a time, so many wait for their turn, and each has a deadline. When one ends because the registry is down, the circuit opens and those
  that wait for their turn end with it.
  """

  use GenServer

  alias Outrigger.{Error, Telemetry}
  alias Outrigger.Events.Registry.{Cache, Circuit, Flight, Memory}

  # How long after its deadline a flight that did not see to it itself is ended.
  @grace 1_000

  @spec start_link(map) :: GenServer.on_start()
  def start_link(options), do: GenServer.start_link(__MODULE__, options, name: options.name)

  @doc "Asks, and waits for the answer: the deadline bounds it."
  @spec ask(pid, Flight.question()) :: term
  def ask(server, question) do
    GenServer.call(server, {:ask, question}, :infinity)
  catch
    :exit, _reason -> {:error, Error.new(:not_started, "the registry has stopped")}
  end

  @doc "Keeps what was made of a schema."
  @spec keep(pid, Cache.key(), {term, pos_integer}) :: :ok
  def keep(server, key, made), do: GenServer.cast(server, {:keep, key, made})

  @spec stats(pid) :: map
  def stats(server), do: GenServer.call(server, :stats)

  @impl true
  def init(options) do
    Process.flag(:trap_exit, true)

    with {:ok, source} <- Flight.source(options) do
      {cache, book} =
        Cache.new(options.name, options.cache_entries, options.cache_bytes, options.clock)

      Cache.publish(cache, options.name)

      {:ok,
       %{
         options: options,
         source: source,
         cache: cache,
         memory: %Memory{cache: cache, book: book, options: options},
         circuit: Circuit.new(options.circuit),
         flights: %{},
         refs: %{},
         queue: :queue.new(),
         flying: 0
       }}
    else
      {:error, error} -> {:stop, error}
    end
  end

  @impl true
  def terminate(_reason, state), do: Cache.unpublish(state.options.name)

  @impl true
  def handle_call({:ask, question}, from, state) do
    ref = state.refs[question]

    cond do
      answer = Memory.known(state.memory, question) ->
        {:reply, answer, state}

      ref && Flight.shared?(question) ->
        {:noreply, update_in(state.flights[ref].waiters, &[from | &1])}

      true ->
        admit(question, from, state)
    end
  end

  def handle_call(:stats, _from, state) do
    counts = Cache.counts(state.cache)
    asked = counts.hits + counts.misses

    stats = %{
      hit_rate: if(asked > 0, do: counts.hits / asked, else: 0.0),
      entries: :ets.info(state.cache.table, :size),
      bytes: state.memory.book.bytes,
      flying: state.flying,
      waiting: :queue.len(state.queue),
      circuit: Circuit.state(state.circuit)
    }

    {:reply, Map.merge(counts, stats), state}
  end

  @impl true
  def handle_cast({:keep, key, made}, state),
    do: {:noreply, %{state | memory: Memory.learn(state.memory, key, {:ok, made})}}

  @impl true
  def handle_info({:done, ref, result}, state), do: {:noreply, finish(state, ref, result)}

  def handle_info({:DOWN, ref, :process, _pid, _reason}, state),
    do: {:noreply, finish(state, ref, down("the question was ended"))}

  def handle_info({:deadline, ref}, state) do
    case state.flights[ref] do
      nil ->
        {:noreply, state}

      %{pid: nil} ->
        state = %{state | queue: :queue.delete(ref, state.queue)}
        {:noreply, finish(state, ref, overloaded(state))}

      %{pid: pid} ->
        Process.exit(pid, :kill)
        {:noreply, finish(state, ref, down("it has not answered before the deadline"))}
    end
  end

  def handle_info({:EXIT, _pid, _reason}, state), do: {:noreply, state}

  defp admit(question, from, state) do
    with {:ok, circuit} <- Circuit.ask(state.circuit, state.options.clock.()),
         state = %{state | circuit: circuit},
         :ok <- room(state) do
      {:noreply, board(question, from, state)}
    else
      {:wait, wait} ->
        {:reply, Memory.or_stale(state.memory, question, open(state, wait)), state}

      {:error, _overloaded} = error ->
        Cache.count(state.cache, :overloaded)
        {:reply, error, state}
    end
  end

  defp room(state) do
    if state.flying >= state.options.connections and
         :queue.len(state.queue) >= state.options.waiting,
       do: overloaded(state),
       else: :ok
  end

  defp board(question, from, state) do
    ref = make_ref()
    # Those that wait for their turn wait for the turns of others.
    timer = Process.send_after(self(), {:deadline, ref}, state.options.deadline + @grace)
    flight = %Flight{question: question, waiters: [from], timer: timer}
    state = put_in(state.flights[ref], flight)
    state = put_in(state.refs[question], ref)
    depart(%{state | queue: :queue.in(ref, state.queue)})
  end

  defp depart(%{flying: flying, options: %{connections: flying}} = state), do: state

  defp depart(state) do
    case :queue.out(state.queue) do
      {:empty, _queue} ->
        state

      {{:value, ref}, queue} ->
        %{options: options, source: source, cache: cache} = state
        flight = Flight.depart(state.flights[ref], ref, source, options, cache)

        flights = Map.merge(state.flights, %{ref => flight, flight.monitor => {:monitor, ref}})

        depart(%{state | flights: flights, queue: queue, flying: state.flying + 1})
    end
  end

  defp finish(state, ref, result) do
    case Map.pop(state.flights, ref) do
      {nil, _flights} ->
        state

      {{:monitor, ref}, flights} ->
        finish(%{state | flights: flights}, ref, result)

      {flight, flights} ->
        if flight.monitor, do: Process.demonitor(flight.monitor, [:flush])
        Process.cancel_timer(flight.timer)

        state = %{
          state
          | flights: Map.delete(flights, flight.monitor),
            refs: leave(state.refs, flight.question, ref),
            flying: if(flight.pid, do: state.flying - 1, else: state.flying)
        }

        state = %{state | memory: Memory.learn(state.memory, flight.question, result)}
        answer = Memory.or_stale(state.memory, flight.question, short(result))
        tell(state, flight.question, answer)
        Enum.each(flight.waiters, &GenServer.reply(&1, answer))
        depart(circuit(state, result))
    end
  end

  defp leave(refs, question, ref),
    do: if(refs[question] == ref, do: Map.delete(refs, question), else: refs)

  defp short({:ok, schema, _others}), do: {:ok, schema}
  defp short(result), do: result

  defp circuit(state, {:error, %{reason: :overloaded}}), do: state

  defp circuit(state, {:error, error} = result) do
    if Memory.transient?(error), do: opened(state, result), else: closed(state)
  end

  defp circuit(state, _answered), do: closed(state)

  defp opened(state, {:error, error} = result) do
    if Circuit.state(state.circuit) != :open, do: tell_circuit(state, :open, error)
    state = %{state | circuit: Circuit.failed(state.circuit, state.options.clock.())}
    waiting = :queue.to_list(state.queue)
    Enum.reduce(waiting, %{state | queue: :queue.new()}, &finish(&2, &1, result))
  end

  defp closed(state) do
    if Circuit.state(state.circuit) != :closed, do: tell_circuit(state, :closed, nil)
    %{state | circuit: Circuit.worked(state.circuit)}
  end

  defp tell_circuit(state, circuit, error) do
    Telemetry.execute(
      [:outrigger, :events, :registry, :circuit],
      %{},
      %{registry: state.options.name, state: circuit, error: error}
    )
  end

  defp tell(state, question, {:error, error}) do
    Cache.count(state.cache, :errors)

    Telemetry.execute([:outrigger, :events, :registry, :error], %{}, %{
      registry: state.options.name,
      question: Flight.about(question),
      error: error
    })
  end

  defp tell(_state, _question, _answer), do: :ok

  defp open(state, wait) do
    {:error,
     Error.new(
       :registry_down,
       "the registry was found down and is not asked for now. Schemas that are known are given all the same",
       %{cause: "circuit open", retry_in: wait, registry: state.options.name}
     )}
  end

  defp down(what),
    do:
      {:error, Error.new(:registry_down, "the registry does not answer: #{what}", %{cause: what})}

  defp overloaded(state) do
    {:error,
     Error.new(
       :overloaded,
       "more questions to the registry than it answers: raise options :connections and :waiting, or ask less",
       %{connections: state.options.connections, waiting: state.options.waiting}
     )}
  end
end
