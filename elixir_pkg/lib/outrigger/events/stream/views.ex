defmodule Outrigger.Events.Stream.Views do
  @moduledoc """
  Keeps the views of a stream: this node's, those of the nodes it is connected to, and the text compiled of all of them.

  ## How nodes agree

  Each node has a list of views of its own, declared or subscribed to, with a stamp that rises. It tells the others when the list changes, and
  a node that comes is told when its connection does. `want/3` returns when all nodes that are connected have compiled the new view, so what they
  publish from then on is for it, too. Rust programs (the crate `outrigger-stream`) follow one node: they are told each text that is compiled there, and are
  waited for, too. A node that does not answer within 5 s has the message in its mailbox, ahead of whatever comes later.

  ## Invariants

    * Of a node the newest list counts, and none when its connection is gone: it tells again when it is back.
    * What publishers read is compiled: a view that does not compile is refused where it was asked for.
    * A view that somebody wants stays as long as one of its subscribers lives.

  ## Limits

  Publishers read an ETS table and never wait for this process. While it is restarted, subscriptions of its node are told to no others; the
  subscribers' topics stay, and `subscribe/2` again makes it good.
  """

  use GenServer

  alias Outrigger.{Error, Native}
  alias Outrigger.Events.Problem
  alias Outrigger.Events.Stream.{Format, Text}

  @patience_ms 5_000
  @most 64

  @typedoc "What publishers need: `topics` are those of all views, or `:any` where one depends on the event."
  @type compiled :: %{
          pubsub: atom,
          name: atom,
          dead_letter: binary,
          format: Format.t(),
          text: binary,
          reference: reference,
          views: non_neg_integer,
          topics: [binary] | :any
        }

  @spec start_link(Text.config()) :: GenServer.on_start()
  def start_link(config), do: GenServer.start_link(__MODULE__, config, name: config.name)

  @doc "What a stream is now."
  @spec fetch(atom) :: {:ok, compiled} | {:error, Error.t()}
  def fetch(stream) do
    case :ets.lookup(table(stream), :compiled) do
      [{:compiled, compiled}] -> {:ok, compiled}
      [] -> not_running(stream)
    end
  rescue
    ArgumentError -> not_running(stream)
  end

  @doc "Has all nodes publish for a view while `pid` lives. Returns when they do."
  @spec want(atom, Text.view(), pid) :: :ok | {:error, Error.t()}
  def want(stream, view, pid) do
    case GenServer.call(stream, {:want, view, pid}) do
      {:tell, own} ->
        # Not by the process itself, which has to answer others that do the same.
        tell(stream, own)
        await_followers(stream)
        GenServer.cast(stream, {:told, own})

      other ->
        other
    end
  end

  @doc "Ends one `want/3` of `pid`."
  @spec want_no_more(atom, Text.view(), pid) :: :ok
  def want_no_more(stream, view, pid), do: GenServer.call(stream, {:want_no_more, view, pid})

  @doc false
  # On another node: its list, and ours for it.
  def exchange(stream, node, own) do
    GenServer.cast(stream, {:views, node, own})
    [{:own, ours}] = :ets.lookup(table(stream), :own)
    ours
  end

  @doc false
  # On another node: its list, in force when this returns.
  def take(stream, node, own) do
    GenServer.call(stream, {:views, node, own}, @patience_ms)
    await_followers(stream)
  end

  # Until the Rust programs that follow this node have what is told here.
  defp await_followers(stream) do
    [{:followers, version, pids}] = :ets.lookup(table(stream), :followers)
    deadline = {:abs, System.monotonic_time(:millisecond) + @patience_ms}

    for(pid <- pids, do: :gen_server.send_request(pid, {:told, version}))
    |> Enum.each(&:gen_server.receive_response(&1, deadline))
  end

  @impl true
  def init(config) do
    state = %{
      config: config,
      stamp: stamp(0),
      told: nil,
      wants: %{},
      others: %{},
      compiled: nil,
      followers: %{},
      # Greater than those of a process that had this name before.
      version: System.system_time()
    }

    case compile(state, config.views) do
      {:ok, state} ->
        # Not before: whoever is told of an error may start the next one before this process has gone with its table.
        :ets.new(table(config.name), [:named_table, :protected, read_concurrency: true])
        :ok = :net_kernel.monitor_nodes(true)
        {:ok, state |> publish() |> meet()}

      {:error, error} ->
        {:stop, error}
    end
  end

  @impl true
  def handle_call({:want, view, pid}, _from, state) do
    known? = is_map_key(state.wants, view) or view in state.config.views
    {:ok, wanted} = hold(state, view, pid)

    cond do
      known? and state.told == state.stamp -> {:reply, :ok, wanted}
      known? -> {:reply, {:tell, own(state)}, wanted}
      true -> begin(state, wanted, view)
    end
  end

  def handle_call({:want_no_more, view, pid}, _from, state),
    do: {:reply, :ok, let_go(state, &(&1 == {view, pid}))}

  def handle_call({:views, node, own}, _from, state), do: {:reply, :ok, others(state, node, own)}

  def handle_call({:follow, pid}, _from, state) do
    followers = Map.put_new_lazy(state.followers, pid, fn -> Process.monitor(pid) end)
    {:reply, {state.version, state.compiled.text}, show(%{state | followers: followers})}
  end

  @impl true
  def handle_cast({:views, node, own}, state), do: {:noreply, others(state, node, own)}

  def handle_cast({:told, {stamp, _views}}, state),
    do: {:noreply, if(stamp == state.stamp, do: %{state | told: stamp}, else: state)}

  @impl true
  def handle_info({:nodeup, node}, state) do
    GenServer.cast({state.config.name, node}, {:views, node(), own(state)})
    {:noreply, state}
  end

  def handle_info({:nodedown, node}, state),
    do: {:noreply, renew(%{state | others: Map.delete(state.others, node)})}

  def handle_info({:DOWN, monitor, :process, pid, _reason}, state)
      when :erlang.map_get(pid, state.followers) == monitor,
      do: {:noreply, show(%{state | followers: Map.delete(state.followers, pid)})}

  def handle_info({:DOWN, monitor, :process, _pid, _reason}, state) do
    held = for {view, of} <- state.wants, {pid, ^monitor} <- of, do: {view, pid}
    {:noreply, let_go(state, &(&1 in held))}
  end

  def handle_info(_other, state), do: {:noreply, state}

  # A view that nobody here has wanted yet: the others are told when it compiles.
  defp begin(before, state, view) do
    case compile(state, all(state)) do
      {:ok, state} ->
        state = publish(%{state | stamp: stamp(elem(state.stamp, 1))})
        {:reply, {:tell, own(state)}, state}

      {:error, error} ->
        [{_pid, monitor}] = state.wants[view]
        Process.demonitor(monitor, [:flush])
        {:reply, {:error, error}, before}
    end
  end

  defp hold(state, view, pid) do
    one = {pid, Process.monitor(pid)}
    {:ok, update_in(state.wants[view], &[one | &1 || []])}
  end

  # The first of what `of?` says, of each view.
  defp let_go(state, of?) do
    wants =
      for {view, held} <- state.wants, rest = without(held, view, of?), rest != [], into: %{} do
        {view, rest}
      end

    cond do
      wants == state.wants ->
        state

      map_size(wants) == map_size(state.wants) ->
        %{state | wants: wants}

      true ->
        state = renew(%{state | wants: wants, stamp: stamp(elem(state.stamp, 1))})

        for node <- Node.list(),
            do: GenServer.cast({state.config.name, node}, {:views, node(), own(state)})

        %{state | told: state.stamp}
    end
  end

  defp without(held, view, of?) do
    case Enum.split_while(held, fn {pid, _monitor} -> not of?.({view, pid}) end) do
      {held, []} ->
        held

      {front, [{_pid, monitor} | back]} ->
        Process.demonitor(monitor, [:flush])
        front ++ back
    end
  end

  defp others(state, node, {stamp, views}) do
    case state.others do
      %{^node => {newer, _views}} when newer >= stamp -> state
      others -> renew(%{state | others: Map.put(others, node, {stamp, views})})
    end
  end

  # Of what others have told only that is left out which does not compile here: they speak another version.
  defp renew(state) do
    case compile(state, all(state)) do
      {:ok, state} ->
        publish(state)

      {:error, _error} ->
        {:ok, state} = compile(state, views_of(own(state)))
        publish(state)
    end
  end

  defp all(state) do
    others = for {_node, own} <- state.others, view <- views_of(own), do: view
    Enum.uniq(views_of(own(state)) ++ Enum.sort(others))
  end

  defp own(state),
    do: {state.stamp, Enum.uniq(state.config.views ++ Enum.sort(Map.keys(state.wants)))}

  defp views_of({_stamp, views}), do: views

  # Another process of this name may have been here before, and its stamps have to be older.
  defp stamp(count), do: {System.system_time(), count + 1}

  defp compile(state, views) when length(views) > @most do
    {:error,
     Error.new(
       :bad_plan,
       "#{inspect(state.config.name)} has #{@most} views at most: use one for several subscribers, and topics by {:path, path}"
     )}
  end

  defp compile(state, views) do
    text = Text.text(state.config, views)

    case Native.events_stream(text) do
      {:ok, reference} ->
        compiled = %{
          pubsub: state.config.pubsub,
          name: state.config.name,
          dead_letter: state.config.dead_letter,
          format: state.config.format,
          text: text,
          reference: reference,
          views: max(length(views), 1),
          topics: topics(state.config, views)
        }

        {:ok, %{state | compiled: compiled}}

      {:error, problem} ->
        {:error, Problem.error(problem)}
    end
  end

  defp topics(config, views) do
    topics =
      for view <- views,
          do: if(Enum.all?(view.topic, &is_binary/1), do: Enum.join(view.topic), else: :any)

    if :any in topics, do: :any, else: Enum.uniq([config.dead_letter | topics])
  end

  defp publish(state) do
    state = %{state | version: state.version + 1}
    told = {:"$outrigger_stream", state.config.name, state.version, state.compiled.text}
    for {pid, _monitor} <- state.followers, do: :erlang.send(pid, told, [:noconnect])
    show(state)
  end

  defp show(state) do
    :ets.insert(table(state.config.name), [
      {:compiled, state.compiled},
      {:own, own(state)},
      {:followers, state.version, Map.keys(state.followers)}
    ])

    state
  end

  # The views of those who are there already.
  defp meet(state) do
    {answers, nodes} = ask(state.config.name, :exchange, own(state))

    Enum.zip(nodes, answers)
    |> Enum.reduce(state, fn
      {node, {:ok, own}}, state -> others(state, node, own)
      {_node, _no_stream}, state -> state
    end)
  end

  defp tell(stream, own), do: ask(stream, :take, own)

  defp ask(stream, function, own) do
    nodes = Node.list()
    {:erpc.multicall(nodes, __MODULE__, function, [stream, node(), own], @patience_ms), nodes}
  end

  defp table(stream), do: Module.concat(stream, "Views")

  defp not_running(stream) do
    {:error,
     Error.new(
       :not_running,
       "there is no stream #{inspect(stream)} here: put {Outrigger.Events.Stream, name: #{inspect(stream)}, …} under a supervisor"
     )}
  end
end
