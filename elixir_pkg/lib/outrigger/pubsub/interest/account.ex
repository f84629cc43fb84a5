defmodule Outrigger.PubSub.Interest.Account do
  @moduledoc """
  What one router has been told of a node's interest, and what it is told next. Pure: `handle(account, event, now)` returns
  `{account, actions}`. The messages are those of `docs/design/interest.md`.

  Events: `{:attached, member, since}`, `{:want, pattern}`, `{:unwant, pattern}`, `{:walked, patterns, cursor}` (the answer to the
  action `:walk`), `{:answer, number, state, stamp, complete}`, `:unsent` (the link had no room for the last message), `:tick`.

  Actions: `{:send, number, request}`; `{:walk, cursor}`: the next patterns of the node, in order, behind `cursor` (`nil`: from the
  first one); `{:gap, patterns}`: messages may have been missed there (`:all`: anywhere).

  ## Phases

      resetting -> walking -> listing -> listed
          ^           all phases:  |        |       :open answered: reset at once, walk after a pause
          `------------------------+--------'       :unattached answered: detached until there is a new attachment

  While it walks, the router gets what lies up to the cursor and each change there. What lies behind is for the walk to come.

  ## Invariants

    * One message is under way at a time. What is new meanwhile goes with the next one.
    * `wants` and `unwants` are what differs from what the router has been told, so its digest is known by adding up.
    * `since` is the stamp that was held when the oldest of `wants` was learned. No want is told with a newer one.
    * What told something new, to a router that did not send everything, and is not answered with `complete`, is a gap.

  ## Limits

  Answers are waited for as long as the attachment lives: links lose nothing while they are up.
  """

  defstruct [
    :member,
    :under_way,
    :since,
    phase: :detached,
    number: 0,
    sent?: true,
    stamp: 0,
    asked_at: 0,
    wants: %{},
    unwants: %{},
    cursor: nil,
    told: {0, 0},
    open?: true,
    walk_at: nil,
    pause_ms: 1_000
  ]

  @type pattern :: binary | {:prefix, binary}
  @type phase :: :detached | :resetting | :walking | :listing | :listed
  @type cursor :: nil | pattern | :done
  @type request ::
          {:reset, non_neg_integer}
          | {:change, non_neg_integer, [pattern], [pattern]}
          | {:listed, non_neg_integer, non_neg_integer}
  @type action ::
          {:send, pos_integer, request} | {:walk, cursor} | {:gap, [pattern] | :all}
  @type t :: %__MODULE__{}

  @stamp_ms 200
  @max_pause_ms 30_000
  # Of each kind. A message may have 4,096 in all, and a portion of the walk is one of 1,000.
  @max_wants 2_000
  @max_unwants 1_000

  @doc "An account that is not attached. Its messages are numbered from `number` on."
  @spec new(non_neg_integer) :: t
  def new(number), do: %__MODULE__{number: number}

  @doc "The stamp from which on a successor has to ask, so that nothing is missed."
  @spec resume(t) :: non_neg_integer
  def resume(%{under_way: {_number, {:reset, since}}}), do: since
  def resume(%{under_way: {_number, {:change, since, [_ | _], _}}}), do: since
  def resume(%{since: since}) when is_integer(since), do: since
  def resume(%{stamp: stamp}), do: stamp

  @doc "Is a message on `pattern` that is published from now on handed on to this node at once?"
  @spec knows?(t, pattern) :: boolean
  def knows?(account, pattern) do
    if ahead?(account, pattern),
      do: account.open?,
      else: not is_map_key(account.wants, pattern) and not telling?(account.under_way, pattern)
  end

  defp telling?({_number, {:change, _since, wants, _unwants}}, pattern), do: pattern in wants
  defp telling?(_other, _pattern), do: false

  @doc "Handles one event. `now` in milliseconds. See the module documentation."
  @spec handle(t, tuple | atom, integer) :: {t, [action]}
  def handle(%{member: member} = account, {:attached, member, _since}, _now), do: {account, []}

  # What it was told so far was told to another attachment, and so were its answers.
  def handle(account, {:attached, member, since}, now) do
    reset(%{account | member: member, open?: since == 0, pause_ms: 1_000}, since, now, now)
  end

  def handle(account, {:want, pattern}, now) do
    cond do
      ahead?(account, pattern) ->
        {account, []}

      is_map_key(account.unwants, pattern) ->
        {%{account | unwants: Map.delete(account.unwants, pattern)}, []}

      true ->
        since = account.since || account.stamp
        next(%{account | wants: Map.put(account.wants, pattern, []), since: since}, now)
    end
  end

  def handle(account, {:unwant, pattern}, now) do
    cond do
      ahead?(account, pattern) ->
        {account, []}

      is_map_key(account.wants, pattern) ->
        {no_wants(%{account | wants: Map.delete(account.wants, pattern)}), []}

      true ->
        next(%{account | unwants: Map.put(account.unwants, pattern, [])}, now)
    end
  end

  def handle(account, {:walked, patterns, cursor}, now),
    do: change(%{account | cursor: cursor}, patterns, now)

  def handle(
        %{under_way: {number, request}} = account,
        {:answer, number, state, stamp, complete},
        now
      ) do
    gaps = if complete, do: [], else: gap(request, account.open?)
    {account, actions} = answered(account, state, %{account | under_way: nil, stamp: stamp}, now)
    {account, gaps ++ actions}
  end

  # To a message of before the attachment, or of a predecessor.
  def handle(account, {:answer, _number, _state, _stamp, _complete}, _now), do: {account, []}

  def handle(account, :unsent, _now), do: {%{account | sent?: false}, []}

  def handle(%{under_way: {number, request}, sent?: false} = account, :tick, _now),
    do: {%{account | sent?: true}, [{:send, number, request}]}

  def handle(%{phase: :listed, under_way: nil} = account, :tick, now)
      when now - account.asked_at >= @stamp_ms,
      do: say(account, {:change, account.stamp, [], []}, now)

  def handle(account, :tick, now), do: next(account, now)

  defp answered(_before, :unattached, account, _now),
    do: {%{forget(account) | phase: :detached, open?: true}, []}

  defp answered(_before, _open, %{phase: :resetting} = account, now),
    do: next(%{account | phase: :walking, open?: true}, now)

  defp answered(_before, :open, %{phase: :walking} = account, now) do
    phase = if account.cursor == :done, do: :listing, else: :walking
    next(%{account | phase: phase}, now)
  end

  defp answered(_before, :listed, %{phase: phase} = account, now)
       when phase in [:listing, :listed],
       do: next(%{account | phase: :listed, pause_ms: 1_000}, now)

  # It means another set than we do, or a bound was passed. What was missed until it opened is asked for at once.
  defp answered(before, _state, account, now) do
    pause = account.pause_ms
    account = %{account | open?: true, pause_ms: min(2 * pause, @max_pause_ms)}
    reset(account, resume(before), now + pause, now)
  end

  defp next(%{under_way: nil, phase: :walking, cursor: cursor} = account, now)
       when cursor != :done do
    if now >= account.walk_at, do: {account, [{:walk, cursor}]}, else: {account, []}
  end

  defp next(%{under_way: nil, phase: :listing, told: {count, sum}} = account, now),
    do: say(%{account | open?: false}, {:listed, count, sum}, now)

  defp next(%{under_way: nil, phase: :listed, wants: wants, unwants: unwants} = account, now)
       when wants != %{} or unwants != %{},
       do: change(account, [], now)

  defp next(account, _now), do: {account, []}

  defp change(account, walked, now) do
    {wants, rest} = take(account.wants, @max_wants)
    {unwanted, unwants} = take(account.unwants, @max_unwants)
    since = account.since || account.stamp
    wanted = wants ++ walked
    told = account.told |> add(wanted) |> subtract(unwanted)
    account = no_wants(%{account | wants: rest, unwants: unwants, told: told})
    say(account, {:change, since, wanted, unwanted}, now)
  end

  defp reset(account, since, walk_at, now) do
    account = %{forget(account) | phase: :resetting, walk_at: walk_at, stamp: since}
    say(account, {:reset, since}, now)
  end

  defp forget(account) do
    %{account | under_way: nil, wants: %{}, unwants: %{}, since: nil, cursor: nil, told: {0, 0}}
  end

  defp say(account, request, now) do
    number = account.number + 1
    account = %{account | number: number, under_way: {number, request}, sent?: true}
    {%{account | asked_at: now}, [{:send, number, request}]}
  end

  # Behind the cursor: the walk will tell it, if it is still wanted then.
  defp ahead?(%{phase: :walking, cursor: nil}, _pattern), do: true
  defp ahead?(%{phase: :walking, cursor: :done}, _pattern), do: false
  defp ahead?(%{phase: :walking, cursor: cursor}, pattern), do: pattern > cursor
  defp ahead?(%{phase: phase}, _pattern), do: phase in [:resetting, :detached]

  defp no_wants(%{wants: wants} = account) when wants == %{}, do: %{account | since: nil}
  defp no_wants(account), do: account

  # Who gets everything has missed nothing, however far back the router can look.
  defp gap({:change, _since, [_ | _] = wants, _unwants}, false), do: [{:gap, wants}]
  defp gap({:reset, since}, _open?) when since > 0, do: [{:gap, :all}]
  defp gap(_nothing_new, _open?), do: []

  defp take(map, max) when map_size(map) <= max, do: {Map.keys(map), %{}}

  defp take(map, max) do
    taken = map |> :maps.iterator() |> first(max, [])
    {taken, Map.drop(map, taken)}
  end

  defp first(_iterator, 0, taken), do: taken

  defp first(iterator, left, taken) do
    {pattern, _, iterator} = :maps.next(iterator)
    first(iterator, left - 1, [pattern | taken])
  end

  defp add({count, sum}, patterns) do
    sum = Enum.reduce(patterns, sum, &(weight(&1) + &2))
    {count + length(patterns), rem(sum, 0x10000000000000000)}
  end

  defp subtract({count, sum}, patterns) do
    sum = Enum.reduce(patterns, sum, &(&2 - weight(&1)))
    {count - length(patterns), Integer.mod(sum, 0x10000000000000000)}
  end

  defp weight({:prefix, prefix}), do: 0x100000000 + :erlang.crc32(prefix)
  defp weight(topic), do: :erlang.crc32(topic)
end
