defmodule Outrigger.Test.PubSubModel.Router do
  @moduledoc """
  What the Rust router does: members, the pids of their routes, and handing on.
  """

  import Outrigger.Test.PubSubModel.Wire

  @doc "Starts a router, unless it runs or a link of its former life is still closing."
  def start_router(model, name) do
    closing = Enum.any?(model.nodes, &closing?(model, name, &1))

    if is_map_key(model.routers, name) or closing do
      model
    else
      {pid, model} = pid(model, name)

      put_in(model.routers[name], %{
        pid: pid,
        version: 0,
        members: [],
        pids: %{},
        leaving?: false,
        left: MapSet.new()
      })
    end
  end

  @doc "A router says that it is about to stop."
  def leave(model, name) do
    case model.routers[name] do
      %{leaving?: false} = router ->
        model = count(put_in(model.routers[name].leaving?, true), :leaves)
        Enum.reduce(router.members, model, &say_leaving(&2, name, &1.node))

      _not_there_or_leaving ->
        model
    end
  end

  defp say_leaving(model, name, node),
    do: elem(transmit(model, name, node, {:"$outrigger_leaving", model.routers[name].pid}), 1)

  @doc "Stops a router that is leaving, when all members have left it and nothing is under way through it."
  def stop_when_quiet(model, name) do
    links = for node <- model.nodes, link <- [{node, name}, {name, node}], do: link
    quiet? = Enum.all?(links, &:queue.is_empty(Map.get(model.queues, &1, :queue.new())))

    case model.routers[name] do
      %{leaving?: true, members: members, left: left} when quiet? ->
        if Enum.all?(members, &(&1.node in left)) do
          model = Enum.reduce(model.nodes, model, &cut(&2, name, &1))
          count(%{model | routers: Map.delete(model.routers, name)}, :left)
        else
          model
        end

      _another ->
        model
    end
  end

  @doc "A router takes an item of a link."
  def route(model, name, _from, item) when not is_map_key(model.routers, name),
    do: lose(model, name, item)

  def route(model, name, from, :left),
    do: update_in(model.routers[name].left, &MapSet.put(&1, from))

  def route(model, name, from, :attach) do
    {pid, model} = pid(model, name)
    model = put_in(model.routers[name].pids[pid], [%{node: from, pid: pid}])

    model =
      router_change(
        model,
        name,
        &(Enum.reject(&1, fn m -> m.node == from end) ++ [%{node: from, pid: pid}])
      )

    if model.routers[name].leaving?,
      do: say_leaving(update_in(model.routers[name].left, &MapSet.delete(&1, from)), name, from),
      else: model
  end

  def route(model, name, from, {to, payload}) do
    router = model.routers[name]
    own = Enum.find(router.members, &(&1.node == from))
    listed = Map.get(router.pids, to, [])

    if own && (own in listed or to in Enum.map(router.members, & &1.pid)) do
      {live, gone} = listed |> List.delete(own) |> Enum.split_with(&(&1 in router.members))
      model = Enum.reduce(gone, model, &lose(&2, &1.node, payload))
      Enum.reduce(live, model, fn m, model -> elem(transmit(model, name, m.node, payload), 1) end)
    else
      model |> count(:dropped_by_router) |> lose(name, {to, payload})
    end
  end

  @doc "Changes the members of a router, and tells all of them."
  def router_change(model, name, _fun) when not is_map_key(model.routers, name), do: model

  def router_change(model, name, fun) do
    router = model.routers[name]

    case fun.(router.members) do
      members when members == router.members ->
        model

      members ->
        {route, model} = pid(model, name)
        pids = Map.put(model.routers[name].pids, route, members)
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
end
