defmodule Outrigger.Gate.Server do
  @moduledoc """
  Takes the reports of Rust nodes under the name `Outrigger.Gate`, and puts what they make of each gate where `Outrigger.Gate.status/1` reads it.

  A report is `{:"$outrigger_gate", 1, pid, ttl, [{name, verdict, why, at}]}`; what it says is `Outrigger.Gate.Board`'s business. The pid says
  from which node it is.
  """

  use GenServer

  alias Outrigger.{Gate, Options, Telemetry}
  alias Outrigger.Gate.Board

  require Logger

  @schema [
    pubsub: [
      type: :atom,
      doc: "The PubSub on which changes are told on this node. Without one only telemetry is."
    ],
    otherwise: [
      type: {:in, [:open, :closed]},
      default: :open,
      doc: "What a gate is whose verdict is neither pass, warn nor fail, or unknown."
    ]
  ]

  @doc false
  @spec schema() :: Options.schema()
  def schema, do: @schema

  @doc "Starts it. There is one on a node."
  @spec start_link(keyword) :: GenServer.on_start() | {:error, Outrigger.Error.t()}
  def start_link(options) do
    with {:ok, options} <- Options.validate(options, @schema, Gate) do
      GenServer.start_link(__MODULE__, options, name: Gate)
    end
  end

  @doc "All that is known of a gate."
  @spec report(String.t()) :: map | nil
  def report(name) do
    GenServer.call(Gate, {:report, name})
  catch
    :exit, _reason -> nil
  end

  @doc "Subscribes the caller."
  @spec subscribe(String.t()) :: :ok | {:error, term}
  def subscribe(name) do
    case GenServer.call(Gate, :pubsub) do
      nil -> {:error, :no_pubsub}
      pubsub -> Outrigger.PubSub.subscribe(pubsub, topic(name))
    end
  catch
    :exit, _reason -> {:error, :not_started}
  end

  @impl true
  def init(options) do
    Process.flag(:trap_exit, true)

    {:ok,
     show(%{
       board: Board.new(),
       words: :atomics.new(Board.most(), []),
       slots: Map.new(1..Board.most(), &{&1, &1}),
       monitors: %{},
       timer: nil,
       refused: 0,
       pubsub: options[:pubsub],
       otherwise: options[:otherwise]
     })}
  end

  @impl true
  def handle_call({:report, name}, _from, state) do
    {status, by, of} = Board.verdict(state.board, name)

    said =
      for {reporter, of} <- Map.get(state.board, name, %{}),
          do: {reporter, Map.delete(of, :until)}

    report = %{
      status: status,
      by: by,
      why: of && of.why,
      since: of && of.at,
      reports: Map.new(said)
    }

    {:reply, report, state}
  end

  def handle_call(:pubsub, _from, state), do: {:reply, state.pubsub, state}

  @impl true
  def handle_info({:"$outrigger_gate", 1, pid, ttl, gates}, state) when is_pid(pid) do
    case Board.report(state.board, node(pid), {ttl, gates}, now()) do
      {:ok, board, changes} -> {:noreply, state |> watch(pid) |> put(board, changes)}
      :error -> {:noreply, refuse(state, node(pid))}
    end
  end

  def handle_info(:expire, state), do: {:noreply, expire(%{state | timer: nil}, [])}

  # The Rust node is gone, or does not judge any more: what it said counts no longer.
  def handle_info({:DOWN, _monitor, :process, pid, _reason}, state) do
    state = %{state | monitors: Map.delete(state.monitors, pid)}
    {:noreply, expire(state, [node(pid)])}
  end

  def handle_info(_other, state), do: {:noreply, state}

  @impl true
  def terminate(_reason, state) do
    show(%{state | slots: %{}, otherwise: :open})
  end

  defp watch(%{monitors: monitors} = state, pid) when is_map_key(monitors, pid), do: state

  defp watch(state, pid),
    do: %{state | monitors: Map.put(state.monitors, pid, Process.monitor(pid))}

  defp expire(state, gone) do
    {board, changes} = Board.expire(state.board, now(), gone)
    put(state, board, changes)
  end

  defp put(state, board, changes) do
    state =
      Enum.reduce(changes, %{state | board: board}, fn {name, %{status: status}}, state ->
        state = slot(state, name)
        :atomics.put(state.words, state.slots[name], word(status, state))
        state
      end)

    for {name, change} <- changes do
      Telemetry.execute([:outrigger, :gate, :changed], %{}, Map.put(change, :name, name))
      tell(state.pubsub, name, change)
    end

    schedule(state)
  end

  defp tell(nil, _name, _change), do: :ok

  # Every node has a server that hears of it: nothing has to cross the cluster again.
  defp tell(pubsub, name, change),
    do: Outrigger.PubSub.local_broadcast(pubsub, topic(name), {Gate, name, change})

  defp topic(name), do: "outrigger:gate:" <> name

  defp slot(%{slots: slots} = state, name) when is_map_key(slots, name), do: state

  # The slot of a gate that nobody names any more is free again. A free one stands there by its number: a map of more than 32 keys is found
  # in by hash, one of fewer is searched, which takes longer the more gates there are.
  defp slot(%{slots: slots} = state, name) do
    slots =
      Map.new(slots, fn {other, slot} ->
        {if(Board.knows?(state.board, other), do: other, else: slot), slot}
      end)

    free = slots |> Map.keys() |> Enum.find(&is_integer/1)
    :atomics.put(state.words, free, word(:unknown, state))
    show(%{state | slots: slots |> Map.delete(free) |> Map.put(name, free)})
  end

  # Where `Outrigger.Gate.status/1` reads it.
  defp show(state) do
    :persistent_term.put(Gate, {state.words, state.slots, word(:unknown, state)})
    state
  end

  defp word(status, state) do
    open =
      case status do
        :fail -> 0
        status when status in [:pass, :warn] -> 8
        _not_known -> if state.otherwise == :open, do: 8, else: 0
      end

    Bitwise.bor(Gate.code(status), open)
  end

  defp schedule(state) do
    if state.timer, do: Process.cancel_timer(state.timer)

    timer =
      if due = Board.due(state.board),
        do: Process.send_after(self(), :expire, max(due - now(), 0))

    %{state | timer: timer}
  end

  # The first of many, not each.
  defp refuse(state, reporter) do
    if state.refused == 0 do
      Logger.warning(
        "Outrigger.Gate: a report of #{inspect(reporter)} is not understood; are its version and this one the same?"
      )
    end

    %{state | refused: state.refused + 1}
  end

  defp now, do: System.monotonic_time(:millisecond)
end
