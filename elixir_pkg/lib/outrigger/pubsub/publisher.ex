defmodule Outrigger.PubSub.Publisher do
  @moduledoc """
  The publishing process's side: runs in the caller, keeps its path in the process dictionary under the adapter's name.

  While nothing changes a broadcast costs a `:persistent_term.get/1`, an `:atomics.get/2`, a `Process.get/1` and one send.
  When the group's epoch has moved on, or the relay turns out to be gone, the process changes its path first
  (`Outrigger.PubSub.Path`) and then sends.

  ## Invariants

    * Markers and data of a process go out in the order it made them, and each target is on one way at a time.
    * No send connects to a node. A relay without a link is reported to the switch, which answers when another
      route is published; the message then takes that one.

  ## Limits

  A send suspends the process while the link to the router, or to a direct target, is busy: as Phoenix.PubSub does.
  """

  alias Outrigger.PubSub.{Board, Path, PG2, Switch}

  @typedoc "What is broadcast: one message, or several as one."
  @type what :: {binary, term, module} | {[{binary, term}], module}

  # How often a process asks again when the switch is just being restarted, and the pause between.
  @attempts 100
  @pause_ms 20

  @doc "Sends to the workers of all other nodes."
  @spec broadcast(atom, binary, term, module) :: :ok | {:error, :unavailable}
  def broadcast(group, topic, message, dispatcher) do
    epoch = Board.epoch(group)

    case Process.get(group) do
      {^epoch, relay, [], _use, _left, _strays} when is_pid(relay) ->
        data = {:"$outrigger", epoch, self(), topic, message, dispatcher}

        case :erlang.send(relay, data, [:noconnect]) do
          :ok -> Board.count_sent(group, relay)
          :noconnect -> reroute(group, &send_all(&1, group, {topic, message, dispatcher}))
        end

      {^epoch, _relay, _directs, _use, _left, _strays} = path ->
        send_all(path, group, {topic, message, dispatcher})

      _other ->
        with_path(group, &send_all(&1, group, {topic, message, dispatcher}))
    end
  end

  @doc """
  Sends several `{topic, message}` to the workers of all other nodes, as one: at most 128, as routers take no more. All of them are
  sent or none.
  """
  @spec broadcast_many(atom, [{binary, term}], module) :: :ok | {:error, :unavailable}
  def broadcast_many(group, messages, dispatcher) do
    epoch = Board.epoch(group)

    case Process.get(group) do
      {^epoch, _relay, _directs, _use, _left, _strays} = path ->
        send_all(path, group, {messages, dispatcher})

      _other ->
        with_path(group, &send_all(&1, group, {messages, dispatcher}))
    end
  end

  @doc """
  Sends events to the router, which decodes them for all other nodes (`Outrigger.Events.Stream`). `:decode`: not all of them are reached through
  it, and nothing was sent. `weight` is how many messages they can become.
  """
  @spec broadcast_events(atom, [binary, ...], [term], pos_integer, module) ::
          :ok | :decode | {:error, :unavailable}
  def broadcast_events(group, texts, events, weight, dispatcher) do
    epoch = Board.epoch(group)

    case Process.get(group) do
      {^epoch, _relay, _directs, _use, _left, _strays} = path ->
        events(path, group, {texts, events, dispatcher}, weight)

      _other ->
        with_path(group, &events(&1, group, {texts, events, dispatcher}, weight))
    end
  end

  @doc "Sends to the worker of one node, in order with this process's broadcasts."
  @spec direct_broadcast(atom, node, binary, term, module) :: :ok | {:error, :unavailable}
  def direct_broadcast(group, node, topic, message, dispatcher) when is_atom(node) do
    epoch = Board.epoch(group)

    case Process.get(group) do
      {^epoch, _relay, _directs, _use, _left, _strays} = path ->
        unicast(path, group, node, topic, message, dispatcher)

      _other ->
        with_path(group, &unicast(&1, group, node, topic, message, dispatcher))
    end
  end

  defp events({epoch, relay, [], _, _, _}, group, {texts, events, dispatcher} = what, weight)
       when is_pid(relay) do
    data = {:"$outrigger_events", 1, epoch, self(), dispatcher, texts, events}

    case :erlang.send(relay, data, [:noconnect]) do
      :ok -> Board.count_sent(group, relay, weight)
      :noconnect -> reroute(group, &events(&1, group, what, weight))
    end
  end

  defp events(_path, _group, _what, _weight), do: :decode

  defp send_all({_epoch, nil, [], _, _, _}, _group, _what), do: :ok

  defp send_all({epoch, relay, directs, _, _, _}, group, what) do
    data = data(what, epoch)

    # The relay first: if it is gone, nothing has been sent and the whole message takes another way.
    if relay == nil or :erlang.send(relay, data, [:noconnect]) == :ok do
      if relay, do: Board.count_sent(group, relay, messages(what))
      for to <- directs, do: send_to(to, data, what)
      :ok
    else
      reroute(group, &send_all(&1, group, what))
    end
  end

  defp messages({_topic, _message, _dispatcher}), do: 1
  defp messages({messages, _dispatcher}), do: length(messages)

  defp data({topic, message, dispatcher}, epoch),
    do: {:"$outrigger", epoch, self(), topic, message, dispatcher}

  defp data({messages, dispatcher}, epoch) do
    {:"$outrigger_batch",
     for({topic, message} <- messages, do: data({topic, message, dispatcher}, epoch))}
  end

  # A PG2 node has a protocol of its own, which knows one message at a time.
  defp send_to({:pg2, pid}, _data, {topic, message, dispatcher}),
    do: :erlang.send(pid, PG2.message(topic, message, dispatcher), [:noconnect])

  defp send_to({:pg2, _pid} = to, data, {messages, dispatcher}),
    do: for({topic, message} <- messages, do: send_to(to, data, {topic, message, dispatcher}))

  defp send_to(pid, data, _what), do: :erlang.send(pid, data, [:noconnect])

  defp unicast({epoch, relay, directs, use, _, _} = path, group, node, topic, message, dispatcher) do
    data = {:"$outrigger", epoch, self(), topic, message, dispatcher}

    case Board.target(group, node, use && elem(use, 1)) do
      {newer, _target} when newer > epoch ->
        # Published between our look at the epoch and here.
        with_path(group, &unicast(&1, group, node, topic, message, dispatcher))

      {^epoch, :pg2} ->
        for {:pg2, pid} = to <- directs,
            node(pid) == node,
            do: send_to(to, data, {topic, message, dispatcher})

        :ok

      {^epoch, pid} when is_pid(pid) ->
        sent = :erlang.send(pid, data, [:noconnect])

        cond do
          relay == nil or node(pid) != node(relay) -> :ok
          sent == :ok -> Board.count_sent(group, pid)
          true -> reroute(group, &unicast(&1, group, node, topic, message, dispatcher))
        end

      _nobody ->
        if Board.epoch(group) == epoch do
          # Nobody there that we know of, or this very node: by name, as Phoenix.PubSub does.
          if node != node(), do: Process.put(group, Path.stray(path, node))
          send({group, node}, data)
          :ok
        else
          with_path(group, &unicast(&1, group, node, topic, message, dispatcher))
        end
    end
  end

  defp with_path(group, fun, attempts \\ @attempts) do
    case Board.route(group) do
      nil when attempts > 0 ->
        pause()
        with_path(group, fun, attempts - 1)

      nil ->
        {:error, :unavailable}

      route ->
        fun.(take(group, route))
    end
  end

  defp take(group, route) do
    case Process.get(group) do
      nil ->
        path = Path.new(route, self())
        Process.put(group, path)
        path

      path ->
        hold_ms = Board.read(group, :hold_ms, 5_000)
        now = System.monotonic_time(:millisecond)
        {path, sends} = Path.change(path, route, self(), now, hold_ms)
        Process.put(group, path)
        for {to, marker} <- sends, do: :erlang.send(to, marker, [:noconnect])
        path
    end
  end

  defp reroute(group, fun, attempts \\ @attempts) do
    {_epoch, _relay, _directs, {_router, member, _version}, _left, _strays} = Process.get(group)

    case lost(group, member) do
      :ok ->
        with_path(group, fun)

      :down when attempts > 0 ->
        pause()
        reroute(group, fun, attempts - 1)

      :down ->
        {:error, :unavailable}
    end
  end

  # A thousand processes find out at the same moment: whoever comes late sees that the route has changed already.
  defp lost(group, member) do
    case Board.route(group) do
      %{exits: %{^member => _route_pid}} -> Switch.lost(group, member)
      _another -> :ok
    end
  end

  defp pause, do: Process.sleep(@pause_ms)
end
