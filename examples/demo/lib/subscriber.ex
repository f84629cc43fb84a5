defmodule Demo.Subscriber do
  @moduledoc """
  A process that subscribes to the demo's topic and keeps a `Demo.Ledger` of what arrives.

  The latency of a message is the difference of two readings of the machine's monotonic clock, which all processes of
  one machine share; it goes into the node's histogram.
  """

  use GenServer

  alias Outrigger.Watch.Histogram

  @topic "demo"

  @doc "The topic of the demo."
  @spec topic() :: String.t()
  def topic, do: @topic

  @doc false
  def child_spec({index, _pubsub, _histogram} = argument) do
    %{
      id: name(index),
      start: {GenServer, :start_link, [__MODULE__, argument, [name: name(index)]]},
      restart: :temporary
    }
  end

  defp name(index), do: :"demo_subscriber_#{index}"

  @doc "How many messages the subscribers of this node have received, all together."
  @spec delivered(pos_integer) :: non_neg_integer
  def delivered(count),
    do: Enum.sum(for index <- 1..count, do: GenServer.call(name(index), :delivered, 15_000))

  @doc """
  Waits until every subscriber of this node has heard of the given numbers, at most `patience` milliseconds, and returns
  their ledgers. The wait ends early; a message that never comes makes it long, not wrong.
  """
  @spec ledgers(pos_integer, %{term => non_neg_integer}, timeout) :: %{
          pos_integer => Demo.Ledger.t()
        }
  def ledgers(count, numbers, patience) do
    Map.new(1..count, fn index ->
      {index, GenServer.call(name(index), {:ledger, numbers, patience}, patience + 15_000)}
    end)
  end

  @impl true
  def init({_index, pubsub, histogram}) do
    :ok = Outrigger.PubSub.subscribe(pubsub, @topic)
    {:ok, %{ledger: Demo.Ledger.new(), delivered: 0, histogram: histogram, waiting: nil}}
  end

  @impl true
  def handle_info({:demo, publisher, number, sent_at}, state) do
    Histogram.record(state.histogram, max(:os.perf_counter(:nanosecond) - sent_at, 0))
    ledger = Demo.Ledger.add(state.ledger, publisher, number)
    {:noreply, answer_if_reached(%{state | ledger: ledger, delivered: state.delivered + 1})}
  end

  def handle_info(:patience_over, %{waiting: {from, _numbers, _timer}} = state) do
    GenServer.reply(from, state.ledger)
    {:noreply, %{state | waiting: nil}}
  end

  def handle_info(:patience_over, state), do: {:noreply, state}

  @impl true
  def handle_call(:delivered, _from, state), do: {:reply, state.delivered, state}

  def handle_call({:ledger, numbers, patience}, from, state) do
    timer = Process.send_after(self(), :patience_over, patience)
    {:noreply, answer_if_reached(%{state | waiting: {from, numbers, timer}})}
  end

  defp answer_if_reached(%{waiting: nil} = state), do: state

  defp answer_if_reached(%{waiting: {from, numbers, timer}} = state) do
    if Demo.Ledger.reached?(state.ledger, numbers) do
      Process.cancel_timer(timer)
      GenServer.reply(from, state.ledger)
      %{state | waiting: nil}
    else
      state
    end
  end
end
