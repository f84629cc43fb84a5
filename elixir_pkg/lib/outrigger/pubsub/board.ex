defmodule Outrigger.PubSub.Board do
  @moduledoc """
  What publishers read: the epoch of the route in an `:atomics` cell, the route itself in ETS.

  The cell is found through `:persistent_term` under the adapter's name, and is the only thing a publisher looks at
  while nothing changes; beside it stands whether anybody here has subscribed otherwise than to a topic, and what was sent to routers (`sent/2`). The
  table bears the adapter's name too. Its rows:

    * `{:route, route}` - what `Outrigger.PubSub.Routing` published last;
    * `{{:to, node}, epoch, target}` - who to send to so as to reach one node, by the choice that a publisher takes (`:pg2`: see the
      publisher's path);
    * `{:hold_ms, ms}` - for how long a way that was left is named (the receivers' `:hold_ms`);
    * `{:routers, map}` - what the worker knows of its routers, so that its successor knows it;
    * `{:interest, notes}` - what the teller has to tell its successor (`Outrigger.PubSub.Interest.Teller.notes/1`);
    * `{:kept, kept}` - what the group keeps (`Outrigger.PubSub.Kept`); `{:fetched, true}` - what other nodes have kept is here;
    * `{:prefixes, registry, lengths, checking?}` - see `Outrigger.PubSub.Prefixes.Lengths`;
    * `{{:ordered, prefix}, row}` - where publishers of a prefix in order send (`Outrigger.PubSub.Ordered.Routing`);
    * `{{:term, prefix}, term}` - the highest term under which publishers of this node have sent there;
    * `{{:position, prefix}, position}` - how far the worker has got in it (`Outrigger.PubSub.Ordered.Receiver`);
    * `{:counters, ref}` - see `count/3`.

  ## Invariants

    * The row is there before the cell says so. A route is written with one `:ets.insert/2`: all of it or nothing.
    * Epochs never come twice in the life of a VM. They are microseconds since the VM started, or one more than the last
      one. A publisher outlives switches, workers and PubSubs, so its next epoch has to be above all it has seen.

  ## Limits

  The cell is never taken back: a persistent term that goes makes the VM scan all processes. That is some 100 bytes for
  each name that a PubSub ever had.
  """

  alias Outrigger.PubSub.Routing

  @counters [
    route_changes: 1,
    lost_relays: 2,
    stale: 3,
    gave_up: 4,
    dispatch_errors: 5,
    batches: 6,
    malformed: 7,
    lost: 8,
    gaps: 9,
    missed: 10,
    unconfirmed: 11
  ]
  # Slots for counts of what was sent. A route has 16 choices at most.
  @routers 16

  @doc "Makes the board of `group`. The caller owns it, and has to outlive switch and worker."
  @spec create(atom, pos_integer) :: :ok
  def create(group, hold_ms) do
    :ets.new(group, [:named_table, :public, read_concurrency: true])
    :ets.insert(group, {:hold_ms, hold_ms})
    :ets.insert(group, {:counters, :counters.new(length(@counters), [])})

    case :persistent_term.get(group, nil) do
      {cell, _sent} when is_reference(cell) ->
        Enum.each(1..3, &:atomics.put(cell, &1, 0))

      _none_or_another_adapters ->
        sent = :counters.new(@routers, [:write_concurrency])
        :persistent_term.put(group, {:atomics.new(3, signed: false), sent})
    end
  end

  @doc "The epoch that was published last. 0 means that there is none."
  @spec epoch(atom) :: non_neg_integer
  def epoch(group), do: :atomics.get(cell(group), 1)

  @doc "Messages were sent to the router of this pid. Not counted on any hot cache line: each scheduler has its own."
  @spec count_sent(atom, pid, pos_integer) :: :ok
  def count_sent(group, relay, count \\ 1),
    do: :counters.add(elem(:persistent_term.get(group), 1), slot(relay), count)

  @doc "How many messages were sent to the router of this pid so far; with more than a few routers, to some others as well."
  @spec sent(atom, pid) :: non_neg_integer
  def sent(group, router), do: :counters.get(elem(:persistent_term.get(group), 1), slot(router))

  defp slot(pid), do: :erlang.phash2(node(pid), @routers) + 1
  defp cell(group), do: elem(:persistent_term.get(group), 0)

  @doc "Has anybody here subscribed to a prefix, or to what is kept? A look at the cell."
  @spec beside?(atom) :: boolean
  def beside?(group) do
    cell = cell(group)
    :atomics.get(cell, 2) == 1 or :atomics.get(cell, 3) == 1
  end

  @doc "Somebody has subscribed to what is kept. That is never taken back."
  @spec kept(atom) :: :ok
  def kept(group), do: :atomics.put(cell(group), 3, 1)

  @doc "Has somebody?"
  @spec kept?(atom) :: boolean
  def kept?(group), do: :atomics.get(cell(group), 3) == 1

  @doc "The registry of prefixes and their lengths, rising."
  @spec prefixes(atom) :: {registry :: atom, lengths :: [non_neg_integer]} | nil
  def prefixes(group) do
    case :ets.lookup(group, :prefixes) do
      [{_key, registry, lengths, _checking?}] -> {registry, lengths}
      [] -> nil
    end
  end

  @doc "The lengths in use, and whether that is being checked."
  @spec lengths(atom) :: {[non_neg_integer], checking? :: boolean}
  def lengths(group) do
    case :ets.lookup(group, :prefixes) do
      [{_key, _registry, lengths, checking?}] -> {lengths, checking?}
      [] -> {[], true}
    end
  end

  @doc "Publishes the lengths in use."
  @spec lengths(atom, atom, [non_neg_integer], boolean) :: :ok
  def lengths(group, registry, lengths, checking?) do
    :ets.insert(group, {:prefixes, registry, lengths, checking?})
    :atomics.put(cell(group), 2, if(lengths == [], do: 0, else: 1))
  end

  @doc "The route that was published last, or `nil`."
  @spec route(atom) :: Routing.route() | nil
  def route(group), do: read(group, :route, nil)

  @doc """
  `{epoch, pid}` to send to so as to reach `node` through the router where this node is `member` (`nil`: without one), or
  `{epoch, :pg2}` for a PG2 node. The pid is `nil` where that way does not lead there, all is `nil` where none does.
  """
  @spec target(atom, node, pid | nil) :: {non_neg_integer, pid | :pg2 | nil} | nil
  def target(group, node, member) do
    case :ets.lookup(group, {:to, node}) do
      [{_key, epoch, :pg2}] -> {epoch, :pg2}
      [{_key, epoch, by_way}] -> {epoch, by_way[member]}
      [] -> nil
    end
  end

  @doc "Publishes a route with its single targets."
  @spec publish(atom, Routing.route(), Routing.targets()) :: :ok
  def publish(group, route, targets) do
    gone =
      for [node] <- :ets.match(group, {{:to, :"$1"}, :_, :_}),
          not is_map_key(targets, node),
          do: node

    rows = for {node, target} <- targets, do: {{:to, node}, route.epoch, target}
    :ets.insert(group, [{:route, route} | rows])
    :atomics.put(cell(group), 1, route.epoch)
    # Last: who finds no row sees by the cell whether that is news.
    for node <- gone, do: :ets.delete(group, {:to, node})
    :ok
  end

  @doc "Keeps a value under `key`."
  @spec write(atom, term, term) :: :ok
  def write(group, key, value) do
    :ets.insert(group, {key, value})
    :ok
  end

  @doc "Takes out the value under `key`."
  @spec delete(atom, term) :: :ok
  def delete(group, key) do
    :ets.delete(group, key)
    :ok
  end

  @doc "The value under `key`, or `default`."
  @spec read(atom, term, term) :: term
  def read(group, key, default) do
    case :ets.lookup(group, key) do
      [{_key, value}] -> value
      [] -> default
    end
  end

  @doc "Adds `by` to a counter."
  @spec count(atom, atom, non_neg_integer) :: :ok
  def count(group, name, by \\ 1) do
    :counters.add(:ets.lookup_element(group, :counters, 2), Keyword.fetch!(@counters, name), by)
  end

  @doc "All counters."
  @spec counters(atom) :: %{atom => non_neg_integer}
  def counters(group) do
    ref = :ets.lookup_element(group, :counters, 2)
    Map.new(@counters, fn {name, index} -> {name, :counters.get(ref, index)} end)
  end

  @doc "Microseconds since this VM started: what epochs are made of."
  @spec clock() :: pos_integer
  def clock do
    since = :erlang.monotonic_time() - :erlang.system_info(:start_time)
    max(1, :erlang.convert_time_unit(since, :native, :microsecond))
  end
end
