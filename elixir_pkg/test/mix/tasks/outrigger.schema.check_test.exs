defmodule Mix.Tasks.Outrigger.Schema.CheckTest do
  # Sets the environment and captures standard error.
  use ExUnit.Case, async: false

  import ExUnit.CaptureIO

  alias Mix.Tasks.Outrigger.Schema.Check

  @order ~s({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "long"}]})
  @broken ~s({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "int"}]})

  setup do
    folder =
      Path.join(
        System.tmp_dir!(),
        "outrigger-schemas-#{System.unique_integer([:positive])}-#{System.pid()}"
      )

    File.mkdir_p!(Path.join(folder, "old"))
    File.mkdir_p!(Path.join(folder, "now"))
    File.write!(Path.join(folder, "old/order.avsc"), @order)

    on_exit(fn ->
      System.delete_env("OUTRIGGER_BINARY")
      File.rm_rf!(folder)
    end)

    arguments = ["--against", "dir:" <> Path.join(folder, "old"), Path.join(folder, "now")]
    {:ok, now: Path.join(folder, "now/order.avsc"), arguments: arguments}
  end

  test "compatible schemas are exit status 0", %{now: now, arguments: arguments} do
    File.write!(now, @order)
    text = capture_io(fn -> assert Check.run(arguments) == :ok end)
    assert text =~ ~r/^ok    .*order.avsc  \(avro\)$/m
    assert text =~ "1 compatible (BACKWARD against dir:"
  end

  test "incompatible ones are 1, with the reason", %{now: now, arguments: arguments} do
    File.write!(now, @broken)
    text = capture_io(fn -> assert catch_exit(Check.run(arguments)) == {:shutdown, 1} end)
    assert text =~ "$.id: the writer's long cannot be read as int  [type_mismatch]"

    json =
      capture_io(fn ->
        assert catch_exit(Check.run(["--format", "json" | arguments])) == {:shutdown, 1}
      end)

    assert json =~ ~s("kind": "type_mismatch")

    assert capture_io(fn -> assert Check.run(["--level", "FORWARD" | arguments]) == :ok end) =~
             "1 compatible"
  end

  test "what cannot be read is 2", %{now: now, arguments: arguments} do
    File.write!(now, "{")
    text = capture_io(fn -> assert catch_exit(Check.run(arguments)) == {:shutdown, 2} end)
    assert text =~ "1 unreadable"
  end

  test "a missing binary is 2, with what to do", %{arguments: arguments} do
    System.put_env("OUTRIGGER_BINARY", "/nonexistent/outrigger")

    text =
      capture_io(:stderr, fn ->
        assert catch_exit(Check.run(arguments)) == {:shutdown, 2}
      end)

    assert text =~ "/nonexistent/outrigger" and text =~ "mix compile"
  end
end
