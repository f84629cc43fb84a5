defmodule Outrigger.Limit.ClusterInputLiveTest do
  # Bad input for limits and slots of a cluster: before there is a Rust node, with one, and after it is gone.
  use ExUnit.Case, async: false

  alias Outrigger.Limit.Slots
  alias Outrigger.Test.{BadInput, Cluster, Limits}

  @moduletag timeout: 300_000

  @tag_of_ours :"$outrigger_limit"

  setup do
    Limits.cluster(2, 0)
  end

  test "keys, costs, weights and rules", %{members: [member, other] = members} do
    local = limiter([member], [])
    slots = slots([member], [])
    assert [] == Cluster.call(member, BadInput, :limit, [local])
    assert [] == Cluster.call(member, BadInput, :slots, [slots])

    Limits.connect([member], [Cluster.start_rust(other)])
    for {kind, name} <- [limit: local, slots: slots], do: in_force([member], kind, name)
    [limiter, more] = [limiter(members, []), slots(members, [])]
    for {kind, name} <- [limit: limiter, slots: more], do: in_force(members, kind, name)
    assert [] == Cluster.call(member, BadInput, :limit, [limiter])
    assert [] == Cluster.call(member, BadInput, :slots, [more])
    assert [] == Cluster.call(member, BadInput, :slots, [slots])
  end

  test "messages that are none of the protocol's", %{members: [member, other] = members} do
    rust = Cluster.start_rust(member)
    limiter = limiter(members, [])
    slots = slots(members, [])
    for {kind, name} <- [limit: limiter, slots: slots], do: in_force(members, kind, name)
    servers = for name <- [limiter, slots], do: Cluster.call(member, Process, :whereis, [name])

    for {server, name} <- Enum.zip(servers, [limiter, slots]) do
      Cluster.call(member, BadInput, :garble, [server, @tag_of_ours, name])
      # To the Rust node, too, from nodes that have the limiter.
      to = {:outrigger_limit, rust}
      for from <- members, do: Cluster.call(from, BadInput, :garble, [to, @tag_of_ours, name])
    end

    assert [] == Cluster.call(other, BadInput, :limit, [limiter])
    assert [] == Cluster.call(other, BadInput, :slots, [slots])

    assert servers ==
             for(name <- [limiter, slots], do: Cluster.call(member, Process, :whereis, [name]))
  end

  defp limiter(members, cluster) do
    name = Limits.name()

    for member <- members,
        do:
          Limits.start_on(member, name, [limit: 20, period: 3_600_000, patience: 200] ++ cluster)

    name
  end

  defp slots(members, cluster) do
    name = Limits.name()
    spec = {Slots, name: name, limit: 2, cluster: [patience: 200] ++ cluster}

    for member <- members,
        do:
          {:ok, _} = Cluster.call(member, Supervisor, :start_child, [Outrigger.Supervisor, spec])

    name
  end

  defp in_force(members, :limit, name), do: Limits.in_force(members, name, 1)

  defp in_force(members, :slots, name) do
    for member <- members,
        do: Cluster.eventually(fn -> Cluster.call(member, Slots, :stats, [name]).in_force end)
  end
end
