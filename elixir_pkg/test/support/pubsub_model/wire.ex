defmodule Outrigger.Test.PubSubModel.Wire do
  @moduledoc """
  Queues between nodes and routers, the mailboxes of workers, counts and pids: what the rest of the model moves items with.
  """

  @routers [:a@r, :b@r, :c@r]

  @doc "The names that routers have."
  def routers, do: @routers

  @doc "Whether a name is a router's."
  def router?(name), do: name in @routers

  @doc "The key of a link, whichever way it is named: a router first, nodes by name."
  def link(a, b), do: if(router?(a) or (not router?(b) and a < b), do: {a, b}, else: {b, a})

  @doc "Whether either end takes the link for up."
  def up?(model, a, b), do: model.view[{a, b}] == true or model.view[{b, a}] == true

  @doc "Whether a broken link has not been seen by both ends yet."
  def closing?(model, a, b), do: Map.get(model.closing, link(a, b), 0) > 0

  @doc "Breaks a link. Each direction keeps a random part of what is in it, and then its end."
  def cut(model, a, b) do
    if model.view[{a, b}] == true and model.view[{b, a}] == true and not closing?(model, a, b) do
      model = count(model, :cuts)
      model = %{model | closing: Map.put(model.closing, link(a, b), 2)}
      Enum.reduce([{a, b}, {b, a}], model, &truncate/2)
    else
      model
    end
  end

  defp truncate(link, model) do
    items = :queue.to_list(Map.get(model.queues, link, :queue.new()))
    {kept, gone} = Enum.split(items, :rand.uniform(length(items) + 1) - 1)
    model = Enum.reduce(gone, model, &lose(&2, elem(link, 1), &1))
    %{model | queues: Map.put(model.queues, link, :queue.from_list(kept ++ [:down]))}
  end

  @doc "Sends. `:noconnect` if the sender knows that the link is down. Into a broken link: lost."
  def transmit(model, from, to, item) do
    cond do
      model.view[{from, to}] != true -> {:noconnect, model}
      closing?(model, from, to) -> {:ok, lose(model, to, item)}
      true -> {:ok, enqueue(model, {from, to}, item)}
    end
  end

  @doc "Notes that an item for `to` is gone. What was for a router was for all, as far as this is concerned."
  def lose(model, _router, {dest, payload}) when is_pid(dest), do: lose(model, :all, payload)

  def lose(model, at, {:"$outrigger", _epoch, pid, n}),
    do: %{model | lost: MapSet.put(model.lost, {pid, at, n})}

  def lose(model, _at, _no_data), do: model

  @doc "Puts an item into one direction of a link."
  def enqueue(model, link, item) do
    queue = Map.get(model.queues, link, :queue.new())
    %{model | queues: Map.put(model.queues, link, :queue.in(item, queue))}
  end

  @doc "Puts an item into the mailbox of a node's worker."
  def box(model, node, item),
    do: %{model | mailbox: Map.update!(model.mailbox, node, &:queue.in(item, &1))}

  @doc "Counts one more of `what`."
  def count(model, what), do: %{model | counts: Map.update(model.counts, what, 1, &(&1 + 1))}

  @doc "A pid that was not given out before, of a node that does not exist."
  def pid(model, node) do
    name = Atom.to_string(node)

    pid =
      :erlang.binary_to_term(
        <<131, 88, 119, byte_size(name), name::binary, model.next::32, 0::32, 7::32>>
      )

    {pid, %{model | next: model.next + 1}}
  end

  @doc "One of a list, at random."
  def pick(list), do: Enum.at(list, :rand.uniform(length(list)) - 1)
end
