defmodule Outrigger.PubSub.PG2 do
  @moduledoc """
  What the PG2 adapter of Phoenix.PubSub says and expects on the wire, for clusters where some nodes still run it. Pure.

  A PG2 node has a pool of workers. Each is registered under its *slot*, the adapter's name or that with `_2`, `_3` and so
  on (2.1.0 counts from `_1`), and a member of the `:pg` group of the same name in the scope `Phoenix.PubSub`. A publisher
  picks the slot by a hash of its pid, and sends `{:forward_to_local, topic, message, dispatcher}` to the members of that
  group on all other nodes.

  So this node takes a place in every slot that others have (`plan/3`), and marks it: each of its processes in that
  scope is first of all a member of the group `marker/1`. Members without the mark are workers of PG2 nodes
  (`workers/3`), and a publisher here sends to one of each node (`choose/3`).

  ## Invariants

    * A process is marked before it is in a slot, and leaves all groups at once when it dies. So in a snapshot of the
      scope nobody of ours can be taken for a PG2 worker, and no node is reached by both protocols.
    * A publisher stays with the worker it has sent to for as long as that one lives: a pool that comes up slot
      by slot does not change its order.

  ## Limits

  Slots beyond 256 are ignored. `:pg2`, from before OTP 23, is not spoken.
  """

  @scope Phoenix.PubSub
  @max_slots 256

  @typedoc "The groups of the scope with their members, as `:pg.monitor_scope/1` returns them."
  @type snapshot :: %{term => [pid]}

  @doc "The scope in which PG2 nodes find each other."
  @spec scope() :: atom
  def scope, do: @scope

  @doc "The group of those who are no PG2 workers."
  @spec marker(atom) :: term
  def marker(group), do: {Outrigger.PubSub, group}

  @doc "Does a change of this group of the scope concern the PubSub?"
  @spec concerns?(term, atom) :: boolean
  def concerns?(changed, group), do: changed == marker(group) or number(changed, group) != nil

  @doc "The slots of a pool of `size`."
  @spec slots(atom, pos_integer) :: [atom]
  def slots(group, size) do
    [group | for(n <- 2..min(size, @max_slots)//1, do: :"#{group}_#{n}")]
  end

  @doc """
  What is left to do here: the slots to open, and who has to join which.

  `size` is that of the pool that is opened in any case, `whereis` returns the local process of a slot, or `nil`.
  """
  @spec plan(snapshot, {atom, pos_integer}, (atom -> pid | nil)) :: {[atom], [{atom, pid}]}
  def plan(snapshot, {group, size}, whereis) do
    wanted =
      Enum.uniq(
        slots(group, size) ++ for({_n, slot, _pids} <- foreign(snapshot, group), do: slot)
      )

    {open, missing} = wanted |> Enum.map(&{&1, whereis.(&1)}) |> Enum.split_with(&elem(&1, 1))
    joins = for {slot, pid} <- open, pid not in Map.get(snapshot, slot, []), do: {slot, pid}
    # The first slot is the adapter's own worker: it is not opened, it comes by itself.
    {for({slot, nil} <- missing, slot != group, do: slot), joins}
  end

  @doc "The workers of each PG2 node but `own`, in the order of their slots."
  @spec workers(snapshot, atom, node) :: %{node => [pid]}
  def workers(snapshot, group, own) do
    for({_n, _slot, pids} <- foreign(snapshot, group), pid <- pids, node(pid) != own, do: pid)
    |> Enum.group_by(&node/1)
  end

  @doc "The worker that `publisher` sends to: one of those it is `held` to, or by its hash."
  @spec choose([pid, ...], [pid], pid) :: pid
  def choose(workers, held, publisher) do
    Enum.find(workers, &(&1 in held)) ||
      Enum.at(workers, :erlang.phash2(publisher, length(workers)))
  end

  @doc """
  The message to a PG2 worker.

  A dispatcher that is not there brings a PG2 worker down, and `Outrigger.PubSub` is not there before its
  node is upgraded. `Phoenix.PubSub` does the same.
  """
  @spec message(binary, term, module) :: tuple
  def message(topic, message, Outrigger.PubSub), do: message(topic, message, Phoenix.PubSub)
  def message(topic, message, dispatcher), do: {:forward_to_local, topic, message, dispatcher}

  @doc "The dispatcher to use here for one that a PG2 node named: it works without Phoenix.PubSub, too."
  @spec dispatcher(module) :: module
  def dispatcher(Phoenix.PubSub), do: Outrigger.PubSub
  def dispatcher(dispatcher), do: dispatcher

  defp foreign(snapshot, group) do
    marked = MapSet.new(Map.get(snapshot, marker(group), []))

    slots =
      for {slot, pids} <- snapshot,
          n = number(slot, group),
          pids = Enum.reject(pids, &(&1 in marked)),
          pids != [],
          do: {n, slot, pids}

    Enum.sort(slots)
  end

  defp number(group, group), do: 1

  defp number(slot, group) when is_atom(slot) do
    prefix = "#{group}_"
    name = Atom.to_string(slot)

    with true <- String.starts_with?(name, prefix),
         {n, ""} when n in 1..@max_slots <-
           name |> String.replace_prefix(prefix, "") |> Integer.parse() do
      n
    else
      _another_group -> nil
    end
  end

  defp number(_another_group, _group), do: nil
end
