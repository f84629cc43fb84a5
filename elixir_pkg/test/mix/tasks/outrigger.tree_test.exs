defmodule Mix.Tasks.Outrigger.TreeTest do
  # Sets the environment and captures standard error.
  use ExUnit.Case, async: false

  import ExUnit.CaptureIO

  alias Mix.Tasks.Outrigger.{Top, Tree, Watch}

  setup do
    on_exit(fn -> System.delete_env("OUTRIGGER_BINARY") end)
  end

  test "help says what the binary says" do
    assert capture_io(fn -> Tree.run(["--help"]) end) =~ "--depth"
  end

  test "wrong usage is 2, a node that is not there is 1" do
    assert catch_exit(Tree.run(["--depth", "none"])) == {:shutdown, 2}

    System.put_env("OUTRIGGER_COOKIE", "sesame")
    on_exit(fn -> System.delete_env("OUTRIGGER_COOKIE") end)

    for task <- [Tree, Watch] do
      argv = ["--peer", "nobody@127.0.0.1=127.0.0.1:1"]
      argv = if task == Watch, do: ["--for", "200ms" | argv], else: argv
      assert catch_exit(task.run(argv)) == {:shutdown, 1}
    end
  end

  test "a missing binary is 2, with what to do" do
    System.put_env("OUTRIGGER_BINARY", "/nonexistent/outrigger")

    for task <- [Top, Tree, Watch] do
      text =
        capture_io(:stderr, fn ->
          assert catch_exit(task.run(["app@127.0.0.1"])) == {:shutdown, 2}
        end)

      assert text =~ "/nonexistent/outrigger" and text =~ "mix compile"
    end
  end
end
