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
  forwards the message to those nodes where somebody has subscribed to the topic. With several, each publishing process uses one of them: when one is lost its
  publishers move to the others. Without one, for nodes that it does not reach, and in clusters of up to three nodes (`:direct_up_to`),
  broadcasts go directly to each node that runs the same PubSub. The switch between all these is automatic and fenced: nothing is
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
  | `[:outrigger, :pubsub, :route]`: broadcasts take another way | `epoch`, `covered`, `direct`, `pg2` (counts of nodes) | `pubsub`, `path`, `from` (`:relay`, `:direct` or `nil`), `routers` (nodes), `reason` |
  | `[:outrigger, :pubsub, :stale]`: a message came over a way that was given up, and was dropped | `count` | `pubsub`, `publisher`; or `prefix`, `router` (node) |
  | `[:outrigger, :pubsub, :handover_timeout]`: an old way was given up | `held` | `pubsub`, `publisher` |
  | `[:outrigger, :pubsub, :dispatch_error]`: a dispatcher is missing or raised | `count` | `pubsub`, `topic`, `dispatcher`, `kind`, `reason` |
  | `[:outrigger, :pubsub, :lost]`: a router dropped messages for this node, which read too slowly | `count` | `pubsub`, `router` (node), `publisher` (node) |
  | `[:outrigger, :pubsub, :unconfirmed]`: messages may have been lost with a router, or with the link to one | `at_most` | `pubsub`, `router` (node), `publisher` (node) |
  | `[:outrigger, :pubsub, :gap]`: messages may have been missed, as a router heard of subscriptions too late | `count` of topics | `pubsub`, `router`, `topics` (100 at most; a prefix is `{:prefix, binary}`) |
  | `[:outrigger, :pubsub, :missed]`: messages of a prefix in order did not reach this node, and will not | `count` | `pubsub`, `prefix`, `router` (node) |
  | `[:outrigger, :pubsub, :fetched]`: what another node has kept of a prefix came here | `count` | `pubsub`, `prefix`, `what` (`:history`, `:latest`), `from` (node) |
  | `[:outrigger, :pubsub, :refused]`: a router does not take this node | `count` | `pubsub`, `router`, `reason`, `limit` |

  ## Limits

  One receiving worker per node, which shares out what is for very many subscribers. OTP 25.1 or newer. Functions raise if the PubSub does not run.
  """

  alias Outrigger.Error

  alias Outrigger.PubSub.{
    Board,
    Choices,
    Cursor,
    Dispatch,
    Interest,
    Kept,
    Many,
    Ordered,
    Place,
    Prefixes,
    Supervisor
  }

  # Before the switch has decided for the first time.
  @no_choices {%{relay: nil, use: nil, nodes: [], directs: []}}

  @type t :: atom
  @type topic :: binary
  @type message :: term
  @type dispatcher :: module

  @doc "A child specification, see the options above."
  @spec child_spec(keyword) :: Elixir.Supervisor.child_spec()
  defdelegate child_spec(options), to: Supervisor

  @doc """
  Subscribes the caller to `topic`. Twice subscribed is twice delivered.

  What anybody publishes after this has returned is delivered (`docs/pubsub.md`). Options:

    * `:metadata` - handed to custom dispatchers;
    * `:confirm` - `true` waits until the routers know, too, that this node wants the topic. From then on its messages come in the
      order of their publishers also with those of other topics. At once if they know already, or if there is no router;
    * `:confirm_timeout` - for how many milliseconds, 5,000 by default. `{:error, :timeout}` means that a router has not answered. The
      subscription is in place all the same.

  Of topics of which something is kept (`ordered: [{"room:", history: 1_000, latest: 10_000}]`, `docs/pubsub.md`) also one of:

    * `:latest` - `true` hands the caller the newest message of the topic first, if there is one, and then those that follow;
    * `:since` - a cursor, `:now`, or `:kept` for all that there is. Returns `{:ok, cursor}`, and the caller gets an
      `Outrigger.PubSub.Message` for each message behind that cursor: what was kept, and then what comes. Each has its cursor, with which to come back,
      here or on another node. `{:error, :gap}` if not all that came behind the cursor is kept any more.

  With both, nothing comes twice and nothing is left out. `{:error, :not_kept}` where that is not kept, `{:error, :already_subscribed}` for a second
  `:since` of a process to a topic, `{:error, :unavailable}` while the PubSub is being restarted.
  """
  @spec subscribe(t, topic, keyword) :: :ok | {:ok, Cursor.t()} | {:error, term}
  def subscribe(pubsub, topic, options \\ [])
      when is_atom(pubsub) and is_binary(topic) and is_list(options) do
    case register(pubsub, topic, options) do
      {:error, reason} -> {:error, reason}
      subscribed -> with :ok <- confirm(pubsub, topic, options), do: subscribed
    end
  end

  defp register(pubsub, topic, options) do
    case {options[:since], options[:latest]} do
      {nil, latest} when latest in [nil, false] ->
        with {:ok, _owner} <- Registry.register(pubsub, topic, options[:metadata]),
             do: Interest.keep_pace(pubsub)

      {nil, true} ->
        Kept.latest(Place.group!(pubsub), topic, options[:metadata])

      {since, latest}
      when (since in [:now, :kept] or is_tuple(since)) and latest in [nil, false] ->
        Kept.since(Place.group!(pubsub), topic, since)

      {since, latest} ->
        raise ArgumentError,
              "takes since: :now, :kept or a cursor, or latest: true, got: since: #{inspect(since)}, latest: #{inspect(latest)}"
    end
  end

  @doc "Ends all subscriptions of the caller to `topic`."
  @spec unsubscribe(t, topic) :: :ok
  def unsubscribe(pubsub, topic) when is_atom(pubsub) and is_binary(topic) do
    :ok = Kept.unsubscribe(Place.of(pubsub).group, topic)
    Registry.unregister(pubsub, topic)
    Interest.keep_pace(pubsub)
  end

  @doc """
  Subscribes the caller to all topics that begin with `prefix`. Options as for `subscribe/3`.

      iex> Outrigger.PubSub.subscribe_prefix(MyApp.PubSub, "orders:")
      :ok

  What other systems write as `"orders:*"`. Here that is a topic like any other, and so is a `"*"` in `prefix`: nothing in it is special. `""` begins
  every topic.

  Routers send this node the messages of these topics, and no others; nothing is lost for being new, as with a topic. Who has
  subscribed to a topic and to a prefix of it, or to two prefixes, gets a message once for each. A custom dispatcher is called for the
  subscribers of each prefix by themselves.
  """
  @spec subscribe_prefix(t, prefix :: binary, keyword) :: :ok | {:error, term}
  def subscribe_prefix(pubsub, prefix, options \\ [])
      when is_atom(pubsub) and is_binary(prefix) and is_list(options) do
    with :ok <- Prefixes.subscribe(Place.group!(pubsub), prefix, options[:metadata]) do
      Interest.keep_pace(pubsub)
      confirm(pubsub, {:prefix, prefix}, options)
    end
  end

  @doc "Ends all subscriptions of the caller to `prefix`."
  @spec unsubscribe_prefix(t, prefix :: binary) :: :ok
  def unsubscribe_prefix(pubsub, prefix) when is_atom(pubsub) and is_binary(prefix) do
    :ok = Prefixes.unsubscribe(Place.group!(pubsub), prefix)
    Interest.keep_pace(pubsub)
  end

  @doc """
  Sends `message` to the subscribers of `topic` on all nodes.

  On a topic in order (option `:ordered`) those of this node get it when it comes back from the Outrigger node that puts it in order.
  `{:error, :unordered}`: there is none, and nothing was sent.
  """
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

  @doc """
  Broadcasts several `{topic, message}`: as that many `broadcast/4` in this order, at a fraction of their cost.

      iex> Outrigger.PubSub.broadcast_many(MyApp.PubSub, [{"user:1", :online}, {"user:2", :away}])
      :ok

  Up to 128 leave as one send, and each subscriber of this node gets those that follow one another on its topic together.
  `{:error, {reason, sent}}`: the first `sent` of them went out, and no others.
  """
  @spec broadcast_many(t, [{topic, message}], dispatcher) ::
          :ok | {:error, {term, sent :: non_neg_integer}}
  def broadcast_many(pubsub, messages, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_list(messages) and is_atom(dispatcher) do
    Many.broadcast(pubsub, :none, messages, dispatcher)
  end

  @doc "Like `broadcast_many/3`, but not to the process `from`."
  @spec broadcast_many_from(t, pid, [{topic, message}], dispatcher) ::
          :ok | {:error, {term, sent :: non_neg_integer}}
  def broadcast_many_from(pubsub, from, messages, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_pid(from) and is_list(messages) and is_atom(dispatcher) do
    Many.broadcast(pubsub, from, messages, dispatcher)
  end

  @doc "Sends `message` to the subscribers of `topic` on this node."
  @spec local_broadcast(t, topic, message, dispatcher) :: :ok
  def local_broadcast(pubsub, topic, message, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_binary(topic) and is_atom(dispatcher) do
    Dispatch.local(Place.of(pubsub), :none, topic, dispatcher, [message])
  end

  @doc "Like `local_broadcast/4`, but not to the process `from`."
  @spec local_broadcast_from(t, pid, topic, message, dispatcher) :: :ok
  def local_broadcast_from(pubsub, from, topic, message, dispatcher \\ __MODULE__)
      when is_atom(pubsub) and is_pid(from) and is_binary(topic) and is_atom(dispatcher) do
    Dispatch.local(Place.of(pubsub), from, topic, dispatcher, [message])
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

  @doc "Like `broadcast_many/3`, but raises `Outrigger.Error`, with `details.sent`."
  @spec broadcast_many!(t, [{topic, message}], dispatcher) :: :ok
  def broadcast_many!(pubsub, messages, dispatcher \\ __MODULE__),
    do: pubsub |> broadcast_many(messages, dispatcher) |> ok!(pubsub)

  @doc "Like `broadcast_many_from/4`, but raises `Outrigger.Error`, with `details.sent`."
  @spec broadcast_many_from!(t, pid, [{topic, message}], dispatcher) :: :ok
  def broadcast_many_from!(pubsub, from, messages, dispatcher \\ __MODULE__),
    do: pubsub |> broadcast_many_from(from, messages, dispatcher) |> ok!(pubsub)

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

    * `:path` - `:relay` or `:direct`, and the `:reason`: `:small_cluster`, `:large_cluster`, `:unconnected` (small, but with a node
      that is known to Outrigger nodes alone), `:distance` (every Outrigger node is further away than the other nodes), `:no_router` (none covers this node and another) or `:option`;
    * `:routers` - the Outrigger nodes in use, each with the nodes that it covers. A publishing process uses one of them;
    * `:covered` - nodes that every publisher reaches through its router; `:direct` - nodes that some reach directly; `:pg2` - nodes
      that run the PG2 adapter of Phoenix.PubSub, reached directly in its way;
    * `:epoch` - rises with each change;
    * `:counters` - since the start: `route_changes`, `lost_relays` (publishers that found the router gone), `stale`,
      `gave_up` (handovers that ran out of time), `dispatch_errors`, `batches` (several messages that a router sent
      as one), `malformed` (parts of batches that are none of ours), `lost` (messages that a router dropped for this
      node, since it read too slowly), `unconfirmed` (messages that may have been lost with a router or a link, at most), `gaps` (topics on which messages may have been missed), `missed` (messages of prefixes in
      order that this node did not get, whatever the reason);
    * `:interest` - how many `:patterns` (topics and prefixes with subscribers) this node tells, and the routers by node: those that have
      `:listed` it and send it these, and those to which it is `:open`, which send everything. `nil` with `interest: false`;
    * `:ordered` - for each prefix of the option the Outrigger node that puts its messages in order, and its term; `nil` while there is none;
    * `:kept` - for each prefix of which something is kept how many messages (`:history`), and of how many topics the newest one (`:latest`).
  """
  @spec info(t) :: %{
          path: :relay | :direct,
          reason:
            :small_cluster | :large_cluster | :unconnected | :distance | :no_router | :option,
          routers: %{node => [node]},
          epoch: non_neg_integer,
          covered: [node],
          direct: [node],
          pg2: [node],
          counters: %{atom => non_neg_integer},
          interest: %{patterns: non_neg_integer, listed: [node], open: [node]} | nil,
          ordered: %{topic => %{sequencer: node, term: pos_integer} | nil},
          kept: %{topic => %{history: non_neg_integer, latest: non_neg_integer}}
        }
  def info(pubsub) do
    group = Place.group!(pubsub)
    route = Board.route(group) || %{choices: @no_choices, reason: :no_router, epoch: 0, pg2: []}

    Map.merge(Choices.summary(route.choices), %{
      path: Choices.path(route.choices),
      reason: route.reason,
      epoch: route.epoch,
      pg2: Enum.map(route.pg2, &elem(&1, 0)),
      counters: Board.counters(group),
      interest: Interest.info(group),
      ordered: Ordered.info(group),
      kept: Kept.info(group)
    })
  end

  @doc "The default dispatcher: sends `message` to each subscriber but `from`."
  @spec dispatch([{pid, term}], pid | :none, message) :: :ok
  def dispatch(entries, from, message) do
    for {pid, _metadata} <- entries, pid != from, do: send(pid, message)
    :ok
  end

  defp confirm(pubsub, pattern, options) do
    case options[:confirm] && Place.of(pubsub).group do
      none when none in [nil, false] -> :ok
      group -> Interest.confirm(group, pattern, Keyword.get(options, :confirm_timeout, 5_000))
    end
  end

  defp publish(pubsub, from, topic, message, dispatcher) do
    place = Place.of(pubsub)

    if prefix = Ordered.prefix_at(place, topic) do
      Ordered.broadcast(place.group, prefix, from, topic, message, dispatcher)
    else
      with :ok <- Place.broadcast(place, topic, message, dispatcher),
           do: Dispatch.local(place, from, topic, dispatcher, [message])
    end
  end

  defp ok!(:ok, _pubsub), do: :ok

  defp ok!({:error, {reason, sent}}, pubsub) when is_integer(sent),
    do: failed!(reason, %{pubsub: pubsub, sent: sent})

  defp ok!({:error, reason}, pubsub), do: failed!(reason, %{pubsub: pubsub})

  defp failed!(reason, details) do
    raise Error.new(
            reason,
            "broadcast on #{inspect(details.pubsub)} failed: #{inspect(reason)}",
            details
          )
  end
end
