defmodule Outrigger.PubSub do
  @moduledoc """
  Publish and subscribe across a cluster, one send per broadcast.

      children = [
        {Outrigger.PubSub, name: MyApp.PubSub}
      ]

      iex> Outrigger.PubSub.subscribe(MyApp.PubSub, "user:123")
      :ok
      iex> Outrigger.PubSub.broadcast(MyApp.PubSub, "user:123", {:renamed, "Ada"})
      :ok

  It takes the place of `{Phoenix.PubSub, name: MyApp.PubSub}`: the functions of `Phoenix.PubSub` work on it as they
  are, and the functions here are the same ones for applications without Phoenix.

  ## How messages travel

  With an Outrigger node in the cluster (`Outrigger.Node`), a broadcast leaves the publisher as one send to it, and it
  forwards the message to the other nodes. Without one, or for nodes that it does not reach, broadcasts go
  directly to each node that runs the same PubSub. The switch between the two is automatic and fenced: nothing is
  delivered twice, and each publisher's messages arrive in its order. `docs/design/fanout.md` says how.

  Delivery is at-most-once. What is in the buffers of a node or link that dies is lost. A node that reads more slowly than
  others publish hurts only itself: the router keeps a bounded queue for it, drops what the policy of a topic says
  (`Outrigger.Node`, `:pubsub_queue` and `:pubsub_policy`), and tells it how many messages of which node it has lost.

  ## Beside Phoenix.PubSub

  Nodes that still run `{Phoenix.PubSub, name: MyApp.PubSub}` and nodes with `{Outrigger.PubSub, name: MyApp.PubSub}` deliver to
  each other, so a cluster can be moved node by node, and back. Where Phoenix.PubSub is started this is on by itself: without
  it, half a cluster would silently not hear the other. `docs/pubsub.md` says what holds meanwhile.

  ## Options

  #{Outrigger.Options.docs(Outrigger.PubSub.Supervisor.schema())}

  ## Dispatchers

  A dispatcher is a module with `dispatch(entries, from, message)`, called on each node with the subscriptions
  `[{pid, metadata}]`, `from` a pid or `:none`. It has to exist on all nodes. `Phoenix.PubSub`'s contract.

  `Outrigger.PubSub` and `Phoenix.PubSub` as dispatchers send to everybody, and what comes together from other nodes is then sent
  to each subscriber together.

  ## Telemetry

  | event | measurements | metadata |
  | --- | --- | --- |
  | `[:outrigger, :pubsub, :route]`: broadcasts take another way | `epoch`, `covered`, `direct`, `pg2` (counts of nodes) | `pubsub`, `path`, `from` (`:relay`, `:direct` or `nil`), `router` |
  | `[:outrigger, :pubsub, :stale]`: a message came over a way that was given up, and was dropped | `count` | `pubsub`, `publisher` |
  | `[:outrigger, :pubsub, :handover_timeout]`: an old way was given up | `held` | `pubsub`, `publisher` |
  | `[:outrigger, :pubsub, :dispatch_error]`: a dispatcher is missing or raised | `count` | `pubsub`, `topic`, `dispatcher`, `kind`, `reason` |
  | `[:outrigger, :pubsub, :lost]`: a router dropped messages for this node, which read too slowly | `count` | `pubsub`, `router` (node), `publisher` (node) |
  | `[:outrigger, :pubsub, :refused]`: a router does not take this node | `count` | `pubsub`, `router`, `reason`, `limit` |

  ## Limits

  One receiving worker per node. OTP 25.1 or newer. Functions raise if the PubSub does not run.
  """

  alias Outrigger.Error
  alias Outrigger.PubSub.{Adapter, Board, Supervisor}

  @type t :: atom
  @type topic :: binary
  @type message :: term
  @type dispatcher :: module

  @doc "A child specification, see the options above."
  @spec child_spec(keyword) :: Elixir.Supervisor.child_spec()
  defdelegate child_spec(options), to: Supervisor

  @doc """
  Subscribes the caller to `topic`. Twice subscribed is twice delivered.

  `:metadata` is handed to custom dispatchers.
  """
  @spec subscribe(t, topic, keyword) :: :ok | {:error, term}
  def subscribe(pubsub, topic, options \\ [])
      when is_atom(pubsub) and is_binary(topic) and is_list(options) do
    with {:ok, _owner} <- Registry.register(pubsub, topic, options[:metadata]), do: :ok
  end

  @doc "Ends all subscriptions of the caller to `topic`."
  @spec unsubscribe(t, topic) :: :ok
  def unsubscribe(pubsub, topic) when is_atom(pubsub) and is_binary(topic) do
    Registry.unregister(pubsub, topic)
  end

  @doc "Sends `message` to the subscribers of `topic` on all nodes."
  @spec broadcast(t, topic, message, dispatcher) :: :ok | {:error, term}
  def broadcast(pubsub, topic, message, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_binary(topic) and is_atom(dispatcher) do
    publish(pubsub, :none, topic, message, dispatcher)
  end

  @doc "Like `broadcast/4`, but not to the process `from`."
  @spec broadcast_from(t, pid, topic, message, dispatcher) :: :ok | {:error, term}
  def broadcast_from(pubsub, from, topic, message, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_pid(from) and is_binary(topic) and is_atom(dispatcher) do
    publish(pubsub, from, topic, message, dispatcher)
  end

  @doc "Sends `message` to the subscribers of `topic` on this node."
  @spec local_broadcast(t, topic, message, dispatcher) :: :ok
  def local_broadcast(pubsub, topic, message, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_binary(topic) and is_atom(dispatcher) do
    dispatch_locally(pubsub, :none, topic, message, dispatcher)
  end

  @doc "Like `local_broadcast/4`, but not to the process `from`."
  @spec local_broadcast_from(t, pid, topic, message, dispatcher) :: :ok
  def local_broadcast_from(pubsub, from, topic, message, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_pid(from) and is_binary(topic) and is_atom(dispatcher) do
    dispatch_locally(pubsub, from, topic, message, dispatcher)
  end

  @doc """
  Sends `message` to the subscribers of `topic` on one node, in order with the caller's broadcasts.

  For this very node use `local_broadcast/4`, which does not go through the worker.
  """
  @spec direct_broadcast(node, t, topic, message, dispatcher) :: :ok | {:error, term}
  def direct_broadcast(node_name, pubsub, topic, message, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_binary(topic) and is_atom(dispatcher) do
    {:ok, {adapter, name}} = Registry.meta(pubsub, :pubsub)
    adapter.direct_broadcast(name, node_name, topic, message, dispatcher)
  end

  @doc "Like `broadcast/4`, but raises `Outrigger.Error`."
  @spec broadcast!(t, topic, message, dispatcher) :: :ok
  def broadcast!(pubsub, topic, message, dispatcher \\ __MODULE__),
    do: pubsub |> broadcast(topic, message, dispatcher) |> ok!(pubsub)

  @doc "Like `broadcast_from/5`, but raises `Outrigger.Error`."
  @spec broadcast_from!(t, pid, topic, message, dispatcher) :: :ok
  def broadcast_from!(pubsub, from, topic, message, dispatcher \\ __MODULE__),
    do: pubsub |> broadcast_from(from, topic, message, dispatcher) |> ok!(pubsub)

  @doc "Like `direct_broadcast/5`, but raises `Outrigger.Error`."
  @spec direct_broadcast!(node, t, topic, message, dispatcher) :: :ok
  def direct_broadcast!(node_name, pubsub, topic, message, dispatcher \\ __MODULE__),
    do: node_name |> direct_broadcast(pubsub, topic, message, dispatcher) |> ok!(pubsub)

  @doc "The name of this node in `direct_broadcast/5`."
  @spec node_name(t) :: node
  def node_name(pubsub) do
    {:ok, {adapter, name}} = Registry.meta(pubsub, :pubsub)
    adapter.node_name(name)
  end

  @doc """
  The way broadcasts of this node take now.

    * `:path` - `:relay` or `:direct`; `:router` - the Outrigger node, or `nil`;
    * `:covered` - nodes reached through the router; `:direct` - nodes reached directly; `:pg2` - nodes that run the
      PG2 adapter of Phoenix.PubSub, reached directly in its way;
    * `:epoch` - rises with each change;
    * `:counters` - since the start: `route_changes`, `lost_relays` (publishers that found the router gone), `stale`,
      `gave_up` (handovers that ran out of time), `dispatch_errors`, `batches` (several messages that a router sent
      as one), `malformed` (parts of batches that are none of ours), `lost` (messages that a router dropped for this
      node, since it read too slowly).
  """
  @spec info(t) :: %{
          path: :relay | :direct,
          router: node | nil,
          epoch: non_neg_integer,
          covered: [node],
          direct: [node],
          pg2: [node],
          counters: %{atom => non_neg_integer}
        }
  def info(pubsub) do
    {:ok, {Adapter, group}} = Registry.meta(pubsub, :pubsub)
    route = Board.route(group) || %{relay: nil, epoch: 0, nodes: [], directs: [], pg2: []}

    %{
      path: if(route.relay, do: :relay, else: :direct),
      router: route.relay && node(route.relay),
      epoch: route.epoch,
      covered: route.nodes,
      direct: Enum.map(route.directs, &node/1),
      pg2: Enum.map(route.pg2, &elem(&1, 0)),
      counters: Board.counters(group)
    }
  end

  @doc "The default dispatcher: sends `message` to each subscriber but `from`."
  @spec dispatch([{pid, term}], pid | :none, message) :: :ok
  def dispatch(entries, from, message) do
    for {pid, _metadata} <- entries, pid != from, do: send(pid, message)
    :ok
  end

  defp publish(pubsub, from, topic, message, dispatcher) do
    {:ok, {adapter, name}} = Registry.meta(pubsub, :pubsub)

    with :ok <- adapter.broadcast(name, topic, message, dispatcher),
         do: dispatch_locally(pubsub, from, topic, message, dispatcher)
  end

  defp dispatch_locally(pubsub, from, topic, message, dispatcher) do
    Registry.dispatch(pubsub, topic, {dispatcher, :dispatch, [from, message]})
    :ok
  end

  defp ok!(:ok, _pubsub), do: :ok

  defp ok!({:error, reason}, pubsub) do
    raise Error.new(reason, "broadcast on #{inspect(pubsub)} failed: #{inspect(reason)}", %{
            pubsub: pubsub
          })
  end
end
