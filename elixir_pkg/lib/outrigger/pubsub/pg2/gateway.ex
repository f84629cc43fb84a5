defmodule Outrigger.PubSub.PG2.Gateway do
  @moduledoc """
  Lets PG2 nodes find this one, and finds them: a thin process around `Outrigger.PubSub.PG2`.

  With each change in the scope it takes a snapshot, opens slots (`Outrigger.PubSub.PG2.Slot`), joins who is not a member yet,
  and tells the switch about the workers of PG2 nodes. Doing so again changes nothing, so every doubt is
  settled by doing it again: after a restart of anybody, too.

  Snapshots come from the process of the scope itself. What `:pg` says of one node at once, its marks and its
  slots, is in there as a whole.

  ## Limits

  A snapshot has all groups of the scope, of other PubSubs too. Slots that nobody uses any more stay open.
  """

  use GenServer

  alias Outrigger.PubSub.{PG2, Switch}
  alias Outrigger.PubSub.PG2.Slot

  @retry_ms 50

  @doc "Options: `:group`, `:pool_size`."
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options) do
    GenServer.start_link(__MODULE__, options, name: name(options[:group]))
  end

  @doc "The supervisor of the slots of `group`."
  @spec slots(atom) :: atom
  def slots(group), do: Module.concat(group, "Slots")

  @doc "Says that a process of `group` is there, or another one than before. Without a gateway nothing happens."
  @spec look(atom) :: :ok
  def look(group), do: GenServer.cast(name(group), :look)

  defp name(group), do: Module.concat(group, "Gateway")

  @impl true
  def init(options) do
    group = Keyword.fetch!(options, :group)
    state = %{group: group, size: Keyword.fetch!(options, :pool_size), scope: nil, watch: nil}
    {:ok, state, {:continue, :open}}
  end

  @impl true
  def handle_continue(:open, state), do: {:noreply, open(state)}

  @impl true
  def handle_cast(:look, state), do: {:noreply, look_around(state)}

  @impl true
  def handle_info({watch, change, group, _pids}, %{watch: watch} = state)
      when change in [:join, :leave] do
    if PG2.concerns?(group, state.group),
      do: {:noreply, look_around(state)},
      else: {:noreply, state}
  end

  # The scope has forgotten everybody. It is restarted by who started it.
  def handle_info({:DOWN, scope, :process, _pid, _reason}, %{scope: scope} = state) do
    Switch.tell(state.group, {:pg2, %{}})
    {:noreply, open(%{state | scope: nil, watch: nil})}
  end

  def handle_info(:open, %{scope: nil} = state), do: {:noreply, open(state)}
  def handle_info(:look, state), do: {:noreply, look_around(state)}
  def handle_info(_other, state), do: {:noreply, state}

  defp open(state) do
    case Process.whereis(PG2.scope()) do
      nil -> later(state, :open)
      pid -> look_around(%{state | scope: Process.monitor(pid)})
    end
  end

  defp look_around(%{scope: nil} = state), do: state

  defp look_around(%{group: group} = state) do
    if state.watch, do: :pg.demonitor(PG2.scope(), state.watch)
    {watch, snapshot} = :pg.monitor_scope(PG2.scope())
    {missing, joins} = PG2.plan(snapshot, {group, state.size}, &Process.whereis/1)

    for {slot, pid} <- joins do
      unless pid in Map.get(snapshot, PG2.marker(group), []),
        do: :ok = :pg.join(PG2.scope(), PG2.marker(group), pid)

      :ok = :pg.join(PG2.scope(), slot, pid)
    end

    Switch.tell(group, {:pg2, PG2.workers(snapshot, group, node())})
    state = %{state | watch: watch}
    # A slot that is there looks again itself.
    if Enum.all?(missing, &open?(&1, group)), do: state, else: later(state, :look)
  catch
    :exit, _scope_went_away -> %{state | watch: nil}
  end

  defp open?(slot, group) do
    match?(
      {:ok, _},
      DynamicSupervisor.start_child(slots(group), {Slot, slot: slot, group: group})
    )
  catch
    :exit, _supervisor_is_being_restarted -> false
  end

  defp later(state, what) do
    Process.send_after(self(), what, @retry_ms)
    state
  end
end
