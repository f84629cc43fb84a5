defmodule Outrigger.PubSub.Interest do
  @moduledoc """
  Tells routers what this node wants, so that they send it that and nothing else: a thin process, the *teller*, around
  `Outrigger.PubSub.Interest.Teller`. `docs/design/interest.md` is the contract.

      registry --register, unregister--> Interest.Ear --in order--> Interest --{:interest, ...}--> routers
                                             ^                                                        |
                                             `--------------------- answers --------------------------'

  The worker says at which routers this node is attached (`attached/3`).

  ## Invariants

    * It waits for nobody: a message that a busy link has no room for is sent with the next tick.
    * What it knows lies in the registry too, but for the stamps. They are on the board (`:interest`), so that a successor
      begins anew with the stamp of before and nothing that was published meanwhile is missed.
    * A topic that is no binary is nobody's: it cannot be published to.
    * Who subscribes faster than it can tell waits for it (`keep_pace/1`), so no process has more than 64 words in its queue.

    * A prefix in order (`Outrigger.PubSub.Ordered`) is wanted as a whole as soon as one topic of it is: messages that come late could
      not be put where they belong.

  ## Limits

  A successor reads the whole registry at once, and hears nothing meanwhile. `Phoenix.PubSub.subscribe/3` waits for nobody.
  """

  use GenServer

  alias Outrigger.PubSub.{Board, Kept, Ordered, Place, Prefixes, Unconfirmed}
  alias Outrigger.PubSub.Interest.{Ear, Gap, Teller, Wanted}
  alias Outrigger.PubSub.Ordered.Whole

  @service :outrigger_pubsub
  @protocol 1
  @tick_ms 200
  # Words of a process that may be in the queue, and for how long it waits for that: a teller may be just being restarted.
  @ahead 64
  @pace_ms 1_000

  @doc "The name under which the teller of `group` is registered, and its table."
  @spec name(atom) :: atom
  def name(group), do: Module.concat(group, "Interest")

  @doc "Starts the teller of a group. Options: `:pubsub`, `:group`, `:on_gap`."
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options),
    do: GenServer.start_link(__MODULE__, options, name: name(options[:group]))

  @doc "Says that `router` has sent a list, which names its attachment of this node. Where nobody tells, nothing happens."
  @spec attached(atom, pid, [{node, pid}]) :: :ok
  def attached(group, router, list) do
    case List.keyfind(list, node(), 0) do
      {_node, member} ->
        GenServer.cast(name(group), {:attached, router, member, Board.sent(group, router)})

      nil ->
        :ok
    end
  end

  @doc """
  Waits until each router that this node is attached to has heard that the node wants `pattern`, to which the caller has subscribed.
  """
  @spec confirm(atom, binary | {:prefix, binary}, timeout) :: :ok | {:error, :timeout}
  def confirm(group, pattern, timeout) do
    # By way of the ear: behind the word of the registry.
    case Process.whereis(Ear.name(group)) do
      nil -> :ok
      ear -> GenServer.call(ear, {:confirm, pattern, deadline(timeout)}, timeout)
    end
  catch
    :exit, {:timeout, _call} -> {:error, :timeout}
  end

  @doc "The caller has subscribed to something, or ended that. Each 64th time this waits until the teller has heard of it."
  @spec keep_pace(atom) :: :ok
  def keep_pace(pubsub) do
    case Process.get(__MODULE__, 1) do
      @ahead ->
        Process.put(__MODULE__, 1)
        await_heard(Place.of(pubsub).group)

      ahead ->
        Process.put(__MODULE__, ahead + 1)
        :ok
    end
  end

  defp await_heard(group) do
    ear = group && Process.whereis(Ear.name(group))
    if ear, do: GenServer.call(ear, :heard, @pace_ms), else: :ok
  catch
    :exit, _nobody_tells_just_now -> :ok
  end

  defp deadline(:infinity), do: :infinity
  defp deadline(timeout), do: now() + timeout

  @doc """
  How many patterns this node wants, the nodes of the routers that know them all, and of those that send everything. `nil` if it
  tells nobody.
  """
  @spec info(atom) :: %{patterns: non_neg_integer, listed: [node], open: [node]} | nil
  def info(group) do
    if Process.whereis(Ear.name(group)) do
      {listed, open} =
        Enum.split_with(Board.read(group, :interest, %{}), &match?({_, {_, _, :listed}}, &1))

      size = :ets.info(name(group), :size)

      %{
        # A teller that is just being restarted has no table.
        patterns: if(is_integer(size), do: size, else: 0),
        listed: for({router, _} <- listed, do: node(router)),
        open: for({router, _} <- open, do: node(router))
      }
    end
  end

  @doc "`router` has said that it is about to stop, and hands on all that it gets until then: nothing of it is unconfirmed."
  @spec leaving(atom, pid) :: :ok
  def leaving(group, router), do: GenServer.cast(name(group), {:leaving, router})

  @impl true
  def init(options) do
    group = Keyword.fetch!(options, :group)

    state = %{
      pubsub: Keyword.fetch!(options, :pubsub),
      group: group,
      prefixes: Prefixes.registry(group),
      on_gap: Keyword.get(options, :on_gap),
      ordered: Ordered.prefixes(group),
      kept: Kept.prefixes(group),
      ear: Process.whereis(Ear.name(group)),
      before: Board.read(group, :interest, %{}),
      notes: %{},
      unconfirmed: %{},
      # The numbers of a predecessor are below: nobody sends a message every microsecond.
      teller: Teller.new(Wanted.new(name(group)), Board.clock())
    }

    {:ok, state, {:continue, :begin}}
  end

  # The name is taken, so what comes from now on is in our queue. What came before is in the registry and on the board.
  @impl true
  def handle_continue(:begin, state) do
    :timer.send_interval(@tick_ms, :tick)

    state =
      for registry <- [state.pubsub, state.prefixes],
          {key, pid} <- Registry.select(registry, [{{:"$1", :"$2", :_}, [], [{{:"$1", :"$2"}}]}]),
          is_binary(key),
          reduce: state,
          do: (state -> event(state, {:register, pattern(state, registry, key), pid}))

    # What is kept is wanted for as long as this process lives.
    state =
      for prefix <- state.kept,
          reduce: state,
          do: (state -> event(state, {:register, {:prefix, prefix}, self()}))

    state =
      for {router, %{own: [member | _]}} <- Board.read(state.group, :routers, %{}),
          reduce: state,
          do: (state -> attach(state, router, member, Board.sent(state.group, router)))

    {:noreply, state}
  end

  @impl true
  def handle_info({word, registry, key, pid}, state)
      when word in [:register, :unregister] and is_binary(key) do
    pattern = pattern(state, registry, key)
    if word == :register, do: begin(state, pattern)
    {:noreply, event(state, {word, pattern, pid})}
  end

  def handle_info({:"$outrigger_interest", router, number, answer, stamp, complete}, state) do
    state = update_in(state.unconfirmed, &Unconfirmed.answered(&1, router, number))
    {:noreply, event(state, {:answer, router, number, answer, stamp, complete})}
  end

  def handle_info({:DOWN, _ref, :process, router, _reason}, state) do
    sent = Board.sent(state.group, router)
    {at_most, unconfirmed} = Unconfirmed.down(state.unconfirmed, router, sent)
    Unconfirmed.tell_others(state.group, router, at_most)
    {:noreply, event(%{state | unconfirmed: unconfirmed}, {:down, router})}
  end

  def handle_info(:tick, state),
    do: {:noreply, event(state, {:tick, @tick_ms, &find(state, &1)})}

  def handle_info(_other, state), do: {:noreply, state}

  @impl true
  def handle_call(:heard, _from, state), do: {:reply, :ok, state}

  def handle_call({:confirm, pattern, deadline}, from, state),
    do:
      {:noreply, event(state, {:confirm, from, Whole.pattern(state.ordered, pattern), deadline})}

  @impl true
  def handle_cast({:attached, router, member, sent}, state),
    do: {:noreply, attach(state, router, member, sent)}

  def handle_cast({:leaving, router}, state),
    do: {:noreply, update_in(state.unconfirmed, &Unconfirmed.leaving(&1, router))}

  # An attachment that a predecessor knew is asked for what was passed on since. A new one begins with everything.
  defp attach(state, router, member, sent) do
    state = update_in(state.unconfirmed, &Unconfirmed.attached(&1, router, sent))

    since =
      case state.before do
        %{^router => {^member, since, _phase}} -> since
        _another -> 0
      end

    event(state, {:attached, router, member, since})
  end

  defp event(state, event) do
    {teller, actions} = Teller.handle(state.teller, event, now())
    state = %{state | teller: teller}
    state = if actions == [] and of_registry?(event), do: state, else: note(state)
    Enum.reduce(actions, state, &perform/2)
  end

  # Those that lead to no message change no note, and there are many of them.
  defp of_registry?(event), do: elem(event, 0) in [:register, :unregister]

  # Ahead of the sends: what is not noted was not sent.
  defp note(state) do
    case Teller.notes(state.teller) do
      notes when notes == state.notes ->
        state

      notes ->
        Board.write(state.group, :interest, notes)
        %{state | notes: notes}
    end
  end

  defp perform({:monitor, router}, state) do
    Process.monitor(router)
    state
  end

  defp perform({:send, router, number, request}, state) do
    message = {:interest, @protocol, state.group, state.ear, number, request}
    # What has been sent by now is ahead of this.
    sent = Board.sent(state.group, router)
    state = update_in(state.unconfirmed, &Unconfirmed.asked(&1, router, number, sent))

    case :erlang.send({@service, node(router)}, message, [:noconnect, :nosuspend]) do
      :ok -> state
      _busy_or_gone -> event(state, {:unsent, router})
    end
  end

  defp perform({:confirmed, from}, state) do
    GenServer.reply(from, :ok)
    state
  end

  defp perform({:gap, router, patterns}, state) do
    Gap.tell(state, router, patterns, state.teller.wanted)
    state
  end

  defp now, do: System.monotonic_time(:millisecond)

  # Two registries with one listener.
  defp pattern(%{pubsub: registry} = state, registry, topic),
    do: Whole.pattern(state.ordered, topic)

  defp pattern(%{prefixes: registry} = state, registry, prefix),
    do: Whole.pattern(state.ordered, {:prefix, prefix})

  defp begin(%{ordered: []}, _pattern), do: :ok

  defp begin(state, pattern) do
    unless :ets.member(name(state.group), pattern),
      do: Whole.begin(state.ordered, pattern, state.group)
  end

  defp find(state, {:prefix, prefix}) do
    cond do
      prefix in state.kept -> self()
      prefix in state.ordered -> Whole.subscriber([state.pubsub, state.prefixes], prefix)
      true -> first(Registry.lookup(state.prefixes, prefix))
    end
  end

  defp find(state, topic), do: first(Registry.lookup(state.pubsub, topic))

  defp first([{pid, _metadata} | _]), do: pid
  defp first([]), do: nil
end
