defmodule Outrigger.PubSub.RoutersLiveTest do
  @moduledoc "Three BEAM nodes and real Rust nodes, of which one is killed or stopped under load."
  use ExUnit.Case, async: true

  alias Outrigger.Test.{Cluster, Ledger}

  @options [name: RoutersLiveTest.PubSub, hold_ms: 20_000, path: :relay]
  @publishers 8
  @moduletag :cluster
  @moduletag timeout: 120_000

  setup do
    members = Cluster.start_nodes(3)
    Cluster.connect(members)
    %{ledger: Ledger.start(members, @options), members: members}
  end

  test "a Rust node is killed with -9 under load: nothing is doubled or reordered, others lose nothing",
       c do
    [first, second, _] = c.members
    [killed, stays] = for member <- [first, second], do: Cluster.start_rust(member)
    Ledger.routed(c.ledger, [killed, stays])
    publishers = Ledger.publish(c.ledger, @publishers)
    before = Ledger.settled(c.ledger, publishers)
    assert Enum.sort(Enum.uniq(Map.values(before))) == Enum.sort([killed, stays])

    os_pid = Cluster.rust(first).os_pid
    {_, 0} = System.cmd("kill", ["-9", "#{os_pid}"])
    Cluster.eventually(fn -> Cluster.rust(first).os_pid not in [nil, os_pid] end)
    # It is back, and so are those that it had: they, and no others, have moved twice.
    Ledger.routed(c.ledger, [killed, stays])
    assert Ledger.settled(c.ledger, publishers) == before

    sent = Ledger.stop(c.ledger, publishers)
    assert Ledger.gave_up(c.ledger) == []

    for {_at, key, faults} <- Ledger.faults(c.ledger, sent) do
      assert before[key] == killed
      assert %{again: [], late: []} = faults
    end
  end

  test "a Rust node that gets SIGTERM under load leaves in good order: nothing is lost", c do
    [first, second, _] = c.members
    [stops, stays] = for member <- [first, second], do: Cluster.start_rust(member)
    Ledger.routed(c.ledger, [stops, stays])
    publishers = Ledger.publish(c.ledger, @publishers)
    Ledger.settled(c.ledger, publishers)

    os_pid = Cluster.rust(first).os_pid
    {_, 0} = System.cmd("kill", ["-TERM", "#{os_pid}"])
    # It is back, as another one.
    Cluster.eventually(fn -> Cluster.rust(first).os_pid not in [nil, os_pid] end)
    Ledger.routed(c.ledger, [stops, stays])
    Ledger.settled(c.ledger, publishers)
    none_lost(c.ledger, publishers)
  end

  test "the only Rust node is stopped by its supervisor under load: nothing is lost", c do
    [first | _] = c.members
    stops = Cluster.start_rust(first)
    Ledger.routed(c.ledger, [stops])
    publishers = Ledger.publish(c.ledger, @publishers)
    Ledger.settled(c.ledger, publishers)

    children = [Outrigger.Supervisor, Outrigger.Node]
    assert Cluster.call(first, Supervisor, :terminate_child, children) == :ok
    Ledger.routed(c.ledger, [])
    Ledger.settled(c.ledger, publishers)
    none_lost(c.ledger, publishers)
  end

  defp none_lost(ledger, publishers) do
    sent = Ledger.stop(ledger, publishers)
    assert Ledger.gave_up(ledger) == []
    assert Ledger.faults(ledger, sent) == []
  end
end
