defmodule Demo.Publisher do
  @moduledoc """
  A process that broadcasts numbered messages at a steady rate while it is told to.

  It is named by its node and index, the same on every screen and in every complaint: `app2/1`.
  """

  use GenServer

  @tick_ms 10

  @doc false
  def child_spec({index, _pubsub, _per_second} = argument) do
    %{
      id: name(index),
      start: {GenServer, :start_link, [__MODULE__, argument, [name: name(index)]]},
      restart: :temporary
    }
  end

  defp name(index), do: :"demo_publisher_#{index}"

  @doc "Lets the publishers of this node run."
  @spec resume(pos_integer) :: :ok
  def resume(count), do: Enum.each(1..count, &GenServer.call(name(&1), :resume))

  @doc "Stops the publishers of this node; returns the number of the last message of each."
  @spec pause(pos_integer) :: %{String.t() => non_neg_integer}
  def pause(count), do: Map.new(1..count, &GenServer.call(name(&1), :pause, 15_000))

  @doc "The number of the last message of each publisher of this node so far."
  @spec numbers(pos_integer) :: %{String.t() => non_neg_integer}
  def numbers(count), do: Map.new(1..count, &GenServer.call(name(&1), :number, 15_000))

  @impl true
  def init({index, pubsub, per_second}) do
    [node, _host] = String.split(Atom.to_string(node()), "@")
    ["demo", label, _os_pid] = String.split(node, "-")

    {:ok,
     %{id: "#{label}/#{index}", pubsub: pubsub, per_second: per_second, number: 0, running: nil}}
  end

  @impl true
  def handle_call(:resume, _from, %{running: nil} = state) do
    {:reply, :ok, schedule(%{state | running: {now(), state.number}})}
  end

  def handle_call(:number, _from, state), do: {:reply, {state.id, state.number}, state}

  def handle_call(:pause, _from, state),
    do: {:reply, {state.id, state.number}, %{state | running: nil}}

  # What is due since the start of the run is sent, so that a late tick does not lower the rate.
  @impl true
  def handle_info(:tick, %{running: {started, first}} = state) do
    due = first + div((now() - started) * state.per_second, 1000)
    {:noreply, state |> publish(due - state.number) |> schedule()}
  end

  def handle_info(:tick, state), do: {:noreply, state}

  defp publish(state, count) when count <= 0, do: state

  defp publish(state, count) do
    number = state.number + 1
    message = {:demo, state.id, number, :os.perf_counter(:nanosecond)}
    :ok = Outrigger.PubSub.broadcast(state.pubsub, Demo.Subscriber.topic(), message)
    publish(%{state | number: number}, count - 1)
  end

  defp schedule(state) do
    Process.send_after(self(), :tick, @tick_ms)
    state
  end

  defp now, do: System.monotonic_time(:millisecond)
end
