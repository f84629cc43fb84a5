defmodule Outrigger.PubSub.Switch do
  @moduledoc """
  Decides the way of a node's publishers: a thin process around `Outrigger.PubSub.Routing`.

  It watches hidden nodes come and go, the `:pg` group and the worker, attaches the worker to each hidden node that comes
  up, and writes routes to the board. A publisher that finds no link to its router calls `lost/2`.

  ## Invariants

    * It never waits for anybody, and nothing of the traffic goes through it.
    * A restart starts with a direct route of a new epoch, and attaches again.

  ## Limits

  `:pg.monitor/2` came with OTP 25.1.
  """

  use GenServer

  require Logger

  alias Outrigger.PubSub.{Board, PG2.Gateway, Routing, Choices}
  alias Outrigger.Telemetry

  @scope Outrigger.PubSub
  @service :outrigger_pubsub
  # What is asked of a router bears the version that brought it. Only `attach` has changed since the first.
  @protocol 1
  @retry_ms 50

  @doc "Starts the switch of a group. Options: `:pubsub`, `:group`, and those of `Outrigger.PubSub.SmallCluster`."
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options) do
    GenServer.start_link(__MODULE__, options, name: name(options[:group]))
  end

  @doc "The name under which the switch of `group` is registered."
  @spec name(atom) :: atom
  def name(group), do: Module.concat(group, "Switch")

  @doc """
  Says that no link leads to the router at which this node is attached as `member`.

  `:ok` when another route is published, `:down` when there is no switch just now.
  """
  @spec lost(atom, pid) :: :ok | :down
  def lost(group, member) do
    GenServer.call(name(group), {:lost, member}, :infinity)
  catch
    :exit, _reason -> :down
  end

  @doc "Hands over what came for the switch by way of the worker, or that a worker is there."
  @spec tell(atom, tuple) :: :ok
  def tell(group, event), do: GenServer.cast(name(group), event)

  @impl true
  def init(options) do
    Process.flag(:trap_exit, true)
    group = Keyword.fetch!(options, :group)
    :ok = :net_kernel.monitor_nodes(true, node_type: :hidden)

    state = %{
      pubsub: Keyword.fetch!(options, :pubsub),
      group: group,
      routing: Routing.new(group, node(), options),
      worker: nil,
      scope: nil,
      pg: nil
    }

    # After monitor_nodes, so that none is missed. One that comes up in between is attached twice, which does no harm.
    state = state |> worker(Process.whereis(group)) |> scope()
    state = Enum.reduce(Node.list(:hidden), state, &event(&2, {:hidden_up, &1}))
    Gateway.look(group)
    {:ok, state}
  end

  @impl true
  def handle_call({:lost, member}, _from, state) do
    Board.count(state.group, :lost_relays)
    {:reply, :ok, event(state, {:lost, member})}
  end

  @impl true
  def handle_cast({:worker_up, pid}, state), do: {:noreply, worker(state, pid)}

  # A router of before batches. It is asked again as it was then.
  def handle_cast({:refused, router, :version, 1}, state),
    do: {:noreply, event(state, {:older, node(router)})}

  def handle_cast({:refused, router, reason, limit}, state) do
    Logger.warning(
      "#{inspect(state.pubsub)} is not routed by #{node(router)}: #{inspect(reason)}, its limit is " <>
        "#{inspect(limit)}. Broadcasts go directly; raise the limit there, or use the same version of Outrigger."
    )

    metadata = %{pubsub: state.pubsub, router: node(router), reason: reason, limit: limit}
    Telemetry.execute([:outrigger, :pubsub, :refused], %{count: 1}, metadata)
    {:noreply, state}
  end

  def handle_cast(event, state), do: {:noreply, event(state, event)}

  @impl true
  def handle_info({:nodeup, node, _info}, state), do: {:noreply, event(state, {:hidden_up, node})}

  def handle_info({:nodedown, node, _info}, state),
    do: {:noreply, event(state, {:hidden_down, node})}

  def handle_info({pg, :join, _group, pids}, %{pg: pg} = state),
    do: {:noreply, event(state, {:pg_join, pids})}

  def handle_info({pg, :leave, _group, pids}, %{pg: pg} = state),
    do: {:noreply, event(state, {:pg_leave, pids})}

  def handle_info({:DOWN, ref, :process, _pid, _reason}, %{worker: {_, ref}} = state),
    do: {:noreply, event(%{state | worker: nil}, :worker_down)}

  def handle_info({:DOWN, ref, :process, _pid, _reason}, %{scope: ref} = state),
    do: {:noreply, scope(%{state | scope: nil, pg: nil})}

  def handle_info(:wake, state), do: {:noreply, event(state, :wake)}
  def handle_info(:scope, %{scope: nil} = state), do: {:noreply, scope(state)}
  def handle_info(_other, state), do: {:noreply, state}

  # Only an orderly stop ends the attachments. A restarted switch replaces them.
  @impl true
  def terminate(reason, %{worker: {worker, _}} = state) when reason in [:shutdown, :normal] do
    for node <- Map.keys(state.routing.routers) do
      to_router(node, {:detach, @protocol, state.group, worker})
    end
  end

  def terminate(_reason, _state), do: :ok

  defp worker(state, nil), do: state
  defp worker(%{worker: {pid, _ref}} = state, pid), do: state

  defp worker(state, pid) do
    with {_old, ref} <- state.worker, do: Process.demonitor(ref, [:flush])
    state = %{state | worker: {pid, Process.monitor(pid)}}
    if state.scope, do: join(state)
    Gateway.look(state.group)
    event(state, {:worker_up, pid})
  end

  # The scope is a process of the application. When it is restarted it has forgotten everybody.
  defp scope(state) do
    case Process.whereis(@scope) do
      nil ->
        Process.send_after(self(), :scope, @retry_ms)
        event(state, {:pg, []})

      pid ->
        scope = Process.monitor(pid)
        {pg, pids} = :pg.monitor(@scope, state.group)
        state = %{state | scope: scope, pg: pg}
        join(state)
        event(state, {:pg, pids})
    end
  catch
    :exit, _scope_went_away ->
      Process.send_after(self(), :scope, @retry_ms)
      event(state, {:pg, []})
  end

  defp join(%{worker: nil}), do: :ok

  defp join(%{worker: {pid, _ref}, group: group}) do
    unless pid in :pg.get_local_members(@scope, group), do: :pg.join(@scope, group, pid)
  catch
    :exit, _scope_went_away -> :ok
  end

  defp event(state, event) do
    {routing, actions} = Routing.handle(state.routing, event, Board.clock())
    before = state.routing.route
    state = %{state | routing: routing}
    for action <- actions, do: perform(action, state, before)
    state
  end

  defp perform({:publish, route, targets}, state, before) do
    :ok = Board.publish(state.group, route, targets)
    if before == nil or before.epoch != route.epoch, do: announce(route, state, before)
  end

  defp perform({:fence, worker, node, gen}, _state, _before),
    do: send(worker, {:"$outrigger_fence", node, gen})

  defp perform({:unfence, worker, node}, _state, _before),
    do: send(worker, {:"$outrigger_hidden_down", node})

  defp perform({:attach, node, worker, protocol}, state, _before),
    do: to_router(node, {:attach, protocol, state.group, worker})

  defp perform({:cover, node, nodes}, state, _before),
    do: to_router(node, {:cover, @protocol, state.group, nodes})

  defp perform({:left, node, worker}, state, _before),
    do: to_router(node, {:left, @protocol, state.group, worker})

  defp perform({:wake, ms}, _state, _before), do: Process.send_after(self(), :wake, ms)

  # Every hidden node gets this. Those without such a process ignore it.
  defp to_router(node, message),
    do: :erlang.send({@service, node}, message, [:noconnect, :nosuspend])

  defp announce(route, state, before) do
    Board.count(state.group, :route_changes)
    path = path(route)
    reached = Choices.summary(route.choices)

    metadata = %{
      pubsub: state.pubsub,
      path: path,
      from: before && path(before),
      routers: Map.keys(reached.routers),
      reason: route.reason
    }

    measurements = %{
      epoch: route.epoch,
      covered: length(reached.covered),
      direct: length(reached.direct),
      pg2: length(route.pg2)
    }

    Telemetry.execute([:outrigger, :pubsub, :route], measurements, metadata)

    if before != nil and path(before) != path do
      Logger.info("#{inspect(state.pubsub)} broadcasts #{describe(metadata, measurements)}")
    end
  end

  defp path(route), do: Choices.path(route.choices)

  defp describe(%{path: :direct, reason: reason}, counts),
    do: "directly to #{counts.direct + counts.pg2} nodes (#{reason})"

  defp describe(%{routers: routers}, counts) do
    "through #{Enum.join(routers, ", ")} to #{counts.covered} nodes, directly to #{counts.direct + counts.pg2}"
  end
end
