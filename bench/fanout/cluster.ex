defmodule Bench.Fanout.Cluster do
  @moduledoc """
  A publisher node, N receiver nodes and one Rust node, all operating-system processes on this machine.

  Schedulers do not spin while idle (`+sbwt none`), so that CPU time is work.
  """

  @emulator ~w(+sbwt none +sbwtdcpu none +sbwtdio none +S 2:2)c

  @doc "Starts publisher and receivers with every contender's PubSub, and waits until each reaches all receivers."
  @spec start(pos_integer, [module], atom) :: map
  def start(receivers, contenders, path) do
    cookie = 16 |> :crypto.strong_rand_bytes() |> Base.encode16() |> String.to_atom()
    [publisher | rest] = nodes = for index <- 0..receivers, do: start_node(index, cookie)
    for node <- rest, do: true = call(node, :net_kernel, :connect_node, [publisher.name])

    for {node, index} <- Enum.with_index(nodes),
        do: :ok = call(node, Bench.Fanout.Side, :start, [contenders, path, index])

    for contender <- contenders,
        do: :ok = call(publisher, Bench.Fanout.Side, :await_reach, [contender, receivers])

    for node <- nodes, do: :ok = call(node, Bench.Fanout.Side, :await_told, [])
    rust = call(publisher, Bench.Fanout.Side, :rust_os_pid, [])

    %{
      publisher: publisher,
      receivers: rest,
      os_pids: Map.put(Map.new(nodes, &{&1.role, &1.os_pid}), :rust, rust)
    }
  end

  defp start_node(index, cookie) do
    paths = Enum.flat_map(:code.get_path(), &[~c"-pa", &1])
    options = %{name: :"bench#{index}-#{System.pid()}", host: ~c"127.0.0.1", longnames: true}

    {:ok, peer, name} =
      :peer.start_link(Map.merge(options, %{connection: :standard_io, args: @emulator ++ paths}))

    node = %{
      name: name,
      peer: peer,
      role: if(index == 0, do: :publisher, else: {:receiver, index})
    }

    true = call(node, :erlang, :set_cookie, [cookie])
    Map.put(node, :os_pid, String.to_integer(List.to_string(call(node, :os, :getpid, []))))
  end

  @doc "Calls a function on a node, over its standard input and output."
  @spec call(map, module, atom, [term]) :: term
  def call(node, module, function, arguments),
    do: :peer.call(node.peer, module, function, arguments, 120_000)

  @doc "Calls a function on all receivers in parallel."
  @spec call_receivers(map, module, atom, [term]) :: [term]
  def call_receivers(cluster, module, function, arguments) do
    cluster.receivers
    |> Enum.map(&Task.async(fn -> call(&1, module, function, arguments) end))
    |> Task.await_many(130_000)
  end

  @doc "Ends all nodes."
  @spec stop(map) :: :ok
  def stop(cluster), do: Enum.each([cluster.publisher | cluster.receivers], &:peer.stop(&1.peer))
end
