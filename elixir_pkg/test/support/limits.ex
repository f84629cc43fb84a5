defmodule Outrigger.Test.Limits do
  @moduledoc """
  Clusters of BEAM nodes and Rust nodes with a limit, for tests.

      %{members: members, rust: rust} = Limits.cluster(4, 2)
      limiter = Limits.start(members, 2, limit: 10, period: 1_000)

  Each Rust node is supervised by one of the first BEAM nodes, and comes back when it is killed.
  """

  alias Outrigger.Limit
  alias Outrigger.Test.Cluster

  @doc "So many BEAM nodes and Rust nodes, all connected."
  def cluster(apps, rust) do
    members = Cluster.start_nodes(apps)
    Cluster.connect(members)
    rust = members |> Enum.take(rust) |> Enum.map(&Cluster.start_rust/1)
    connect(members, rust)
    %{members: members, rust: rust}
  end

  @doc "Connects BEAM nodes and Rust nodes."
  def connect(members, rust) do
    for member <- members,
        node <- rust,
        do: Cluster.eventually(fn -> Cluster.call(member, Node, :connect, [node]) end)
  end

  @doc "Cuts the links between BEAM nodes and Rust nodes."
  def cut(members, rust),
    do:
      for(
        member <- members,
        node <- rust,
        do: Cluster.call(member, Node, :disconnect, [node])
      )

  @doc "Starts a limiter with a new name on all nodes, and waits until so many Rust nodes are in force on each."
  def start(members, owners, options) do
    name = name()
    for member <- members, do: start_on(member, name, options)
    in_force(members, name, owners)
    name
  end

  @doc "A name that no limiter has."
  def name, do: Module.concat(__MODULE__, "L#{System.unique_integer([:positive])}")

  @doc "Starts a limiter on a node. `:limit`, `:period`, `:burst` and `:algorithm` are the rule, all else is of the cluster."
  def start_on(member, name, options) do
    {rule, cluster} = Keyword.split(options, [:limit, :period, :burst, :algorithm])
    spec = {Limit, [name: name, cluster: cluster] ++ rule}
    {:ok, _} = Cluster.call(member, Supervisor, :start_child, [Outrigger.Supervisor, spec])
  end

  @doc "Waits until so many Rust nodes are in force on all nodes."
  def in_force(members, name, owners) do
    for member <- members do
      Cluster.eventually(fn ->
        stats = stats(member, name)
        stats.in_force and stats.owners == owners
      end)
    end
  end

  @doc "Waits until a node has no Rust node in reach."
  def lost(member, name), do: Cluster.eventually(fn -> stats(member, name).owners == 0 end)

  @doc "`Outrigger.Limit.stats/1` on a node."
  def stats(member, name), do: Cluster.call(member, Limit, :stats, [name])

  @doc "A hit on a node."
  def hit(member, name, key, cost \\ 1), do: Cluster.call(member, Limit, :hit, [name, key, cost])

  @doc "How many of so many hits on a node are allowed."
  def allowed(member, name, key, hits),
    do: Enum.count(1..hits, fn _ -> match?({:allow, _}, hit(member, name, key)) end)

  @doc "Waits until nodes together have spent all of a key's limit, each hitting again and again. And then no hit of them is allowed any more."
  def spend(members, name, key, limit) do
    spent = :counters.new(1, [])

    hit = fn hits ->
      for member <- members, do: :counters.add(spent, 1, allowed(member, name, key, hits))
    end

    Cluster.eventually(fn ->
      hit.(10)
      :counters.get(spent, 1) >= limit
    end)

    hit.(50)
    :counters.get(spent, 1)
  end

  @doc "Stops the Rust nodes of BEAM nodes."
  def stop_rust(members),
    do: for(member <- members, do: :ok = supervisor(member, :terminate_child))

  @doc "Starts them again."
  def restart_rust(members),
    do: for(member <- members, do: {:ok, _} = supervisor(member, :restart_child))

  defp supervisor(member, act),
    do: Cluster.call(member, Supervisor, act, [Outrigger.Supervisor, Outrigger.Node])

  @doc "kill -9 of the Rust node of a BEAM node."
  def kill_rust(member) do
    {_, 0} = System.cmd("kill", ["-9", "#{Cluster.rust(member).os_pid}"])
    :ok
  end
end
