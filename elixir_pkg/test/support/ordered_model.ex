defmodule Outrigger.Test.OrderedModel do
  @moduledoc """
  A cluster on virtual time that runs the real `Outrigger.PubSub.Ordered.Routing` and `Outrigger.PubSub.Ordered.Receiver` under random
  schedules.

  Links, mailboxes of workers and switches, boards and routers are plain data. A step publishes, takes one item from one queue, or breaks something:
  a link at a random point of its queues, a router (its clock may be set back when it comes again), a worker, a switch.

  Checked at every delivery (`faults`): places rise, publishers' messages rise. Checked by `finish/1`: no place was given twice, each
  publisher's places rise, all nodes' deliveries have one order, what is missing was counted or in something that broke, and the cluster
  works again when it is let.

  Modes: `:calm` (after a first router has been there, others come, and nothing breaks), `:leaving` (one of three routers leaves in good order) and `:stormy`. `:fault` breaks a rule on purpose:
  `:no_terms` (receivers compare no terms), `:no_floor` (routers are not told what was seen), `:no_tag` (two lives of a router may have a term in
  common).
  """

  alias Outrigger.PubSub.Ordered.Routing
  alias Outrigger.Test.OrderedModel.{Router, Worker}

  import Outrigger.Test.PubSubModel.Wire

  @prefix "p"
  @nodes [:n1@h, :n2@h, :n3@h, :n4@h]

  defstruct [
    :mode,
    :fault,
    now: 0,
    next: 100,
    names: [],
    routers: %{},
    nodes: %{},
    mailbox: %{},
    queues: %{},
    view: %{},
    closing: %{},
    wakes: [],
    publishers: %{},
    sent: [],
    unsent: 0,
    lost: MapSet.new(),
    placed: %{},
    faults: [],
    counts: %{}
  ]

  @doc "A cluster. Options: `:fault`."
  def new(mode, options \\ []) do
    nodes = Map.new(@nodes, &{&1, node_state(mode)})

    boxes =
      for node <- @nodes, kind <- [:worker, :switch], into: %{}, do: {{kind, node}, :queue.new()}

    names =
      if mode == :leaving,
        do: Enum.shuffle(routers()),
        else: Enum.take(routers(), :rand.uniform(3))

    model = %__MODULE__{
      mode: mode,
      fault: options[:fault],
      nodes: nodes,
      mailbox: boxes,
      names: names
    }

    keys = for node <- @nodes, n <- 1..2, do: {node, n}
    model = %{model | publishers: Map.new(keys, &{&1, %{n: 0, asks: false}})}

    case mode do
      :calm ->
        model |> up(hd(names)) |> rest()

      # Who has had nothing of a term does not wait for it.
      :leaving ->
        names |> Enum.reduce(model, &up(&2, &1)) |> rest() |> publish(hd(keys)) |> rest()

      :stormy ->
        model
    end
  end

  defp node_state(mode) do
    %{
      routing: Routing.new([@prefix]),
      receiver: Worker.receiver(%{}, mode),
      row: nil,
      routers: %{},
      waiting: [],
      delivered: [],
      missed: 0
    }
  end

  @doc "Runs `steps` steps. `:rand` must be seeded."
  def run(model, steps), do: Enum.reduce(1..steps, model, fn _, model -> step(model) end)

  defp step(model) do
    model = wake(%{model | now: model.now + :rand.uniform(2) - 1})

    case :rand.uniform(1000) do
      n when n <= 250 -> publish(model, pick(Map.keys(model.publishers)))
      n when n <= 985 -> deliver_some(model)
      _ -> event(model)
    end
  end

  defp event(%{mode: :calm} = model), do: up(model, pick(model.names))

  # Two that leave shortly after one another may lose something. `finish/1` takes the first one to be there.
  defp event(%{mode: :leaving, names: [_stays, leaving, stays]} = model) do
    model = count(%{model | names: [hd(model.names), stays]}, :leaving)
    Enum.reduce(@nodes, model, &elem(transmit(&2, leaving, &1, {:leaving, leaving}), 1))
  end

  defp event(%{mode: :leaving} = model), do: model

  defp event(model) do
    router = pick(model.names)

    case :rand.uniform(20) do
      n when n <= 9 -> model |> Router.start(router) |> connect(router, pick(@nodes))
      n when n <= 13 -> cut(model, router, pick(@nodes))
      n when n <= 15 -> model |> count(:kills) |> kill(router)
      n when n <= 16 -> restart_worker(model, pick(@nodes))
      n when n <= 18 -> restart_switch(model, pick(@nodes))
      _ -> up(model, router)
    end
  end

  defp kill(model, router) do
    model = Enum.reduce(@nodes, model, &cut(&2, router, &1))
    %{model | routers: Map.delete(model.routers, router)}
  end

  defp up(model, router),
    do: Enum.reduce(@nodes, Router.start(model, router), &connect(&2, router, &1))

  defp connect(model, router, node) do
    if up?(model, router, node) or closing?(model, router, node) or
         not is_map_key(model.routers, router) do
      model
    else
      view = %{{router, node} => true, {node, router} => true}
      elem(transmit(%{model | view: Map.merge(model.view, view)}, node, router, :attach), 1)
    end
  end

  # Its mailbox is gone; its successor is attached anew, and finds positions on the board.
  defp restart_worker(model, node) do
    model = count(model, :restarts)
    model = put_in(model.mailbox[{:worker, node}], :queue.new())
    model = update_in(model.nodes[node].receiver, &Worker.receiver(&1.positions, model.mode))

    # It monitors the routers that its predecessor knew.
    down =
      for {pid, _} <- model.nodes[node].routers,
          model.view[{node, node(pid)}] != true,
          do: node(pid)

    model = Enum.reduce(down, model, &post(&2, {:worker, node}, {:down, &1}))

    Enum.reduce(model.names, model, fn router, model ->
      {_, model} = transmit(model, node, router, :attach)
      model
    end)
  end

  # So is the switch's. Publishers that waited there are told that it is gone.
  defp restart_switch(model, node) do
    %{row: row, receiver: receiver, routers: known} = state = model.nodes[node]
    calls = for {:call, key, _} <- :queue.to_list(model.mailbox[{:switch, node}]), do: key
    model = Enum.reduce(calls ++ state.waiting, count(model, :restarts), &unsent(&2, &1))
    model = put_in(model.mailbox[{:switch, node}], :queue.new())
    {position, _} = Map.get(receiver.positions, @prefix, {nil, nil})
    seen = Enum.max([position, state[:highest]] -- [nil], fn -> nil end)
    routing = Routing.new([@prefix], %{@prefix => {seen, row}})
    model = put_in(model.nodes[node], %{state | routing: routing, waiting: []})

    Enum.reduce(known, model, fn {_pid, members}, model -> routing(model, node, members) end)
  end

  # A publisher sends, or waits at its switch until it can.
  defp publish(model, {node, _} = key) do
    case model.publishers[key] do
      %{asks: true} -> model
      %{n: n} -> put_in(model.publishers[key].n, n + 1) |> try_to_send(key, node)
    end
  end

  defp try_to_send(model, key, node) do
    message = {key, model.publishers[key].n}

    case model.nodes[node].row do
      nil ->
        ask(model, key, node, nil)

      {pid, _term, _own} = row ->
        case transmit(model, node, node(pid), {pid, data(message)}) do
          {:noconnect, model} -> ask(model, key, node, row)
          {:ok, model} -> %{model | sent: [message | model.sent]}
        end
    end
  end

  # As `Outrigger.Test.PubSubModel.Wire` knows it.
  defp data({key, n}), do: {:"$outrigger", 0, key, n}

  defp ask(model, key, node, lost) do
    model = put_in(model.publishers[key].asks, true)
    post(model, {:switch, node}, {:call, key, lost})
  end

  defp unsent(model, key),
    do: %{put_in(model.publishers[key].asks, false) | unsent: model.unsent + 1}

  defp answered(model, {node, _} = key, :ok),
    do: put_in(model.publishers[key].asks, false) |> try_to_send(key, node)

  defp answered(model, key, :none), do: unsent(model, key)

  # Some links and mailboxes are slow for a while.
  defp deliver_some(model) do
    slow = div(model.now, 100)

    case Enum.reject(ready(model), &(:erlang.phash2({&1, slow}, 3) == 0)) do
      [] -> model
      ready -> deliver(model, pick(ready))
    end
  end

  defp ready(model) do
    for({link, queue} <- model.queues, not :queue.is_empty(queue), do: {:link, link}) ++
      for {box, queue} <- model.mailbox, not :queue.is_empty(queue), do: {:box, box}
  end

  defp deliver(model, {:box, {kind, node} = box}) do
    {{:value, item}, queue} = :queue.out(model.mailbox[box])
    model = put_in(model.mailbox[box], queue)
    if kind == :worker, do: Worker.take(model, node, item), else: switch(model, node, item)
  end

  defp deliver(model, {:link, {from, to} = link}) do
    {{:value, item}, queue} = :queue.out(model.queues[link])
    model = put_in(model.queues[link], queue)

    cond do
      item == :down -> down(model, from, to)
      router?(to) -> Router.take(model, to, from, item)
      true -> post(model, {:worker, to}, item)
    end
  end

  defp down(model, from, to) do
    model = put_in(model.view[{to, from}], false)
    model = %{model | closing: Map.update!(model.closing, link(from, to), &(&1 - 1))}

    if router?(to),
      do: Router.left(model, to, from),
      else: post(model, {:worker, to}, {:down, from})
  end

  # The switch of a node, as `Outrigger.PubSub.Ordered.Switch`.
  defp switch(model, node, {:event, event}), do: routing(model, node, event)

  defp switch(model, node, {:call, key, lost}) do
    row = model.nodes[node].row

    model =
      if lost != nil and lost == row, do: routing(model, node, {:lost, elem(row, 0)}), else: model

    cond do
      model.nodes[node].row != nil ->
        answered(model, key, :ok)

      Routing.hopeful?(model.nodes[node].routing) ->
        update_in(model.nodes[node].waiting, &[key | &1])

      true ->
        answered(model, key, :none)
    end
  end

  defp routing(model, node, event) do
    {routing, actions} = Routing.handle(model.nodes[node].routing, event, model.now)
    Enum.reduce(actions, put_in(model.nodes[node].routing, routing), &perform(&2, node, &1))
  end

  defp perform(model, node, {:publish, _, {_, term, _} = row}) do
    model =
      if term < Map.get(model.nodes[node], :highest, {0, :a}),
        do: fault(model, {:row, node, row}),
        else: model

    model = put_in(model.nodes[node], Map.merge(model.nodes[node], %{row: row, highest: term}))
    answer_all(model, node, :ok)
  end

  defp perform(model, node, {:withdraw, _}), do: put_in(model.nodes[node].row, nil)
  defp perform(model, node, {:none, _}), do: answer_all(model, node, :none)

  defp perform(model, node, {:wake, ms}),
    do: %{model | wakes: [{model.now + ms, node} | model.wakes]}

  defp perform(model, node, {:ask, router, _, floor}) do
    floor = if model.fault == :no_floor, do: 0, else: floor
    {_, model} = transmit(model, node, router, {:ordered, floor})
    model
  end

  defp perform(model, node, {:left, router, _, number}),
    do: elem(transmit(model, node, router, {:left, number}), 1)

  defp answer_all(model, node, answer) do
    waiting = model.nodes[node].waiting
    model = put_in(model.nodes[node].waiting, [])
    Enum.reduce(waiting, model, &answered(&2, &1, answer))
  end

  defp wake(model) do
    {due, wakes} = Enum.split_with(model.wakes, fn {at, _} -> at <= model.now end)

    Enum.reduce(due, %{model | wakes: wakes}, fn {_, node}, model ->
      model |> routing(node, :wake) |> Worker.timeout(node)
    end)
  end

  @doc "Puts an item into a mailbox."
  def post(model, box, item),
    do: %{model | mailbox: Map.update!(model.mailbox, box, &:queue.in(item, &1))}

  defp fault(model, fault), do: %{model | faults: [fault | model.faults]}

  @doc "Lets everything come to rest. That it does not within `most` steps is a fault."
  def rest(model, most \\ 20_000)
  def rest(model, 0), do: fault(model, :restless)

  def rest(model, most) do
    case {ready(model), model.wakes} do
      {[], []} -> model
      {[], wakes} -> rest(wake(%{model | now: Enum.min(for({at, _} <- wakes, do: at))}), most - 1)
      {ready, _} -> model |> deliver(pick(ready)) |> rest(most - 1)
    end
  end

  @doc "Heals the cluster, and publishes once more from everywhere. Those messages have to arrive."
  def finish(model) do
    model = rest(model)
    model = model |> up(hd(model.names)) |> rest()
    model = Enum.reduce(Map.keys(model.publishers), model, &publish(&2, &1)) |> rest()
    last = for {key, %{n: n}} <- model.publishers, do: {key, n}

    deaf =
      for {node, state} <- model.nodes,
          message <- last -- for({_, message} <- state.delivered, do: message),
          do: {:deaf, node, message}

    %{model | faults: deaf ++ model.faults}
  end
end
