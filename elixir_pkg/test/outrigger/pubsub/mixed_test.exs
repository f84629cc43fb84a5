defmodule Outrigger.PubSub.MixedTest do
  @moduledoc """
  Clusters where some nodes speak as the PG2 adapter of Phoenix.PubSub does. With Phoenix.PubSub in the code path those are
  the real thing, otherwise the stand-in.
  """

  defmodule FromPG2Test do
    use Outrigger.PubSub.Contract,
      api: Outrigger.Test.MixedPubSub,
      applications: [:outrigger],
      extra: [[as: :pg2, pool_size: 3], [mixed: true], [as: :pg2, pool_size: 3]]
  end

  defmodule ToPG2Test do
    use Outrigger.PubSub.Contract,
      api: Outrigger.Test.MixedPubSub,
      applications: [:outrigger],
      extra: [
        [mixed: true, pool_size: 3],
        [as: :pg2, pool_size: 4, broadcast_pool_size: 1],
        [mixed: true]
      ]
  end

  defmodule RollingTest do
    use ExUnit.Case, async: true

    alias Outrigger.PubSub
    alias Outrigger.PubSub.Contract.Probe, as: Starter
    alias Outrigger.Test.{Cluster, MixedPubSub, Probe, ReferenceRouter}

    @pubsub MixedTest.PubSub
    @pool 4
    @publishers 6
    @more 25
    @moduletag :cluster
    @moduletag timeout: 240_000

    # A node: its member, what it runs, its subscriber, its publishers by key.
    defp up(member, others, kind) do
      for other <- others,
          do:
            Cluster.eventually(fn -> Cluster.call(member, Node, :connect, [other.member.name]) end)

      options = if kind == :pg2, do: [as: :pg2, pool_size: @pool], else: [path: :relay]
      # The application of Phoenix.PubSub runs on all of them: Outrigger needs no option.
      Cluster.call(member, MixedPubSub, :start_scope, [])
      :ok = Cluster.call(member, Starter, :start, [{MixedPubSub, [name: @pubsub] ++ options}])
      subscriber = Cluster.call(member, Probe, :subscriber, [@pubsub, "t"])
      incarnation = System.unique_integer([:positive])

      publishers =
        for n <- 1..@publishers, key = {member.name, incarnation, n} do
          {key, Cluster.call(member, Probe, :publisher, [@pubsub, "t", key, 4])}
        end

      %{member: member, kind: kind, subscriber: subscriber, publishers: publishers}
    end

    defp last(node, key), do: Cluster.call(node.member, Probe, :last, [node.subscriber, key])
    defp received(node), do: Cluster.call(node.member, Probe, :received, [node.subscriber])

    # Each subscriber gets some more messages of each publisher.
    defp goes_on(nodes) do
      before =
        for at <- nodes, from <- nodes, {key, _} <- from.publishers, do: {at, key, last(at, key)}

      for {at, key, before} <- before,
          do: Cluster.eventually(fn -> last(at, key) > before + @more end, 60_000)
    end

    # Once heard, nothing of a publisher is missing, twice or late.
    defp faults(ledger) do
      for {key, numbers} <- Enum.group_by(ledger, &elem(&1, 0), &elem(&1, 1)),
          numbers != Enum.to_list(hd(numbers)..List.last(numbers)//1),
          do: {key, Probe.faults(ledger, key, List.last(numbers))}
    end

    defp stop_all(nodes) do
      sent =
        for node <- nodes,
            {key, pid} <- node.publishers,
            do: {key, Cluster.call(node.member, Probe, :stop, [pid])}

      for at <- nodes,
          {key, count} <- sent,
          do: Cluster.eventually(fn -> last(at, key) == count end, 30_000)

      sent
    end

    test "a deploy node by node to Outrigger and back: nothing twice, late or missing" do
      members = Cluster.start_nodes(3)

      nodes = Enum.reduce(members, [], fn member, nodes -> nodes ++ [up(member, nodes, :pg2)] end)

      goes_on(nodes)

      {nodes, ledgers} =
        for kind <- [:outrigger, :pg2], index <- 0..2, reduce: {nodes, []} do
          {nodes, ledgers} ->
            old = Enum.at(nodes, index)
            ledger = received(old)
            others = List.delete_at(nodes, index)
            new = up(Cluster.replace(old.member), others, kind)
            nodes = List.replace_at(nodes, index, new)
            goes_on(nodes)
            {nodes, [{old.member.name, old.kind, ledger} | ledgers]}
        end

      stop_all(nodes)
      ledgers = for(node <- nodes, do: {node.member.name, node.kind, received(node)}) ++ ledgers

      for {name, kind, ledger} <- ledgers do
        assert length(ledger) > 3 * @publishers * @more
        assert {name, kind, faults(ledger)} == {name, kind, []}
      end
    end

    test "beside a router, PG2 nodes are reached directly, also when the router comes and goes" do
      [a, b, c] = Cluster.start_nodes(3)
      c = up(c, [], :pg2)
      a = up(a, [c], :outrigger)
      b = up(b, [a, c], :outrigger)
      nodes = [a, b, c]
      goes_on(nodes)

      router = Cluster.start_plain()
      options = [name: :"#{Cluster.unique("router")}@127.0.0.1", cookie: Cluster.cookie()]
      {:ok, _} = Cluster.call(router, ReferenceRouter, :start, [options])
      :ok = Cluster.call(router, ReferenceRouter, :join, [a.member.name])

      for {node, other} <- [{a, b}, {b, a}] do
        Cluster.eventually(fn ->
          info = Cluster.call(node.member, PubSub, :info, [@pubsub])

          info.path == :relay and info.covered == [other.member.name] and info.direct == [] and
            info.pg2 == [c.member.name]
        end)
      end

      goes_on(nodes)
      Cluster.kill(router)
      goes_on(nodes)
      sent = stop_all(nodes)
      assert faults(received(c)) == []

      # What was in the router is lost for those it served, and only that.
      for node <- [a, b],
          ledger = received(node),
          {key, count} <- sent,
          do: assert(%{again: [], late: []} = Probe.faults(ledger, key, count))
    end

    test "a worker, a slot, the gateway and the switch are killed: PG2 nodes are found again" do
      [a, c] = Cluster.start_nodes(2)
      c = up(c, [], :pg2)
      a = up(a, [c], :outrigger)
      nodes = [a, c]
      goes_on(nodes)
      group = Module.concat(@pubsub, "Adapter")

      for name <- [
            group,
            :"#{group}_2",
            Module.concat(group, "Gateway"),
            Module.concat(group, "Switch"),
            Module.concat(group, "Slots")
          ] do
        pid = Cluster.call(a.member, Process, :whereis, [name])
        Cluster.call(a.member, Process, :exit, [pid, :kill])

        Cluster.eventually(fn ->
          Cluster.call(a.member, Process, :whereis, [name]) not in [nil, pid]
        end)

        goes_on(nodes)
      end

      stop_all(nodes)

      for node <- nodes,
          ledger = received(node),
          {key, _} <- a.publishers ++ c.publishers,
          do: assert(%{again: [], late: []} = Probe.faults(ledger, key, 0))
    end
  end
end
