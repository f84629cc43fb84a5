defmodule Outrigger.Limit.Slots.Holders do
  @moduledoc """
  What `Outrigger.Limit.Cluster.Server` does otherwise for slots: their holders are known to the slots of this node, in the NIF.

  A slot is had when both have it, this node's slots and the owner of the key. Then it is bound to the server, which the NIF tells when it is
  released or its holder has died. A server that is started in the place of one that was killed finds the handle, binds to itself what is held,
  and goes on. All functions return `nil` for what is no slots.
  """

  alias Outrigger.Limit.{Config, Slots}
  alias Outrigger.Native

  @doc "The rule of slots, by options or by an update."
  @spec rule(keyword, keyword) :: {:ok, map} | {:error, Outrigger.Error.t()} | nil
  def rule(options, update \\ []) do
    if options[:slots] do
      with {:ok, limit} <- Config.word(:limit, Keyword.merge(options, update)[:limit]),
           do: {:ok, %{limit: limit, period_ns: 1, burst: nil}}
    end
  end

  @doc "The options, with the slots and the lease of the server before."
  @spec options(keyword) :: keyword
  def options(options) do
    case options[:slots] && :persistent_term.get(options[:name], nil) do
      %Slots{ref: ref, cluster: %{lease: lease}} ->
        {:ok, :ok} = Native.slots_update(ref, options[:limit])
        {:ok, :ok} = Native.lease_update(lease, :slots, options[:limit], 1, nil)
        Keyword.merge(options, slots: ref, lease: lease)

      _none ->
        options
    end
  end

  @doc "The lease of the server before."
  @spec lease(keyword) :: {:ok, Native.lease()} | nil
  def lease(options), do: options[:lease] && {:ok, options[:lease]}

  @doc "The handle to be kept under the name."
  @spec handle(map) :: Slots.t() | nil
  def handle(%{options: options} = state) do
    if options[:slots] do
      cluster = %Slots.Cluster{lease: state.ref, server: self(), on_lost: options[:on_lost]}
      struct!(Slots, ref: options[:slots], cluster: cluster)
    end
  end

  @doc "Goes on for the server before."
  @spec resume(map) :: Native.driven() | nil
  def resume(%{options: options}) do
    if options[:lease],
      do: Native.lease_resume(options[:lease], Native.slots_rebind(options[:slots]))
  end

  @doc "Another limit for the slots of this node."
  @spec update(map, map) :: {:ok, :ok} | nil
  def update(%{options: options}, rule),
    do: options[:slots] && Native.slots_update(options[:slots], rule.limit)

  @doc "What one who waited for a slot is told, and what the engine wants done then."
  @spec settle(map, tuple, tuple | atom) :: {term, Native.driven() | nil}
  def settle(state, {_owner, _id, key, weight} = slot, answer) do
    case answer do
      {:allow, _limit, _remaining, _reset, _retry} ->
        if bind(state, slot),
          do: {:ok, nil},
          else: {:gone, Native.lease_release(state.ref, key, weight)}

      {:deny, limit, remaining, _reset, _retry} ->
        {{:busy, %{limit: limit, remaining: remaining}}, nil}

      :lost ->
        lost(state, slot)
    end
  end

  # The owner hears of it when there is one.
  defp lost(state, {_owner, _id, key, weight} = slot) do
    cond do
      state.standing != :local and state.options[:on_lost] == :deny -> {:lost, nil}
      bind(state, slot) -> {:ok, Native.lease_hold(state.ref, key, weight)}
      true -> {:gone, nil}
    end
  end

  defp bind(state, {owner, id, key, weight}),
    do: Native.slots_bind(state.options[:slots], owner, id, key, weight)
end
