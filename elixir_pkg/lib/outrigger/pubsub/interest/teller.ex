defmodule Outrigger.PubSub.Interest.Teller do
  @moduledoc """
  What a node wants, and an account for each router it is attached to. `handle(state, event, now)` returns `{state, actions}`; no
  process, no clock. The patterns lie in a table (`Outrigger.PubSub.Interest.Wanted`).

  Events, in the order in which the ear has heard them: `{:register, pattern, pid}`, `{:unregister, pattern, pid}`,
  `{:answer, router, number, state, stamp, complete}`, `{:confirm, from, pattern, deadline}`. And in any order with those:
  `{:attached, router, member, since}`, `{:down, router}`, `{:unsent, router}`, `{:tick, every_ms, find}`.

  Actions: `{:monitor, router}`, `{:send, router, number, request}`, `{:gap, router, patterns}`, `{:confirmed, from}`.

  ## Invariants

    * Each router has its own account: what one does not answer holds up no other.
    * A confirmation is given when every router that the node was attached to knows the pattern, or is gone.
    * `notes/1` is all that a successor needs beside the registry.
  """

  alias Outrigger.PubSub.Interest.{Account, Wanted}

  defstruct [:wanted, :number, accounts: %{}, confirms: []]

  @type t :: %__MODULE__{}
  @type notes :: %{pid => {member :: pid, since :: non_neg_integer, Account.phase()}}

  @doc "Nobody to tell yet. Messages are numbered from `number` on, which has to be above all that a predecessor used."
  @spec new(Wanted.t(), non_neg_integer) :: t
  def new(wanted, number), do: %__MODULE__{wanted: wanted, number: number}

  @doc "For each router the attachment, the stamp from which on a successor has to ask, and how far things are."
  @spec notes(t) :: notes
  def notes(state) do
    Map.new(state.accounts, fn {router, account} ->
      {router, {account.member, Account.resume(account), account.phase}}
    end)
  end

  @doc "Handles one event. `now` in milliseconds. See the module documentation."
  @spec handle(t, tuple, integer) :: {t, [tuple]}
  def handle(state, {:register, pattern, pid}, now) do
    if Wanted.add(state.wanted, pattern, pid),
      do: all(state, {:want, pattern}, now),
      else: {state, []}
  end

  def handle(state, {:unregister, pattern, pid}, now),
    do: {%{state | wanted: Wanted.left(state.wanted, pattern, pid, now)}, []}

  def handle(state, {:answer, router, number, answer, stamp, complete}, now),
    do: one(state, router, {:answer, number, answer, stamp, complete}, now)

  def handle(state, {:unsent, router}, now), do: one(state, router, :unsent, now)

  def handle(state, {:attached, router, member, since}, now)
      when is_map_key(state.accounts, router),
      do: one(state, router, {:attached, member, since}, now)

  def handle(state, {:attached, router, member, since}, now) do
    state = put_in(state.accounts[router], Account.new(state.number))
    {state, actions} = one(state, router, {:attached, member, since}, now)
    {state, [{:monitor, router} | actions]}
  end

  def handle(state, {:down, router}, _now) do
    {account, state} = pop_in(state.accounts[router])
    state = if account, do: %{state | number: max(state.number, account.number)}, else: state
    confirmed(state, [])
  end

  def handle(state, {:confirm, from, pattern, deadline}, _now) do
    waiting = {from, pattern, deadline, Map.keys(state.accounts)}
    confirmed(%{state | confirms: [waiting | state.confirms]}, [])
  end

  def handle(state, {:tick, every_ms, find}, now) do
    {wanted, vacant} = Wanted.sweep(state.wanted, now, every_ms, find)
    confirms = Enum.filter(state.confirms, fn {_, _, deadline, _} -> deadline > now end)
    state = %{state | wanted: wanted, confirms: confirms}

    {state, actions} =
      Enum.reduce(vacant, {state, []}, fn pattern, {state, actions} ->
        {state, more} = all(state, {:unwant, pattern}, now)
        {state, actions ++ more}
      end)

    {state, more} = all(state, :tick, now)
    {state, actions ++ more}
  end

  defp all(state, event, now) do
    Enum.reduce(state.accounts, {state, []}, fn {router, account}, {state, actions} ->
      {state, more} = account(state, router, Account.handle(account, event, now), now)
      {state, actions ++ more}
    end)
  end

  defp one(state, router, event, now) do
    case state.accounts do
      %{^router => account} ->
        {state, actions} = account(state, router, Account.handle(account, event, now), now)
        confirmed(state, actions)

      _gone ->
        {state, []}
    end
  end

  # An account that walks is given what comes next at once.
  defp account(state, router, {account, actions}, now) do
    case List.keytake(actions, :walk, 0) do
      {{:walk, cursor}, []} ->
        {patterns, cursor} = Wanted.portion(state.wanted, cursor)
        account(state, router, Account.handle(account, {:walked, patterns, cursor}, now), now)

      _no_walk ->
        {put_in(state.accounts[router], account),
         for(action <- actions, do: address(action, router))}
    end
  end

  defp address({:send, number, request}, router), do: {:send, router, number, request}
  defp address({:gap, patterns}, router), do: {:gap, router, patterns}

  defp confirmed(%{confirms: []} = state, actions), do: {state, actions}

  defp confirmed(state, actions) do
    {done, waiting} =
      state.confirms
      |> Enum.map(fn {from, pattern, deadline, routers} ->
        {from, pattern, deadline, Enum.reject(routers, &knows?(state.accounts[&1], pattern))}
      end)
      |> Enum.split_with(&match?({_, _, _, []}, &1))

    replies = for {from, _, _, _} <- Enum.reverse(done), do: {:confirmed, from}
    {%{state | confirms: waiting}, actions ++ replies}
  end

  defp knows?(nil, _pattern), do: true
  defp knows?(account, pattern), do: Account.knows?(account, pattern)
end
