defmodule Outrigger.GateTest do
  # One server on a node: its name is fixed.
  use ExUnit.Case, async: false

  alias Outrigger.Gate

  doctest Outrigger.Gate

  # Speaks as a Rust node does, until it is told to end.
  defp reporter do
    test = self()

    pid =
      spawn(fn ->
        loop = fn loop ->
          receive do
            {:say, ttl, gates} ->
              send(Gate, {:"$outrigger_gate", 1, self(), ttl, gates})
              send(test, :said)
              loop.(loop)

            :stop ->
              :ok
          end
        end

        loop.(loop)
      end)

    on_exit(fn -> Process.exit(pid, :kill) end)
    pid
  end

  defp say(pid, verdicts, ttl \\ 60_000) do
    gates = for {name, verdict} <- verdicts, do: {name, verdict, "because", 1_700_000_000_000}
    send(pid, {:say, ttl, gates})
    assert_receive :said, 30_000
    # The server has read what was sent before this is answered.
    Gate.report("any")
  end

  test "a status is what was said last, and a gate is closed when it fails" do
    start_supervised!(Gate)
    rust = reporter()
    assert {:unknown, true} == {Gate.status("ship"), Gate.open?("ship")}

    for {verdict, open} <- [
          pass: true,
          warn: true,
          fail: false,
          inconclusive: true,
          not_run: true
        ] do
      say(rust, [{"ship", verdict}])
      assert {verdict, open} == {Gate.status("ship"), Gate.open?("ship")}
    end

    here = node()

    assert %{status: :not_run, by: ^here, why: "because", reports: %{^here => _}} =
             Gate.report("ship")
  end

  test "otherwise: :closed closes what is not known" do
    start_supervised!({Gate, otherwise: :closed})
    rust = reporter()
    refute Gate.open?("never heard of")
    say(rust, [{"ship", :inconclusive}])
    refute Gate.open?("ship")
    say(rust, [{"ship", :warn}])
    assert Gate.open?("ship")
    stop_supervised!(Gate)
    assert Gate.open?("never heard of"), "without a server"
  end

  test "changes come in order, on the topic of the gate" do
    pubsub = :"#{__MODULE__}.PubSub"
    start_supervised!({Outrigger.PubSub, name: pubsub})
    start_supervised!({Gate, pubsub: pubsub})
    rust = reporter()
    assert :ok = Gate.subscribe("serve")

    for verdict <- [:pass, :pass, :fail, :warn], do: say(rust, [{"serve", verdict}])

    for {was, status} <- [unknown: :pass, pass: :fail, fail: :warn] do
      assert_receive {Gate, "serve", %{was: ^was, status: ^status, why: "because", by: by}},
                     30_000

      assert by == node()
    end

    send(rust, :stop)
    assert_receive {Gate, "serve", %{was: :warn, status: :unknown, by: nil}}, 30_000
  end

  test "a verdict ends with its time" do
    start_supervised!(Gate)
    rust = reporter()
    say(rust, [{"ship", :fail}], 50)
    wait(fn -> Gate.status("ship") == :unknown and Gate.open?("ship") end)
  end

  test "a server that starts anew knows nothing" do
    start_supervised!(Gate)
    say(reporter(), [{"ship", :fail}])
    refute Gate.open?("ship")
    server = Process.whereis(Gate)
    monitor = Process.monitor(server)
    Process.exit(server, :kill)
    assert_receive {:DOWN, ^monitor, :process, ^server, :killed}, 30_000
    wait(fn -> Process.whereis(Gate) not in [nil, server] and Gate.status("ship") == :unknown end)
  end

  test "gates come and go, and there is room for others" do
    start_supervised!(Gate)
    rust = reporter()

    for round <- 1..5 do
      names = for number <- 1..30, do: "gate #{round}.#{number}"
      say(rust, for(name <- names, do: {name, :fail}))
      assert Enum.all?(names, &(Gate.status(&1) == :fail))
      # Named no more, and with the next report forgotten.
      say(rust, [])
      say(rust, [])
      assert Enum.all?(names, &(Gate.status(&1) == :unknown))
    end
  end

  test "a report that is none is refused, and said once" do
    start_supervised!(Gate)

    log =
      ExUnit.CaptureLog.capture_log(fn ->
        for _ <- 1..3, do: send(Gate, {:"$outrigger_gate", 1, self(), 0, :nonsense})
        send(Gate, {:"$outrigger_gate", 2, self(), 1_000, []})
        send(Gate, :nonsense)
        Gate.report("any")
      end)

    assert [_before, _after] = String.split(log, "is not understood")
  end

  test "what is wrong with the options is said" do
    assert {:error, error} = Gate.Server.start_link(otherwise: :ajar)
    assert error.reason == :bad_option
    assert {:error, :not_started} = Gate.subscribe("ship")
    assert Gate.report("ship") == nil
  end

  defp wait(holds, left \\ 3_000) do
    cond do
      holds.() ->
        :ok

      left == 0 ->
        flunk("it does not come to hold")

      true ->
        Process.sleep(10)
        wait(holds, left - 1)
    end
  end
end
