defmodule Outrigger.Limit.SlotsLiveTest do
  # Three BEAM nodes, two Rust nodes, and slots that are one for all.
  use ExUnit.Case, async: false

  alias Outrigger.Limit.Slots
  alias Outrigger.Test.{Cluster, Tenants}

  @moduletag timeout: 120_000

  setup do
    members = Cluster.start_nodes(3)
    Cluster.connect(members)
    rust = members |> Enum.take(2) |> Enum.map(&Cluster.start_rust/1)

    for member <- members,
        node <- rust,
        do: Cluster.eventually(fn -> Cluster.call(member, Node, :connect, [node]) end)

    %{members: members, rust: rust}
  end

  test "a storm of processes that come and go never has more than the limit", %{members: members} do
    slots = start(members, limit: 5)
    tenants = for member <- members, _ <- 1..4, do: Tenants.start(member)
    storms = for tenant <- tenants, do: Tenants.storm(tenant, slots, :export, 3_000)
    {stays, busy} = storms |> Enum.map(&Task.await(&1, 40_000)) |> Enum.unzip()

    assert Tenants.most(Enum.concat(stays)) == 5
    assert Enum.sum(busy) > 0
    # Each of them was served, and everything is free again.
    assert Enum.all?(stays, &(&1 != []))
    one = Tenants.start(hd(members))
    for _ <- 1..5, do: had(one, slots, :export)
    assert {:busy, %{limit: 5, remaining: 0}} = Tenants.acquire(one, slots, :export)
  end

  test "what a holder, or its node, held that is killed is had elsewhere", %{members: members} do
    [a, b, c] = members
    slots = start(members, limit: 2)
    [on_a, on_c, other] = Enum.map([a, c, b], &Tenants.start/1)

    assert :ok = Tenants.acquire(on_a, slots, :key)
    assert :ok = Tenants.acquire(on_c, slots, :key)
    assert {:busy, %{remaining: 0}} = Tenants.acquire(other, slots, :key)

    Tenants.kill(on_a)
    had(other, slots, :key)
    assert {:busy, _} = Tenants.acquire(other, slots, :key)

    Cluster.kill(c)
    had(other, slots, :key)
    assert {:busy, _} = Tenants.acquire(other, slots, :key)

    Tenants.release(other)
    last = Tenants.start(a)
    for _ <- 1..2, do: had(last, slots, :key)
  end

  test "a Rust node that is killed leaves what is held", %{members: members} do
    slots = start(members, limit: 3, cluster: [nodes: 3])
    keys = Enum.to_list(1..8)
    holders = Enum.map(members, &Tenants.start/1)
    for holder <- holders, key <- keys, do: had(holder, slots, key)

    storms =
      for member <- members,
          key <- keys,
          do: member |> Tenants.start() |> Tenants.storm(slots, key, 6_000)

    # One of the two owns some of the keys, the other one the rest.
    {_, 0} = System.cmd("kill", ["-9", "#{Cluster.rust(hd(members)).os_pid}"])
    # All slots are held, also while nobody knows: nobody gets another one.
    assert [{[], _busy}] =
             storms |> Enum.map(&Task.await(&1, 40_000)) |> Enum.uniq_by(&elem(&1, 0))

    # What is released after that is had by others.
    [first | _] = holders
    Tenants.release(first)
    other = members |> List.last() |> Tenants.start()
    for key <- keys, do: had(other, slots, key)
    for key <- keys, do: assert({:busy, _} = Tenants.acquire(other, slots, key))
  end

  test "the process of the slots is killed, and what is held stays held", %{members: [a, b, _]} do
    slots = start([a, b], limit: 2)
    [holder, other] = Enum.map([a, b], &Tenants.start/1)
    for _ <- 1..2, do: had(holder, slots, :key)

    before = Cluster.call(a, Process, :whereis, [slots])
    Cluster.call(a, Process, :exit, [before, :kill])
    Cluster.eventually(fn -> Cluster.call(a, Process, :whereis, [slots]) not in [nil, before] end)

    [{stays, busy}] = [other |> Tenants.storm(slots, :key, 2_000) |> Task.await(40_000)]
    assert {[], true} = {stays, busy > 0}
    Tenants.kill(holder)
    for _ <- 1..2, do: had(other, slots, :key)
  end

  # Somebody has it as soon as those who had it have not.
  defp had(tenant, slots, key),
    do: Cluster.eventually(fn -> Tenants.acquire(tenant, slots, key) == :ok end)

  defp start(members, options) do
    name = Module.concat(__MODULE__, "S#{System.unique_integer([:positive])}")
    spec = {Slots, [name: name, cluster: true] |> Keyword.merge(options)}

    for member <- members,
        do:
          {:ok, _} = Cluster.call(member, Supervisor, :start_child, [Outrigger.Supervisor, spec])

    for member <- members do
      Cluster.eventually(fn ->
        stats = Cluster.call(member, Slots, :stats, [name])
        stats.in_force and stats.owners == 2
      end)
    end

    name
  end
end
