defmodule Outrigger.PubSub.Handover do
  @moduledoc """
  The receiver's fence: holds what comes on a new way until the old ones have ended. Pure.

  A publisher that changes its way sends `end` as the last thing on each way it leaves, and `begin` as the first on each it
  enters. `begin` names the ways left; here each becomes a wait. Per publisher that has waits there is a list of segments:
  an epoch, its waits, the messages held.

  Functions take the state, return `{state, actions}`. Actions, to be performed in order: `{:deliver, payload}`,
  `{:monitor, pid}`, `{:demonitor, pid}`, `{:stale, pid}` (a message was dropped), `{:gave_up, pid, held}`.
  Times are milliseconds.

  ## A wait is over

    * `{:router, router, member, version}`: its `end` came; or this worker neither is attached to the router nor has just
      asked to be (then a first list may be on its way, with messages behind it); or the
      router's newest list is at least as new as `version` and does not name `member`: the publisher's link is gone; or
      this worker's own attachment is younger than `version`: nothing sent under it can come;
    * `:direct`: its `end` came, or the publisher is down, or the link to it;
    * after `hold_ms`, or with more than `hold_max` messages held for the publisher. Then the old way is given up: what is held is
      delivered, and older epochs of that publisher are dropped until the old way has really ended, or for two minutes.

  ## Invariants

    * No message of a publisher is delivered after one of a later epoch, and none twice.
    * A publisher that waits for nothing takes no memory. `idle?/1` is true when nobody does.
    * Nothing is held for longer than `hold_ms` from its `begin`, for each way in the chain.

  ## Limits

  `end`s without a `begin` are kept for `hold_ms`, at most 64 per publisher.
  """

  defstruct [
    :node,
    hold_ms: 5_000,
    hold_max: 10_000,
    routers: %{},
    attaching: %{},
    publishers: %{}
  ]

  @type way :: :direct | (member :: pid)
  @type wait :: :direct | {:router, pid, pid, non_neg_integer}
  @type t :: %__MODULE__{}
  @type action ::
          {:deliver, term}
          | {:monitor, pid}
          | {:demonitor, pid}
          | {:stale, pid}
          | {:gave_up, pid, non_neg_integer}

  @max_ends 64
  # A link that has held something back for longer than the tick time-out has been cut by then.
  @watch_ms 120_000
  @fresh %{segments: [], ends: [], floor: 0, watch: [], monitored?: false}

  @doc "A fence of the worker on `node`. Options: `:hold_ms`, `:hold_max`, `:routers` (of a predecessor)."
  @spec new(node, keyword) :: t
  def new(node, options \\ []), do: struct!(__MODULE__, [{:node, node} | options])

  @doc "Is nobody changing the way? Then every message may be delivered as it comes."
  @spec idle?(t) :: boolean
  def idle?(%__MODULE__{publishers: publishers}), do: map_size(publishers) == 0

  @doc "The publishers that wait for the end of a way, or whose way was given up."
  @spec waiting(t) :: [pid]
  def waiting(%__MODULE__{publishers: publishers}) do
    for {pid, %{segments: segments, watch: watch}} <- publishers,
        segments != [] or watch != [],
        do: pid
  end

  @doc "A message of `publisher`, sent under `epoch`."
  @spec data(t, non_neg_integer, pid, term) :: {t, [action]}
  def data(%__MODULE__{publishers: publishers} = state, epoch, pid, payload) do
    case publishers do
      %{^pid => %{floor: floor}} when epoch < floor ->
        {state, [{:stale, pid}]}

      %{^pid => %{segments: [%{epoch: first} | _]} = publisher} when epoch >= first ->
        publisher = hold(publisher, epoch, payload)
        settle(state, pid, give_up_surplus(publisher, pid, state.hold_max))

      _on_its_way ->
        {state, [{:deliver, payload}]}
    end
  end

  @doc "The first thing on a new way. `uses` are the router ways left, `nodes` those left that were direct."
  @spec begin(t, non_neg_integer, pid, [{pid, pid, non_neg_integer}], [node], integer) ::
          {t, [action]}
  def begin(state, epoch, pid, uses, nodes, now) do
    publisher = Map.get(state.publishers, pid, @fresh)
    routers = for {router, member, version} <- uses, do: {:router, router, member, version}
    waits = if state.node in nodes, do: [:direct | routers], else: routers
    segment = %{epoch: epoch, waits: waits, held: [], count: 0, deadline: now + state.hold_ms}

    # Also a segment whose waits are over already: it may be behind others, and `settle` takes it away.
    if waits == [] or epoch < publisher.floor,
      do: {state, []},
      else: settle(state, pid, monitor(add(publisher, segment, state), pid))
  end

  @doc "The last thing on `way`, left for `epoch`."
  @spec finish(t, non_neg_integer, pid, way, integer) :: {t, [action]}
  def finish(state, epoch, pid, way, now) do
    publisher = Map.get(state.publishers, pid, @fresh)
    ends = Enum.take([{epoch, way, now + state.hold_ms} | publisher.ends], @max_ends)
    settle(state, pid, {%{publisher | ends: ends}, []})
  end

  @doc "A router's new list. Returns the state with what the next worker should know in `routers`."
  @spec members(t, pid, non_neg_integer, [{node, pid}]) :: {t, [action]}
  def members(state, router, version, list) do
    own = for {node, member} <- list, node == state.node, do: member

    since =
      case state.routers do
        %{^router => %{own: ^own, since: since}} -> since
        _new_attachment -> version
      end

    known = %{
      version: version,
      own: own,
      since: since,
      members: Map.new(list, fn {_, m} -> {m, true} end)
    }

    routers = Map.put(state.routers, router, known)
    settle_all(%{state | routers: routers, attaching: Map.delete(state.attaching, node(router))})
  end

  @doc "The switch is about to ask the router on `node` to attach this worker, if there is a router."
  @spec attaching(t, node) :: t
  def attaching(state, node), do: %{state | attaching: Map.put(state.attaching, node, true)}

  @doc "The link to `node` is down, and all that came over it is here; or the router there has refused."
  @spec not_attaching(t, node) :: {t, [action]}
  def not_attaching(state, node) do
    settle_all(%{state | attaching: Map.delete(state.attaching, node)})
  end

  @doc "The link to `router` is down, and all that came over it is here."
  @spec router_down(t, pid) :: {t, [action]}
  def router_down(state, router) do
    settle_all(%{state | routers: Map.delete(state.routers, router)})
  end

  @doc "A monitored publisher is down, or the link to it."
  @spec publisher_down(t, pid) :: {t, [action]}
  def publisher_down(state, pid) do
    case state.publishers do
      %{^pid => publisher} ->
        segments = for s <- publisher.segments, do: %{s | waits: List.delete(s.waits, :direct)}
        watch = Enum.reject(publisher.watch, &match?({_epoch, :direct, _until}, &1))

        settle(
          state,
          pid,
          {%{publisher | segments: segments, watch: watch, monitored?: false}, []}
        )

      _ ->
        {state, []}
    end
  end

  @doc "Gives up what has waited for too long."
  @spec timeout(t, integer) :: {t, [action]}
  def timeout(state, now) do
    Enum.reduce(Map.keys(state.publishers), {state, []}, fn pid, {state, actions} ->
      {state, more} = settle(state, pid, expire(state.publishers[pid], pid, now))
      {state, actions ++ more}
    end)
  end

  # Takes a publisher through all that has come to an end, and keeps of it what is still needed.
  defp settle(state, pid, {publisher, actions}) do
    segments =
      for s <- publisher.segments,
          do: %{s | waits: Enum.reject(s.waits, &over?(&1, s.epoch, publisher, state))}

    watch =
      Enum.reject(publisher.watch, fn {epoch, wait, _} -> over?(wait, epoch, publisher, state) end)

    floor = if watch == [], do: 0, else: publisher.floor
    {done, segments} = Enum.split_while(segments, &(&1.waits == []))
    ends = forget(publisher.ends, done)

    {publisher, demonitor} =
      demonitor(%{publisher | segments: segments, watch: watch, floor: floor, ends: ends}, pid)

    {keep(state, pid, publisher), actions ++ Enum.flat_map(done, &deliver/1) ++ demonitor}
  end

  defp settle_all(state) do
    Enum.reduce(Map.keys(state.publishers), {state, []}, fn pid, {state, actions} ->
      {state, more} = settle(state, pid, {state.publishers[pid], []})
      {state, actions ++ more}
    end)
  end

  defp keep(state, pid, %{segments: [], ends: [], watch: []}),
    do: %{state | publishers: Map.delete(state.publishers, pid)}

  defp keep(state, pid, publisher),
    do: %{state | publishers: Map.put(state.publishers, pid, publisher)}

  # The way of a later epoch cannot end before that of an earlier one: `>=`.
  defp over?(wait, epoch, publisher, state) do
    Enum.any?(publisher.ends, fn {ended, way, _at} -> ended >= epoch and way == way(wait) end) or
      nothing_to_come?(wait, state)
  end

  defp way(:direct), do: :direct
  defp way({:router, _router, member, _version}), do: member

  defp nothing_to_come?(:direct, _state), do: false

  defp nothing_to_come?({:router, router, member, version}, state) do
    case state.routers do
      %{^router => known} ->
        known.since > version or
          (known.version >= version and not is_map_key(known.members, member))

      _not_attached ->
        not is_map_key(state.attaching, node(router))
    end
  end

  defp forget(ends, []), do: ends

  defp forget(ends, done) do
    %{epoch: last} = List.last(done)
    Enum.reject(ends, fn {epoch, _way, _at} -> epoch <= last end)
  end

  defp add(publisher, segment, state) do
    waits = Enum.reject(segment.waits, &over?(&1, segment.epoch, publisher, state))
    {before, later} = Enum.split_while(publisher.segments, &(&1.epoch < segment.epoch))
    %{publisher | segments: before ++ [%{segment | waits: waits} | later]}
  end

  defp hold(publisher, epoch, payload) do
    {before, later} = Enum.split_while(publisher.segments, &(&1.epoch <= epoch))
    {last, before} = List.pop_at(before, -1)
    last = %{last | held: [payload | last.held], count: last.count + 1}
    %{publisher | segments: before ++ [last | later]}
  end

  defp give_up_surplus(publisher, pid, max) do
    if Enum.sum(Enum.map(publisher.segments, & &1.count)) > max do
      {publisher, actions} = give_up(publisher, pid)
      {publisher, more} = give_up_surplus(publisher, pid, max)
      {publisher, actions ++ more}
    else
      {publisher, []}
    end
  end

  defp expire(publisher, pid, now) do
    publisher = %{
      publisher
      | ends: Enum.filter(publisher.ends, fn {_epoch, _way, until} -> until > now end),
        watch: Enum.filter(publisher.watch, fn {_epoch, _wait, until} -> until > now end)
    }

    case publisher.segments do
      [%{deadline: deadline} | _] when deadline <= now ->
        {publisher, actions} = give_up(publisher, pid)
        {publisher, more} = expire(publisher, pid, now)
        {publisher, actions ++ more}

      _ ->
        {publisher, []}
    end
  end

  defp give_up(%{segments: [segment | segments]} = publisher, pid) do
    until = segment.deadline + @watch_ms
    watch = publisher.watch ++ Enum.map(segment.waits, &{segment.epoch, &1, until})
    actions = [{:gave_up, pid, segment.count} | deliver(segment)]
    {%{publisher | segments: segments, watch: watch, floor: segment.epoch}, actions}
  end

  defp deliver(segment), do: for(payload <- Enum.reverse(segment.held), do: {:deliver, payload})

  defp monitor(%{monitored?: true} = publisher, _pid), do: {publisher, []}

  defp monitor(publisher, pid) do
    if watched?(publisher),
      do: {%{publisher | monitored?: true}, [{:monitor, pid}]},
      else: {publisher, []}
  end

  defp demonitor(publisher, pid) do
    if publisher.monitored? and not watched?(publisher),
      do: {%{publisher | monitored?: false}, [{:demonitor, pid}]},
      else: {publisher, []}
  end

  defp watched?(publisher) do
    Enum.any?(publisher.watch, &match?({_epoch, :direct, _until}, &1)) or
      Enum.any?(publisher.segments, &(:direct in &1.waits))
  end
end
