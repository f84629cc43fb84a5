defmodule Bench.Nodes do
  @moduledoc """
  BEAM nodes as operating-system processes on this machine, for measuring. Schedulers do not spin while idle, so that CPU time is work.
  """

  @emulator ~w(+sbwt none +sbwtdcpu none +sbwtdio none)c

  @typedoc "A node: its name, the process that talks to it, and its operating-system process."
  @type t :: %{name: node, peer: pid, os_pid: pos_integer}

  @doc "Starts nodes with one cookie, so many schedulers each, and the code of this VM, not connected to each other."
  @spec start(String.t(), pos_integer, pos_integer) :: [t]
  def start(name, count, schedulers \\ 2) do
    cookie = 16 |> :crypto.strong_rand_bytes() |> Base.encode16() |> String.to_atom()
    for index <- 1..count, do: start_node("#{name}#{index}", cookie, schedulers)
  end

  defp start_node(name, cookie, schedulers) do
    paths = Enum.flat_map(:code.get_path(), &[~c"-pa", &1])
    emulator = @emulator ++ [~c"+S", ~c"#{schedulers}:#{schedulers}"]
    options = %{name: :"#{name}-#{System.pid()}", host: ~c"127.0.0.1", longnames: true}

    {:ok, peer, name} =
      :peer.start_link(Map.merge(options, %{connection: :standard_io, args: emulator ++ paths}))

    node = %{name: name, peer: peer}
    true = call(node, :erlang, :set_cookie, [cookie])
    Map.put(node, :os_pid, String.to_integer(List.to_string(call(node, :os, :getpid, []))))
  end

  @doc "Connects all with all."
  @spec connect([t]) :: :ok
  def connect(nodes) do
    for a <- nodes,
        b <- nodes,
        a.name < b.name,
        do: true = call(a, :net_kernel, :connect_node, [b.name])

    :ok
  end

  @doc "Calls a function on a node, over its standard input and output."
  @spec call(t, module, atom, [term]) :: term
  def call(node, module, function, arguments),
    do: :peer.call(node.peer, module, function, arguments, 120_000)

  @doc "Calls a function on several nodes at once."
  @spec call_all([t], module, atom, [term]) :: [term]
  def call_all(nodes, module, function, arguments) do
    nodes
    |> Enum.map(&Task.async(fn -> call(&1, module, function, arguments) end))
    |> Task.await_many(130_000)
  end

  @doc "Ends them."
  @spec stop([t]) :: :ok
  def stop(nodes), do: Enum.each(nodes, &:peer.stop(&1.peer))
end
