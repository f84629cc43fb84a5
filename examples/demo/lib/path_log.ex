defmodule Demo.PathLog do
  @moduledoc """
  Notes when this node's broadcasts change between the relay and the direct path, on the machine's monotonic clock.

  It looks every two milliseconds, so what it reports is at most that much too late.
  """

  use GenServer

  @every_ms 2

  @doc false
  def start_link(pubsub), do: GenServer.start_link(__MODULE__, pubsub, name: __MODULE__)

  @doc "The changes so far, oldest first: `{nanoseconds, path}`."
  @spec changes() :: [{integer, atom}]
  def changes, do: GenServer.call(__MODULE__, :changes)

  @impl true
  def init(pubsub), do: {:ok, look(%{pubsub: pubsub, changes: []})}

  @impl true
  def handle_info(:look, state), do: {:noreply, look(state)}

  @impl true
  def handle_call(:changes, _from, state), do: {:reply, Enum.reverse(state.changes), state}

  defp look(state) do
    Process.send_after(self(), :look, @every_ms)
    path = Demo.App.path(state.pubsub)

    case state.changes do
      [{_at, ^path} | _] -> state
      changes -> %{state | changes: [{:os.perf_counter(:nanosecond), path} | changes]}
    end
  end
end
