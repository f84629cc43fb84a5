defmodule Outrigger.Test.Cluster do
  @moduledoc """
  BEAM nodes as OS processes, for tests.

  They are driven over their standard input and output, so the VM that runs the tests need not be distributed and is no
  member of the cluster. Names are unique, a node ends with the test process that started it.

      [a, b] = Cluster.start_nodes(2)
      Cluster.connect([a, b])
      Cluster.call(a, Node, :list, [])

  A node is `%{peer: pid, name: node, os_pid: pos_integer}`.
  """

  @cookie "outrigger-test"
  @host "127.0.0.1"

  @type member :: %{peer: pid, name: node, os_pid: pos_integer}

  @doc "The cookie of all nodes started here."
  @spec cookie() :: String.t()
  def cookie, do: @cookie

  @doc "Starts `count` distributed nodes with the code of this VM and the application running. Not connected yet."
  @spec start_nodes(pos_integer, [String.t()]) :: [member]
  def start_nodes(count, args \\ []) do
    1..count
    |> Enum.map(fn _ -> Task.async(fn -> start_peer(unique("app"), args) end) end)
    |> adopt()
  end

  @doc "kill -9, and a new node under the same name."
  @spec replace(member) :: member
  def replace(member) do
    kill(member)
    [short, _host] = member.name |> Atom.to_string() |> String.split("@")
    # EPMD hears of the end of a node when its connection closes.
    eventually(fn ->
      :erl_epmd.port_please(String.to_charlist(short), {127, 0, 0, 1}) == :noport
    end)

    [Task.async(fn -> start_peer(short, []) end)] |> adopt() |> hd()
  end

  @doc "Starts one distributed node."
  @spec start_node([String.t()]) :: member
  def start_node(args \\ []), do: hd(start_nodes(1, args))

  @doc "Starts an OS process with the code of this VM that is no node: a place for a router of the tests."
  @spec start_plain() :: member
  def start_plain, do: [Task.async(fn -> start_peer(nil, []) end)] |> adopt() |> hd()

  @doc "Connects every node to every other."
  @spec connect([member]) :: :ok
  def connect(members) do
    for a <- members, b <- members, a.name < b.name do
      true = call(a, Node, :connect, [b.name])
    end

    :ok
  end

  @doc "Calls a function on a node."
  @spec call(member, module, atom, [term]) :: term
  def call(member, module, function, args),
    do: :peer.call(member.peer, module, function, args, 30_000)

  @doc """
  Starts a Rust node that a node supervises, and returns its name. When it is killed it comes back under it.
  """
  @spec start_rust(member, keyword) :: node
  def start_rust(member, options \\ []) do
    spec = Outrigger.Node.child_spec([name: unique("rust")] ++ options)
    {:ok, _pid} = call(member, Supervisor, :start_child, [Outrigger.Supervisor, spec])
    String.to_atom(rust(member).name)
  end

  @doc "`Outrigger.Node.info/1` of the Rust node that a node supervises."
  @spec rust(member) :: map
  def rust(member), do: call(member, Outrigger.Node, :info, [Outrigger.Node])

  @doc "Starts a PubSub on a node."
  @spec start_pubsub(member, keyword) :: :ok
  def start_pubsub(member, options),
    do: call(member, Outrigger.Test.Probe, :start_pubsub, [options])

  @doc "kill -9."
  @spec kill(member) :: :ok
  def kill(member) do
    {_, 0} = System.cmd("kill", ["-9", "#{member.os_pid}"])
    :ok
  end

  @doc "Waits until `fun` returns neither `nil` nor `false`."
  @spec eventually((() -> term), pos_integer) :: term
  def eventually(fun, timeout_ms \\ 30_000) do
    eventually(fun, System.monotonic_time(:millisecond) + timeout_ms, nil)
  end

  defp eventually(fun, deadline, last) do
    cond do
      value = fun.() ->
        value

      System.monotonic_time(:millisecond) > deadline ->
        raise "it did not happen in time (last: #{inspect(last)})"

      true ->
        Process.sleep(10)
        eventually(fun, deadline, last)
    end
  end

  @doc "Makes the VM that runs the tests a node with a unique name, for tests that need it to be one."
  @spec distribute_host() :: node
  def distribute_host do
    unless Node.alive?() do
      {:ok, _} = Node.start(:"#{unique("host")}@#{@host}", :longnames)
      Node.set_cookie(String.to_atom(@cookie))
    end

    node()
  end

  @doc "A node name that nobody has."
  @spec unique(String.t()) :: String.t()
  def unique(prefix), do: "#{prefix}-#{System.pid()}-#{System.unique_integer([:positive])}"

  @doc "Starts EPMD where none runs, as on a machine that has just booted. Once, before any test: which comes first is left to chance."
  @spec ensure_epmd() :: :ok
  def ensure_epmd do
    {_, 0} = System.cmd("epmd", ["-daemon"])
    true = eventually(fn -> match?({:ok, _}, :erl_epmd.names({127, 0, 0, 1})) end)
    :ok
  end

  defp start_peer(name, args) do
    args =
      ["-setcookie", @cookie, "-connect_all", "false", "-kernel", "logger_level", "error"] ++ args

    paths = Enum.flat_map(:code.get_path(), &[~c"-pa", &1])

    options = %{
      connection: :standard_io,
      args: paths ++ Enum.map(args, &String.to_charlist/1),
      wait_boot: 30_000
    }

    named = %{
      name: name && String.to_charlist(name),
      host: String.to_charlist(@host),
      longnames: true
    }

    options = if name, do: Map.merge(options, named), else: options

    {:ok, peer} = start(options)
    {:ok, _} = :peer.call(peer, :application, :ensure_all_started, [:elixir], 30_000)
    {:ok, _} = :peer.call(peer, :application, :ensure_all_started, [:outrigger], 30_000)
    os_pid = peer |> :peer.call(:os, :getpid, []) |> List.to_integer()
    %{peer: peer, name: :peer.call(peer, :erlang, :node, []), os_pid: os_pid}
  end

  # A node without a name gets no `-name`, one with a name answers `{:ok, peer, node}`.
  defp start(options) do
    case :peer.start(options) do
      {:ok, peer} -> {:ok, peer}
      {:ok, peer, _node} -> {:ok, peer}
    end
  end

  # Started in parallel by tasks; a watcher ends them when the caller ends, however that happens.
  defp adopt(tasks) do
    members = Task.await_many(tasks, 60_000)
    caller = self()

    spawn(fn ->
      ref = Process.monitor(caller)

      receive do
        {:DOWN, ^ref, _, _, _} -> for %{peer: peer} <- members, do: Process.exit(peer, :kill)
      end
    end)

    members
  end
end
