defmodule Mix.Tasks.Outrigger.GateTest do
  # Sets the environment and captures standard error.
  use ExUnit.Case, async: false

  import ExUnit.CaptureIO

  alias Mix.Tasks.Outrigger.{Evidence, Gate}

  @windows Path.expand("../../../../tests/vectors/gate/windows", __DIR__)

  setup do
    folder =
      Path.join(
        System.tmp_dir!(),
        "outrigger-gate-#{System.unique_integer([:positive])}-#{System.pid()}"
      )

    File.mkdir_p!(folder)

    on_exit(fn ->
      System.delete_env("OUTRIGGER_BINARY")
      File.rm_rf!(folder)
    end)

    {:ok, folder: folder, evidence: Path.join(folder, "evidence.jsonl")}
  end

  defp arguments(folder, budget, window) do
    config = Path.join(folder, "outrigger.toml")

    File.write!(
      config,
      ~s([gate.ship]\nwindow = "25s"\nsamples = 3\n[[gate.ship.budget]]\n#{budget}\n)
    )

    ["--config", config, "--from", Path.join(@windows, window <> ".json")]
  end

  test "each verdict has its exit status", %{folder: folder} do
    for {budget, window, status} <- [
          {"pass = 'memory.total < 1MiB'", "two", 1},
          {"pass = 'memory.totl < 1MiB'", "two", 2},
          {"pass = 'memory.total < 1MiB'\nwarn = 'memory.total < 1GiB'", "two", 3},
          {"pass = 'p99(phoenix.endpoint) < 1s'", "quiet", 4},
          {"pass = 'oban.errors == 0'", "quiet", 5}
        ] do
      argv = ["--no-evidence" | arguments(folder, budget, window)]
      report = fn -> assert catch_exit(Gate.run(argv)) == {:shutdown, status} end
      capture_io(report)
    end
  end

  test "a pass is recorded, verified and shown", %{folder: folder, evidence: evidence} do
    argv = arguments(folder, "pass = 'memory.total < 200MiB'", "two") ++ ["--evidence", evidence]
    text = capture_io(fn -> assert Gate.run(argv) == :ok end)
    assert text =~ "ok       gate ship: all that was judged is within its limits"

    text = capture_io(fn -> assert Evidence.run(["verify", evidence]) == :ok end)
    assert text =~ "ok  1 records are what was written"
    assert capture_io(fn -> Evidence.run(["show", evidence]) end) =~ "gate ship"

    File.write!(evidence, String.replace(File.read!(evidence), "payloadType", "payloadTyp"))

    text =
      capture_io(fn -> assert catch_exit(Evidence.run(["verify", evidence])) == {:shutdown, 1} end)

    assert text =~ "ALTERED  line 1, line: not an envelope"
  end

  test "a missing binary is 2, with what to do" do
    System.put_env("OUTRIGGER_BINARY", "/nonexistent/outrigger")

    text = capture_io(:stderr, fn -> assert catch_exit(Gate.run([])) == {:shutdown, 2} end)
    assert text =~ "/nonexistent/outrigger" and text =~ "mix compile"
  end
end
