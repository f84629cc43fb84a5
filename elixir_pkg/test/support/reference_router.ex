defmodule Outrigger.Test.ReferenceRouter do
  @moduledoc """
  The router side of `docs/design/fanout.md`, slow and obvious: a hidden node that is no BEAM node.

  It speaks the distribution protocol itself, over sockets that one process owns, because a route is a pid and all routes
  of a router have to keep the order of a link: pids of real processes would not. It runs in an OS process that can be killed.

  It makes no batches. With `interest: false` it is one of before `docs/design/interest.md`.

  `hold/2` keeps back what is for a node until `release/2`, as a slow link would: this makes races happen at will.
  """

  use GenServer

  import Bitwise

  alias Outrigger.Test.ReferenceInterest

  @host {127, 0, 0, 1}
  # Extended references, monitors, funs, extended pids, export, bit binaries, floats, small and UTF-8 atoms, maps, big
  # creations, handshake 23, unlink ids, mandatory-25 digest, v4 node containers. Not: published, atom cache, fragments.
  @flags 0x7074FBC ||| 1 <<< 34

  @doc "Starts a router. Options: `:name` (full node name), `:cookie`, `:version` (the newest it speaks)."
  def start(options) do
    GenServer.start(__MODULE__, options, name: __MODULE__)
  end

  @doc "Connects to a node."
  def join(node), do: GenServer.call(__MODULE__, {:join, node})

  @doc "Cuts the link to a node."
  def cut(node), do: GenServer.call(__MODULE__, {:cut, node})

  @doc "Keeps back what goes to a node."
  def hold(node), do: GenServer.call(__MODULE__, {:hold, node})

  @doc "Lets it go."
  def release(node), do: GenServer.call(__MODULE__, {:release, node})

  @doc "How many messages it forwarded, dropped, and sent late."
  def counts, do: GenServer.call(__MODULE__, :counts)

  @doc "What it was asked to cover."
  def covers, do: GenServer.call(__MODULE__, :covers)

  @doc "What each node of a group wants: patterns or `:all`."
  def wanted(group), do: GenServer.call(__MODULE__, {:wanted, group})

  @impl true
  def init(options) do
    creation = rem(System.system_time(:microsecond), 1_000_000_000) + 10

    {:ok,
     %{
       name: Atom.to_string(options[:name]),
       cookie: options[:cookie],
       follow_cover: Keyword.get(options, :follow_cover, true),
       version: Keyword.get(options, :version, 2),
       creation: creation,
       links: %{},
       held: %{},
       groups: %{},
       pids: %{},
       interest?: Keyword.get(options, :interest, true),
       interest: %{},
       next: 2,
       forwarded: 0,
       late: 0,
       dropped: 0,
       refused: 0,
       covers: []
     }}
  end

  @impl true
  def handle_call({:join, node}, _from, state) do
    case connect(state, node) do
      {:ok, socket} -> {:reply, :ok, put_in(state.links[socket], node)}
      error -> {:reply, error, state}
    end
  end

  def handle_call({:cut, node}, _from, state) do
    {socket, _} = Enum.find(state.links, fn {_, n} -> n == node end)
    :gen_tcp.close(socket)
    {:reply, :ok, down(state, socket)}
  end

  def handle_call({:hold, node}, _from, state), do: {:reply, :ok, put_in(state.held[node], [])}

  def handle_call({:release, node}, _from, state) do
    {held, state} = pop_in(state.held[node])
    for {socket, frame} <- Enum.reverse(held || []), do: :gen_tcp.send(socket, frame)
    {:reply, :ok, state}
  end

  def handle_call(:counts, _from, state),
    do: {:reply, Map.take(state, [:forwarded, :dropped, :refused, :late]), state}

  def handle_call({:wanted, group}, _from, state) do
    interest = interest(state, group)

    wanted =
      for %{node: node, id: id} <- members(state, group),
          into: %{},
          do: {node, ReferenceInterest.wanted(interest, id)}

    {:reply, wanted, state}
  end

  def handle_call(:covers, _from, state), do: {:reply, state.covers, state}

  @impl true
  def handle_info({:tcp, socket, ""}, state) do
    :gen_tcp.send(socket, "")
    {:noreply, state}
  end

  def handle_info({:tcp, socket, <<112, rest::binary>>}, state)
      when is_map_key(state.links, socket) do
    {control, used} = :erlang.binary_to_term(rest, [:used])
    payload = binary_part(rest, used, byte_size(rest) - used)
    {:noreply, control(control, payload, socket, state)}
  end

  def handle_info({:tcp, _socket, _}, state), do: {:noreply, state}
  def handle_info({:tcp_closed, socket}, state), do: {:noreply, down(state, socket)}
  def handle_info({:tcp_error, _socket, _}, state), do: {:noreply, state}
  def handle_info({:connect, node}, state), do: {:noreply, cover(node, state)}

  # REG_SEND and SEND
  defp control({6, _from, _, :outrigger_pubsub}, payload, socket, state),
    do: service(:erlang.binary_to_term(payload), socket, state)

  defp control({2, _, to}, payload, socket, state) do
    for one <- split(payload),
        reduce: state,
        do: (state -> forward(number(to), one, socket, state))
  end

  defp control(_other, _payload, _socket, state), do: state

  # What a publisher sends as one and means as several.
  defp split(payload) do
    case :erlang.binary_to_term(payload) do
      {:"$outrigger_batch", messages} -> Enum.map(messages, &:erlang.term_to_binary/1)
      _one -> [payload]
    end
  end

  defp service({:attach, version, group, _worker}, socket, %{version: newest} = state)
       when version > newest do
    state = %{state | refused: state.refused + 1}
    payload = {:"$outrigger_refused", pid(state, 1), group, :version, newest}

    deliver(
      state,
      %{node: state.links[socket], socket: socket},
      group,
      :erlang.term_to_binary(payload)
    )
  end

  defp service({:attach, _version, group, _worker}, socket, state) do
    node = state.links[socket]
    {id, state} = fresh(state)
    state = put_in(state.pids[id], {:member, group, id})
    state = put_in(state.interest[group], ReferenceInterest.joined(interest(state, group), id))
    others = Enum.reject(members(state, group), &(&1.node == node))
    change(state, group, others ++ [%{node: node, socket: socket, id: id}])
  end

  defp service({:detach, 1, group, _worker}, socket, state) do
    change(state, group, Enum.reject(members(state, group), &(&1.socket == socket)))
  end

  defp service({:cover, 1, _group, nodes}, _socket, state) do
    if state.follow_cover, do: for(node <- nodes, do: send(self(), {:connect, node}))
    %{state | covers: [Enum.sort(nodes) | state.covers]}
  end

  defp service({:interest, 1, _, _, _, _}, _socket, %{interest?: false} = state), do: state

  defp service({:interest, 1, group, teller, number, request}, socket, state) do
    interest = interest(state, group)

    case Enum.find(members(state, group), &(&1.socket == socket)) do
      nil ->
        interested(state, %{node: state.links[socket], socket: socket}, teller, [
          number,
          :unattached,
          interest.stamp
        ])

      member ->
        {late, answer, interest} = ReferenceInterest.told(interest, member.id, request)
        state = put_in(state.interest[group], interest)
        state = Enum.reduce(late, state, &deliver(&2, member, group, &1))

        interested(%{state | late: state.late + length(late)}, member, teller, [
          number,
          answer,
          interest.stamp
        ])
    end
  end

  defp interested(state, member, teller, [number, answer, stamp]) do
    payload = {:"$outrigger_interest", pid(state, 1), number, answer, stamp, true}
    frame(state, member, {2, :"", teller}, :erlang.term_to_binary(payload))
  end

  defp interest(state, group), do: Map.get(state.interest, group, %ReferenceInterest{})

  defp cover(node, state) do
    if node in Map.values(state.links) do
      state
    else
      case connect(state, node) do
        {:ok, socket} -> put_in(state.links[socket], node)
        _error -> state
      end
    end
  end

  # The list of a group changed: a new version, a new route, and everybody hears of it.
  defp change(state, group, members) do
    {route, state} = fresh(state)
    version = version(state, group) + 1
    state = put_in(state.groups[group], %{version: version, members: members})
    state = put_in(state.pids[route], {:route, group, Enum.map(members, & &1.id)})
    list = for m <- members, do: {m.node, pid(state, m.id)}

    payload =
      :erlang.term_to_binary(
        {:"$outrigger_members", pid(state, 1), version, pid(state, route), list}
      )

    Enum.reduce(members, state, &deliver(&2, &1, group, payload))
  end

  defp forward(id, payload, socket, state) do
    with {_kind, group, ids} <- targets(state.pids[id]),
         live = members(state, group),
         %{id: own} <- Enum.find(live, &(&1.socket == socket)),
         true <- elem(state.pids[id], 0) == :member or own in ids do
      to = Enum.filter(live, &(&1.id in ids and &1.socket != socket))
      {to, state} = who_wants(elem(state.pids[id], 0), to, group, payload, state)
      state = Enum.reduce(to, state, &deliver(&2, &1, group, payload))
      %{state | forwarded: state.forwarded + 1}
    else
      _ -> %{state | dropped: state.dropped + 1}
    end
  end

  # What goes to a route, and is data, goes to those who want it.
  defp who_wants(:route, to, group, payload, state) do
    case :erlang.binary_to_term(payload) do
      {:"$outrigger", _epoch, _pid, topic, _message, _dispatcher} ->
        {ids, interest} =
          ReferenceInterest.route(interest(state, group), topic, Enum.map(to, & &1.id), payload)

        {Enum.filter(to, &(&1.id in ids)), put_in(state.interest[group], interest)}

      _marker ->
        {to, state}
    end
  end

  defp who_wants(:member, to, _group, _payload, state), do: {to, state}

  defp targets({:member, group, id}), do: {:member, group, [id]}
  defp targets(other), do: other

  defp deliver(state, member, group, payload) do
    frame(state, member, {6, pid(state, 1), :"", group}, payload)
  end

  defp frame(state, member, control, payload) do
    frame = [112, :erlang.term_to_binary(control), payload]
    node = member.node

    case state.held do
      %{^node => held} ->
        put_in(state.held[node], [{member.socket, frame} | held])

      _ ->
        :gen_tcp.send(member.socket, frame)
        state
    end
  end

  defp down(state, socket) do
    state = %{state | links: Map.delete(state.links, socket)}

    Enum.reduce(state.groups, state, fn {group, %{members: members}}, state ->
      if Enum.any?(members, &(&1.socket == socket)),
        do: change(state, group, Enum.reject(members, &(&1.socket == socket))),
        else: state
    end)
  end

  defp members(state, group), do: get_in(state.groups, [group, :members]) || []
  defp version(state, group), do: get_in(state.groups, [group, :version]) || 0
  defp fresh(state), do: {state.next, %{state | next: state.next + 1}}

  defp pid(state, id) do
    name = state.name

    :erlang.binary_to_term(
      <<131, 88, 119, byte_size(name), name::binary, id::32, 0::32, state.creation::32>>
    )
  end

  defp number(pid) do
    binary = :erlang.term_to_binary(pid)
    <<id::32, _serial::32, _creation::32>> = binary_part(binary, byte_size(binary) - 12, 12)
    id
  end

  # The handshake of OTP 23 and later, from the side that connects.
  defp connect(state, node) do
    [short, _host] = node |> Atom.to_string() |> String.split("@")

    with {:port, port, _} <- :erl_epmd.port_please(String.to_charlist(short), @host),
         {:ok, socket} <-
           :gen_tcp.connect(@host, port, [:binary, active: false, packet: 2, nodelay: true]) do
      name = state.name

      :ok =
        :gen_tcp.send(
          socket,
          <<?N, @flags::64, state.creation::32, byte_size(name)::16, name::binary>>
        )

      case :gen_tcp.recv(socket, 0, 5_000) do
        {:ok, <<?s, status::binary>>} when status in ["ok", "ok_simultaneous"] ->
          {:ok, <<?N, _flags::64, challenge::32, _rest::binary>>} =
            :gen_tcp.recv(socket, 0, 5_000)

          digest = :erlang.md5([state.cookie, Integer.to_string(challenge)])
          :ok = :gen_tcp.send(socket, <<?r, 4711::32, digest::binary>>)
          {:ok, <<?a, _digest::binary>>} = :gen_tcp.recv(socket, 0, 5_000)
          :ok = :inet.setopts(socket, packet: 4, active: true)
          {:ok, socket}

        other ->
          {:error, other}
      end
    end
  end
end
