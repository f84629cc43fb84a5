defmodule Outrigger.PubSub.Board do
  @moduledoc """
  What publishers read: the epoch of the route in an `:atomics` cell, the route itself in ETS.

  The cell is found through `:persistent_term` under the adapter's name, and is the only thing a publisher looks at
  while nothing changes. The table bears the adapter's name too. Its rows:

    * `{:route, route}` - what `Outrigger.PubSub.Routing` published last;
    * `{{:to, node}, epoch, pid}` - who to send to so as to reach one node (`:pg2`: see the publisher's path);
    * `{:hold_ms, ms}` - for how long a way that was left is named (the receivers' `:hold_ms`);
    * `{:routers, map}` - what the worker knows of its routers, so that its successor knows it;
    * `{:counters, ref}` - see `count/3`.

  ## Invariants

    * The row is there before the cell says so. A route is written with one `:ets.insert/2`: all of it or nothing.
    * Epochs never come twice in the life of a VM. They are microseconds since the VM started, or one more than the last
      one. A publisher outlives switches, workers and PubSubs, so its next epoch has to be above all it has seen.

  ## Limits

  The cell is never taken back: a persistent term that goes makes the VM scan all processes. That is some 100 bytes for
  each name that a PubSub ever had.
  """

  @counters [
    route_changes: 1,
    lost_relays: 2,
    stale: 3,
    gave_up: 4,
    dispatch_errors: 5,
    batches: 6,
    malformed: 7,
    lost: 8
  ]

  @doc "Makes the board of `group`. The caller owns it, and has to outlive switch and worker."
  @spec create(atom, pos_integer) :: :ok
  def create(group, hold_ms) do
    :ets.new(group, [:named_table, :public, read_concurrency: true])
    :ets.insert(group, {:hold_ms, hold_ms})
    :ets.insert(group, {:counters, :counters.new(length(@counters), [])})

    case :persistent_term.get(group, nil) do
      cell when is_reference(cell) -> :atomics.put(cell, 1, 0)
      _none_or_another_adapters -> :persistent_term.put(group, :atomics.new(1, signed: false))
    end
  end

  @doc "The epoch that was published last. 0 means that there is none."
  @spec epoch(atom) :: non_neg_integer
  def epoch(group), do: :atomics.get(:persistent_term.get(group), 1)

  @doc "The route that was published last, or `nil`."
  @spec route(atom) :: Outrigger.PubSub.Routing.route() | nil
  def route(group), do: read(group, :route, nil)

  @doc "`{epoch, pid}` to send to so as to reach `node`, `{epoch, :pg2}` for a PG2 node, or `nil`."
  @spec target(atom, node) :: {non_neg_integer, pid | :pg2} | nil
  def target(group, node) do
    case :ets.lookup(group, {:to, node}) do
      [{_key, epoch, pid}] -> {epoch, pid}
      [] -> nil
    end
  end

  @doc "Publishes a route with the pids of its single targets."
  @spec publish(atom, Outrigger.PubSub.Routing.route(), %{node => pid | :pg2}) :: :ok
  def publish(group, route, targets) do
    gone =
      for [node] <- :ets.match(group, {{:to, :"$1"}, :_, :_}),
          not is_map_key(targets, node),
          do: node

    rows = for {node, pid} <- targets, do: {{:to, node}, route.epoch, pid}
    :ets.insert(group, [{:route, route} | rows])
    for node <- gone, do: :ets.delete(group, {:to, node})
    :atomics.put(:persistent_term.get(group), 1, route.epoch)
  end

  @doc "Keeps a value under `key`."
  @spec write(atom, atom, term) :: :ok
  def write(group, key, value) do
    :ets.insert(group, {key, value})
    :ok
  end

  @doc "The value under `key`, or `default`."
  @spec read(atom, atom, term) :: term
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
