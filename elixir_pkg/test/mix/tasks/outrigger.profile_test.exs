defmodule Mix.Tasks.Outrigger.ProfileTest do
  # Sets the environment and captures standard error.
  use ExUnit.Case, async: false

  import ExUnit.CaptureIO

  alias Mix.Tasks.Outrigger.Profile

  setup do
    on_exit(fn -> System.delete_env("OUTRIGGER_BINARY") end)
  end

  test "help says what the binary says" do
    assert capture_io(fn -> Profile.run(["--help"]) end) =~ "--compare"
  end

  test "wrong usage is 2, a node that is not there is 1" do
    # The binary complains to standard error itself.
    assert catch_exit(Profile.run(["--rate", "none"])) == {:shutdown, 2}

    System.put_env("OUTRIGGER_COOKIE", "sesame")
    on_exit(fn -> System.delete_env("OUTRIGGER_COOKIE") end)

    assert catch_exit(Profile.run(["--peer", "nobody@127.0.0.1=127.0.0.1:1"])) == {:shutdown, 1}
  end

  test "a missing binary is 2, with what to do" do
    System.put_env("OUTRIGGER_BINARY", "/nonexistent/outrigger")

    text =
      capture_io(:stderr, fn ->
        assert catch_exit(Profile.run(["app@127.0.0.1"])) == {:shutdown, 2}
      end)

    assert text =~ "/nonexistent/outrigger" and text =~ "mix compile"
  end
end
