defmodule Outrigger.Test.PubSubModel do
  @moduledoc """
  A cluster on virtual time that runs the real `Routing`, `Path` and `Handover` under random schedules.

  Nodes, routers and links are plain data. Each direction of a link is a queue; so is each worker's mailbox. A step takes one
  item from one queue, publishes, connects, breaks a link at a random point of its queues, or kills a router or a
  publisher, or a node turns to the routers or away from them. What the rules promise is checked at every delivery (`faults`), the
  rest by `finish/1` and `unexplained/1`: what did not arrive was in something that broke (`lost`).

  One to three routers. Modes: `:calm` (links only come up, and routers leave in good order) and `:stormy` (routers, publishers, and links
  of routers die). Links between nodes only come up: a direct link that breaks and is up again before its switch has seen it can lose a `begin`,
  which is a known limit (`docs/design/fanout.md`).
  """

  alias Outrigger.PubSub.{Handover, Routing, SmallCluster}

  import Outrigger.Test.PubSubModel.{Publisher, Router, Switch, Wire, Worker}

  @group :"Elixir.Model.Adapter"
  @hold_ms 2_000

  defstruct [
    :mode,
    names: [],
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
    lost: MapSet.new(),
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
    model = %__MODULE__{mode: mode, nodes: nodes, names: Enum.take(routers(), :rand.uniform(3))}

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

  defp step(model) do
    case :rand.uniform(1000) do
      n when n <= 120 -> publish(model, pick(Map.keys(model.publishers)))
      n when n <= 965 -> deliver_some(model)
      n when n <= 990 -> tick(model)
      _ -> event(model)
    end
  end

  @doc """
  What did not arrive although nothing that broke had it: `[{publisher, node, n}]`.
  """
  def unexplained(model) do
    for {{pid, at} = key, expected} <- model.expected,
        n <- expected -- Map.get(model.received, key, []),
        not MapSet.member?(model.lost, {pid, :all, n}),
        not MapSet.member?(model.lost, {pid, at, n}),
        do: {pid, at, n}
  end

  # Routers appear, and their links, one by one; nodes turn to them and away from them; routers leave, and come again.
  defp event(%{mode: :calm} = model) do
    router = pick(model.names)

    case :rand.uniform(9) do
      n when n <= 5 -> model |> start_router(router) |> connect(router, pick(model.nodes))
      n when n <= 8 -> turn(model, pick(model.nodes))
      9 -> leave(model, router)
    end
  end

  defp event(%{mode: :stormy} = model) do
    router = pick(model.names)

    case :rand.uniform(17) do
      n when n <= 7 ->
        model |> start_router(router) |> connect(router, pick(model.nodes))

      n when n <= 13 ->
        cut(model, router, pick(model.nodes))

      14 ->
        model = Enum.reduce(model.nodes, model, &cut(&2, router, &1))
        %{model | routers: Map.delete(model.routers, router)}

      15 ->
        publisher = pick(Map.keys(model.publishers))
        model |> kill_publisher(publisher) |> new_publisher(node(publisher))

      16 ->
        turn(model, pick(model.nodes))

      17 ->
        leave(model, router)
    end
  end

  # As when a cluster becomes small or large, and routers turn out to be far or near.
  defp turn(model, node) do
    far = for router <- model.names, :rand.uniform(4) == 1, into: MapSet.new(), do: router
    model = switch(model, node, {:far, far})
    path = if :rand.uniform(4) == 1, do: :direct, else: :relay
    model = count(model, path)

    # `:auto`, so that it is asked what is far.
    small = SmallCluster.new(if(path == :direct, do: [path: path], else: [direct_up_to: 0]))
    routing = %{model.routing[node] | small: small}
    switch(%{model | routing: Map.put(model.routing, node, routing)}, node, :wake)
  end

  defp tick(model) do
    model = Enum.reduce(model.names, model, &stop_when_quiet(&2, &1))

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

  defp connect(model, a, b) do
    if up?(model, a, b) or closing?(model, a, b) or
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
    # `to` has learned of it, and sends no more.
    model = %{model | view: Map.put(model.view, {to, from}, false)}
    model = %{model | closing: Map.update!(model.closing, link(from, to), &(&1 - 1))}

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
end
