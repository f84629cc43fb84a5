defmodule Outrigger.PubSub.Interest.Ear do
  @moduledoc """
  Hears what a node's subscribers and the routers say, and passes all of it on to the teller (`Outrigger.PubSub.Interest`), in order.

  It is the listener of the registry of subscriptions, and the `teller_pid` of `docs/design/interest.md`. So that somebody has
  subscribed and the stamps of routers arrive in one mailbox, which is what the promise rests on. Who waits for a subscription to
  be known (`subscribe(..., confirm: true)`) calls it, too, and comes behind its own subscription.

  It stands apart from the teller since a subscriber raises when a listener of its registry is not there: this process does nothing
  that could fail, and lives as long as the registry.

  ## Invariants

    * What arrived first is passed on first, whoever sent it. So its queue is on the heap: an off-heap one keeps order per
      sender only.
    * Without a teller what it hears is forgotten. The teller reads the registry when it starts, after it has taken its name.
  """

  use GenServer

  @doc "The name under which the ear of `group` is registered."
  @spec name(atom) :: atom
  def name(group), do: Module.concat(group, "Ear")

  @doc "Starts the ear of a group. Options: `:group`, `:teller` (a registered name)."
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options),
    do: GenServer.start_link(__MODULE__, options[:teller], name: name(options[:group]))

  @impl true
  def init(teller) do
    Process.flag(:message_queue_data, :on_heap)
    {:ok, teller}
  end

  # The value of a subscription is the subscriber's, and may be large.
  @impl true
  def handle_info({:register, registry, key, pid, _value}, teller),
    do: pass(teller, {:register, registry, key, pid})

  def handle_info(message, teller), do: pass(teller, message)

  @impl true
  def handle_call(request, from, teller), do: pass(teller, {:"$gen_call", from, request})

  defp pass(teller, message) do
    if pid = Process.whereis(teller), do: send(pid, message)
    {:noreply, teller}
  end
end
