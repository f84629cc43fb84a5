defmodule Outrigger.PubSub.Spread do
  @moduledoc """
  Dispatches to the subscribers of a large topic in several processes at once, and returns when all have done so.

      Spread.each(entries, length(messages), &deliver(&1, :none, messages))

  A subscriber's entries are always in the same part, whose process calls the function with all of them. The caller takes one part itself.
  A part is worth a process from 2,000 sends on, about a millisecond. With fewer than two such parts, or one scheduler, the function
  is called with all entries, here and now.

  ## Invariants

    * When it has returned, everything is in the subscribers' mailboxes. So what the caller dispatches next comes behind it at each of them.
    * What a part raises is raised in the caller, when the others have ended. Each part is tried.
    * The parts end with the caller.

  ## Limits

  At most 8 parts. A subscriber whose `message_queue_data` is `off_heap` is promised an order for each sender only by the VM: there a message may
  overtake one of another topic that a part has sent right before.
  """

  @sends 2_000
  @most 8

  @typedoc "As a registry has them."
  @type entries :: [{pid, term}]

  @doc "Calls `fun` with all `entries`, or in parts. `sends` is how many messages each of them gets."
  @spec each(entries, pos_integer, (entries -> term)) :: :ok
  # Almost always few: then nothing else is asked for.
  def each(entries, sends, fun) do
    if length(entries) * sends < 2 * @sends do
      fun.(entries)
      :ok
    else
      each(entries, sends, System.schedulers_online(), fun)
    end
  end

  @doc false
  @spec each(entries, pos_integer, pos_integer, (entries -> term)) :: :ok
  def each(entries, sends, schedulers, fun) do
    case parts(length(entries) * sends, schedulers) do
      1 -> fun.(entries)
      count -> entries |> split(count) |> spread(fun)
    end

    :ok
  end

  defp parts(sends, schedulers),
    do: sends |> div(@sends) |> min(schedulers) |> min(@most) |> max(1)

  defp split(entries, count), do: entries |> Enum.group_by(&part(&1, count)) |> Map.values()

  defp part({pid, _metadata}, count), do: :erlang.phash2(pid, count)

  # The caller may have a long queue. With a tag that is made here the VM looks only at what comes behind it.
  defp spread([own | parts], fun) do
    tag = make_ref()
    for part <- parts, do: start(part, fun, tag)
    outcomes = await(tag, length(parts), [try_out(fn -> fun.(own) end)])

    case Enum.find(outcomes, &(&1 != :ok)) do
      nil -> :ok
      {:raised, kind, reason, stacktrace} -> :erlang.raise(kind, reason, stacktrace)
      {:down, reason} -> exit(reason)
    end
  end

  # Linked, so that none goes on when the caller is killed: its successor would send later messages meanwhile.
  defp start(part, fun, tag) do
    caller = self()

    :erlang.spawn_opt(
      fn ->
        outcome = try_out(fn -> fun.(part) end)
        Process.unlink(caller)
        exit({:shutdown, outcome})
      end,
      [:link, monitor: [tag: tag]]
    )
  end

  defp await(_tag, 0, outcomes), do: outcomes

  defp await(tag, count, outcomes) do
    receive do
      {^tag, _ref, :process, _pid, {:shutdown, outcome}} ->
        await(tag, count - 1, [outcome | outcomes])

      {^tag, _ref, :process, _pid, reason} ->
        await(tag, count - 1, [{:down, reason} | outcomes])
    end
  end

  defp try_out(fun) do
    fun.()
    :ok
  catch
    kind, reason -> {:raised, kind, reason, __STACKTRACE__}
  end
end
