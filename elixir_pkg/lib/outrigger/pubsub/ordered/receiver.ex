defmodule Outrigger.PubSub.Ordered.Receiver do
  @moduledoc """
  Takes what sequencers hand out: in order, once, and with every gap known. Pure.

  For each prefix there is a position: the highest term seen, and the number that comes next under it. A term is
  `{number, router_node}`, compared as such. What comes under a higher one, of another router, is held for as long as something of this one may
  still come: until its end, or that of its router's link, or a bound.

  Functions take the state, return `{state, actions}`; `now` in milliseconds. Actions, to be performed in order:

    * `{:term, prefix, term}` - a term that is new here: from now on nothing of a lower one is taken. To be written down before
      anything of it is delivered;
    * `{:seen, prefix, term}` - a higher term is held;
    * `{:missed, prefix, router_node, count}` - these will not come any more;
    * `{:stale, prefix, router_node, count}` - these came under a term that was given up, or twice, and are dropped;
    * `{:deliver, prefix, term, first, payloads}` - the numbers are those from `first` on.

  ## Invariants

    * What is delivered of a prefix rises in `{term, number}`, without exception. So any two nodes that take the same two messages take
      them in the same order, whatever routers do.
    * What is missing under a term is counted as soon as something behind it comes, or its end. What the last messages of a term were, when its
      router has died, nobody knows.
    * What went by while this node did not want the prefix is no gap (`wanted/2`).
    * Nothing is held for longer than `hold_ms` for each term, and no more than `hold_max` messages of a prefix.
  """

  defstruct positions: %{}, live: MapSet.new(), held: %{}, hold_ms: 5_000, hold_max: 10_000

  @type place :: {pos_integer, node}
  @type position :: {place, next :: non_neg_integer | nil}
  @type t :: %__MODULE__{}
  @type action ::
          {:term | :seen, binary, place}
          | {:missed | :stale, binary, node, pos_integer}
          | {:deliver, binary, place, non_neg_integer, [term]}

  @doc "A receiver, with the positions of a predecessor. Options: `:hold_ms`, `:hold_max`."
  @spec new(%{binary => position}, keyword) :: t
  def new(positions \\ %{}, options \\ []),
    do: struct!(__MODULE__, [{:positions, positions} | options])

  @doc "Is anything held? Then `timeout/2` has to be called now and then."
  @spec holding?(t) :: boolean
  def holding?(state), do: state.held != %{}

  @doc "Payloads of `prefix` came, handed out under `term` with the numbers from `first` on."
  @spec total(t, binary, place, non_neg_integer, [term], integer) :: {t, [action]}
  def total(state, prefix, term, first, payloads, now) do
    event = {:total, term, first, payloads}

    cond do
      waits?(state, prefix, term) -> hold(state, prefix, event, now)
      later?(state, prefix, term) -> hold(begin(state, prefix, now), prefix, event, now)
      true -> take(state, prefix, term, first, payloads)
    end
  end

  @doc "Nothing more comes of `term`, which had the numbers below `next`."
  @spec ended(t, binary, place, non_neg_integer, integer) :: {t, [action]}
  def ended(state, prefix, {_number, router} = term, next, now) do
    case state.positions do
      %{^prefix => {^term, was}} ->
        missed = if was && next > was, do: missed(prefix, router, next - was), else: []
        state = put_in(state.positions[prefix], {term, max(next, was || 0)})
        {state, actions} = release(state, prefix, now)
        {state, missed ++ actions}

      _another when is_map_key(state.held, prefix) ->
        hold(state, prefix, {:ended, term, next}, now)

      _another ->
        {state, []}
    end
  end

  @doc "The link to a router is down, and all that came over it is here."
  @spec router_down(t, node, integer) :: {t, [action]}
  def router_down(state, router, now) do
    Enum.reduce(state.positions, {state, []}, fn {prefix, {{_number, of}, _next}},
                                                 {state, actions} ->
      {state, more} =
        cond do
          of == router -> release(state, prefix, now)
          is_map_key(state.held, prefix) -> hold(state, prefix, {:down, router}, now)
          true -> {state, []}
        end

      {state, actions ++ more}
    end)
  end

  @doc "Gives up waiting where that has taken `hold_ms`."
  @spec timeout(t, integer) :: {t, [action]}
  def timeout(state, now) do
    due = for {prefix, %{until: until}} <- state.held, until <= now, do: prefix

    Enum.reduce(due, {state, []}, fn prefix, {state, actions} ->
      {state, more} = release(state, prefix, now)
      {state, actions ++ more}
    end)
  end

  @doc "This node wants `prefix` from now on: what comes next follows upon a time in which it did not."
  @spec wanted(t, binary) :: t
  def wanted(state, prefix) do
    case state.positions do
      %{^prefix => {term, _next}} -> put_in(state.positions[prefix], {term, nil})
      _none_yet -> state
    end
  end

  # Behind what is held already?
  defp waits?(%{held: held}, _prefix, _term) when held == %{}, do: false

  defp waits?(state, prefix, term),
    do: is_map_key(state.held, prefix) and term > elem(state.positions[prefix], 0)

  # Of another router than that whose term may still go on? What one router says is in order.
  defp later?(state, prefix, {_number, router} = term) do
    case state.positions do
      %{^prefix => {^term, _next}} -> false
      %{^prefix => {{_, ^router}, _next}} -> false
      %{^prefix => {seen, _next}} -> term > seen and MapSet.member?(state.live, prefix)
      _none_yet -> false
    end
  end

  defp begin(state, prefix, now) do
    entry = %{events: [], count: 0, until: now + state.hold_ms}
    put_in(state.held[prefix], entry)
  end

  defp hold(state, prefix, event, now) do
    %{events: events, count: count} = entry = state.held[prefix]
    seen = if events == [], do: [{:seen, prefix, elem(event, 1)}], else: []
    count = count + size(event)
    state = put_in(state.held[prefix], %{entry | events: [event | events], count: count})

    if count > state.hold_max do
      {state, actions} = release(state, prefix, now)
      {state, seen ++ actions}
    else
      {state, seen}
    end
  end

  defp size({:total, _term, _first, payloads}), do: length(payloads)
  defp size(_other), do: 0

  # The term of the position is over, or given up. What was held comes as if it did now.
  defp release(state, prefix, now) do
    {entry, held} = Map.pop(state.held, prefix, %{events: []})
    state = %{state | held: held, live: MapSet.delete(state.live, prefix)}

    Enum.reduce(Enum.reverse(entry.events), {state, []}, fn event, {state, actions} ->
      {state, more} = again(state, prefix, event, now)
      {state, actions ++ more}
    end)
  end

  defp again(state, prefix, {:total, term, first, payloads}, now),
    do: total(state, prefix, term, first, payloads, now)

  defp again(state, prefix, {:ended, term, next}, now), do: ended(state, prefix, term, next, now)
  defp again(state, _prefix, {:down, router}, now), do: router_down(state, router, now)

  defp take(state, prefix, {_number, router} = term, first, payloads) do
    case state.positions do
      %{^prefix => {^term, nil}} ->
        deliver(state, prefix, term, first, payloads, [])

      %{^prefix => {^term, next}} when first >= next ->
        deliver(state, prefix, term, first, payloads, missed(prefix, router, first - next))

      %{^prefix => {^term, next}} ->
        {again, rest} = Enum.split(payloads, next - first)
        stale = {:stale, prefix, router, length(again)}
        deliver(state, prefix, term, next, rest, [stale])

      %{^prefix => {seen, _next}} when seen > term ->
        {state, [{:stale, prefix, router, length(payloads)}]}

      # Its numbers begin at 0, and this node was there: unless it did not want them.
      %{^prefix => {_lower, next}} ->
        missed = if next, do: missed(prefix, router, first), else: []
        deliver(state, prefix, term, first, payloads, [{:term, prefix, term} | missed])

      _none_yet ->
        deliver(state, prefix, term, first, payloads, [{:term, prefix, term}])
    end
  end

  defp deliver(state, _prefix, _term, _first, [], actions), do: {state, actions}

  defp deliver(state, prefix, term, first, payloads, actions) do
    state = put_in(state.positions[prefix], {term, first + length(payloads)})
    state = %{state | live: MapSet.put(state.live, prefix)}
    {state, actions ++ [{:deliver, prefix, term, first, payloads}]}
  end

  defp missed(_prefix, _router, 0), do: []
  defp missed(prefix, router, count), do: [{:missed, prefix, router, count}]
end
