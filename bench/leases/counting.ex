defmodule Bench.Leases.Counting do
  @moduledoc """
  What one does without an owner: each node counts its hits in ETS, in windows of a second, and tells all others of each hit.
  """

  use GenServer

  def start_link(_options), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @doc "Counts a hit here, and has it counted elsewhere."
  def hit(key, limit) do
    window = System.os_time(:second)
    for node <- Node.list(), do: send({__MODULE__, node}, {:hit, key, window})
    count = :ets.update_counter(__MODULE__, {key, window}, 1, {{key, window}, 0})
    {if(count <= limit, do: :allow, else: :deny), count}
  end

  @impl true
  def init(nil) do
    Process.flag(:message_queue_data, :off_heap)
    options = [:named_table, :public, write_concurrency: true]
    {:ok, :ets.new(__MODULE__, options)}
  end

  @impl true
  def handle_info({:hit, key, window}, table) do
    :ets.update_counter(table, {key, window}, 1, {{key, window}, 0})
    {:noreply, table}
  end
end
