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
      put_in(model.routers[name], %{pid: pid, version: 0, members: [], pids: %{}})
    end
  end

  @doc "A router takes an item of a link."
  def route(model, name, _from, _item) when not is_map_key(model.routers, name), do: model

  def route(model, name, from, :attach) do
    {pid, model} = pid(model, name)
    model = put_in(model.routers[name].pids[pid], [pid])

    router_change(
      model,
      name,
      &(Enum.reject(&1, fn m -> m.node == from end) ++ [%{node: from, pid: pid}])
    )
  end

  def route(model, name, from, {to, payload}) do
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

  @doc "Changes the members of a router, and tells all of them."
  def router_change(model, name, _fun) when not is_map_key(model.routers, name), do: model

  def router_change(model, name, fun) do
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
end
