defmodule Outrigger.DoctorLiveTest do
  # The real binary and real nodes, through `mix outrigger.doctor` in an OS process of its own.
  use ExUnit.Case, async: true

  alias Outrigger.Test.Cluster

  @moduletag timeout: 60_000

  setup do
    dir = Path.join(System.tmp_dir!(), Cluster.unique("outrigger-doctor"))
    File.mkdir_p!(dir)
    on_exit(fn -> File.rm_rf!(dir) end)
    {:ok, cookie_file: cookie(dir, "right", Cluster.cookie()), dir: dir}
  end

  defp cookie(dir, name, text, mode \\ 0o400) do
    path = Path.join(dir, name)
    File.write!(path, text)
    File.chmod!(path, mode)
    path
  end

  # Output and exit status, as a person sees them.
  defp doctor(args, env \\ []) do
    System.cmd("mix", ["outrigger.doctor" | args],
      env: [{"MIX_ENV", "test"}, {"OUTRIGGER_COOKIE", nil} | env],
      stderr_to_stdout: true
    )
  end

  defp free_port do
    {:ok, socket} = :gen_tcp.listen(0, ip: {127, 0, 0, 1})
    {:ok, port} = :inet.port(socket)
    :gen_tcp.close(socket)
    "#{port}"
  end

  test "all is well: exit status 0, also as JSON", %{cookie_file: file} do
    app = Cluster.start_node()

    args = [
      "--name",
      "#{Cluster.unique("rust")}@127.0.0.1",
      "--join",
      "#{app.name}",
      "--cookie-file",
      file
    ]

    assert {text, 0} = doctor(args)
    assert text =~ ~r/^ok    handshake #{app.name} +done/m
    assert text =~ ~r/^ok    release #{app.name} +OTP \d+/m
    assert text =~ ~r/All \d+ checks are ok\./

    assert {json, 0} = doctor(["--json" | args])
    assert json =~ ~S({"status":"ok","checks":[)
    refute text <> json =~ Cluster.cookie()
  end

  test "the cookie of a peer differs", %{dir: dir} do
    app = Cluster.start_node()

    assert {text, 1} =
             doctor([
               "--join",
               "#{app.name}",
               "--cookie-file",
               cookie(dir, "wrong", "another-cookie")
             ])

    assert text =~ ~r/^FAIL  handshake #{app.name} .*cookie/m
    refute text =~ "another-cookie"
  end

  test "a peer is not there", %{cookie_file: file} do
    assert {text, 1} =
             doctor(["--join", "#{Cluster.unique("gone")}@127.0.0.1", "--cookie-file", file])

    assert text =~ ~r/^FAIL  epmd gone-\S+ +not registered/m
  end

  test "long and short names are mixed", %{cookie_file: file} do
    assert {text, 1} =
             doctor([
               "--sname",
               "rust@localhost",
               "--join",
               "app@127.0.0.1",
               "--cookie-file",
               file
             ])

    assert text =~ ~r/^FAIL  node names +long names \(app@127.0.0.1\) and short names/m
  end

  test "no EPMD", %{cookie_file: file} do
    port = free_port()
    assert {text, 1} = doctor(["--cookie-file", file], [{"ERL_EPMD_PORT", port}])
    assert text =~ ~r/^FAIL  own epmd +does not answer at port #{port}/m
    assert text =~ "epmd -daemon"
    assert {text, 1} = doctor(["--cookie-file", file, "--epmd-port", port])
    assert text =~ ~r/^FAIL  own epmd/m
  end

  test "a host that does not resolve", %{cookie_file: file} do
    assert {text, 1} = doctor(["--name", "rust@nowhere.invalid", "--cookie-file", file])
    assert text =~ ~r/^FAIL  own host +nowhere.invalid does not resolve/m
  end

  test "a cookie file that others may read", %{dir: dir} do
    open = cookie(dir, "open", "open-cookie", 0o644)
    assert {text, 1} = doctor(["--cookie-file", open])
    assert text =~ ~r/^FAIL  cookie .*0644/m and text =~ "chmod 0400 #{open}"
  end

  test "a missing binary", %{cookie_file: file} do
    args = ["--cookie-file", file, "--join", "app@127.0.0.1"]
    assert {text, 1} = doctor(args, [{"OUTRIGGER_BINARY", "/nonexistent/outrigger"}])
    assert text =~ ~r/^FAIL  binary +the outrigger binary is not at/m
    assert text =~ ~r/^FAIL  cluster/m
  end

  test "wrong usage: exit status 2" do
    assert {text, 2} = doctor(["--jsn"])
    assert text =~ "--jsn"
  end
end
