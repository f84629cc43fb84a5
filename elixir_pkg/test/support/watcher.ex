defmodule Outrigger.Test.Watcher do
  @moduledoc """
  A running `outrigger watch --json`, and what it says.
  """

  alias Outrigger.Test.Cluster

  @doc "Watches nodes, with more arguments. It ends with the test process, or by `stop/1`."
  @spec start([Cluster.member()], [String.t()]) :: port
  def start(members, args) do
    {:ok, binary} = Outrigger.Binary.fetch()
    nodes = Enum.map(members, &Atom.to_string(&1.name))
    args = ["watch" | nodes] ++ ["--json", "--every", "100ms", "--duty", "50"] ++ args
    env = [{~c"OUTRIGGER_COOKIE", String.to_charlist(Cluster.cookie())}]
    Port.open({:spawn_executable, binary}, [:binary, line: 10_000_000, args: args, env: env])
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
