defmodule Outrigger.Test.Watcher do
  @moduledoc """
  A running `outrigger watch`, and what it says as JSON or to a collector.
  """

  alias Outrigger.Test.Cluster

  @doc "Watches nodes, with more arguments. It ends with the test process, or by `stop/1`."
  @spec start([Cluster.member()], [String.t()]) :: port
  def start(members, args) do
    {:ok, binary} = Outrigger.Binary.fetch()
    nodes = Enum.map(members, &Atom.to_string(&1.name))
    json = if "--prometheus" in args, do: [], else: ["--json"]
    args = ["watch" | nodes] ++ json ++ ["--every", "100ms", "--duty", "50"] ++ args
    env = [{~c"OUTRIGGER_COOKIE", String.to_charlist(Cluster.cookie())}]
    options = [:binary, line: 10_000_000, args: args, env: env]
    port = Port.open({:spawn_executable, binary}, options)
    {:os_pid, pid} = Port.info(port, :os_pid)
    # Also when the test fails: a program that prints nothing does not notice that nobody reads.
    ExUnit.Callbacks.on_exit(fn ->
      System.cmd("kill", ["-9", "#{pid}"], stderr_to_stdout: true)
    end)

    port
  end

  @doc "Takes lines until `fun` returns neither `nil` nor `false` for the state that `reduce` has made of them."
  @spec until(port, acc, (map, acc -> acc), (acc -> term)) :: acc when acc: term
  def until(port, acc, reduce, fun) do
    receive do
      {^port, {:data, {:eol, line}}} ->
        {:ok, line} = Outrigger.Events.JSON.decode(line)
        acc = reduce.(line, acc)
        if fun.(acc), do: acc, else: until(port, acc, reduce, fun)
    after
      60_000 -> raise "it did not happen in time (last: #{inspect(acc)})"
    end
  end

  @doc "Waits for a round of each of the members: what is counted from now on is seen."
  @spec joined(port, [Cluster.member()]) :: :ok
  def joined(port, members) do
    names = MapSet.new(members, &Atom.to_string(&1.name))

    rounds = fn line, seen ->
      if line["event"] == "round", do: MapSet.put(seen, line["node"]), else: seen
    end

    until(port, MapSet.new(), rounds, &MapSet.subset?(names, &1))
    :ok
  end

  @doc "The page that a collector fetches, as soon as `fits` is true of it."
  @spec page(:inet.port_number(), (String.t() -> boolean)) :: String.t()
  def page(port, fits) do
    Cluster.eventually(fn ->
      with {:ok, page} <- fetch(port), true <- fits.(page), do: page, else: (_ -> nil)
    end)
  end

  defp fetch(port) do
    with {:ok, socket} <- :gen_tcp.connect({127, 0, 0, 1}, port, [:binary, active: false]) do
      :ok = :gen_tcp.send(socket, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
      rest(socket, "")
    end
  end

  # The server closes after its answer.
  defp rest(socket, page) do
    case :gen_tcp.recv(socket, 0, 30_000) do
      {:ok, more} -> rest(socket, page <> more)
      {:error, :closed} -> {:ok, page}
      {:error, reason} -> {:error, reason}
    end
  end

  @doc "Ends it as Ctrl-C does, and waits for its end."
  @spec stop(port) :: :ok
  def stop(port) do
    {:os_pid, pid} = Port.info(port, :os_pid)
    ref = Port.monitor(port)
    {_, 0} = System.cmd("kill", ["-INT", "#{pid}"])

    receive do
      {:DOWN, ^ref, :port, _, _} -> :ok
    after
      30_000 -> raise "outrigger watch does not end"
    end
  end
end
