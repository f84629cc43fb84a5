defmodule Outrigger.Limit.Cluster.Server do
  @moduledoc """
  Drives a cluster limit's end on this node: carries bytes between the engine in the NIF and the Rust nodes, and answers hits that wait.

  No logic of the protocol is here. Each event (a message of a Rust node, a node that comes or goes, a hit that found nothing
  leased, tokens that run low, the clock) is a call of the engine, which returns what to send, whom to answer, and when to be
  called again.

  The Rust nodes that one node is connected to are told to all others, which connect to them too: nodes that see different owners
  agree more slowly, and reach fewer keys.

  ## Invariants

    * It never waits for anybody.
    * A restart makes a new engine: what the old one had leased runs out unspent.

  ## Limits

  One process per limiter: hits of keys with nothing leased go through it, some 100,000 a second.
  """

  use GenServer

  require Logger

  alias Outrigger.Limit.{Cluster, Config, Problem}
  alias Outrigger.Limit.Slots.Holders
  alias Outrigger.{Native, Telemetry}

  @service :outrigger_limit
  @tag :"$outrigger_limit"
  # A hidden node that has not answered is told of us again.
  @greet_ms 1_000
  # Between two events that say what was done.
  @tell_ms 1_000

  @impl true
  def init(options) do
    Process.flag(:trap_exit, true)
    # With a map what is told is one, too.
    :ok = :net_kernel.monitor_nodes(true, %{node_type: :all})

    {:ok, rule} =
      Holders.rule(options) || Config.rule(Keyword.take(options, [:limit, :period, :burst]))

    options = Holders.options(options)

    # For a Rust node to be seen, before hits that wait are counted here: less than they wait, by a clock that was looked at before the engine's.
    grace = div(options[:patience] * 9, 10)
    grace_at = System.monotonic_time(:millisecond) + grace

    case Holders.lease(options) || lease(options, rule) do
      {:ok, ref} ->
        state = %{
          options: options,
          name: Atom.to_string(options[:name]),
          ref: ref,
          flags: :atomics.new(1, []),
          # Hidden nodes by the engine's number, and those of them that have answered.
          nodes: %{},
          owners: MapSet.new(),
          waiting: %{},
          next_waiter: 1,
          timer: nil,
          due: nil,
          standing: :starting,
          grace_at: grace_at,
          told: %{},
          tell_at: System.monotonic_time(:millisecond) + @tell_ms
        }

        :atomics.put(state.flags, 1, 1)
        :persistent_term.put(options[:name], Holders.handle(state) || handle(state, rule))
        state = Enum.reduce(Node.list(:hidden), state, &node_up(&2, &1))
        tell(state, Node.list(), {@tag, :owners?, node()})
        Process.send_after(self(), :grace, grace_at, abs: true)
        {:ok, drive(state, Holders.resume(state) || Native.lease_tick(ref))}

      {:error, :bad_rule} ->
        {:stop, {:bad_rule, rule}}
    end
  end

  @impl true
  def handle_call({:ask, key, cost}, from, state) do
    {waiter, state} = waits(state, from)
    {:noreply, drive(state, Native.lease_ask(state.ref, waiter, key, cost))}
  end

  # A slot that a process has on this node already.
  def handle_call({:acquire, owner, id, key, weight}, from, state) do
    {waiter, state} = waits(state, {:slot, from, {owner, id, key, weight}})

    # No Rust node has ever been seen.
    if state.standing == :local,
      do: {:noreply, perform({:answer, waiter, :lost}, state)},
      else: {:noreply, drive(state, Native.lease_ask(state.ref, waiter, key, weight))}
  end

  def handle_call({:peek, key, cost}, from, state) do
    {waiter, state} = waits(state, from)
    {:noreply, drive(state, Native.lease_peek(state.ref, waiter, key, cost))}
  end

  def handle_call({:reset, key}, from, state) do
    {waiter, state} = waits(state, from)
    {:noreply, drive(state, Native.lease_reset(state.ref, waiter, key))}
  end

  def handle_call({:refund, key, cost}, _from, state),
    do: {:reply, :ok, drive(state, Native.lease_refund(state.ref, key, cost))}

  def handle_call({:update, rule}, _from, state) do
    with {:ok, rule} <- Holders.rule(state.options, rule) || Config.rule(rule),
         here = Holders.update(state, rule) || Native.limit_update(handle(state).local, rule),
         {:ok, :ok} <- Problem.rule(here) do
      %{limit: limit, period_ns: period, burst: burst} = rule
      algorithm = state.options[:algorithm]

      case Native.lease_update(state.ref, algorithm, limit, period, burst) do
        {:ok, :ok} -> {:reply, :ok, state}
        {:error, reason} -> {:reply, Problem.rule({:error, Atom.to_string(reason)}), state}
      end
    else
      error -> {:reply, error, state}
    end
  end

  @impl true
  def handle_info({@tag, owner, bytes}, state) when is_atom(owner) and is_binary(bytes) do
    case Native.lease_receive(state.ref, bytes) do
      :malformed -> {:noreply, state}
      driven -> {:noreply, state |> owner(owner) |> drive(driven) |> look()}
    end
  end

  # The limiter has been started on another node, which does not know whom we have found.
  def handle_info({@tag, :owners?, node}, state) do
    tell_owners(state, [node])
    {:noreply, state}
  end

  # Another node has found an owner.
  def handle_info({@tag, :owners, nodes}, state) do
    unknown = nodes -- Node.list(:hidden)
    if unknown != [], do: spawn(fn -> Enum.each(unknown, &Node.connect/1) end)
    {:noreply, state}
  end

  def handle_info({:refill, key}, state),
    do: {:noreply, drive(state, Native.lease_refill(state.ref, key))}

  def handle_info({:released, key, weight}, state),
    do: {:noreply, drive(state, Native.lease_release(state.ref, key, weight))}

  def handle_info({:tick, due}, %{due: due} = state) do
    state = %{state | due: nil, timer: nil}
    {:noreply, state |> drive(Native.lease_tick(state.ref)) |> look()}
  end

  def handle_info({:nodeup, node, %{node_type: :hidden}}, state),
    do: {:noreply, node_up(state, node)}

  def handle_info({:nodeup, node, _visible}, state) do
    tell_owners(state, [node])
    {:noreply, state}
  end

  # Its service may not have been there yet when it was told of us.
  def handle_info({:greet, id}, state) do
    case state.nodes do
      %{^id => node} ->
        {:noreply, if(node in state.owners, do: state, else: node_up(state, node))}

      _gone ->
        {:noreply, state}
    end
  end

  def handle_info({:nodedown, node, _info}, state) do
    {id, nodes} = pop(state.nodes, node)
    # When it is back, the others are told again.
    state = %{state | nodes: nodes, owners: MapSet.delete(state.owners, node)}

    if id,
      do: {:noreply, state |> drive(Native.lease_node_down(state.ref, id)) |> look()},
      else: {:noreply, state}
  end

  def handle_info(:grace, state), do: {:noreply, alone(state)}

  def handle_info(_other, state), do: {:noreply, state}

  @impl true
  def terminate(reason, state)
      when reason in [:normal, :shutdown] or elem(reason, 0) == :shutdown do
    :persistent_term.erase(state.options[:name])
    drive(state, Native.lease_leave(state.ref))
  end

  def terminate(_reason, _state), do: :ok

  defp lease(options, rule) do
    <<seed1::64, seed2::64>> =
      :erlang.md5(:erlang.term_to_binary({Node.get_cookie(), options[:name]}))

    Native.lease_new(%{
      node: Atom.to_string(node()),
      seed: {seed1, seed2},
      born_ms: System.system_time(:millisecond),
      electorate: options[:nodes] || 0,
      algorithm: options[:algorithm],
      limit: rule.limit,
      period_ns: rule.period_ns,
      burst: rule.burst,
      patience_ns: options[:patience] * 1_000_000,
      max_keys: options[:keys],
      max_waiters: options[:waiting],
      shares: options[:on_lost] == :share
    })
  end

  defp handle(state), do: :persistent_term.get(state.options[:name])

  defp handle(state, rule) do
    %Cluster{
      ref: state.ref,
      name: state.options[:name],
      server: self(),
      state: state.flags,
      local: local(state, rule),
      on_lost: state.options[:on_lost]
    }
  end

  defp local(state, rule) do
    {:ok, ref} =
      Native.limit_new(
        Map.merge(rule, %{
          algorithm: state.options[:algorithm],
          memory: 1_048_576,
          when_full: :deny,
          ban: nil,
          clock: :monotonic
        })
      )

    ref
  end

  defp node_up(state, node) do
    id = Native.lease_node_id(Atom.to_string(node))
    state = %{state | nodes: Map.put(state.nodes, id, node)}
    Process.send_after(self(), {:greet, id}, @greet_ms)
    drive(state, Native.lease_node_up(state.ref, id))
  end

  defp owner(state, node) do
    if MapSet.member?(state.owners, node) do
      state
    else
      state = %{state | owners: MapSet.put(state.owners, node)}
      tell_owners(state, Node.list())
      state
    end
  end

  defp tell_owners(state, nodes),
    do: tell(state, nodes, {@tag, :owners, MapSet.to_list(state.owners)})

  defp tell(state, nodes, message) do
    for node <- nodes,
        do: :erlang.send({state.options[:name], node}, message, [:noconnect, :nosuspend])
  end

  defp pop(nodes, node) do
    case Enum.find(nodes, &match?({_id, ^node}, &1)) do
      {id, ^node} -> {id, Map.delete(nodes, id)}
      nil -> {nil, nodes}
    end
  end

  # Does what the engine wants done.
  defp drive(state, {wants, next}), do: wants |> Enum.reduce(state, &perform/2) |> wake(next)

  defp perform({:send, id, bytes}, state) do
    with %{^id => node} <- state.nodes do
      # Every hidden node gets a first message. Those without such a process ignore it.
      :erlang.send({@service, node}, {@tag, state.name, self(), bytes}, [:noconnect, :nosuspend])
    end

    state
  end

  defp perform({:answer, waiter, answer}, state) do
    # The message about it may come after this one.
    state = if answer == :lost, do: alone(state), else: state
    {from, waiting} = Map.pop!(state.waiting, waiter)
    state = %{state | waiting: waiting}

    case from do
      {:slot, from, slot} ->
        {reply, driven} = Holders.settle(state, slot, answer)
        GenServer.reply(from, reply)
        if driven, do: drive(state, driven), else: state

      from ->
        GenServer.reply(from, answer)
        state
    end
  end

  # A timer that is earlier than wanted stays: the engine is called once more than needed.
  defp wake(state, next) do
    due = System.monotonic_time(:millisecond) + next

    if state.due == nil or due < state.due do
      state.timer && Process.cancel_timer(state.timer)
      %{state | due: due, timer: Process.send_after(self(), {:tick, due}, next)}
    else
      state
    end
  end

  defp waits(%{next_waiter: waiter} = state, who),
    do: {waiter, %{state | next_waiter: waiter + 1, waiting: Map.put(state.waiting, waiter, who)}}

  # Says when owners have come or gone, and once a second what was done.
  defp look(state) do
    %{owners: owners, in_force: in_force} = figures = Native.lease_figures(state.ref)
    state = report(state, figures)

    cond do
      owners > 0 and in_force -> standing(state, :found, owners)
      owners > 0 and state.standing in [:starting, :local] -> standing(state, :lost, owners)
      state.standing == :found -> standing(state, :lost, owners)
      true -> state
    end
  end

  # The time is over in which a Rust node might have been seen.
  defp alone(%{standing: :starting, grace_at: grace_at} = state) do
    if System.monotonic_time(:millisecond) < grace_at do
      state
    else
      Logger.notice(
        "#{state.name} is limited on this node alone: no Rust node is connected. Start one with `Outrigger.Node` or `outrigger node`."
      )

      standing(state, :local, 0)
    end
  end

  defp alone(state), do: state

  defp report(state, figures) do
    now = System.monotonic_time(:millisecond)

    if now < state.tell_at,
      do: state,
      else: do_report(%{state | tell_at: now + @tell_ms}, figures)
  end

  defp do_report(state, figures) do
    counts = Map.take(figures, [:asks, :wants, :granted, :returned, :lost_hits, :shed])
    news = Map.new(counts, fn {what, count} -> {what, count - Map.get(state.told, what, 0)} end)

    if Enum.any?(news, fn {_what, count} -> count > 0 end) do
      measurements = Map.merge(news, Map.take(figures, [:keys, :waiting]))
      metadata = %{limiter: state.options[:name]}
      Telemetry.execute([:outrigger, :limit, :leases], measurements, metadata)
    end

    %{state | told: counts}
  end

  defp standing(%{standing: same} = state, same, _owners), do: state

  defp standing(state, standing, owners) do
    :atomics.put(state.flags, 1, if(standing == :local, do: 0, else: 1))
    metadata = %{limiter: state.options[:name], state: standing}
    Telemetry.execute([:outrigger, :limit, :lease], %{owners: owners}, metadata)

    if standing == :lost and state.standing == :found do
      Logger.warning(
        "#{state.name} has no owner in force: hits for which nothing is leased are #{policy(state.options)}."
      )
    end

    %{state | standing: standing}
  end

  defp policy(options) do
    case options[:on_lost] do
      :deny -> "denied"
      :allow -> "allowed and not counted"
      :share -> "counted against this node's share"
    end
  end
end
