defmodule Mix.Tasks.Outrigger.DoctorTest do
  # Sets the environment and captures standard error.
  use ExUnit.Case, async: false

  import ExUnit.CaptureIO

  alias Mix.Tasks.Outrigger.Doctor

  setup do
    on_exit(fn -> System.delete_env("OUTRIGGER_BINARY") end)
  end

  test "a missing binary by OUTRIGGER_BINARY: text, and exit status 1" do
    System.put_env("OUTRIGGER_BINARY", "/nonexistent/outrigger")
    text = capture_io(fn -> assert catch_exit(Doctor.run([])) == {:shutdown, 1} end)
    assert text =~ ~r/^FAIL  binary +the outrigger binary is not at \/nonexistent\/outrigger/m
    assert text =~ ~r/^ +-> Run `mix compile`/m
  end

  test "JSON" do
    System.put_env("OUTRIGGER_BINARY", "/nonexistent/outrigger")
    json = capture_io(fn -> assert catch_exit(Doctor.run(["--json"])) == {:shutdown, 1} end)
    assert json =~ ~S({"status":"fail","checks":[{"status":"ok","check":"elixir")
  end

  test "wrong usage is exit status 2" do
    text =
      capture_io(:stderr, fn -> assert catch_exit(Doctor.run(["--jsn"])) == {:shutdown, 2} end)

    assert text =~ "--jsn" and text =~ "mix help outrigger.doctor"

    assert capture_io(:stderr, fn -> catch_exit(Doctor.run(~w(--name a@h.d --sname a))) end) =~
             "either"
  end
end
