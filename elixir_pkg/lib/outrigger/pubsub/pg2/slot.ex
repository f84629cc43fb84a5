defmodule Outrigger.PubSub.PG2.Slot do
  @moduledoc """
  A place in the pool of PG2 nodes: hands what comes to the worker, in order.

  Registered under the slot's name, and a member of its group: a PG2 publisher sends its broadcasts to the member and its
  direct broadcasts to the name.
  """

  use GenServer

  alias Outrigger.PubSub.PG2.Gateway

  @doc "Options: `:slot`, `:group`."
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options) do
    GenServer.start_link(__MODULE__, options[:group], name: options[:slot])
  end

  @doc false
  def child_spec(options) do
    %{id: options[:slot], start: {__MODULE__, :start_link, [options]}}
  end

  @impl true
  def init(group), do: {:ok, group, {:continue, :announce}}

  @impl true
  def handle_continue(:announce, group) do
    Gateway.look(group)
    {:noreply, group}
  end

  @impl true
  def handle_info({:forward_to_local, _, _, _} = message, group) do
    # The worker may be being restarted.
    if worker = Process.whereis(group), do: send(worker, message)
    {:noreply, group}
  end

  def handle_info(_other, group), do: {:noreply, group}
end
