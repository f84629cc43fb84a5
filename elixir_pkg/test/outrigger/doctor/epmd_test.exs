defmodule Outrigger.Doctor.EpmdTest do
  use ExUnit.Case, async: true

  alias Outrigger.Doctor.Epmd

  # Something that listens at a port of its own and answers one request with `answer`.
  defp listener(answer) do
    {:ok, listen} = :gen_tcp.listen(0, [:binary, active: false, ip: {127, 0, 0, 1}])
    {:ok, port} = :inet.port(listen)

    answers = fn ->
      {:ok, socket} = :gen_tcp.accept(listen)
      {:ok, <<1::16, ?n>>} = :gen_tcp.recv(socket, 3)
      :ok = :gen_tcp.send(socket, answer.(port))
      :gen_tcp.close(socket)
    end

    start_supervised!(Supervisor.child_spec({Task, answers}, id: port))

    Integer.to_string(port)
  end

  test "a real EPMD" do
    {:ok, listen} = :gen_tcp.listen(0, ip: {127, 0, 0, 1})
    {:ok, port} = :inet.port(listen)
    :gen_tcp.close(listen)
    epmd = start_epmd(port)
    assert %{status: :ok, detail: detail} = wait_ok(Integer.to_string(port), 100)
    assert detail == "answers at port #{port}, no node is registered"
    Port.close(epmd)
  end

  defp start_epmd(port) do
    path =
      System.find_executable("epmd") ||
        Path.wildcard("#{:code.root_dir()}/erts-*/bin/epmd") |> hd()

    # In the foreground, as a child of this VM: it is stopped by its number, and by nothing else.
    epmd = Port.open({:spawn_executable, path}, [:exit_status, args: ["-port", "#{port}"]])
    {:os_pid, pid} = Port.info(epmd, :os_pid)
    process = Outrigger.Node.OsProcess.identify(pid)
    on_exit(fn -> Outrigger.Node.OsProcess.kill(process) end)
    epmd
  end

  defp wait_ok(port, left) do
    case Epmd.check(port) do
      %{status: :fail} when left > 0 -> Process.sleep(20) && wait_ok(port, left - 1)
      check -> check
    end
  end

  test "names are listed" do
    port = listener(&[<<&1::32>>, "name app1 at port 40001\nname app2 at port 40002\n"])
    assert Epmd.check(port).detail == "answers at port #{port}, registered: app1, app2"
  end

  test "nothing listens there" do
    {:ok, listen} = :gen_tcp.listen(0, ip: {127, 0, 0, 1})
    {:ok, port} = :inet.port(listen)
    :gen_tcp.close(listen)
    assert %{status: :fail, detail: detail, remedy: remedy} = Epmd.check("#{port}")
    assert detail =~ "does not answer at port #{port}" and detail =~ "refused"
    assert remedy =~ "epmd -daemon" and remedy =~ "ERL_EPMD_PORT"
  end

  test "something else listens there" do
    assert %{status: :fail, detail: detail} =
             Epmd.check(listener(fn _ -> "HTTP/1.1 400 Bad Request\r\n\r\n" end))

    assert detail =~ "is not an EPMD"
    assert %{status: :fail} = Epmd.check(listener(fn _ -> "" end))
  end

  test "what is no port" do
    for port <- ["x", "", "0", "65536", "4369x"], do: assert(%{status: :fail} = Epmd.check(port))
  end
end
