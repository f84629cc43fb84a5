defmodule Outrigger.Test.OrderedModel.Worker do
  @moduledoc """
  What `Outrigger.PubSub.Worker` does with topics in order: it tells the switch what it hears of routers, and takes what is handed out. A delivery
  out of order is a fault.
  """

  alias Outrigger.PubSub.Ordered.Receiver

  import Outrigger.Test.OrderedModel, only: [post: 3]
  import Outrigger.Test.PubSubModel.Wire

  @prefix "p"
  @hold_ms 200

  @doc "A receiver in the place of another, or the first one."
  def receiver(positions, :leaving),
    do: Receiver.new(positions, hold_ms: 1_000_000, hold_max: 1_000_000)

  def receiver(positions, _mode), do: Receiver.new(positions, hold_ms: @hold_ms, hold_max: 50)

  @doc "A worker takes an item out of its mailbox."
  def take(model, node, {:members, pid, list}) do
    {_, own} = List.keyfind(list, node, 0)
    members = {:members, pid, own, length(list)}
    model = put_in(model.nodes[node].routers[pid], members)
    post(model, {:switch, node}, {:event, members})
  end

  def take(model, node, {:leaving, router}) do
    pids = for {pid, _} <- model.nodes[node].routers, node(pid) == router, do: pid
    Enum.reduce(pids, model, &post(&2, {:switch, node}, {:event, {:leaving, &1}}))
  end

  def take(model, node, {:granted, pid, key, number}),
    do: post(model, {:switch, node}, {:event, {:granted, pid, @prefix, key, number}})

  def take(model, node, {:down, router}) do
    {gone, kept} =
      Enum.split_with(model.nodes[node].routers, fn {pid, _} -> node(pid) == router end)

    model = put_in(model.nodes[node].routers, Map.new(kept))

    gone
    |> Enum.reduce(model, fn {pid, _}, model ->
      post(model, {:switch, node}, {:event, {:down, pid}})
    end)
    |> told(node, &Receiver.router_down(&1, router, model.now))
  end

  def take(%{fault: :no_terms} = model, node, {:total, _pid, _number, _first, payloads}) do
    next =
      case model.nodes[node].receiver.positions do
        %{@prefix => {_, next}} -> next
        _ -> 0
      end

    told(model, node, &Receiver.total(&1, @prefix, {1, :any@r}, next, payloads, model.now))
  end

  def take(model, node, {:total, pid, number, first, payloads}) do
    term = {number, node(pid)}
    told(model, node, &Receiver.total(&1, @prefix, term, first, payloads, model.now))
  end

  def take(model, node, {:ended, pid, number, next}),
    do: told(model, node, &Receiver.ended(&1, @prefix, {number, node(pid)}, next, model.now))

  @doc "Time has passed."
  def timeout(model, node) do
    model = told(model, node, &Receiver.timeout(&1, model.now))
    if Receiver.holding?(model.nodes[node].receiver), do: wake(model, node), else: model
  end

  defp told(model, node, fun) do
    {receiver, actions} = fun.(model.nodes[node].receiver)
    before = model.nodes[node].receiver
    model = put_in(model.nodes[node].receiver, receiver)

    model =
      if Receiver.holding?(receiver) and not Receiver.holding?(before),
        do: wake(count(model, :held), node),
        else: model

    Enum.reduce(actions, model, &act(&2, node, &1))
  end

  # Over and over, as the worker's clock.
  defp wake(model, node), do: %{model | wakes: [{model.now + @hold_ms + 1, node} | model.wakes]}

  defp act(model, node, {word, _, term}) when word in [:term, :seen],
    do: post(model, {:switch, node}, {:event, {:seen, @prefix, term}})

  defp act(model, node, {:missed, _, _, count}),
    do: update_in(model.nodes[node].missed, &(&1 + count)) |> count(:missed)

  defp act(model, _node, {:stale, _, _, _}), do: count(model, :stale)

  defp act(model, node, {:deliver, _, term, first, payloads}) do
    for {{key, n} = message, number} <- Enum.with_index(payloads, first), reduce: model do
      model ->
        place = {term, number}
        {last, last_of_key} = last(model.nodes[node].delivered, key)

        faults =
          for fault <- [
                place <= last && {:place, node, last, place},
                n <= last_of_key && {:late, node, message}
              ],
              fault,
              do: fault

        model = %{model | faults: faults ++ model.faults}
        update_in(model.nodes[node].delivered, &[{place, message} | &1])
    end
  end

  defp last([], _key), do: {{{0, :a}, -1}, 0}

  defp last([{place, _} | _] = delivered, key),
    do: {place, Enum.find_value(delivered, 0, fn {_, {of, n}} -> of == key && n end)}
end
