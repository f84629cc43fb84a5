defmodule Outrigger.PubSub.Kept.Peer do
  @moduledoc """
  Fetches what other nodes have kept, and lets them have what is kept here.

  When it starts, and when there is a hole, a process of its own asks one node after the other for what comes before that which is
  here, in portions, until there is no more, no room, or a hole there too. Each portion goes to the worker, which puts it in its place
  (`Outrigger.PubSub.Kept.Keeper`). Subscribers that need it wait for the first time to end (`await/1`).

  ## Invariants

    * The worker waits for nobody: it is told of a portion and answers what it wants next.
    * Others are served from the table.
    * A portion has at most 200 rows, and 1 MiB or one row.

  ## Limits

  Only nodes that are connected are asked. It looks for some for 2 s at most.
  """

  use GenServer

  alias Outrigger.PubSub.{Board, Kept}
  alias Outrigger.PubSub.Kept.{History, Latest}
  alias Outrigger.Telemetry

  @scope Outrigger.PubSub
  @expire_ms 1_000
  @look_ms 2_000
  @pause_ms 50
  @call_ms 5_000
  @attempts 20
  @most 200
  @bytes 1_048_576

  @doc "Starts the peer of a group. Options: `:group`, `:pubsub`."
  @spec start_link(keyword) :: GenServer.on_start()
  def start_link(options),
    do: GenServer.start_link(__MODULE__, options, name: name(options[:group]))

  @doc "The name under which the peer of `group` is registered, on each node."
  @spec name(atom) :: atom
  def name(group), do: Module.concat(group, "KeptPeer")

  @doc "Waits until what other nodes have kept is here, after a start. For 5 s at most."
  @spec await(atom) :: :ok
  def await(group) do
    if Board.read(group, :fetched, false),
      do: :ok,
      else: GenServer.call(name(group), :await, @call_ms)
  catch
    :exit, _it_takes_longer -> :ok
  end

  @doc "There is a hole in a prefix."
  @spec fetch(atom, binary) :: :ok
  def fetch(group, prefix), do: GenServer.cast(name(group), {:fetch, prefix})

  @impl true
  def init(options) do
    :timer.send_interval(@expire_ms, :expire)
    group = Keyword.fetch!(options, :group)

    state = %{
      pubsub: Keyword.fetch!(options, :pubsub),
      group: group,
      kept: Kept.kept(group),
      wanted: Kept.prefixes(group),
      fetching: nil,
      waiting: []
    }

    {:ok, fetching(state)}
  end

  @impl true
  def handle_call(:await, from, state) do
    if Board.read(state.group, :fetched, false),
      do: {:reply, :ok, state},
      else: {:noreply, %{state | waiting: [from | state.waiting]}}
  end

  # Of another node.
  def handle_call({:before, prefix, wanted}, _from, state) do
    rows =
      with [_ | _] = rows <- History.before(state.kept.table, prefix, wanted, @most, now()),
           do: some(rows, &byte_size(elem(&1, 2)))

    {:reply, rows, state}
  end

  def handle_call({:newest, prefix, cursor}, _from, state) do
    rows = Latest.portion(state.kept.table, prefix, cursor, @most)
    {:reply, some(rows, &byte_size(elem(&1, 3))), state}
  end

  @impl true
  def handle_cast({:fetch, prefix}, state),
    do: {:noreply, fetching(%{state | wanted: Enum.uniq([prefix | state.wanted])})}

  @impl true
  def handle_info(:expire, state) do
    send(state.group, {:"$outrigger_kept", :expire})
    {:noreply, fetching(state)}
  rescue
    # The worker is just being restarted.
    ArgumentError -> {:noreply, state}
  end

  def handle_info({:DOWN, ref, :process, _pid, _reason}, %{fetching: ref} = state) do
    Board.write(state.group, :fetched, true)
    for from <- state.waiting, do: GenServer.reply(from, :ok)
    {:noreply, %{state | fetching: nil, waiting: []}}
  end

  def handle_info(_other, state), do: {:noreply, state}

  # One at a time. What is wanted meanwhile is looked for with the next tick.
  defp fetching(%{fetching: nil, wanted: [_ | _]} = state) do
    {_pid, ref} = spawn_monitor(fn -> fetch_all(state) end)
    %{state | fetching: ref, wanted: []}
  end

  defp fetching(state), do: state

  defp fetch_all(%{group: group, kept: kept, wanted: prefixes} = state) do
    peers = peers(group, now() + if(Node.alive?(), do: @look_ms, else: 0))

    for prefix <- prefixes, bounds = kept.prefixes[prefix] do
      if bounds.latest do
        some_peer(state, :latest, prefix, peers, &newest({group, &1, prefix}, nil, 0))
      end

      if bounds.history do
        some_peer(state, :history, prefix, peers, fn peer ->
          history({group, peer, prefix}, worker(group, {:wanted, prefix}), 0, @attempts)
        end)
      end
    end
  end

  # One after the other, until one has something: `fun` returns how many rows came.
  defp some_peer(state, what, prefix, peers, fun) do
    Enum.find(peers, fn {_name, node} = peer ->
      count = fun.(peer)
      metadata = %{pubsub: state.pubsub, prefix: prefix, what: what, from: node}

      if count > 0,
        do: Telemetry.execute([:outrigger, :pubsub, :fetched], %{count: count}, metadata)

      count > 0
    end)
  end

  defp peers(group, until) do
    case for pid <- :pg.get_members(@scope, group),
             node(pid) != node(),
             do: {name(group), node(pid)} do
      [] ->
        if now() < until do
          Process.sleep(@pause_ms)
          peers(group, until)
        else
          []
        end

      peers ->
        Enum.shuffle(peers)
    end
  end

  defp history(_place, :nothing, count, _attempts), do: count

  defp history({group, peer, prefix} = place, {:wanted, wanted}, count, attempts) do
    case ask(peer, {:before, prefix, wanted}) do
      {:ok, [_ | _] = rows} ->
        case worker(group, {:prepend, prefix, rows}) do
          # It has taken none of them: they are too old.
          {:wanted, ^wanted} -> count
          next -> history(place, next, count + length(rows), attempts)
        end

      # Slower than we are.
      {:ok, :behind} when attempts > 0 ->
        Process.sleep(@pause_ms)
        history(place, worker(group, {:wanted, prefix}), count, attempts - 1)

      _no_more_behind_or_gone ->
        count
    end
  end

  defp newest({group, peer, prefix} = place, cursor, count) do
    case ask(peer, {:newest, prefix, cursor}) do
      {:ok, [_ | _] = rows} ->
        :ok = worker(group, {:newest, prefix, rows})
        newest(place, elem(List.last(rows), 1), count + length(rows))

      _no_more_or_gone ->
        count
    end
  end

  defp ask(peer, request) do
    {:ok, GenServer.call(peer, request, @call_ms)}
  catch
    :exit, _gone_or_does_not_keep -> :error
  end

  defp worker(group, request), do: GenServer.call(group, {:kept, request}, :infinity)

  # At least one, and no more than fit.
  defp some([first | rest], size) do
    [first | take(rest, @bytes - size.(first), size)]
  end

  defp some([], _size), do: []

  defp take([row | rest], room, size) do
    left = room - size.(row)
    if left >= 0, do: [row | take(rest, left, size)], else: []
  end

  defp take([], _room, _size), do: []

  defp now, do: System.monotonic_time(:millisecond)
end
