defmodule Outrigger.PubSub.Unconfirmed do
  @moduledoc """
  What was sent through a router that has gone, and is not known to have been handed on: counted, and told to who may have missed it.

  Delivery ends with a router, or with a link: what was under way is lost, and nobody can say what it was. How much it can have been at
  most is known at both ends.

    * **The publishers' node** counts what it sends to each router. The teller's question to a router is behind what was sent before it, so the
      answer confirms that (`asked/4`, `answered/3`). When the router goes, what was sent since the answer before the last one is told to
      the other nodes, worker to worker (`down/3`, `tell_others/3`).
    * **A router** knows in the same way what has reached a node. When the link to a node breaks, and the node comes back, the router tells it
      (`outrigger_fanout::Handed`).

  Both say `{:"$outrigger_unconfirmed", router_pid, [{publisher_node, at_most}]}`. The worker that hears it counts, logs, and tells telemetry
  (`told/3`).

  ## Invariants

    * Never less than what was lost of what publishers had sent, while the router kept up: it had read all that was asked about, and had
      one more question's time, 200 ms, to hand it on.
    * A router that leaves in good order leaves nothing unconfirmed.

  ## Limits

  With more than a few routers two may share a count (`Outrigger.PubSub.Board.sent/2`), and nodes that are not connected to the publishers' node hear nothing
  of it. Without a teller (`interest: false`, or `Phoenix.PubSub` with our adapter) nothing is confirmed, and nothing told. What is sent
  directly is not counted: there the end of the connection itself is what both nodes hear.
  """

  require Logger

  alias Outrigger.PubSub.Board
  alias Outrigger.Telemetry

  @scope Outrigger.PubSub

  @typedoc "For each router: what was sent ahead of the question under way, of the last one that was answered, and of the one before."
  @type t :: %{
          pid =>
            %{asked: {integer, integer} | nil, confirmed: integer, before: integer} | :leaving
        }

  @doc "This node is attached to `router`. Before, `sent` messages were sent to others of its name."
  @spec attached(t, pid, non_neg_integer) :: t
  def attached(state, router, sent),
    do: Map.put_new(state, router, %{asked: nil, confirmed: sent, before: sent})

  @doc "A question to `router`, ahead of which `sent` messages were sent."
  @spec asked(t, pid, integer, non_neg_integer) :: t
  def asked(state, router, number, sent) do
    case state do
      %{^router => %{} = known} -> %{state | router => %{known | asked: {number, sent}}}
      _leaving_or_gone -> state
    end
  end

  @doc "An answer. What was ahead of the question before has been handed on by now."
  @spec answered(t, pid, integer) :: t
  def answered(state, router, number) do
    case state do
      %{^router => %{asked: {^number, sent}, confirmed: confirmed}} ->
        %{state | router => %{asked: nil, confirmed: sent, before: confirmed}}

      _another ->
        state
    end
  end

  @doc "The router leaves in good order."
  @spec leaving(t, pid) :: t
  def leaving(state, router), do: Map.put(state, router, :leaving)

  @doc "The router has gone, and `sent` messages were sent to it: how many of them are unconfirmed."
  @spec down(t, pid, non_neg_integer) :: {non_neg_integer, t}
  def down(state, router, sent) do
    case Map.pop(state, router) do
      {%{before: before}, state} -> {max(sent - before, 0), state}
      {_leaving_or_unknown, state} -> {0, state}
    end
  end

  @doc "Tells the workers of other nodes what they may have missed of this one."
  @spec tell_others(atom, pid, non_neg_integer) :: :ok
  def tell_others(_group, _router, 0), do: :ok

  def tell_others(group, router, at_most) do
    message = {:"$outrigger_unconfirmed", router, [{node(), at_most}]}

    for worker <- :pg.get_members(@scope, group),
        node(worker) != node(),
        do: :erlang.send(worker, message, [:noconnect, :nosuspend])

    :ok
  rescue
    # The scope is just being restarted, and knows nobody.
    ArgumentError -> :ok
  end

  @doc "This node may have missed messages of other nodes, so many at most."
  @spec told(%{pubsub: atom, group: atom}, pid, [{node, pos_integer}]) :: :ok
  def told(%{pubsub: pubsub, group: group}, router, counts) do
    for {publisher, at_most} <- counts do
      Board.count(group, :unconfirmed, at_most)
      metadata = %{pubsub: pubsub, router: node(router), publisher: publisher}
      Telemetry.execute([:outrigger, :pubsub, :unconfirmed], %{at_most: at_most}, metadata)
    end

    Logger.warning(
      "#{inspect(pubsub)} may have missed messages that were under way through #{node(router)}, at most: " <>
        Enum.map_join(counts, ", ", fn {publisher, at_most} -> "#{at_most} of #{publisher}" end)
    )
  end
end
