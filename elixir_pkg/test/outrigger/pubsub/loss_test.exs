defmodule Outrigger.PubSub.LossTest do
  # Not beside others: it looks at all that is logged.
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog

  alias Outrigger.PubSub
  alias Outrigger.PubSub.Loss

  @pubsub LossTest.PubSub
  @worker Module.concat(@pubsub, "Adapter")

  setup do
    start_supervised!({PubSub, name: @pubsub})
    :ok
  end

  defp tell(lost), do: send(@worker, {:"$outrigger_lost", self(), lost})

  test "what a router dropped is counted, and the worker goes on in order" do
    :ok = PubSub.subscribe(@pubsub, "t")
    message = {:"$outrigger", 1, self(), "t", :hello, PubSub}

    log =
      capture_log(fn ->
        tell([{:a@h, 3}, {:b@h, 4}])
        tell([{:a@h, 5}])
        send(@worker, message)
        assert_receive :hello
      end)

    assert PubSub.info(@pubsub).counters.lost == 12
    assert log =~ "lost 7 messages"
    assert log =~ "a@h (3), b@h (4)"
    refute log =~ "a@h (5)", "one line per burst"
  end

  test "a burst that goes on is logged again with what was lost meanwhile" do
    state = %{pubsub: @pubsub, group: @worker}
    told = fn loss, count, now -> Loss.told(loss, state, self(), [{:a@h, count}], now) end

    first = capture_log(fn -> send(self(), told.(%Loss{}, 1, -9_000)) end)
    assert_received %Loss{} = loss
    assert first =~ "lost 1 messages"

    later =
      capture_log(fn ->
        send(self(), loss |> told.(2, -8_000) |> told.(3, -4_001) |> told.(4, -4_000))
      end)

    assert_received %Loss{unsaid: 0}
    assert later =~ "lost 9 messages" and length(String.split(later, "lost")) == 2
    assert PubSub.info(@pubsub).counters.lost == 10
  end
end
