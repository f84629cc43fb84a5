defmodule Outrigger.Test.PubSubModel do
  @moduledoc """
  A cluster on virtual time that runs the real `Routing`, `Path` and `Handover` under random schedules.

  Nodes, routers and links are plain data. Each direction of a link is a queue; so is each worker's mailbox. A step takes one
  item from one queue, publishes, connects, breaks a link at a random point of its queues, or kills a router or a
  publisher. What the rules promise is checked at every delivery (`faults`), the rest by `finish/1`.

  Modes: `:calm` (links only come up, two routers, nothing dies) and `:stormy` (routers, publishers, and links of routers
  die). Links between nodes only come up: a direct link that breaks and is up again before its switch has seen it can lose a `begin`,
  which is a known limit (`docs/design/fanout.md`).
  """

  alias Outrigger.PubSub.{Handover, Path, Routing}

  @group :"Elixir.Model.Adapter"
  @hold_ms 2_000

  defstruct [
    :mode,
    now: 0,
    nodes: [],
    next: 100,
    routing: %{},
    board: %{},
    handover: %{},
    mailbox: %{},
    monitors: %{},
    workers: %{},
    queues: %{},
    view: %{},
    closing: %{},
    routers: %{},
    publishers: %{},
    last: %{},
    expected: %{},
    received: %{},
    faults: [],
    counts: %{}
  ]

  @doc "Runs `steps` steps. `:rand` must be seeded."
  def run(mode, steps) do
    model = new(mode)

    Enum.reduce(1..steps, model, fn _, model ->
      step(%{model | now: model.now + :rand.uniform(2) - 1})
    end)
  end

  @doc "Lets everything come to rest, then lets time pass. Returns the model at rest and after."
  def finish(model) do
    rest = drain(model)
    rest2 = %{rest | now: rest.now + 10 * @hold_ms}

    {rest,
     Enum.reduce(rest2.nodes, rest2, fn node, m ->
       handover(m, node, &Handover.timeout(&1, m.now))
     end)}
  end

  def new(mode) do
    nodes = for n <- 1..4, do: :"n#{n}@h"
    model = %__MODULE__{mode: mode, nodes: nodes}

    model =
      Enum.reduce(nodes, model, fn node, model ->
        {worker, model} = pid(model, node)

        %{
          model
          | routing: Map.put(model.routing, node, Routing.new(@group, node)),
            handover:
              Map.put(
                model.handover,
                node,
                Handover.new(node, hold_ms: @hold_ms, hold_max: 2_000)
              ),
            mailbox: Map.put(model.mailbox, node, :queue.new()),
            monitors: Map.put(model.monitors, node, MapSet.new()),
            workers: Map.put(model.workers, node, worker)
        }
        |> then(&switch(&1, node, {:worker_up, worker}))
      end)

    model =
      for(a <- nodes, b <- nodes, a < b, do: {a, b})
      |> Enum.reduce(model, fn {a, b}, m -> connect(m, a, b) end)

    model = drain(model)
    Enum.reduce(Enum.take(nodes, 3) ++ Enum.take(nodes, 3), model, &new_publisher(&2, &1))
  end

  # -- steps

  defp step(model) do
    case :rand.uniform(1000) do
      n when n <= 300 -> publish(model, pick(Map.keys(model.publishers)))
      n when n <= 965 -> deliver_some(model)
      n when n <= 990 -> tick(model)
      _ -> event(model)
    end
  end

  defp event(%{mode: :calm} = model) do
    # Routers appear, and their links, one by one. When all is up they leave the stage in good order.
    if Enum.all?(["a@r", "b@r"], &up_everywhere?(model, :"#{&1}")) do
      model
    else
      router = pick([:a@r, :b@r])
      model |> start_router(router) |> connect(router, pick(model.nodes))
    end
  end

  defp event(%{mode: :stormy} = model) do
    case :rand.uniform(12) do
      n when n <= 5 ->
        router = pick([:a@r, :b@r])
        model |> start_router(router) |> connect(router, pick(model.nodes))

      n when n <= 10 ->
        cut(model, pick([:a@r, :b@r]), pick(model.nodes))

      11 ->
        router = pick([:a@r, :b@r])
        model = Enum.reduce(model.nodes, model, &cut(&2, router, &1))
        %{model | routers: Map.delete(model.routers, router)}

      12 ->
        publisher = pick(Map.keys(model.publishers))
        model |> kill_publisher(publisher) |> new_publisher(node(publisher))
    end
  end

  defp up_everywhere?(model, router), do: Enum.all?(model.nodes, &up?(model, router, &1))

  defp tick(model) do
    Enum.reduce(model.nodes, model, fn node, m ->
      handover(m, node, &Handover.timeout(&1, m.now))
    end)
  end

  # Some links and workers are slow for a while: one is favoured by the hash of a slowly moving clock.
  defp deliver_some(model) do
    slow = div(model.now, 150)
    links = for {{from, to}, q} <- model.queues, not :queue.is_empty(q), do: {:link, from, to}
    boxes = for {node, q} <- model.mailbox, not :queue.is_empty(q), do: {:box, node}

    case Enum.reject(links ++ boxes, &(:erlang.phash2({&1, slow}, 3) == 0)) do
      [] -> model
      ready -> deliver(model, pick(ready))
    end
  end

  defp drain(model) do
    links = for {{from, to}, q} <- model.queues, not :queue.is_empty(q), do: {:link, from, to}
    boxes = for {node, q} <- model.mailbox, not :queue.is_empty(q), do: {:box, node}

    case links ++ boxes do
      [] -> model
      ready -> model |> deliver(pick(ready)) |> drain()
    end
  end

  # -- links

  defp up?(model, a, b), do: model.view[{a, b}] == true or model.view[{b, a}] == true

  defp connect(model, a, b) do
    if up?(model, a, b) or Map.get(model.closing, {a, b}, 0) > 0 or
         (router?(a) and not is_map_key(model.routers, a)) do
      model
    else
      model = %{model | view: Map.merge(model.view, %{{a, b} => true, {b, a} => true})}

      if router?(a) do
        switch(model, b, {:hidden_up, a})
      else
        model
        |> enqueue({a, b}, {:pg, model.workers[a]})
        |> enqueue({b, a}, {:pg, model.workers[b]})
      end
    end
  end

  # Each direction keeps a random part of what is in it, and then its end.
  defp cut(model, a, b) do
    if model.view[{a, b}] == true and model.view[{b, a}] == true and
         Map.get(model.closing, {a, b}, 0) == 0 do
      model = count(model, :cuts)
      model = %{model | closing: Map.put(model.closing, {a, b}, 2)}
      Enum.reduce([{a, b}, {b, a}], model, &truncate/2)
    else
      model
    end
  end

  defp truncate(link, model) do
    items = :queue.to_list(Map.get(model.queues, link, :queue.new()))
    kept = Enum.take(items, :rand.uniform(length(items) + 1) - 1)
    %{model | queues: Map.put(model.queues, link, :queue.from_list(kept ++ [:down]))}
  end

  # `:noconnect` if the sender knows that the link is down. Into a broken link: lost.
  defp transmit(model, from, to, item) do
    cond do
      model.view[{from, to}] != true -> {:noconnect, model}
      Map.get(model.closing, {min_link(from, to), max_link(from, to)}, 0) > 0 -> {:ok, model}
      true -> {:ok, enqueue(model, {from, to}, item)}
    end
  end

  # Routers first, nodes by name: as in connect/3 and cut/3.
  defp min_link(a, b), do: if(router?(a) or (not router?(b) and a < b), do: a, else: b)
  defp max_link(a, b), do: if(min_link(a, b) == a, do: b, else: a)
  defp router?(name), do: name in [:a@r, :b@r]

  defp enqueue(model, link, item) do
    queue = Map.get(model.queues, link, :queue.new())
    %{model | queues: Map.put(model.queues, link, :queue.in(item, queue))}
  end

  defp box(model, node, item),
    do: %{model | mailbox: Map.update!(model.mailbox, node, &:queue.in(item, &1))}

  defp deliver(model, {:box, node}) do
    {{:value, item}, queue} = :queue.out(model.mailbox[node])
    work(%{model | mailbox: Map.put(model.mailbox, node, queue)}, node, item)
  end

  defp deliver(model, {:link, from, to}) do
    {{:value, item}, queue} = :queue.out(model.queues[{from, to}])
    model = %{model | queues: Map.put(model.queues, {from, to}, queue)}

    cond do
      item == :down -> down(model, from, to)
      router?(to) -> route(model, to, from, item)
      true -> arrive(model, from, to, item)
    end
  end

  defp down(model, from, to) do
    link = {min_link(from, to), max_link(from, to)}
    # `to` has learned of it, and sends no more.
    model = %{model | view: Map.put(model.view, {to, from}, false)}
    model = %{model | closing: Map.update!(model.closing, link, &(&1 - 1))}

    cond do
      router?(to) -> router_change(model, to, &Enum.reject(&1, fn m -> m.node == from end))
      router?(from) -> model |> monitors_down(to, from) |> switch(to, {:hidden_down, from})
      true -> model |> monitors_down(to, from) |> switch(to, {:pg_leave, [model.workers[from]]})
    end
  end

  defp monitors_down(model, at, from) do
    {gone, kept} = Enum.split_with(model.monitors[at], &(node(&1) == from))
    model = %{model | monitors: Map.put(model.monitors, at, MapSet.new(kept))}
    Enum.reduce(gone, model, &box(&2, at, {:DOWN, &1}))
  end

  defp arrive(model, _from, to, {:pg, worker}), do: switch(model, to, {:pg_join, [worker]})

  defp arrive(model, _from, to, {:DOWN, pid}) do
    if pid in model.monitors[to],
      do:
        model
        |> Map.update!(:monitors, &Map.update!(&1, to, fn m -> MapSet.delete(m, pid) end))
        |> box(to, {:DOWN, pid}),
      else: model
  end

  defp arrive(model, _from, to, message), do: box(model, to, message)

  # -- the worker

  defp work(model, at, {:"$outrigger", epoch, pid, n}) do
    handover(model, at, &Handover.data(&1, epoch, pid, {pid, n}))
  end

  defp work(model, at, {:"$outrigger_begin", epoch, pid, uses, nodes}),
    do: handover(model, at, &Handover.begin(&1, epoch, pid, uses, nodes, model.now))

  defp work(model, at, {:"$outrigger_end", epoch, pid, way}),
    do: handover(model, at, &Handover.finish(&1, epoch, pid, way, model.now))

  defp work(model, at, {:"$outrigger_members", router, version, route, list}) do
    model = switch(model, at, {:members, router, version, route, list})

    model =
      if is_map_key(model.handover[at].routers, router),
        do: model,
        else: monitor(model, at, router)

    handover(model, at, &Handover.members(&1, router, version, list))
  end

  defp work(model, at, {:fence, node, gen}) do
    model
    |> handover(at, &{Handover.attaching(&1, node), []})
    |> switch(at, {:fenced, node, gen})
  end

  defp work(model, at, {:unfence, node}),
    do: handover(model, at, &Handover.not_attaching(&1, node))

  defp work(model, at, {:DOWN, pid}) do
    handover(model, at, fn h ->
      if is_map_key(h.routers, pid),
        do: Handover.router_down(h, pid),
        else: Handover.publisher_down(h, pid)
    end)
  end

  defp monitor(model, at, pid) do
    alive =
      is_map_key(model.publishers, pid) or Enum.any?(model.routers, fn {_, r} -> r.pid == pid end)

    cond do
      model.view[{at, node(pid)}] != true ->
        box(model, at, {:DOWN, pid})

      alive ->
        Map.update!(model, :monitors, &Map.update!(&1, at, fn m -> MapSet.put(m, pid) end))

      true ->
        model
        |> Map.update!(:monitors, &Map.update!(&1, at, fn m -> MapSet.put(m, pid) end))
        |> exit_signal(pid, at)
    end
  end

  defp exit_signal(model, pid, at) do
    case transmit(model, node(pid), at, {:DOWN, pid}) do
      {:ok, model} -> model
      {:noconnect, model} -> model
    end
  end

  defp handover(model, at, fun) do
    {handover, actions} = fun.(model.handover[at])
    model = %{model | handover: Map.put(model.handover, at, handover)}
    Enum.reduce(actions, model, &act(&2, at, &1))
  end

  defp act(model, at, {:deliver, {pid, n}}) do
    key = {pid, at}
    last = Map.get(model.last, key, 0)
    model = if n > last, do: model, else: %{model | faults: [{key, last, n} | model.faults]}
    model = %{model | last: Map.put(model.last, key, n)}
    %{model | received: Map.update(model.received, key, 1, &(&1 + 1))}
  end

  defp act(model, at, {:monitor, pid}), do: monitor(model, at, pid)

  defp act(model, at, {:demonitor, pid}),
    do: Map.update!(model, :monitors, &Map.update!(&1, at, fn m -> MapSet.delete(m, pid) end))

  defp act(model, _at, action), do: count(model, elem(action, 0))

  defp count(model, what), do: %{model | counts: Map.update(model.counts, what, 1, &(&1 + 1))}

  # -- the switch

  defp switch(model, node, event) do
    {routing, actions} = Routing.handle(model.routing[node], event, model.now)
    model = %{model | routing: Map.put(model.routing, node, routing)}

    Enum.reduce(actions, model, fn
      {:publish, route, targets}, model ->
        %{model | board: Map.put(model.board, node, {route, targets})}

      {:fence, _worker, router, gen}, model ->
        box(model, node, {:fence, router, gen})

      {:unfence, _worker, router}, model ->
        box(model, node, {:unfence, router})

      {:attach, router, _worker}, model ->
        elem(transmit(model, node, router, :attach), 1)

      {:cover, _router, _nodes}, model ->
        model
    end)
  end

  # -- the router

  defp start_router(model, name) do
    closing = Enum.any?(model.nodes, &(Map.get(model.closing, {name, &1}, 0) > 0))

    if is_map_key(model.routers, name) or closing do
      model
    else
      {pid, model} = pid(model, name)
      put_in(model.routers[name], %{pid: pid, version: 0, members: [], pids: %{}})
    end
  end

  # Bytes that reach a machine whose router is dead.
  defp route(model, name, _from, _item) when not is_map_key(model.routers, name), do: model

  defp route(model, name, from, :attach) do
    {pid, model} = pid(model, name)
    model = put_in(model.routers[name].pids[pid], [pid])

    router_change(
      model,
      name,
      &(Enum.reject(&1, fn m -> m.node == from end) ++ [%{node: from, pid: pid}])
    )
  end

  defp route(model, name, from, {to, payload}) do
    router = model.routers[name]
    own = Enum.find(router.members, &(&1.node == from))
    listed = Map.get(router.pids, to, [])

    if own && (own.pid in listed or to in Enum.map(router.members, & &1.pid)) do
      router.members
      |> Enum.filter(&(&1.pid in listed and &1.node != from))
      |> Enum.reduce(model, fn m, model -> elem(transmit(model, name, m.node, payload), 1) end)
    else
      count(model, :dropped_by_router)
    end
  end

  defp router_change(model, name, _fun) when not is_map_key(model.routers, name), do: model

  defp router_change(model, name, fun) do
    router = model.routers[name]

    case fun.(router.members) do
      members when members == router.members ->
        model

      members ->
        {route, model} = pid(model, name)
        pids = Map.put(model.routers[name].pids, route, Enum.map(members, & &1.pid))
        version = router.version + 1

        model =
          put_in(model.routers[name], %{router | version: version, members: members, pids: pids})

        list = for m <- members, do: {m.node, m.pid}
        message = {:"$outrigger_members", router.pid, version, route, list}

        Enum.reduce(members, model, fn m, model ->
          elem(transmit(model, name, m.node, message), 1)
        end)
    end
  end

  # -- publishers: what Outrigger.PubSub.Publisher does, on this model's links

  defp publish(model, pid) do
    publisher = model.publishers[pid]
    model = put_in(model.publishers[pid].n, publisher.n + 1)

    if :rand.uniform(5) == 1 do
      unicast(model, pid, publisher.n + 1, pick(model.nodes -- [node(pid)]))
    else
      model = Enum.reduce(model.nodes -- [node(pid)], model, &expect(&2, pid, &1))
      broadcast(model, pid, publisher.n + 1)
    end
  end

  defp expect(model, pid, at),
    do: %{model | expected: Map.update(model.expected, {pid, at}, 1, &(&1 + 1))}

  defp broadcast(model, pid, n) do
    {{epoch, relay, directs, use, _, _}, model} = path(model, pid)
    data = {:"$outrigger", epoch, pid, n}

    case relay && send_to(model, pid, relay, data) do
      {:noconnect, model} ->
        model |> count(:lost) |> switch(node(pid), {:lost, elem(use, 1)}) |> broadcast(pid, n)

      sent ->
        model = if sent, do: elem(sent, 1), else: model
        Enum.reduce(directs, model, fn to, model -> elem(send_to(model, pid, to, data), 1) end)
    end
  end

  defp unicast(model, pid, n, to) do
    {{epoch, relay, _, use, _, _} = path, model} = path(model, pid)
    {_route, targets} = model.board[node(pid)]

    case targets do
      %{^to => dest} ->
        model = expect(model, pid, to)

        case send_to(model, pid, dest, {:"$outrigger", epoch, pid, n}) do
          {:noconnect, model} when relay != nil and node(dest) == node(relay) ->
            model = %{model | expected: Map.update!(model.expected, {pid, to}, &(&1 - 1))}
            model |> switch(node(pid), {:lost, elem(use, 1)}) |> unicast(pid, n, to)

          {_, model} ->
            model
        end

      _ ->
        model = put_in(model.publishers[pid].path, Path.stray(path, to))
        elem(transmit(model, node(pid), to, {:"$outrigger", epoch, pid, n}), 1)
    end
  end

  defp path(model, pid) do
    {route, _targets} = model.board[node(pid)]

    {path, sends} =
      case model.publishers[pid].path do
        nil -> {Path.new(route), []}
        path -> Path.change(path, route, pid, model.now, @hold_ms)
      end

    model = put_in(model.publishers[pid].path, path)
    model = if sends == [], do: model, else: count(model, :changes)

    {path,
     Enum.reduce(sends, model, fn {to, marker}, m -> elem(send_to(m, pid, to, marker), 1) end)}
  end

  defp send_to(model, pid, {@group, node}, message), do: transmit(model, node(pid), node, message)

  defp send_to(model, pid, to, message) do
    if router?(node(to)),
      do: transmit(model, node(pid), node(to), {to, message}),
      else: transmit(model, node(pid), node(to), message)
  end

  defp new_publisher(model, node) do
    {pid, model} = pid(model, node)
    put_in(model.publishers[pid], %{path: nil, n: 0})
  end

  defp kill_publisher(model, pid) do
    model = %{model | publishers: Map.delete(model.publishers, pid)}

    for({at, monitors} <- model.monitors, pid in monitors, do: at)
    |> Enum.reduce(model, &exit_signal(&2, pid, &1))
  end

  # -- pids of nodes that do not exist

  defp pid(model, node) do
    name = Atom.to_string(node)

    pid =
      :erlang.binary_to_term(
        <<131, 88, 119, byte_size(name), name::binary, model.next::32, 0::32, 7::32>>
      )

    {pid, %{model | next: model.next + 1}}
  end

  defp pick(list), do: Enum.at(list, :rand.uniform(length(list)) - 1)
end
