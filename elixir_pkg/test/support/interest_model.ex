defmodule Outrigger.Test.InterestModel do
  @moduledoc """
  A node and two routers on virtual time, with the real `Teller`, `Account` and `Wanted` under random schedules.

  The registry, the ear's mailbox and both directions of each link are plain data. A step lets somebody subscribe, unsubscribe or
  die, publishes at a router, moves one item of one queue, or breaks something: a router's link, an attachment, the teller, or the
  order of things (a router that opens a member as if a bound had been passed).

  Checked at every delivery: nothing twice. Checked whenever a router hears of an interest: all that was published while somebody was
  subscribed has arrived. Checked by `finish/1`: that too,
  and each router means the same as the registry.

  `overtake: true` hands stamps to the teller ahead of what the mailbox has: the way that breaks the promise.
  """

  alias Outrigger.PubSub.Interest.{Teller, Wanted}
  alias Outrigger.Test.ReferenceInterest

  @topics for n <- 1..60, do: "t#{n}"
  @patterns @topics ++ for(n <- 1..9, do: {:prefix, "t#{n}"}) ++ [{:prefix, ""}, {:prefix, "t12"}]
  @routers [:a, :b]
  @tick_ms 200

  defstruct [
    :table,
    :teller,
    :find,
    :overtake,
    now: 0,
    tick_at: 0,
    id: 0,
    notes: %{},
    registry: %{},
    ear: :queue.new(),
    worker: :queue.new(),
    routers: %{},
    expected: %{},
    delivered: %{},
    faults: [],
    counts: %{}
  ]

  def new(table, options \\ []) do
    pids = Map.new(@routers, &{&1, spawn(fn -> :ok end)})

    %__MODULE__{table: table, overtake: options[:overtake] || false}
    |> Map.put(:teller, Teller.new(Wanted.new(table), 1))
    |> Map.put(
      :routers,
      Map.new(pids, fn {name, pid} ->
        {name,
         %{pid: pid, in: :queue.new(), out: :queue.new(), member: nil, listed?: false}
         |> Map.merge(%{patterns: MapSet.new(), stamp: 1, ring: []})}
      end)
    )
    |> attach(:a)
    |> attach(:b)
  end

  def run(model, steps), do: Enum.reduce(1..steps, model, fn _, model -> step(model) end)

  defp step(model) do
    model = %{model | now: model.now + :rand.uniform(3) - 1}
    model = if model.now >= model.tick_at, do: tick(model), else: model

    case :rand.uniform(1000) do
      n when n <= 60 -> subscribe(model, pick(@patterns))
      n when n <= 90 -> unsubscribe(model)
      n when n <= 110 -> die(model)
      n when n <= 400 -> publish(model, pick(@routers), pick(@topics))
      n when n <= 985 -> move(model)
      n -> storm(model, n)
    end
  end

  defp storm(model, n) when n <= 988, do: attach(model, pick(@routers))
  defp storm(model, n) when n <= 990, do: lose(model, pick(@routers))
  defp storm(model, n) when n <= 993, do: restart(model)
  defp storm(model, n) when n <= 995, do: open(model, pick(@routers))

  # Views go, and time: topics become vacant.
  defp storm(model, _n) do
    model = Enum.reduce(1..15, model, fn _, model -> die(model) end)
    Enum.reduce(1..40, model, fn _, model -> tick(%{model | now: model.now + @tick_ms}) end)
  end

  # What the registry does: it is there, then it is told, then subscribe returns.
  defp subscribe(model, pattern) do
    pid = spawn(fn -> Process.sleep(:infinity) end)
    registry = Map.update(model.registry, pattern, [pid], &[pid | &1])
    hear(count(%{model | registry: registry}, :subscribed), {:register, pattern, pid})
  end

  defp unsubscribe(model) do
    case somebody(model) do
      nil -> model
      {pattern, pid} -> model |> gone(pattern, pid) |> hear({:unregister, pattern, pid})
    end
  end

  defp die(model) do
    case somebody(model) do
      nil -> model
      {pattern, pid} -> gone(model, pattern, pid)
    end
  end

  defp gone(model, pattern, pid) do
    kill(pid)

    case List.delete(model.registry[pattern], pid) do
      # What was published for those who are gone is nobody's.
      [] ->
        expected =
          for {id, {patterns, router}} <- model.expected,
              rest = List.delete(patterns, pattern),
              rest != [],
              into: %{},
              do: {id, {rest, router}}

        %{model | registry: Map.delete(model.registry, pattern), expected: expected}

      rest ->
        put_in(model.registry[pattern], rest)
    end
  end

  defp kill(pid) do
    ref = Process.monitor(pid)
    Process.exit(pid, :kill) && receive(do: ({:DOWN, ^ref, _, _, _} -> :ok))
  end

  defp somebody(%{registry: registry}) when registry == %{}, do: nil

  defp somebody(model) do
    {pattern, pids} = pick(Map.to_list(model.registry))
    {pattern, pick(pids)}
  end

  # A route does not grow, so what is published without the node in it is not for it.
  defp publish(model, name, topic) do
    router = model.routers[name]

    if router.member do
      id = model.id + 1
      model = %{model | id: id}

      # Expected on account of each pattern that somebody had subscribed to.
      model =
        case Enum.filter(Map.keys(model.registry), &ReferenceInterest.matches?(&1, topic)) do
          [] -> model
          patterns -> put_in(model.expected[id], {patterns, name})
        end

      router = %{router | stamp: router.stamp + 1}

      if not router.listed? or Enum.any?(router.patterns, &ReferenceInterest.matches?(&1, topic)) do
        put_in(model.routers[name], router) |> deliver(id)
      else
        put_in(model.routers[name], %{router | ring: [{router.stamp, topic, id} | router.ring]})
      end
    else
      model
    end
  end

  defp deliver(model, id) do
    model =
      if is_map_key(model.delivered, id),
        do: %{model | faults: [{:twice, id} | model.faults]},
        else: model

    %{
      model
      | delivered: Map.put(model.delivered, id, true),
        expected: Map.delete(model.expected, id)
    }
  end

  # The router, as the contract has it.
  defp serve(model, name, {number, request}) do
    router = model.routers[name]

    cond do
      router.member == nil ->
        answer(model, name, number, :unattached)

      match?({:reset, _}, request) ->
        {:reset, since} = request
        late = for {stamp, _, id} <- Enum.reverse(router.ring), stamp > since, do: id
        router = %{router | listed?: false, patterns: MapSet.new(), ring: []}

        put_in(model.routers[name], router)
        |> late(late)
        |> missed(name, fn _pattern -> true end)
        |> answer(name, number, :open)

      match?({:change, _, _, _}, request) ->
        {:change, since, wants, unwants} = request
        true = length(wants) + length(unwants) <= 4_096
        new = MapSet.difference(MapSet.new(wants), router.patterns)

        {late, ring} =
          Enum.split_with(router.ring, fn {stamp, topic, _} ->
            router.listed? and stamp > since and
              Enum.any?(new, &ReferenceInterest.matches?(&1, topic))
          end)

        patterns = router.patterns |> MapSet.union(new) |> MapSet.difference(MapSet.new(unwants))
        late = for {_, _, id} <- Enum.reverse(late), do: id
        router = %{router | patterns: patterns, ring: ring}

        put_in(model.routers[name], router)
        |> late(late)
        |> missed(name, &(router.listed? and &1 in patterns))
        |> answer(name, number, state(router))

      match?({:listed, _, _}, request) ->
        {:listed, count, sum} = request
        router = %{router | listed?: {count, sum} == ReferenceInterest.digest(router.patterns)}
        put_in(model.routers[name], router) |> answer(name, number, state(router))
    end
  end

  defp late(model, ids), do: Enum.reduce(ids, count(model, :late, length(ids)), &deliver(&2, &1))

  # What has not arrived by the time the router knows of the interest will not arrive any more. A member that was opened asks again.
  defp missed(model, name, known?) do
    {lost, expected} =
      Enum.split_with(model.expected, fn {_, {patterns, of}} ->
        of == name and Enum.any?(patterns, known?)
      end)

    faults = for {id, {patterns, _}} <- lost, do: {:lost, id, patterns}
    %{model | expected: Map.new(expected), faults: faults ++ model.faults}
  end

  defp state(%{listed?: listed?}), do: if(listed?, do: :listed, else: :open)

  defp answer(model, name, number, state) do
    router = model.routers[name]
    item = {:answer, router.pid, number, state, router.stamp, true}
    put_in(model.routers[name].out, :queue.in(item, router.out))
  end

  # A new attachment over the same link.
  defp attach(model, name) do
    router = model.routers[name]
    member = spawn(fn -> :ok end)
    router = %{router | member: member, listed?: false, patterns: MapSet.new(), ring: []}
    model = forget(put_in(model.routers[name], router), name)

    %{model | worker: :queue.in({:attached, router.pid, member}, model.worker)}
    |> count(:attached)
  end

  # The link breaks; what was on it is lost.
  defp lose(model, name) do
    router = %{model.routers[name] | member: nil, in: :queue.new(), out: :queue.new(), ring: []}
    model = forget(put_in(model.routers[name], router), name)
    %{model | worker: :queue.in({:down, router.pid}, model.worker)} |> count(:lost)
  end

  defp forget(model, name) do
    %{model | expected: Map.reject(model.expected, fn {_id, {_, of}} -> of == name end)}
  end

  defp open(model, name), do: put_in(model.routers[name].listed?, false)

  # Some of what the ear has passed on dies with the teller.
  defp restart(model) do
    {_lost, ear} = :queue.split(:rand.uniform(:queue.len(model.ear) + 1) - 1, model.ear)
    :ets.delete(model.table)
    model = %{model | ear: ear, teller: Teller.new(Wanted.new(model.table), 1_000 * model.id)}

    model =
      for {pattern, pids} <- model.registry, pid <- pids, reduce: model do
        model -> tell(model, {:register, pattern, pid})
      end

    before = model.notes

    # What the worker has on the board. Monitors end with who set them.
    for {_, %{member: member, pid: pid}} when member != nil <- model.routers,
        reduce: count(model, :restarted) do
      model -> tell(model, attached(pid, member, before))
    end
    |> Map.put(:worker, :queue.new())
  end

  defp attached(pid, member, notes) do
    since = with(%{^pid => {^member, since, _}} <- notes, do: since, else: (_ -> 0))
    {:attached, pid, member, since}
  end

  defp hear(model, item), do: %{model | ear: :queue.in(item, model.ear)}

  # One item of one queue. Some are slow for a while, by the hash of a slowly moving clock.
  defp move(model) do
    slow = div(model.now, 100)

    case Enum.reject(queues(model), &(:erlang.phash2({&1, slow}, 3) == 0)) do
      [] -> model
      ready -> move(model, pick(ready))
    end
  end

  defp queues(model) do
    links = for name <- @routers, way <- [:in, :out], do: {name, way, model.routers[name][way]}

    for({name, way, queue} <- links, not :queue.is_empty(queue), do: {name, way}) ++
      if(:queue.is_empty(model.ear), do: [], else: [:ear, :ear]) ++
      if(:queue.is_empty(model.worker), do: [], else: [:worker])
  end

  defp move(model, :ear) do
    {{:value, item}, ear} = :queue.out(model.ear)
    tell(%{model | ear: ear}, item)
  end

  defp move(model, :worker) do
    {{:value, item}, worker} = :queue.out(model.worker)
    model = %{model | worker: worker}

    case item do
      {:attached, pid, member} -> tell(model, attached(pid, member, %{}))
      down -> tell(model, down)
    end
  end

  defp move(model, {name, :in}) do
    {{:value, item}, queue} = :queue.out(model.routers[name].in)
    put_in(model.routers[name].in, queue) |> serve(name, item)
  end

  defp move(model, {name, :out}) do
    {{:value, item}, queue} = :queue.out(model.routers[name].out)
    model = put_in(model.routers[name].out, queue)
    if model.overtake, do: tell(model, item), else: hear(model, item)
  end

  defp tick(model) do
    model = %{model | tick_at: model.now + @tick_ms}
    find = fn pattern -> model.registry |> Map.get(pattern, []) |> List.first() end
    tell(model, {:tick, @tick_ms, find})
  end

  defp tell(model, event) do
    {teller, actions} = Teller.handle(model.teller, event, model.now)
    model = %{model | teller: teller, notes: Teller.notes(teller)}
    Enum.reduce(actions, model, &perform/2)
  end

  defp perform({:send, pid, number, request}, model) do
    {name, router} = Enum.find(model.routers, fn {_, router} -> router.pid == pid end)

    cond do
      # No link, and nobody has said so yet.
      router.member == nil -> tell(model, {:unsent, pid})
      :rand.uniform(20) == 1 -> tell(model, {:unsent, pid})
      true -> put_in(model.routers[name].in, :queue.in({number, request}, router.in))
    end
  end

  defp perform({:monitor, _pid}, model), do: model

  @doc "Lets all come to rest: what is left in `expected` is lost."
  def finish(model) do
    model = Enum.reduce(@routers, model, &if(&2.routers[&1].member, do: &2, else: attach(&2, &1)))

    model =
      Enum.reduce(1..700, model, fn _, m -> tick(drain(%{m | now: m.now + @tick_ms})) end)
      |> drain()

    patterns = MapSet.new(Map.keys(model.registry))
    lost = for {id, what} <- model.expected, do: {:lost, id, what}

    differ =
      for {name, router} <- model.routers,
          not router.listed? or router.patterns != patterns,
          do: {:differs, name, router.listed?, router.patterns, patterns}

    for {_, pids} <- model.registry, pid <- pids, do: Process.exit(pid, :kill)
    :ets.delete(model.table)
    %{model | faults: lost ++ differ ++ model.faults}
  end

  defp drain(model) do
    case queues(model) do
      [] -> model
      ready -> model |> move(pick(ready)) |> drain()
    end
  end

  defp pick(list), do: Enum.at(list, :rand.uniform(length(list)) - 1)

  defp count(model, what, by \\ 1),
    do: %{model | counts: Map.update(model.counts, what, by, &(&1 + by))}
end
