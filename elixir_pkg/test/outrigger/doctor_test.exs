defmodule Outrigger.DoctorTest do
  use ExUnit.Case, async: true

  alias Outrigger.{Doctor, FakeBinary}

  # Says its version, and of a cluster what `lines` says.
  defp binary(lines) do
    path = FakeBinary.write("")
    version = Outrigger.version()

    File.write!(path, """
    #!/bin/sh
    case $1 in
      version) echo outrigger #{version};;
      doctor) printf '#{lines}';;
    esac
    """)

    path
  end

  defp by_check(checks), do: Map.new(checks, &{&1.check, &1})

  test "without nodes to examine only this machine is looked at" do
    assert {:ok, checks} = Doctor.run(binary: binary("fail\\tasked\\tx\\ty\\n"))

    assert ["elixir", "otp", "binary", "nif", "own host", "own epmd", "cookie"] =
             Enum.map(checks, & &1.check)

    assert by_check(checks)["binary"].status == :ok
  end

  test "what the binary says of a cluster is added, and nothing is said twice" do
    lines =
      "ok\\town epmd\\tof the binary\\t\\nfail\\thandshake a@127.0.0.1\\tcookie refused\\tsame cookie\\n"

    assert {:ok, checks} =
             Doctor.run(binary: binary(lines), join: ["a@127.0.0.1"], epmd_port: "1")

    assert %{"handshake a@127.0.0.1" => %{status: :fail}, "own epmd" => epmd} = by_check(checks)
    assert epmd.detail =~ "port 1 "
    assert length(checks) == map_size(by_check(checks))
    refute Doctor.well?(checks)
  end

  test "without a binary the cluster is not examined, and that is said" do
    assert {:ok, checks} = Doctor.run(binary: "/nonexistent/outrigger", join: ["a@127.0.0.1"])
    assert %{"binary" => %{status: :fail}, "cluster" => %{status: :fail}} = by_check(checks)
  end

  test "EPMD is not asked for where all nodes are at known addresses" do
    assert {:ok, checks} = Doctor.run(binary: binary(""), peers: ["a@h.d=127.0.0.1:1"])
    refute Map.has_key?(by_check(checks), "own epmd")
  end

  test "wrong usage" do
    assert {:error, %{reason: :bad_option}} = Doctor.run(name: "a@h.d", sname: "a")
    assert {:error, %{reason: :bad_option}} = Doctor.run(jion: [])
  end

  test "a warning is not well" do
    assert Doctor.well?([Doctor.Check.ok("a", "b")])
    refute Doctor.well?([Doctor.Check.ok("a", "b"), Doctor.Check.warn("a", "b", "c")])
  end
end
