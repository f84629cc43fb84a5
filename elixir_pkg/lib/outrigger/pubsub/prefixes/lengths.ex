defmodule Outrigger.PubSub.Prefixes.Lengths do
  @moduledoc """
  Keeps the set of lengths that prefixes in use have, on the board, where each dispatch reads it.

  A length that is new is asked for (`need/2`). That happens once for each length; a subscription to a prefix of a length in use
  reads one row. Lengths that nobody uses any more are found every 30 s.

  ## Invariants

    * A length in use is in the set. A subscriber registers first and looks at the row then; the row says `checking?` before the registry
      is looked through for lengths without subscriptions. So either the subscriber was seen there, or it sees `checking?` and asks,
      and is answered behind the check.
    * The set of a length that is only just new is written before `need/2` returns.

  ## Limits

  While it is restarted, subscribers to prefixes of new lengths exit. It does nothing that could fail.
  """

  use GenServer

  alias Outrigger.PubSub.Board

  @check_ms 30_000

  @doc "Starts it. Options: `:group`, `:registry`."
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options),
    do: GenServer.start_link(__MODULE__, options, name: name(options[:group]))

  @doc "The name under which it is registered."
  @spec name(atom) :: atom
  def name(group), do: Module.concat(group, "Lengths")

  @doc "There is a subscription to a prefix of `length`: it is in the set when this returns."
  @spec need(atom, non_neg_integer) :: :ok
  def need(group, length) do
    {lengths, checking?} = Board.lengths(group)

    if length in lengths and not checking?,
      do: :ok,
      else: GenServer.call(name(group), {:need, length}, :infinity)
  end

  @impl true
  def init(options) do
    state = Map.new(options)
    {:ok, check(state)}
  end

  @impl true
  def handle_call({:need, length}, _from, state) do
    {lengths, _checking?} = Board.lengths(state.group)
    write(state, :ordsets.add_element(length, lengths))
    {:reply, :ok, state}
  end

  @impl true
  def handle_info(:check, state), do: {:noreply, check(state)}

  defp check(state) do
    {lengths, _checking?} = Board.lengths(state.group)
    Board.lengths(state.group, state.registry, lengths, true)
    # What a predecessor has not come to write is among these too.
    write(state, :ordsets.from_list(used(state.registry)))
    Process.send_after(self(), :check, @check_ms)
    state
  end

  defp used(registry),
    do: Registry.select(registry, [{{:"$1", :_, :_}, [], [{:size, :"$1"}]}])

  defp write(state, lengths), do: Board.lengths(state.group, state.registry, lengths, false)
end
