defmodule Outrigger.Test.OrderedModel.Router do
  @moduledoc """
  What the Rust router does for topics in order: members, terms, numbers, and handing out to all.
  """

  import Outrigger.Test.PubSubModel.Wire

  @doc "Starts a router, unless it runs or a link of its former life is still closing. Its clock may be wrong."
  def start(model, name) do
    closing = Enum.any?(Map.keys(model.nodes), &closing?(model, name, &1))

    if is_map_key(model.routers, name) or closing do
      model
    else
      {pid, model} = pid(model, name)
      skew = pick([0, 0, -100_000, 1_000])
      router = %{pid: pid, members: [], order: nil, last: 0, skew: skew, tag: tag(model)}
      put_in(model.routers[name], router)
    end
  end

  @doc "A router takes an item of a link."
  def take(model, name, _from, item) when not is_map_key(model.routers, name),
    do: lose(model, name, item)

  def take(model, name, from, :attach) do
    {own, model} = pid(model, name)
    members = List.keydelete(model.routers[name].members, from, 0) ++ [{from, own}]
    model = members(model, name, members)

    case model.routers[name].order do
      nil -> model
      order -> tell(model, name, [from], granted(model, name, order))
    end
  end

  def take(model, name, from, {:ordered, floor}) do
    %{members: members, order: order} = router = model.routers[name]

    cond do
      not List.keymember?(members, from, 0) ->
        model

      order != nil and order.term >= floor ->
        model = put_in(model.routers[name].order.senders, Enum.uniq([from | order.senders]))
        tell(model, name, [from], granted(model, name, order))

      true ->
        {key, model} = pid(count(model, :terms), name)
        term = term(router, floor, 1_000_000 + model.now * 10 + router.skew)
        model = ended(model, name)
        order = %{key: key, term: term, next: 0, senders: [from], leaving?: false}
        router = %{router | order: order, last: term}
        model = put_in(model.routers[name], router)
        tell(model, name, for({node, _} <- members, do: node), granted(model, name, order))
    end
  end

  def take(model, name, from, {:left, number}) do
    case model.routers[name].order do
      %{term: ^number} ->
        put_in(model.routers[name].order.leaving?, true) |> without(name, from)

      _another ->
        model
    end
  end

  def take(model, name, from, {key, {:"$outrigger", 0, publisher, n}} = item) do
    message = {publisher, n}

    case model.routers[name] do
      %{order: %{key: ^key} = order, members: members, pid: pid} ->
        if List.keymember?(members, from, 0) do
          model = put_in(model.routers[name].order.next, order.next + 1)
          model = place(model, {{order.term, name}, order.next}, message)

          tell(
            model,
            name,
            for({node, _} <- members, do: node),
            {:total, pid, order.term, order.next, [message]}
          )
        else
          lose(count(model, :unattached), name, item)
        end

      _another_term ->
        lose(count(model, :expired), name, item)
    end
  end

  @doc "The link to a node is down."
  def left(model, name, _node) when not is_map_key(model.routers, name), do: model

  def left(model, name, node) do
    model = without(model, name, node)

    case List.keydelete(model.routers[name].members, node, 0) do
      [] -> put_in(model.routers[name], %{model.routers[name] | members: [], order: nil})
      members -> members(model, name, members)
    end
  end

  # A node sends nothing more. When all have left that were told to, all hear of it.
  defp without(model, name, node) do
    case model.routers[name].order do
      nil ->
        model

      order ->
        senders = List.delete(order.senders, node)
        model = put_in(model.routers[name].order.senders, senders)
        if order.leaving? and senders == [], do: ended(model, name), else: model
    end
  end

  defp ended(model, name) do
    case model.routers[name] do
      %{order: nil} ->
        model

      %{order: order, members: members, pid: pid} ->
        model = put_in(model.routers[name].order.leaving?, false)
        item = {:ended, pid, order.term, order.next}
        tell(count(model, :ends), name, for({node, _} <- members, do: node), item)
    end
  end

  defp tag(%{fault: :no_tag}), do: 1
  defp tag(model), do: model.next

  # Two lives of a router have no term in common, whatever their clocks say.
  defp term(%{tag: tag, last: last}, floor, clock) do
    below = max(floor, last)
    rest = clock - rem(clock, 100_000) + tag
    if rest > below, do: rest, else: below - rem(below, 100_000) + 100_000 + tag
  end

  defp place(model, place, message) do
    faults =
      for {at, other} <- [{place, model.placed[place]}, {message, model.placed[message]}],
          other,
          do: {:placed_twice, at}

    placed = Map.merge(model.placed, %{place => message, message => place})
    %{model | placed: placed, faults: faults ++ model.faults}
  end

  defp members(model, name, members) do
    model = put_in(model.routers[name].members, members)

    tell(
      model,
      name,
      for({node, _} <- members, do: node),
      {:members, model.routers[name].pid, members}
    )
  end

  defp granted(model, name, order), do: {:granted, model.routers[name].pid, order.key, order.term}

  defp tell(model, name, nodes, item) do
    Enum.reduce(nodes, model, fn node, model ->
      case transmit(model, name, node, item) do
        {:ok, model} -> model
        {:noconnect, model} -> lose(model, node, item)
      end
    end)
  end
end
