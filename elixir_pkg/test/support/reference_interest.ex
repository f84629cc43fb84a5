defmodule Outrigger.Test.ReferenceInterest do
  @moduledoc """
  The router side of `docs/design/interest.md` for one group, slow and obvious. Pure.

  A member is a number. Each message that went to some of its targets only is kept, with those it did not go to.
  """

  defstruct stamp: 0, ring: [], members: %{}

  @fresh %{patterns: MapSet.new(), listed?: false, floor: 0}

  @doc "Who of `targets` gets a message on `topic`. The others may get it later."
  def route(interest, topic, targets, payload) do
    case Enum.split_with(targets, &wants?(member(interest, &1), topic)) do
      {to, []} ->
        {to, interest}

      {to, missed} ->
        stamp = interest.stamp + 1
        {to, %{interest | stamp: stamp, ring: [{stamp, topic, payload, missed} | interest.ring]}}
    end
  end

  @doc "A new attachment: open and empty, and nothing from before is for it."
  def joined(interest, id), do: put_in(interest.members[id], %{@fresh | floor: interest.stamp})

  @doc "Returns `{late payloads, state, interest}`."
  def told(interest, id, {:reset, since}) do
    floor = member(interest, id).floor
    interest = put_in(interest.members[id], %{@fresh | floor: floor})
    {late, interest} = late(interest, id, max(since, floor), fn _topic -> true end)
    {late, :open, interest}
  end

  def told(interest, id, {:change, since, wants, unwants}) do
    member = member(interest, id)
    new = MapSet.difference(MapSet.new(wants), member.patterns)
    patterns = member.patterns |> MapSet.union(new) |> MapSet.difference(MapSet.new(unwants))
    interest = put_in(interest.members[id], %{member | patterns: patterns})
    new = if member.listed?, do: new, else: []

    {late, interest} =
      late(interest, id, max(since, member.floor), fn topic ->
        Enum.any?(new, &matches?(&1, topic))
      end)

    {late, state(member), interest}
  end

  def told(interest, id, {:listed, count, sum}) do
    member = member(interest, id)
    member = %{member | listed?: digest(member.patterns) == {count, sum}}
    {[], state(member), put_in(interest.members[id], member)}
  end

  @doc "What a member wants, in order, or `:all`."
  def wanted(interest, id) do
    member = member(interest, id)
    if member.listed?, do: Enum.sort(member.patterns), else: :all
  end

  @doc "Does a pattern take in a topic?"
  def matches?({:prefix, prefix}, topic), do: String.starts_with?(topic, prefix)
  def matches?(pattern, topic), do: pattern == topic

  @doc "How many patterns, and the sum of their checks."
  def digest(patterns) do
    sum =
      Enum.reduce(patterns, 0, fn
        {:prefix, prefix}, sum -> sum + 0x100000000 + :erlang.crc32(prefix)
        topic, sum -> sum + :erlang.crc32(topic)
      end)

    {Enum.count(patterns), rem(sum, 0x10000000000000000)}
  end

  defp late(interest, id, since, wanted?) do
    {late, ring} =
      Enum.reduce(interest.ring, {[], []}, fn {stamp, topic, payload, missed} = entry,
                                              {late, ring} ->
        if stamp > since and id in missed and wanted?.(topic),
          do: {[payload | late], [{stamp, topic, payload, List.delete(missed, id)} | ring]},
          else: {late, [entry | ring]}
      end)

    {late, %{interest | ring: Enum.reverse(ring)}}
  end

  defp member(interest, id), do: Map.get(interest.members, id, @fresh)
  defp state(%{listed?: listed?}), do: if(listed?, do: :listed, else: :open)
  defp wants?(%{listed?: false}, _topic), do: true
  defp wants?(%{patterns: patterns}, topic), do: Enum.any?(patterns, &matches?(&1, topic))
end
