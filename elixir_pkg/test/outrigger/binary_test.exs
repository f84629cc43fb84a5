defmodule Outrigger.BinaryTest do
  use ExUnit.Case, async: true

  alias Outrigger.{Binary, Error}

  test "the binary is there and can be run" do
    assert {:ok, path} = Binary.fetch()
    assert path == Binary.path()
    assert path == Application.app_dir(:outrigger, "priv/native/outrigger")
    assert {_version, 0} = System.cmd(path, ["version"], stderr_to_stdout: true)
  end

  @tag :tmp_dir
  test "what is not there or cannot be run is told apart, with the remedy", %{tmp_dir: dir} do
    path = Path.join(dir, "outrigger")

    assert {:error, %Error{reason: :missing_binary, details: %{path: ^path}} = error} =
             Binary.check(path)

    assert error.message =~ "mix compile"

    File.write!(path, "")
    File.chmod!(path, 0o644)
    assert {:error, %Error{reason: :bad_binary} = error} = Binary.check(path)
    assert error.message =~ "chmod +x"

    assert {:error, %Error{reason: :bad_binary}} = Binary.check(dir)

    File.chmod!(path, 0o755)
    assert Binary.check(path) == {:ok, path}
  end
end
