defmodule Outrigger.PubSub.Kept do
  @moduledoc """
  What a node keeps of topics in order, and subscriptions that begin with it: `subscribe(..., latest: true)` and
  `subscribe(..., since: cursor)` of `Outrigger.PubSub`.

      worker --in order--> Keeper --> table: History and Latest of each prefix
                              |            ^
                              |            `-- read by subscribers, and by the Peer of other nodes
                              `--> subscribers

  Such a subscription is put into a registry of its own, and *shut* (`Outrigger.PubSub.Kept.Gate`): the worker passes it by. The
  subscriber takes from the table what is there, and sends it to itself. Then it calls the worker, which hands it the little that has
  come since and opens it, between two messages. So it gets every message once and in order, whatever comes meanwhile, and the worker's
  part does not grow with the history.

  ## Invariants

    * Who is open gets what the worker dispatches from then on; who is shut gets nothing. Only the worker opens.
    * A prefix that is kept is wanted from routers all the time.
    * Nobody but the worker writes the table.
    * Another node may be ahead of this one, and what was fetched from it comes here a moment later as well. A gate lets only pass what
      is behind the place at which its subscriber began.

  ## Limits

  One subscription with `since:` for each topic and process. What comes outside of the order (`local_broadcast`, `direct_broadcast`) has
  no cursor: it reaches subscribers with `latest: true`, and none with `since:`. `Phoenix.PubSub.unsubscribe/2` knows of neither;
  `Outrigger.PubSub.unsubscribe/2` does.
  """

  alias Outrigger.PubSub.{Board, Cursor, Gap, Message}
  alias Outrigger.PubSub.Kept.{Gate, History, Peer}

  @options [:history, :latest, :bytes, :seconds]
  @defaults [bytes: 8_388_608, seconds: 600]

  # What the worker hands over at most, unless a subscriber has tried so often.
  @portion 100
  @attempts 20

  @type kept :: %{table: :ets.table(), registry: atom, prefixes: %{binary => bounds}}
  @type bounds :: %{history: History.bounds() | nil, latest: map | nil}

  @doc "What is wrong with the options of a prefix in `ordered: [{prefix, options}]`, or `nil`."
  @spec wrong(keyword) :: String.t() | nil
  def wrong(options) do
    with {key, value} <- Enum.find(options, &wrong?/1) do
      "takes #{Enum.map_join(@options, ", ", &"`#{&1}:`")} for a prefix, each a positive integer, got: #{inspect([{key, value}])}"
    end
  end

  defp wrong?({key, value}), do: key not in @options or not (is_integer(value) and value > 0)

  @doc "Makes the table of a group, if anything is kept. Its owner is the caller, and outlives the worker."
  @spec create(atom, [{binary, keyword}]) :: :ok
  def create(group, ordered) do
    case for {prefix, options} <- ordered,
             options[:history] || options[:latest],
             do: {prefix, bounds(options)} do
      [] ->
        :ok

      prefixes ->
        table =
          :ets.new(Module.concat(group, "Kept"), [
            :ordered_set,
            :public,
            :named_table,
            read_concurrency: true
          ])

        Board.write(group, :kept, %{
          table: table,
          registry: registry(group),
          prefixes: Map.new(prefixes)
        })
    end
  end

  defp bounds(options) do
    options = Keyword.merge(@defaults, options)
    bounds = %{bytes: options[:bytes], ms: 1_000 * options[:seconds]}

    Map.new([:history, :latest], fn what ->
      {what, options[what] && Map.put(bounds, :count, options[what])}
    end)
  end

  @doc "The processes of a group and its PubSub, if anything is kept."
  @spec children(atom, atom) :: [Supervisor.module_spec()]
  def children(group, pubsub) do
    if kept(group) do
      [
        {Registry, keys: :duplicate, name: registry(group)},
        {Peer, group: group, pubsub: pubsub}
      ]
    else
      []
    end
  end

  @doc "What a group keeps, or `nil`."
  @spec kept(atom) :: kept | nil
  def kept(group), do: Board.read(group, :kept, nil)

  @doc "The prefixes that a group keeps anything of."
  @spec prefixes(atom) :: [binary]
  def prefixes(group), do: Map.keys((kept(group) || %{prefixes: %{}}).prefixes)

  @doc "For each prefix of which something is kept how many messages, and the newest ones of how many topics."
  @spec info(atom) :: %{binary => %{history: non_neg_integer, latest: non_neg_integer}}
  def info(group) do
    for {prefix, _bounds} <- (kept(group) || %{prefixes: %{}}).prefixes, into: %{} do
      count = &:ets.select_count(kept(group).table, [{&1, [], [true]}])

      {prefix,
       %{
         history: count.({{prefix, :_}, :_, :_, :_, :_}),
         latest: count.({{:order, prefix, :_}, :_})
       }}
    end
  end

  defp registry(group), do: Module.concat(group, "KeptSubscribers")

  @doc "Subscribes the caller to what comes behind `since`, see `Outrigger.PubSub.subscribe/3`."
  @spec since(atom, binary, Cursor.t() | :now | :kept) ::
          {:ok, Cursor.t()} | {:error, :gap | :not_kept | :already_subscribed | :unavailable}
  def since(group, topic, since) do
    with {:ok, kept, prefix} <- find(group, topic, :history),
         :ok <- single(kept, topic),
         :ok <- Peer.await(group),
         {:ok, rows, upto} <- read(kept, prefix, topic, since) do
      gate = shut(group, kept, topic, :since, nil)
      hand(topic, rows)

      case catch_up(group, kept, prefix, topic, upto, gate, @attempts) do
        :ok ->
          {:ok, begin(since, rows, upto)}

        error ->
          Registry.unregister_match(kept.registry, topic, {gate, :_, :_})
          flush(topic)
          # A hole has come just now. Whoever asked for no place in particular begins behind it.
          if error == {:error, :gap} and since in [:now, :kept],
            do: since(group, topic, since),
            else: error
      end
    end
  end

  defp read(kept, prefix, _topic, :now) do
    {_floor, last} = History.places(kept.table, prefix) || {nil, Cursor.beginning()}
    {:ok, [], last}
  end

  defp read(kept, prefix, topic, since) do
    with :gap <- History.since(kept.table, prefix, topic, since), do: {:error, :gap}
  end

  # Until little enough is left for the worker to hand over.
  defp catch_up(group, kept, prefix, topic, upto, gate, attempts) do
    most = if attempts > 0, do: @portion, else: :infinity

    with :behind <- ask(group, {:since, prefix, topic, self(), upto, gate, most}),
         {:ok, rows, upto} <- read(kept, prefix, topic, upto) do
      hand(topic, rows)
      catch_up(group, kept, prefix, topic, upto, gate, attempts - 1)
    end
  end

  defp hand(topic, rows), do: for(row <- rows, do: send(self(), message(topic, row)))

  defp begin(:kept, [{first, _payload} | _], _upto), do: Cursor.previous(first)
  defp begin(since, _rows, upto) when since in [:now, :kept], do: upto
  defp begin(cursor, _rows, _upto), do: cursor

  # What the caller has got of this subscription. There is no other one to the topic.
  defp flush(topic) do
    receive do
      %Message{topic: ^topic} -> flush(topic)
      %Gap{topic: ^topic} -> flush(topic)
    after
      0 -> :ok
    end
  end

  @doc "Subscribes the caller to a topic, beginning with its newest message."
  @spec latest(atom, binary, term) :: :ok | {:error, :not_kept | :unavailable}
  def latest(group, topic, metadata) do
    with {:ok, kept, _prefix} <- find(group, topic, :latest),
         :ok <- Peer.await(group) do
      gate = shut(group, kept, topic, :latest, metadata)

      with {:error, _reason} = error <- ask(group, {:latest, topic, self(), metadata, gate}) do
        Registry.unregister_match(kept.registry, topic, {gate, :_, :_})
        error
      end
    end
  end

  @doc "Ends those subscriptions of the caller to a topic."
  @spec unsubscribe(atom | nil, binary) :: :ok
  def unsubscribe(group, topic) do
    if group != nil and Board.kept?(group),
      do: Registry.unregister(kept(group).registry, topic),
      else: :ok
  end

  @doc """
  The open subscriptions with `latest: true` to a topic, as entries for a dispatcher: at most one list of them. For what is out of
  order; the rest is the keeper's.
  """
  @spec entries(atom, binary) :: [[{pid, term}, ...]]
  def entries(group, topic) do
    with %{registry: registry} <- kept(group),
         [_ | _] = entries <-
           for(
             {pid, {gate, :latest, metadata}} <- Registry.lookup(registry, topic),
             Gate.open?(gate),
             do: {pid, metadata}
           ) do
      [entries]
    else
      _none -> []
    end
  end

  @doc false
  def message(topic, {cursor, payload}),
    do: %Message{topic: topic, cursor: cursor, message: :erlang.binary_to_term(payload)}

  defp find(group, topic, what) do
    with %{prefixes: prefixes} = kept <- kept(group),
         {prefix, %{^what => %{}}} <-
           Enum.find(prefixes, fn {prefix, _} -> String.starts_with?(topic, prefix) end) do
      {:ok, kept, prefix}
    else
      _not_or_not_that -> {:error, :not_kept}
    end
  end

  defp single(kept, topic) do
    if Enum.any?(Registry.values(kept.registry, topic, self()), &(elem(&1, 1) == :since)),
      do: {:error, :already_subscribed},
      else: :ok
  end

  defp shut(group, kept, topic, kind, metadata) do
    gate = Gate.new()
    {:ok, _owner} = Registry.register(kept.registry, topic, {gate, kind, metadata})
    Board.kept(group)
    gate
  end

  defp ask(group, request) do
    GenServer.call(group, {:kept, request}, :infinity)
  catch
    :exit, _no_worker -> {:error, :unavailable}
  end
end
