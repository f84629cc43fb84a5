defmodule Outrigger.Test.PubSubModel.Worker do
  @moduledoc """
  What `Outrigger.PubSub.Worker` does, on the model's links: it takes its mailbox, monitors, and delivers. A delivery out of
  order is a fault.
  """

  alias Outrigger.PubSub.Handover

  import Outrigger.Test.PubSubModel.{Switch, Wire}

  @doc "A worker takes an item out of its mailbox."
  def work(model, at, {:"$outrigger", epoch, pid, n} = data) do
    {_handover, actions} = result = Handover.data(model.handover[at], epoch, pid, {pid, n})
    model = if {:stale, pid} in actions, do: lose(model, at, data), else: model
    handover(model, at, fn _before -> result end)
  end

  def work(model, at, {:"$outrigger_begin", epoch, pid, uses, nodes}),
    do: handover(model, at, &Handover.begin(&1, epoch, pid, uses, nodes, model.now))

  def work(model, at, {:"$outrigger_end", epoch, pid, way}),
    do: handover(model, at, &Handover.finish(&1, epoch, pid, way, model.now))

  def work(model, at, {:"$outrigger_members", router, version, route, list}) do
    model = switch(model, at, {:members, router, version, route, list})

    model =
      if is_map_key(model.handover[at].routers, router),
        do: model,
        else: monitor(model, at, router)

    handover(model, at, &Handover.members(&1, router, version, list))
  end

  def work(model, at, {:"$outrigger_leaving", router}), do: switch(model, at, {:leaving, router})

  def work(model, at, {:fence, node, gen}) do
    model
    |> handover(at, &{Handover.attaching(&1, node), []})
    |> switch(at, {:fenced, node, gen})
  end

  def work(model, at, {:unfence, node}),
    do: handover(model, at, &Handover.not_attaching(&1, node))

  def work(model, at, {:DOWN, pid}) do
    handover(model, at, fn h ->
      if is_map_key(h.routers, pid),
        do: Handover.router_down(h, pid),
        else: Handover.publisher_down(h, pid)
    end)
  end

  @doc "Gives a worker's `Handover` to `fun`, and does what it says."
  def handover(model, at, fun) do
    {handover, actions} = fun.(model.handover[at])
    model = %{model | handover: Map.put(model.handover, at, handover)}
    Enum.reduce(actions, model, &act(&2, at, &1))
  end

  defp act(model, at, {:deliver, {pid, n}}) do
    key = {pid, at}
    last = Map.get(model.last, key, 0)
    model = if n > last, do: model, else: %{model | faults: [{key, last, n} | model.faults]}
    model = %{model | last: Map.put(model.last, key, n)}
    %{model | received: Map.update(model.received, key, [n], &[n | &1])}
  end

  defp act(model, at, {:monitor, pid}), do: monitor(model, at, pid)

  defp act(model, at, {:demonitor, pid}),
    do: Map.update!(model, :monitors, &Map.update!(&1, at, fn m -> MapSet.delete(m, pid) end))

  defp act(model, _at, action), do: count(model, elem(action, 0))

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

  @doc "Tells a worker that a process has ended, if the link is up."
  def exit_signal(model, pid, at) do
    case transmit(model, node(pid), at, {:DOWN, pid}) do
      {:ok, model} -> model
      {:noconnect, model} -> model
    end
  end
end
