defmodule Outrigger.PubSub.UnconfirmedTest do
  @moduledoc "What counts as unconfirmed, and who hears of it."
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias Outrigger.PubSub
  alias Outrigger.PubSub.Unconfirmed
  alias Outrigger.Test.{Cluster, Ledger, Probe}

  defp router, do: spawn(fn -> :ok end)

  test "what was sent since the answer before the last one is unconfirmed" do
    router = router()
    state = %{} |> Unconfirmed.attached(router, 100)
    assert {20, %{}} = Unconfirmed.down(state, router, 120)

    state = state |> Unconfirmed.asked(router, 1, 150) |> Unconfirmed.attached(router, 170)
    assert {100, _} = Unconfirmed.down(state, router, 200)
    state = state |> Unconfirmed.answered(router, 1) |> Unconfirmed.asked(router, 2, 300)
    assert {200, _} = Unconfirmed.down(state, router, 300)
    # To another question, and of another router.
    state = state |> Unconfirmed.answered(router, 1) |> Unconfirmed.answered(router(), 2)
    assert {200, _} = Unconfirmed.down(state, router, 300)
    state = Unconfirmed.answered(state, router, 2)
    assert {170, state} = Unconfirmed.down(state, router, 320)
    assert {0, _} = Unconfirmed.down(state, router, 330)
  end

  test "a router that leaves, or that nobody was attached to, leaves nothing" do
    router = router()
    state = %{} |> Unconfirmed.attached(router, 0) |> Unconfirmed.leaving(router)
    state = state |> Unconfirmed.asked(router, 1, 10) |> Unconfirmed.answered(router, 1)
    assert {0, %{} = empty} = Unconfirmed.down(state, router, 100)
    assert {0, _} = Unconfirmed.down(empty, router, 100)
  end

  test "random: never less than what was sent behind the question before the last that was answered" do
    :rand.seed(:exsss, {1, 2, 3})

    for _ <- 1..300 do
      router = router()
      start = {Unconfirmed.attached(%{}, router, 0), 0, nil, [0, 0]}

      {state, sent, _under_way, [_, before | _]} =
        Enum.reduce(1..40, start, fn n, {state, sent, under_way, confirmed} ->
          case {:rand.uniform(4), under_way} do
            {1, nil} -> {Unconfirmed.asked(state, router, n, sent), sent, {n, sent}, confirmed}
            {2, {n, at}} -> {Unconfirmed.answered(state, router, n), sent, nil, [at | confirmed]}
            _ -> {state, sent + :rand.uniform(9), under_way, confirmed}
          end
        end)

      assert {at_most, _} = Unconfirmed.down(state, router, sent)
      assert at_most == sent - before
    end
  end

  test "what a router says is counted, logged, and told" do
    pubsub = Module.concat(__MODULE__, "Told")
    start_supervised!({PubSub, name: pubsub})
    worker = Process.whereis(Module.concat(pubsub, "Adapter"))

    log =
      capture_log(fn ->
        send(worker, {:"$outrigger_unconfirmed", self(), [{:a@h, 3}, {:b@h, 4}]})
        GenServer.call(worker, :waiting)
      end)

    assert log =~ "3 of a@h, 4 of b@h"
    assert PubSub.info(pubsub).counters.unconfirmed == 7
  end

  describe "with real routers" do
    @moduletag timeout: 120_000
    @options [name: UnconfirmedTest.PubSub, hold_ms: 20_000, path: :relay]

    setup do
      members = Cluster.start_nodes(3)
      Cluster.connect(members)
      %{ledger: Ledger.start(members, @options), members: members}
    end

    defp unconfirmed(c, member), do: Ledger.info(c.ledger, member).counters.unconfirmed

    defp last(c, member),
      do: Cluster.call(member, Probe, :last, [c.ledger.subscribers[member.name], :key])

    defp listed(c, router) do
      for member <- c.members,
          do:
            Cluster.eventually(fn -> Ledger.info(c.ledger, member).interest.listed == [router] end)
    end

    @tag :cluster
    test "a router is killed under load: nobody has lost more than it heard of", c do
      [first | _] = c.members
      router = Cluster.start_rust(first)
      Ledger.routed(c.ledger, [router])
      listed(c, router)
      publishers = Ledger.publish(c.ledger, 8)
      Ledger.settled(c.ledger, publishers)

      os_pid = Cluster.rust(first).os_pid
      {_, 0} = System.cmd("kill", ["-9", "#{os_pid}"])
      Cluster.eventually(fn -> Cluster.rust(first).os_pid not in [nil, os_pid] end)
      Ledger.routed(c.ledger, [router])
      sent = Ledger.stop(c.ledger, publishers)

      for member <- c.members do
        lost =
          for {at, _key, faults} <- Ledger.faults(c.ledger, sent),
              at == member.name,
              do: length(faults.lost)

        assert unconfirmed(c, member) >= Enum.sum(lost)
        assert unconfirmed(c, member) > 0
      end
    end

    @tag :cluster
    test "a link to a router breaks: its node hears what it may have missed, when it is back",
         c do
      [first, second, third] = c.members
      router = Cluster.start_rust(first)
      Ledger.routed(c.ledger, [router])
      listed(c, router)
      publisher = Cluster.call(third, Probe, :publisher, [c.ledger.pubsub, "t", :key, 1])
      Cluster.eventually(fn -> Ledger.received(c.ledger, second) != [] end)

      # Nothing reaches the second node any more, until the router gives its link up.
      {_, 0} = System.cmd("kill", ["-STOP", "#{second.os_pid}"])
      progress = fn -> last(c, first) end
      before = progress.()
      Cluster.eventually(fn -> progress.() > before + 50 end)
      {_, 0} = System.cmd("kill", ["-CONT", "#{second.os_pid}"])
      true = Cluster.call(second, Node, :disconnect, [router])
      Ledger.routed(c.ledger, [router])

      Cluster.eventually(fn -> unconfirmed(c, second) > 0 end)
      count = Cluster.call(third, Probe, :stop, [publisher])

      Cluster.eventually(fn -> last(c, second) == count end)

      %{lost: lost} = Probe.faults(Ledger.received(c.ledger, second), :key, count)
      # The last of it is told with the next answer to its teller.
      Cluster.eventually(fn -> unconfirmed(c, second) >= length(lost) end)
    end
  end
end
