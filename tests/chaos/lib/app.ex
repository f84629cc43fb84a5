defmodule Chaos.App do
  @moduledoc """
  What runs on each BEAM node of the chaos run: the package's PubSub as an application has it, publishers and
  subscribers. The conductor calls `start/1`, then asks.
  """

  alias Chaos.{Journal, Mesh, Publisher, Subscriber}

  @pubsub Chaos.PubSub

  @doc """
  Starts it all, and outlives the call. Settings: `incarnation` (a number that no other start of a node has), `journal` (a
  file), `peers` (the names of the other nodes), `wide` and `narrow` (how many topics), `publishers`, `listeners`, `comers`.
  """
  @spec start(map) :: :ok
  def start(settings) do
    {:ok, _} = Application.ensure_all_started(:elixir)
    {:ok, _} = Application.ensure_all_started(:outrigger)
    {:module, _} = Code.ensure_loaded(:telemetry)
    :persistent_term.put(__MODULE__, settings)
    :persistent_term.put({__MODULE__, :ids}, :atomics.new(1, signed: false))

    traffic =
      for(place <- 1..settings.listeners, do: {Subscriber, {:listener, place}}) ++
        for(place <- 1..settings.comers//1, do: {Subscriber, {:comer, place}}) ++
        for(place <- 1..settings.publishers, do: {Publisher, place})

    children = [Journal, {Outrigger.PubSub, name: @pubsub}, {Mesh, settings.peers} | traffic]

    options = [
      strategy: :one_for_one,
      max_restarts: 1_000,
      max_seconds: 1,
      name: Chaos.Supervisor
    ]

    {:ok, supervisor} = Supervisor.start_link(children, options)
    Process.unlink(supervisor)
    :ok
  end

  @doc "A setting of `start/1`."
  @spec setting(atom) :: term
  def setting(name), do: Map.fetch!(:persistent_term.get(__MODULE__), name)

  @doc "The PubSub."
  @spec pubsub() :: atom
  def pubsub, do: @pubsub

  @doc "The name of a topic."
  @spec topic(non_neg_integer) :: binary
  def topic(number), do: "chaos:#{number}"

  @doc "The number in the name of a topic."
  @spec topic_number(binary) :: non_neg_integer
  def topic_number("chaos:" <> number), do: String.to_integer(number)

  @doc "The slot of a node, the number in its name: `app3_...`."
  @spec slot(node) :: non_neg_integer
  def slot(node) do
    ["app" <> number, _] = node |> Atom.to_string() |> String.split("_", parts: 2)
    String.to_integer(number)
  end

  @doc "An id that no process or subscription of another incarnation has either."
  @spec next_id() :: pos_integer
  def next_id do
    id = :atomics.add_get(:persistent_term.get({__MODULE__, :ids}), 1, 1)
    true = id < 0x10000
    setting(:incarnation) * 0x10000 + id
  end

  @doc "What messages carry besides their numbers."
  @spec padding() :: binary
  def padding, do: :persistent_term.get({__MODULE__, :padding}, <<>>)

  @doc "Makes messages so many bytes larger."
  @spec pad(non_neg_integer) :: :ok
  def pad(bytes), do: :persistent_term.put({__MODULE__, :padding}, :binary.copy(<<0>>, bytes))

  @doc "A linked process under the supervisor. That it crashed is noted; that it ended is not."
  @spec start_process((() -> term)) :: {:ok, pid}
  def start_process(fun) do
    pid =
      spawn_link(fn ->
        try do
          fun.()
        catch
          kind, reason ->
            IO.puts("chaos crash: #{Exception.format(kind, reason, __STACKTRACE__)}")
            Journal.note(:crash, 1)
        end
      end)

    {:ok, pid}
  end

  @doc """
  Whether broadcasts of this node reach `peers` and no others, and so many routers are in use: `:relay` if so, `:direct` if so
  without a router, or what is in the way.
  """
  @spec way([node], non_neg_integer) ::
          :relay | :direct | {:connected | :reached | :routers, [node]}
  def way(peers, routers) do
    info = Outrigger.PubSub.info(@pubsub)
    reached = Enum.sort(Enum.uniq(info.covered ++ info.direct))

    cond do
      Enum.sort(Node.list()) != Enum.sort(peers) -> {:connected, Node.list()}
      reached != Enum.sort(peers) -> {:reached, reached}
      map_size(info.routers) != routers -> {:routers, Map.keys(info.routers)}
      true -> info.path
    end
  end

  @doc "Ends the publishing on this node; returns when each publisher has sent its last message."
  @spec quiet() :: :ok
  def quiet do
    for place <- 1..setting(:publishers), do: stop(place)
    :ok
  end

  @doc "Stops what `start/1` has started, as an application stops its supervisor."
  @spec stop() :: :ok
  def stop, do: Supervisor.stop(Chaos.Supervisor)

  # A publisher may be giving way to its successor at this moment.
  defp stop(place) do
    case Process.whereis(Publisher.name(place)) do
      nil ->
        Process.sleep(10)
        stop(place)

      pid ->
        ref = Process.monitor(pid)
        send(pid, {:stop, self()})

        receive do
          {:stopped, ^pid} -> Process.demonitor(ref, [:flush])
          {:DOWN, ^ref, _, _, _} -> stop(place)
        end
    end
  end
end
