defmodule Outrigger.Node.ServerTest do
  # With a script in place of the binary: the paths that the real one takes only by accident. See also node_live_test.exs.
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias Outrigger.{Error, FakeBinary}
  alias Outrigger.Node.{OsProcess, Secret, Server}

  @ready "say info 'joined app1@10.0.0.5' linked; say info ready ''; wait_for_eof"

  defp vm do
    %{
      node: "app1@10.0.0.5",
      type: :long,
      cookie: Secret.wrap("hush_hush"),
      ticktime: 60,
      epmd_port: nil,
      fixed_port: nil,
      tls: nil
    }
  end

  # Each test has a process of its own name; it is stopped, and its program seen out, at the end of the test.
  defp options(script, more \\ []) do
    server = :"#{__MODULE__}.#{System.unique_integer([:positive])}"
    path = if is_binary(script), do: FakeBinary.write(script), else: elem(script, 1)
    Keyword.merge([binary: path, server: server], more)
  end

  defp start(options) do
    start_supervised(%{id: options[:server], start: {Server, :start_link, [options, &vm/0]}})
  end

  defp start!(script, more \\ []) do
    options = options(script, more)
    assert {:ok, pid} = start(options)
    {pid, options[:binary]}
  end

  # At once: one that waited for the time to be up would outlast the test.
  defp refused(script, more \\ []) do
    more = Keyword.put_new(more, :start_timeout, 600_000)
    assert {:error, {%Error{} = error, _spec}} = start(options(script, more))
    error
  end

  defp info(pid), do: GenServer.call(pid, :info)

  defp wait_until(deadline \\ System.monotonic_time(:millisecond) + 30_000, fun) do
    cond do
      value = fun.() -> value
      System.monotonic_time(:millisecond) > deadline -> flunk("did not happen within 30 s")
      true -> Process.sleep(5) && wait_until(deadline, fun)
    end
  end

  defp up_again(pid, than),
    do:
      wait_until(fn ->
        with %{state: :up, os_pid: os} = i when os != than <- info(pid), do: i, else: (_ -> nil)
      end)

  defp kill(os_pid), do: {_, 0} = System.cmd("sh", ["-c", "kill -9 #{os_pid}"])

  describe "a start" do
    test "returns when the program is ready, and tells about it" do
      {pid, _} = start!(@ready)

      assert %{
               name: "outrigger-app1@10.0.0.5",
               state: :up,
               joined: ["app1@10.0.0.5"],
               os_pid: os_pid,
               error: nil
             } = info(pid)

      assert OsProcess.alive?(OsProcess.identify(os_pid))
    end

    test "hands the cookie over as the first line of the input and nowhere else" do
      {pid, path} =
        start!(
          "printf '%s' \"$cookie\" > $dir/cookie; env > $dir/env; printf '%s ' \"$@\" > $dir/args; " <>
            @ready
        )

      dir = Path.dirname(path)
      assert File.read!(Path.join(dir, "cookie")) == "hush_hush"
      refute File.read!(Path.join(dir, "env")) =~ "hush_hush"
      refute File.read!(Path.join(dir, "args")) =~ "hush_hush"

      assert File.read!(Path.join(dir, "args")) =~
               "node --supervised --name outrigger-app1@10.0.0.5 --join app1@10.0.0.5"

      refute inspect(:sys.get_state(pid), limit: :infinity) =~ "hush_hush"
    end

    test "does not take calls from its mailbox while it waits" do
      options = options("sleep 0.3; " <> @ready)

      task =
        Task.async(fn -> wait_until(fn -> Process.whereis(options[:server]) end) |> info() end)

      assert {:ok, _} = start(options)
      assert Task.await(task).state == :up
    end

    test "under a name that is taken in this VM is refused" do
      options = options(@ready)
      assert {:ok, pid} = start(options)
      assert {:error, {:already_started, ^pid}} = Server.start_link(options, &vm/0)
    end

    test "ends when the parent goes while it waits" do
      options = options("echo $$ > $dir/pid; wait_for_eof", start_timeout: 60_000)

      parent = spawn(fn -> Server.start_link(options, &vm/0) end)

      file = Path.join(Path.dirname(options[:binary]), "pid")

      os_pid =
        wait_until(fn -> match?({:ok, <<_, _::binary>>}, File.read(file)) && File.read!(file) end)

      process = os_pid |> String.trim() |> String.to_integer() |> OsProcess.identify()
      Process.exit(parent, :kill)
      assert OsProcess.await_exit(process, 30_000)
    end
  end

  describe "a start fails, with the remedy," do
    test "for each reason that the program can give" do
      for {reason, remedy} <- [
            {"cookie_refused", "leave the :cookie option out"},
            {"name_taken", "epmd -names"},
            {"epmd_unreachable", "epmd -daemon"},
            {"peer_unknown", "epmd -names"},
            {"peer_unreachable", "mix outrigger.doctor"},
            {"name_mismatch", "--sname"},
            {"bad_option", "mix compile --force"},
            {"timeout", "raise :start_timeout"}
          ] do
        error = refused("say error 'fatal #{reason}' 'because of that'; exit 1")
        assert Atom.to_string(error.reason) == reason
        assert error.message =~ "outrigger-app1@10.0.0.5 did not start: because of that. "
        assert error.message =~ remedy
      end
    end

    test "for a reason that this version does not know" do
      assert %{reason: :start_failed, details: %{fatal: "new_reason_of_mine"}} =
               refused("say error 'fatal new_reason_of_mine' x")
    end

    test "also when the program stays after its last word" do
      assert refused("say error 'fatal name_taken' x; hang").reason == :name_taken
    end

    test "when the program ends, with its last line" do
      error = refused("echo 'panicked at x' >&2; exit 3")
      assert {error.reason, error.details.status} == {:exited, 3}
      assert error.message =~ "has exited with status 3. Its last complaint: panicked at x"
      assert refused("kill -9 $$").message =~ "was killed by signal 9"
      assert refused("printf 'half a line'; exit 1").message =~ "Its last complaint: half a line"
    end

    test "when it is not ready in time, even if it cannot be asked to leave" do
      error = refused("say info - 'still at it'; hang", start_timeout: 200)
      assert error.reason == :timeout
      assert error.message =~ "within 200 ms"
    end

    test "when the binary is not there" do
      error = refused({:path, "/nonexistent/outrigger"})
      assert error.reason == :missing_binary
      assert error.message =~ "/nonexistent/outrigger" and error.message =~ "mix compile"
    end

    test "when the binary cannot be executed" do
      path = FakeBinary.write("true")
      File.chmod!(path, 0o644)
      assert %{reason: :bad_binary, message: message} = refused({:path, path})
      assert message =~ "chmod"
    end

    test "when the binary is for another machine" do
      path = FakeBinary.write("true")
      File.write!(path, <<0x7F, "ELF", 0, 1, 2, 3>>)
      assert %{reason: :exec_failed, message: message} = refused({:path, path})
      assert message =~ "not built for this machine" and message =~ "mix compile --force"
    end
  end

  describe "a death" do
    test "is followed by a new start at once, by the same process" do
      {pid, path} = start!(@ready)
      %{os_pid: first} = info(pid)

      log =
        capture_log(fn ->
          kill(first)
          assert %{os_pid: second, error: nil} = up_again(pid, first)
          assert second != first
        end)

      assert log =~ "will be started again in 0 ms"
      assert log =~ "outrigger-app1@10.0.0.5 is down" and log =~ "killed by signal 9"
      assert FakeBinary.starts(path) == 2
    end

    test "that repeats is retried for ever, with pauses, and nobody above is bothered" do
      # Starts well once, fails three times, then starts again.
      script = """
      n=$(wc -l < $dir/starts)
      if [ $n -gt 1 ] && [ $n -lt 5 ]; then say error 'fatal name_taken' "try $n"; exit 1; fi
      """

      {pid, path} = start!(script <> @ready)
      %{os_pid: first} = info(pid)
      kill(first)

      assert %{state: :restarting, error: %Error{}, joined: []} =
               wait_until(fn ->
                 with %{state: :restarting} = i <- info(pid), do: i, else: (_ -> nil)
               end)

      up_again(pid, first)
      assert FakeBinary.starts(path) == 5
      assert Process.alive?(pid)
    end

    test "and a start that hangs: the timer counts for restarts too" do
      script = "n=$(wc -l < $dir/starts); if [ $n = 2 ]; then hang; fi; "
      {pid, path} = start!(script <> @ready, start_timeout: 300)
      %{os_pid: first} = info(pid)
      kill(first)
      up_again(pid, first)
      assert FakeBinary.starts(path) == 3
    end

    test "of the timer of an earlier start does nothing to the later one" do
      {pid, path} = start!(@ready, start_timeout: 150)
      Process.sleep(200)
      assert %{state: :up} = info(pid)
      assert FakeBinary.starts(path) == 1
    end
  end

  describe "a stop" do
    test "closes the input and waits for the program to leave" do
      {pid, path} =
        start!(
          "trap '' PIPE; say info 'joined a@h' x; say info ready ''; wait_for_eof; echo bye > $dir/bye"
        )

      process = OsProcess.identify(info(pid).os_pid)
      GenServer.stop(pid)
      refute OsProcess.alive?(process)
      assert File.read!(Path.join(Path.dirname(path), "bye")) == "bye\n"
    end

    test "kills a program that does not leave, after 5 s" do
      {pid, _} = start!("say info ready ''; hang")
      process = OsProcess.identify(info(pid).os_pid)
      started = System.monotonic_time(:millisecond)
      GenServer.stop(pid)
      took = System.monotonic_time(:millisecond) - started
      assert took >= 4_900
      assert OsProcess.await_exit(process, 30_000)
    end

    test "by force still ends the program, through its input" do
      options = options(@ready)
      {:ok, pid} = start(options)
      process = OsProcess.identify(info(pid).os_pid)
      stop_supervised(options[:server])
      assert OsProcess.await_exit(process, 30_000)
    end
  end

  describe "the log" do
    test "goes to Logger with level and the node's name" do
      log =
        capture_log([metadata: [:outrigger]], fn ->
          {pid, _} =
            start!(
              "say warning - 'slow peer'; say error - 'bad peer'; echo 'no protocol'; " <> @ready
            )

          GenServer.stop(pid)
        end)

      assert log =~ ~r/\[warn(ing)?\].*slow peer/
      assert log =~ ~r/\[error\].*bad peer/
      assert log =~ ~r/\[warn(ing)?\].*no protocol/
      assert log =~ "outrigger=outrigger-app1@10.0.0.5"
    end

    test "survives long lines and bytes that are no text" do
      script = """
      head -c 100000 /dev/zero | tr '\\0' x; echo
      printf 'info\\t-\\tbroken \\377 byte\\n'
      """

      log = capture_log(fn -> assert %{state: :up} = info(elem(start!(script <> @ready), 0)) end)
      assert log =~ "bytes more)"
      assert log =~ "broken \uFFFD byte"
    end

    test "never shows the cookie, whatever goes wrong" do
      log =
        capture_log(fn ->
          options = options("exit 1", cookie: "hush_hush")
          Process.flag(:trap_exit, true)

          spec = %{
            id: :node,
            start: {Server, :start_link, [Outrigger.Node.Config.conceal(options), &vm/0]}
          }

          assert {:error, reason} = Supervisor.start_link([spec], strategy: :one_for_one)
          refute inspect(reason) =~ "hush_hush"

          {pid, _} = start!(@ready, cookie: "hush_hush")
          Process.exit(pid, :kill)
          GenServer.stop(elem(start!(@ready), 0), :boom)
        end)

      assert log =~ "boom"
      refute log =~ "hush_hush"
    end
  end
end
