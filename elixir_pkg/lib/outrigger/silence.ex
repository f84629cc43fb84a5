defmodule Outrigger.Silence do
  @moduledoc """
  Cuts links to hidden nodes that have gone silent, where the VM does not.

  A link over which nothing has come for the net tick time is dead, and the VM cuts it. To a hidden node it does not if much is waiting
  to be sent, and that is what a router that has stopped, or is cut off, looks like to a node that publishes: the VM sends its ticks to
  hidden nodes also behind data that waits (`dist_util`), and with more than 8 KiB in the socket driver that send does not return. It is
  made by the very process that would cut the link. So the link stays until TCP gives it up, which takes minutes, and all that is
  published through the router until then is lost. Seen on OTP 25.

  So this process looks as often as the VM does, four times in a tick time, how many packets each hidden node has sent. Where there was
  none in five looks it disconnects the node. The VM needs four: where it can, it is first.

  ## Limits

  Links over TCP as they are. With TLS another process sends the ticks, and the one that cuts the link does not wait for it. The net tick
  time is asked for before each look.
  """

  use GenServer

  require Logger

  @looks_per_tick_time 4
  @silent_looks 5

  @doc false
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @impl true
  def init(nil), do: {:ok, look_again(%{})}

  @impl true
  def handle_info(:look, seen) do
    seen = look(seen, counts())
    for {node, {_, _, @silent_looks}} <- seen, do: cut(node)
    {:noreply, look_again(seen)}
  end

  def handle_info(_other, seen), do: {:noreply, seen}

  @doc """
  What is known after another look: by node, the link, the packets that have come over it, and for how many looks there was no new one.
  """
  @spec look(seen, %{node => {port, non_neg_integer}}) :: seen
        when seen: %{node => {port, non_neg_integer, non_neg_integer}}
  def look(seen, counts) do
    Map.new(counts, fn {node, {link, count}} ->
      case seen do
        %{^node => {^link, ^count, looks}} -> {node, {link, count, looks + 1}}
        _news -> {node, {link, count, 0}}
      end
    end)
  end

  defp counts do
    hidden = Node.list(:hidden)

    for {node, link} when is_port(link) <- :erlang.system_info(:dist_ctrl),
        node in hidden,
        {:ok, [recv_cnt: count]} <- [:inet.getstat(link, [:recv_cnt])],
        into: %{},
        do: {node, {link, count}}
  end

  defp cut(node) do
    Logger.warning("#{node} has been silent for the net tick time, and is disconnected")
    :erlang.disconnect_node(node)
  end

  defp look_again(seen) do
    Process.send_after(self(), :look, div(tick_time_ms(), @looks_per_tick_time))
    seen
  end

  defp tick_time_ms do
    case :net_kernel.get_net_ticktime() do
      seconds when is_integer(seconds) -> seconds * 1_000
      {_changing, seconds} -> seconds * 1_000
      :ignored -> 60_000
    end
  end
end
