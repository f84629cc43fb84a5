defmodule Outrigger.Doctor.NativeTest do
  use ExUnit.Case, async: true

  alias Outrigger.Doctor.Native
  alias Outrigger.FakeBinary

  # In place of the whole fake: these are asked for their version and get no input.
  defp script(body) do
    path = FakeBinary.write("")
    File.write!(path, "#!/bin/sh\n" <> body)
    path
  end

  test "a binary of this version, and one of another" do
    version = Outrigger.version()
    assert %{status: :ok} = Native.binary(script("echo outrigger #{version}"))

    assert %{status: :fail, detail: detail, remedy: remedy} =
             Native.binary(script("echo outrigger 0.0.9"))

    assert detail =~ "is of version 0.0.9, but the package of #{version}"
    assert remedy =~ "mix compile --force"
  end

  test "a binary that is missing, not executable, for another machine, broken or another program" do
    assert %{status: :fail, detail: detail, remedy: remedy} =
             Native.binary("/nonexistent/outrigger")

    assert detail =~ "is not at /nonexistent/outrigger" and remedy =~ "mix compile"

    path = script("echo")
    File.chmod!(path, 0o600)
    assert %{status: :fail} = Native.binary(path)

    path = script("")
    File.write!(path, <<0x7F, "ELF", 9, 9, 9>>)
    assert %{status: :fail, detail: detail} = Native.binary(path)
    assert detail =~ "not built for this machine"

    assert %{status: :fail, detail: detail} = Native.binary(script("echo went wrong; exit 4"))
    assert detail =~ "status 4" and detail =~ "went wrong"
    assert %{status: :fail, detail: detail} = Native.binary(script("echo hello"))
    assert detail =~ "is not the outrigger binary"
  end

  test "the NIF of this build" do
    assert %{status: :ok, detail: detail} = Native.nif()
    assert detail =~ "NIF 2."
  end

  test "a NIF that cannot be loaded, in a VM of its own" do
    app =
      Path.join(
        System.tmp_dir!(),
        "outrigger-nif-#{System.pid()}-#{System.unique_integer([:positive])}/outrigger"
      )

    on_exit(fn -> File.rm_rf!(Path.dirname(app)) end)
    File.mkdir_p!(Path.join(app, "priv/native"))
    File.cp_r!(Path.dirname(to_string(:code.which(Native))), Path.join(app, "ebin"))
    code = "IO.inspect(Outrigger.Doctor.Native.nif())"

    ask = fn ->
      System.cmd("elixir", ["-pa", Path.join(app, "ebin"), "-e", code], stderr_to_stdout: true)
    end

    assert {missing, 0} = ask.()

    assert missing =~ "status: :fail" and missing =~ "could not be loaded" and
             missing =~ "mix compile"

    File.write!(Path.join(app, "priv/native/outrigger_nif.so"), "no library")
    assert {broken, 0} = ask.()
    assert broken =~ "status: :fail" and broken =~ "could not be loaded"
  end
end
