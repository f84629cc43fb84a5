defmodule Outrigger.Limit.ClusterPolicyLiveTest do
  # What holds when there is no owner, none yet, or none any more, and when nodes name different rules.
  use ExUnit.Case, async: false

  alias Outrigger.Limit
  alias Outrigger.Limit.Slots
  alias Outrigger.Test.{Cluster, Flood, Limits, Tenants}

  @moduletag timeout: 300_000

  # Nothing worth mentioning comes back in an hour.
  @rule [limit: 20, period: 3_600_000]

  describe "while the owner is lost" do
    test "each policy holds, and the limit again when it is back" do
      %{members: [member | _] = members} = Limits.cluster(4, 2)
      supervisors = Enum.take(members, 2)

      limiters =
        for policy <- [:deny, :allow, :share],
            do: Limits.start(members, 2, @rule ++ [patience: 200, nodes: 4, on_lost: policy])

      for limiter <- limiters, do: assert(Limits.allowed(member, limiter, "ada", 1) == 1)
      Limits.stop_rust(supervisors)
      for other <- members, limiter <- limiters, do: Limits.lost(other, limiter)

      # A share begins empty, and comes back so slowly here that nothing has.
      assert [0, 60, 0] = Enum.map(limiters, &Limits.allowed(member, &1, "lost", 60))
      assert {:deny, %{retry_after: :never}} = Limits.hit(member, hd(limiters), "lost", 21)

      Limits.restart_rust(supervisors)
      for limiter <- limiters, do: Limits.in_force(members, limiter, 2)

      # What was spent before counts on.
      for limiter <- limiters do
        spent = fn key ->
          members |> Enum.map(&Limits.allowed(&1, limiter, key, 20)) |> Enum.sum()
        end

        assert spent.("ada") <= 19
        assert spent.("new") <= 20
      end
    end
  end

  test "a share is a part of the limit, on each node" do
    %{members: [first | _] = members} = Limits.cluster(4, 1)
    # A second's share is 5 tokens: what is hit without a break is denied soon.
    share =
      Limits.start(members, 1, limit: 20, period: 1_000, patience: 200, nodes: 4, on_lost: :share)

    Limits.stop_rust([first])
    for member <- members, do: Limits.lost(member, share)

    for member <- members do
      Cluster.eventually(fn -> match?({:allow, _}, Limits.hit(member, share, "lost")) end)

      Cluster.eventually(fn ->
        match?(
          {:deny, %{retry_after: wait}} when wait in 1..250,
          Limits.hit(member, share, "lost")
        )
      end)
    end
  end

  describe "without a Rust node" do
    test "nodes count for themselves, until one comes" do
      %{members: members} = Limits.cluster(2, 0)
      limiter = Limits.name()
      for member <- members, do: Limits.start_on(member, limiter, @rule ++ [patience: 200])

      for member <- members do
        assert Limits.allowed(member, limiter, "ada", 30) == 20
        assert %{owners: 0, in_force: false} = Limits.stats(member, limiter)
      end

      # It is told to the other node, which connects to it. Nothing was ever leased, so it begins with all of the limit.
      Cluster.start_rust(hd(members))
      Limits.in_force(members, limiter, 1)
      assert Limits.spend(members, limiter, "ada", 20) == 20

      # And it stays a limit of the cluster.
      Limits.stop_rust([hd(members)])
      for member <- members, do: Limits.lost(member, limiter)
      for member <- members, do: assert(Limits.allowed(member, limiter, "bob", 3) == 0)
    end

    test "slots are those of each node, and what is held counts when one comes" do
      %{members: [a, b] = members} = Limits.cluster(2, 0)
      slots = Limits.name()

      for member <- members do
        spec = {Slots, name: slots, limit: 1, cluster: [patience: 200]}
        {:ok, _} = Cluster.call(member, Supervisor, :start_child, [Outrigger.Supervisor, spec])
      end

      [on_a, on_b, other] = Enum.map([a, b, b], &Tenants.start/1)
      for tenant <- [on_a, on_b], do: assert(Tenants.acquire(tenant, slots, :key) == :ok)
      assert {:busy, %{limit: 1, remaining: 0}} = Tenants.acquire(other, slots, :key)

      Cluster.start_rust(a)

      for member <- members,
          do: Cluster.eventually(fn -> Cluster.call(member, Slots, :stats, [slots]).in_force end)

      assert {:busy, _} = Tenants.acquire(other, slots, :key)
      Tenants.release(on_b)
      # There is still the one on the other node.
      assert {:busy, _} = Tenants.acquire(other, slots, :key)
      Tenants.kill(on_a)
      Cluster.eventually(fn -> Tenants.acquire(other, slots, :key) == :ok end)
      assert {:busy, _} = Tenants.acquire(on_b, slots, :key)
    end
  end

  describe "different rules" do
    test "the smallest that a node names holds" do
      %{members: members} = Limits.cluster(3, 1)
      limiter = Limits.name()

      for {member, limit} <- Enum.zip(members, [30, 10, 20]),
          do: Limits.start_on(member, limiter, limit: limit, period: 3_600_000)

      Limits.in_force(members, limiter, 1)
      assert Limits.spend(members, limiter, "ada", 10) == 10
    end

    test "a limit is changed in a flood, node by node" do
      %{members: [last | others] = members} = Limits.cluster(4, 2)
      limiter = Limits.start(members, 2, limit: 4_000, period: 1_000)
      floods = Flood.start(members, limiter)
      Flood.used(floods, 4_000, 0.95, fn -> run(3_000) end)

      # The first node that says so is enough to make it smaller.
      update(last, limiter, 1_000)
      from = Cluster.eventually(fn -> conforms_since(floods, 1_000) end, 60_000)
      for member <- others, do: update(member, limiter, 1_000)
      Flood.used(floods, 1_000, 0.95, fn -> run(3_000) end)

      # And the last one, to make it larger.
      for member <- others, do: update(member, limiter, 8_000)
      [_, to] = run(2_000)

      assert {over, _where} =
               floods |> Flood.show() |> Flood.cut(1, from, to) |> Flood.worst(1_000, 1_000)

      assert over <= 0

      update(last, limiter, 8_000)
      Flood.used(floods, 8_000, 0.95, fn -> run(3_000) end)
      assert Flood.stop(floods).errors == 0
    end
  end

  test "a node whose cookie is another one counts its keys apart" do
    %{members: [a, b] = members} = Limits.cluster(2, 1)
    # Links stay, and new ones to nodes of this name have the cookie of before.
    for node <- [a.name | Cluster.call(b, Node, :list, [:hidden])],
        do: Cluster.call(b, Node, :set_cookie, [node, String.to_atom(Cluster.cookie())])

    Cluster.call(b, Node, :set_cookie, [:another])
    limiter = Limits.start(members, 1, @rule)
    for member <- members, do: assert(Limits.spend([member], limiter, "same", 20) == 20)
  end

  # Since when it is so, if it was for a run.
  defp conforms_since(floods, limit) do
    [from, to] = run(2_000)
    {over, _where} = floods |> Flood.show() |> Flood.cut(1, from, to) |> Flood.worst(limit, limit)
    if over <= 0, do: from
  end

  defp update(member, limiter, limit) do
    rule = [limit: limit, period: 1_000]
    assert :ok = Cluster.call(member, Limit, :update, [limiter, rule])
  end

  defp run(ms) do
    from = Flood.step()
    Process.sleep(ms)
    [from, Flood.step()]
  end
end
