defmodule Outrigger.NodeLiveTest do
  # The real binary beside real nodes. Paths that it takes only by accident are in node/server_test.exs.
  use ExUnit.Case, async: true

  alias Outrigger.Node.OsProcess
  alias Outrigger.Test.Cluster

  @moduletag timeout: 60_000

  # Starts Outrigger.Node under a supervisor of the node.
  defp start(member, options) do
    quieten(member)
    spec = Outrigger.Node.child_spec(options)
    Cluster.call(member, Supervisor, :start_child, [Outrigger.Supervisor, spec])
  end

  # What a node logs would come out between the lines of ExUnit; `log_file/1` is for tests that want it.
  defp quieten(member) do
    for id <- Cluster.call(member, :logger, :get_handler_ids, []), id != :file do
      Cluster.call(member, :logger, :remove_handler, [id])
    end
  end

  defp start!(member, options \\ []) do
    assert {:ok, pid} = start(member, options)
    pid
  end

  defp info(member, server \\ Outrigger.Node),
    do: Cluster.call(member, Outrigger.Node, :info, [server])

  defp hidden(member), do: Cluster.call(member, Node, :list, [:hidden])
  defp rust(member), do: OsProcess.identify(info(member).os_pid)
  defp kill(process), do: OsProcess.kill(process)

  # At once: one that waited for the time to be up would outlast the test.
  defp refused(member, options) do
    options = Keyword.put(options, :start_timeout, 600_000)
    # A supervisor adds the specification of the child.
    assert {:error, {%Outrigger.Error{} = error, _child}} = start(member, options)
    error
  end

  defp up_again(member, process) do
    Cluster.eventually(fn ->
      case info(member) do
        %{state: :up, os_pid: os_pid} = info when os_pid != process.pid -> info
        _ -> nil
      end
    end)
  end

  # A port that nothing listens at.
  defp free_port do
    {:ok, socket} = :gen_tcp.listen(0, ip: {127, 0, 0, 1})
    {:ok, port} = :inet.port(socket)
    :gen_tcp.close(socket)
    port
  end

  defp log_file(member) do
    path = Path.join(System.tmp_dir!(), "#{Cluster.unique("outrigger-log")}.log")
    on_exit(fn -> File.rm(path) end)
    config = %{level: :all, config: %{file: String.to_charlist(path)}}
    :ok = Cluster.call(member, :logger, :set_primary_config, [:level, :all])
    :ok = Cluster.call(member, :logger, :add_handler, [:file, :logger_std_h, config])
    path
  end

  describe "a start" do
    test "returns when the Rust node is a hidden node of this one" do
      app = Cluster.start_node()
      start!(app)
      name = String.replace(Atom.to_string(app.name), ~r/^/, "outrigger-")
      assert %{name: ^name, state: :up, os_pid: os_pid, error: nil} = info(app)
      assert info(app).joined == [Atom.to_string(app.name)]
      assert Cluster.call(app, Outrigger.Node, :name, []) == name
      assert hidden(app) == [String.to_atom(name)]
      assert Cluster.call(app, :net_adm, :ping, [String.to_atom(name)]) == :pong
      assert OsProcess.alive?(OsProcess.identify(os_pid))
    end

    test "joins other nodes as well" do
      [a, b] = Cluster.start_nodes(2)
      start!(a, name: Cluster.unique("rust"), join: [b.name])
      both = Enum.sort([Atom.to_string(a.name), Atom.to_string(b.name)])
      Cluster.eventually(fn -> info(a).joined == both end)
      assert [rust] = hidden(b)
      assert Atom.to_string(rust) == info(a).name
    end

    test "with short names" do
      app = start_short()

      [short, host] =
        app |> Cluster.call(:erlang, :node, []) |> Atom.to_string() |> String.split("@")

      start!(app)
      assert info(app).name == "outrigger-#{short}@#{host}"
      assert [_] = hidden(app)

      error =
        Cluster.call(app, Outrigger.Node, :start_link, [[server: :other, join: ["a@127.0.0.1"]]])

      assert {:error, %{reason: :name_mismatch}} = error
    end
  end

  # As Cluster.start_node/0, but with a short name, at a host without a dot that every machine knows.
  defp start_short do
    args = [
      "-setcookie",
      Cluster.cookie() | Enum.flat_map(:code.get_path(), &["-pa", to_string(&1)])
    ]

    {:ok, peer, node} =
      :peer.start_link(%{
        connection: :standard_io,
        name: String.to_charlist(Cluster.unique("short")),
        host: ~c"localhost",
        longnames: false,
        args: Enum.map(args, &String.to_charlist/1)
      })

    {:ok, _} = :peer.call(peer, :application, :ensure_all_started, [:outrigger], 30_000)
    %{peer: peer, name: node, os_pid: nil}
  end

  describe "the cookie" do
    test "is in no argument, no environment and no log" do
      app = Cluster.start_node()
      log = log_file(app)
      cookie = Cluster.cookie()
      # One that the VM was given stays with the VM.
      Cluster.call(app, System, :put_env, ["OUTRIGGER_COOKIE", cookie])
      start!(app, log_level: :debug)
      process = rust(app)
      cmdline = File.read!("/proc/#{process.pid}/cmdline")
      assert cmdline =~ "--supervised"
      refute cmdline =~ cookie
      refute File.read!("/proc/#{process.pid}/environ") =~ cookie
      kill(process)
      up_again(app, process)

      Cluster.call(app, Process, :exit, [
        Cluster.call(app, Process, :whereis, [Outrigger.Node]),
        :boom
      ])

      Cluster.eventually(fn -> File.read!(log) =~ "boom" end)
      refute File.read!(log) =~ cookie
    end

    test "that is wrong is refused" do
      app = Cluster.start_node()
      log = log_file(app)
      error = refused(app, cookie: "not-the-cookie")
      assert error.reason == :cookie_refused
      assert error.message =~ "leave the :cookie option out"
      refute inspect(error) =~ "not-the-cookie"
      Cluster.eventually(fn -> File.read!(log) =~ "has another cookie" end)
      refute File.read!(log) =~ "not-the-cookie"
      # And nothing is left of it.
      assert Cluster.call(app, Process, :whereis, [Outrigger.Node]) == nil
      start!(app)
    end
  end

  describe "a death" do
    test "by kill -9 is followed by a new start, and the node is joined again" do
      app = Cluster.start_node()
      log = log_file(app)
      pid = start!(app)
      process = rust(app)
      kill(process)
      assert %{joined: [_]} = up_again(app, process)
      assert Cluster.call(app, Process, :whereis, [Outrigger.Node]) == pid
      Cluster.eventually(fn -> [info(app).name] == Enum.map(hidden(app), &Atom.to_string/1) end)
      Cluster.eventually(fn -> File.read!(log) =~ "was killed by signal 9" end)
    end

    test "and a start are told by telemetry" do
      app = Cluster.start_node()

      # The library is no dependency: a module of its name that remembers the last call for each event.
      Cluster.call(app, Code, :eval_string, [
        "defmodule :telemetry do def execute(e, m, d), do: :persistent_term.put(e, {m, d}) end"
      ])

      told = fn event ->
        Cluster.call(app, :persistent_term, :get, [[:outrigger, :node, event], nil])
      end

      start!(app)
      process = rust(app)
      name = info(app).name
      assert {%{duration: duration, attempts: 1}, metadata} = told.(:up)
      assert duration > 0
      assert metadata == %{name: Outrigger.Node, node: name, os_pid: process.pid}
      kill(process)
      Cluster.eventually(fn -> told.(:down) end)

      assert {%{uptime: _}, %{os_pid: os_pid, error: %Outrigger.Error{reason: :exited}}} =
               told.(:down)

      assert os_pid == process.pid
      up_again(app, process)
    end

    test "of the process is its supervisor's to repair" do
      app = Cluster.start_node()
      pid = start!(app)
      process = rust(app)
      Cluster.call(app, Process, :exit, [pid, :kill])
      assert OsProcess.await_exit(process, 30_000)

      Cluster.eventually(fn ->
        Cluster.call(app, Process, :whereis, [Outrigger.Node]) not in [pid, nil]
      end)

      up_again(app, process)
    end
  end

  describe "the Rust node leaves" do
    test "when the VM is killed with -9" do
      app = Cluster.start_node()
      start!(app)
      process = rust(app)
      Cluster.kill(app)
      assert OsProcess.await_exit(process, 30_000)
    end

    test "when the supervisor stops it, and before the stop is over" do
      app = Cluster.start_node()
      start!(app)
      process = rust(app)

      assert Cluster.call(app, Supervisor, :terminate_child, [
               Outrigger.Supervisor,
               Outrigger.Node
             ]) == :ok

      refute OsProcess.alive?(process)
      Cluster.eventually(fn -> hidden(app) == [] end)
      # Its name is free again at once.
      assert {:ok, _} =
               Cluster.call(app, Supervisor, :restart_child, [
                 Outrigger.Supervisor,
                 Outrigger.Node
               ])
    end

    test "when the application stops" do
      app = Cluster.start_node()
      start!(app)
      process = rust(app)
      assert Cluster.call(app, Application, :stop, [:outrigger]) == :ok
      refute OsProcess.alive?(process)
    end
  end

  describe "a start fails, with the remedy," do
    test "when the name is taken" do
      [a, b] = Cluster.start_nodes(2)
      name = Cluster.unique("rust")
      start!(a, name: name)
      error = refused(b, name: name)
      assert error.reason == :name_taken
      assert error.message =~ "epmd -names"
      # The first one has lost nothing.
      assert info(a).state == :up
    end

    test "when there is no EPMD, and succeeds without it" do
      listen = "#{free_port()}"

      args = [
        "-start_epmd",
        "false",
        "-erl_epmd_port",
        listen,
        "-env",
        "ERL_EPMD_PORT",
        "#{free_port()}"
      ]

      app = Cluster.start_node(args)
      error = refused(app, [])
      assert error.reason == :epmd_unreachable
      assert error.message =~ "epmd -daemon" and error.message =~ "epmd: false"

      start!(app, epmd: false)
      assert info(app).joined == [Atom.to_string(app.name)]
    end

    test "when a VM is no node" do
      error = refused(Cluster.start_plain(), [])
      assert error.reason == :not_distributed
    end

    test "when the binary is missing" do
      app = Cluster.start_node()
      Cluster.call(app, System, :put_env, ["OUTRIGGER_BINARY", "/nonexistent/outrigger"])
      error = refused(app, [])
      assert error.reason == :missing_binary and error.message =~ "/nonexistent/outrigger"
    end

    test "when an option of the binary is wrong" do
      error = refused(Cluster.start_node(), listen: "no address")
      assert error.reason == :bad_option
      assert error.message =~ "no address"
    end
  end
end
