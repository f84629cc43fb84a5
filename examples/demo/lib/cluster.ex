defmodule Demo.Cluster do
  @moduledoc """
  Three application nodes as operating-system processes, and the Rust node that the first of them supervises.

  The nodes are `:peer`s on standard input and output: the demo itself takes no part in the cluster, and when it ends,
  in whatever way, the closed pipes end the nodes, and theirs end the Rust node.
  """

  defstruct [:nodes, :pubsub]

  @type t :: %__MODULE__{nodes: [%{name: node, peer: pid, label: String.t()}], pubsub: atom}

  @pubsub Demo.PubSub
  @rust Demo.Rust

  @doc "Starts the nodes, connects them with each other and starts the application on each."
  @spec start(pos_integer) :: t
  def start(count) do
    cookie = 16 |> :crypto.strong_rand_bytes() |> Base.encode16() |> String.to_atom()
    nodes = for index <- 1..count, do: start_node(index, cookie)
    [first | rest] = nodes
    for node <- rest, do: true = call(node, :net_kernel, :connect_node, [first.name])

    for {node, index} <- Enum.with_index(nodes),
        do: :ok = call(node, Demo.App, :start, [children(index)])

    %__MODULE__{nodes: nodes, pubsub: @pubsub}
  end

  # The first node has the Rust node under its supervisor. It tells the Rust node of the others through its PubSub.
  defp children(0),
    do: [
      {Outrigger.Node, server: @rust, name: "demo-rust-#{System.pid()}"},
      pubsub()
    ]

  defp children(_), do: [pubsub()]

  # By itself it would send directly to two other nodes.
  defp pubsub, do: {Outrigger.PubSub, name: @pubsub, path: :relay}

  defp start_node(index, cookie) do
    name = :"demo-app#{index}-#{System.pid()}"
    paths = Enum.flat_map(:code.get_path(), &[~c"-pa", &1])

    {:ok, peer, name} =
      :peer.start_link(%{
        name: name,
        host: ~c"127.0.0.1",
        longnames: true,
        connection: :standard_io,
        args: paths
      })

    node = %{name: name, peer: peer, label: "app#{index}"}
    true = call(node, :erlang, :set_cookie, [cookie])
    node
  end

  @doc "Calls a function on one node, over its standard input and output."
  @spec call(map, module, atom, [term]) :: term
  def call(node, module, function, arguments),
    do: :peer.call(node.peer, module, function, arguments, 15_000)

  @doc "Calls a function on every node, in parallel; the results in the nodes' order."
  @spec call_all(t, module, atom, [term]) :: [term]
  def call_all(cluster, module, function, arguments) do
    cluster.nodes
    |> Enum.map(&Task.async(fn -> call(&1, module, function, arguments) end))
    |> Task.await_many(20_000)
  end

  @doc "What the supervisor of the Rust node knows of it."
  @spec rust(t) :: map
  def rust(%{nodes: [first | _]}), do: call(first, Outrigger.Node, :info, [@rust])

  @doc "Ends the nodes, and through them the Rust node; returns when all are gone."
  @spec stop(t) :: :ok
  def stop(cluster), do: Enum.each(cluster.nodes, &:peer.stop(&1.peer))
end
