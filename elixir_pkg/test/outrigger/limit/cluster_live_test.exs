defmodule Outrigger.Limit.ClusterLiveTest do
  # Four BEAM nodes, two Rust nodes, and a flood on all of them: never too much, and hardly too little.
  use ExUnit.Case, async: false

  alias Outrigger.Test.{Cluster, Flood, Limits}

  @moduletag timeout: 300_000

  @limit 4_000
  @burst 1_000

  setup do
    Limits.cluster(4, 2)
  end

  describe "how much of the limit is used" do
    # The burst is the limit, as it is unless told: what a machine holds up for less than a second is made up for.
    setup %{members: members} do
      %{limiter: Limits.start(members, 2, limit: @limit, period: 1_000)}
    end

    test "in a steady flood", %{members: members, limiter: limiter} do
      floods = Flood.start(members, limiter)
      Flood.used(floods, @limit, 0.95, fn -> run(500, 5_000) end)
      conforms(Flood.stop(floods), @limit, @limit)
    end

    test "in a flood that moves from node to node", %{members: members, limiter: limiter} do
      floods = Flood.start(members, limiter, turns: 50)
      Flood.used(floods, @limit, 0.95, fn -> run(2_000, 6_000) end)
      conforms(Flood.stop(floods), @limit, @limit)
    end

    test "while an owner is killed", %{members: [member | _] = members, limiter: limiter} do
      floods = Flood.start(members, limiter)

      fail_over = fn ->
        Limits.in_force(members, limiter, 2)
        [from, _] = run(500, 3_000)
        Limits.kill_rust(member)
        [_, to] = run(0, 7_000)
        [from, to]
      end

      Flood.used(floods, @limit, 0.8, fail_over)
      conforms(Flood.stop(floods), @limit, @limit)
    end
  end

  for keys <- [1, 10_000] do
    @keys keys
    test "nodes and owners are killed, links are cut and heal: #{keys} keys", %{
      members: [a, b, c, d] = members,
      rust: rust
    } do
      {limit, burst} = if @keys == 1, do: {@limit, @burst}, else: {50, 20}
      limiter = Limits.start(members, 2, limit: limit, period: 1_000, burst: burst)
      floods = Flood.start([a, b, c], limiter, keys: @keys)
      lost = Flood.start([d], limiter, keys: @keys)

      run(0, 1_000)
      seen = Flood.show(lost)
      Cluster.kill(d)
      run(0, 1_500)

      for _ <- 1..3 do
        Limits.cut([c], rust)
        run(0, 500)
        Limits.connect([c], rust)
        run(0, 800)
      end

      for member <- [a, b] do
        Limits.kill_rust(member)
        run(0, 1_500)
      end

      run(0, 2_000)
      # What the victim admitted between the last look and its end nobody knows.
      Limits.in_force([a, b, c], limiter, 2)
      ledger = Flood.add([Flood.stop(floods), seen])
      assert map_size(Flood.by_key(ledger)) > @keys / 10
      conforms(ledger, limit, burst)
    end
  end

  defp conforms(ledger, limit, burst) do
    assert ledger.errors == 0

    assert [] ==
             for(
               {key, hits} <- Flood.by_key(ledger),
               {over, where} = Flood.worst(hits, limit, burst),
               over > 0,
               do: {key, over, where}
             )
  end

  # A run of so long, as the steps of its begin and end. The first part is left out.
  defp run(before_ms, ms) do
    Process.sleep(before_ms)
    from = Flood.step()
    Process.sleep(ms)
    [from, Flood.step()]
  end
end
