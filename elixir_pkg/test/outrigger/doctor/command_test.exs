defmodule Outrigger.Doctor.CommandTest do
  use ExUnit.Case, async: true

  alias Outrigger.Doctor.Command

  @sh System.find_executable("sh")

  test "output of both kinds and the status" do
    assert {:ok, output, 3} = Command.run(@sh, ["-c", "echo out; echo err >&2; exit 3"], 5_000)
    assert Enum.sort(String.split(output)) == ["err", "out"]
  end

  test "one that hangs is ended" do
    assert Command.run(@sh, ["-c", "trap '' TERM PIPE; while :; do sleep 0.1; done"], 200) ==
             {:error, :timeout}
  end

  test "one that cannot be started" do
    assert Command.run("/nonexistent/x", [], 1_000) == {:error, :enoent}
  end
end
