defmodule Outrigger.PubSub.Ordered.Delivery do
  @moduledoc """
  The worker's part of topics in order: takes what sequencers hand out (`Outrigger.PubSub.Ordered.Receiver`), writes down how far that is, and
  dispatches it.

  ## Invariants

    * What is dispatched was written to the board first, so a successor of the worker takes nothing of a lower term, and counts what died
      with its predecessor's mailbox.
    * Messages that follow one another on a topic are dispatched together, as those of a batch.
    * `from` of `broadcast_from` is left out on its own node. Elsewhere nobody has that pid.
  """

  require Logger

  alias Outrigger.PubSub.{Board, Dispatch, Ordered}
  alias Outrigger.PubSub.Kept.Keeper
  alias Outrigger.PubSub.Ordered.Receiver
  alias Outrigger.Telemetry

  @typedoc "What the worker keeps: `nil` where no prefix is named."
  @type t :: %{
          receiver: Receiver.t(),
          prefixes: [binary],
          unknown: [binary],
          kept: Keeper.t()
        }

  @doc "The state of the worker of `group`, after a predecessor or none. Options: those of `Outrigger.PubSub.Ordered.Receiver`."
  @spec new(atom, keyword) :: t
  def new(group, options) do
    prefixes = Ordered.prefixes(group)

    positions =
      for prefix <- prefixes,
          position = Board.read(group, {:position, prefix}, nil),
          into: %{},
          do: {prefix, position}

    %{
      receiver: Receiver.new(positions, options),
      prefixes: prefixes,
      unknown: [],
      kept: Keeper.new(group)
    }
  end

  @doc "Takes what was handed out, and dispatches it."
  @spec total(t, Dispatch.place(), pid, binary, pos_integer, non_neg_integer, [term]) :: t
  def total(state, place, router, prefix, number, first, payloads) do
    if prefix in state.prefixes do
      term = {number, node(router)}
      did(state, place, Receiver.total(state.receiver, prefix, term, first, payloads, now()))
    else
      unknown(state, place, prefix)
    end
  end

  @doc "Nothing more comes under a term."
  @spec ended(t, Dispatch.place(), pid, binary, pos_integer, non_neg_integer) :: t
  def ended(state, place, router, prefix, number, next) do
    did(state, place, Receiver.ended(state.receiver, prefix, {number, node(router)}, next, now()))
  end

  @doc "The link to a router is down, and all that came over it is here."
  @spec router_down(t, Dispatch.place(), pid) :: t
  def router_down(state, place, router),
    do: did(state, place, Receiver.router_down(state.receiver, node(router), now()))

  @doc "Is nothing held? Otherwise `timeout/2` has to be called now and then."
  @spec idle?(t) :: boolean
  def idle?(state), do: not Receiver.holding?(state.receiver)

  @doc "Gives up waiting for the end of terms where that takes too long."
  @spec timeout(t, Dispatch.place()) :: t
  def timeout(state, place), do: did(state, place, Receiver.timeout(state.receiver, now()))

  defp did(state, place, {receiver, actions}),
    do: Enum.reduce(actions, %{state | receiver: receiver}, &perform(&1, place, &2))

  @doc "Does what is asked of what is kept (`Outrigger.PubSub.Kept.Keeper.handle/3`)."
  @spec kept(t, Dispatch.place(), tuple | :expire) :: {term, t}
  def kept(state, place, request) do
    {answer, kept} = Keeper.handle(state.kept, place, request)
    {answer, %{state | kept: kept}}
  end

  @doc "This node wants a prefix from now on."
  @spec wanted(t, binary) :: t
  def wanted(state, prefix), do: %{state | receiver: Receiver.wanted(state.receiver, prefix)}

  @doc "A router says where messages of a prefix are put in order."
  @spec granted(t, Dispatch.place(), pid, binary, pid, pos_integer) :: t
  def granted(state, place, router, prefix, pid, number) do
    if prefix in state.prefixes do
      Ordered.Switch.tell(place.group, {:granted, router, prefix, pid, number})
      state
    else
      unknown(state, place, prefix)
    end
  end

  # Its broadcasts are not in the order, and those in order are not for it. Who is to know, if not the operator.
  defp unknown(state, place, prefix) do
    if prefix in state.unknown do
      state
    else
      Logger.error(
        "#{inspect(place.pubsub)}: other nodes have topics that begin with #{inspect(prefix)} in order, and this one has not: it gets none of " <>
          "their messages. Name the same prefixes in `ordered: [...]` on all nodes"
      )

      %{state | unknown: Enum.take([prefix | state.unknown], 64)}
    end
  end

  defp perform({word, prefix, term}, place, state) when word in [:term, :seen] do
    Ordered.Switch.tell(place.group, {:seen, prefix, term})
    state
  end

  defp perform({what, prefix, router, count}, place, state) when what in [:missed, :stale] do
    tell(what, prefix, router, count, place)
    state
  end

  defp perform({:deliver, prefix, term, first, payloads}, place, state) do
    Board.write(place.group, {:position, prefix}, state.receiver.positions[prefix])
    kept = Keeper.total(state.kept, place, prefix, term, first, payloads)
    dispatch(payloads, Map.put(place, :in_order, true))
    %{state | kept: kept}
  end

  defp tell(what, prefix, router, count, place) do
    Board.count(place.group, what, count)
    metadata = %{pubsub: place.pubsub, prefix: prefix, router: router}
    Telemetry.execute([:outrigger, :pubsub, what], %{count: count}, metadata)
  end

  defp dispatch([], _place), do: :ok

  defp dispatch([{from, topic, _, dispatcher} | _] = payloads, place)
       when is_binary(topic) and is_atom(dispatcher) do
    {messages, rest} = run(payloads, from, topic, dispatcher, [])
    Dispatch.run(place, topic, dispatcher, messages, Dispatch.own(from))
    dispatch(rest, place)
  end

  defp dispatch([_malformed | rest], place) do
    Board.count(place.group, :malformed)
    dispatch(rest, place)
  end

  # The messages in front that are dispatched together.
  defp run([{from, topic, message, dispatcher} | rest], from, topic, dispatcher, run),
    do: run(rest, from, topic, dispatcher, [message | run])

  defp run(rest, _from, _topic, _dispatcher, run), do: {Enum.reverse(run), rest}

  defp now, do: System.monotonic_time(:millisecond)
end
