defmodule Outrigger.PubSub.Ordered.Whole do
  @moduledoc """
  A prefix in order is wanted as a whole or not at all: what the teller (`Outrigger.PubSub.Interest`) makes of subscriptions to topics of one.

  A router passes on late what a node has missed for being new. Of a whole prefix that is the end of what was handed out, ahead of what
  follows; of one topic it could come behind what the node had of others.

  ## Limits

  When the subscriber that stood for a prefix has gone, all subscriptions of the node are looked through for another: 5 s later, and once.
  """

  @type pattern :: binary | {:prefix, binary}

  @doc "What is told to routers in the place of a pattern."
  @spec pattern([binary], pattern) :: pattern
  def pattern([], pattern), do: pattern

  def pattern(ordered, pattern) do
    case Outrigger.PubSub.Ordered.find(ordered, text(pattern)) do
      nil -> pattern
      prefix -> {:prefix, prefix}
    end
  end

  defp text({:prefix, prefix}), do: prefix
  defp text(topic), do: topic

  @doc """
  Tells the worker which prefixes this node wants from now on, by a pattern that it did not want before: what it missed meanwhile is
  not missing. Ahead of the router's hearing of it.
  """
  @spec begin([binary], pattern, atom) :: :ok
  def begin(ordered, {:prefix, wanted}, group) do
    with worker when is_pid(worker) <- Process.whereis(group) do
      for prefix <- ordered,
          String.starts_with?(prefix, wanted),
          do: send(worker, {:"$outrigger_wanted", prefix})
    end

    :ok
  end

  def begin(_ordered, _topic, _group), do: :ok

  @doc "A process that has subscribed to a topic of `prefix`, or to a prefix of such, in one of these registries."
  @spec subscriber([atom], binary) :: pid | nil
  def subscriber(registries, prefix) do
    # Binaries are ordered by their bytes: those that begin so lie between the prefix and the next one of its length.
    until = for next <- next(prefix), do: {:<, :"$1", next}
    guards = [{:is_binary, :"$1"}, {:>=, :"$1", prefix} | until]
    spec = [{{:"$1", :"$2", :_}, guards, [:"$2"]}]
    Enum.find_value(registries, &List.first(Registry.select(&1, spec)))
  end

  # None where nothing of that length is behind it.
  defp next(prefix) do
    case prefix |> :binary.bin_to_list() |> Enum.reverse() |> Enum.drop_while(&(&1 == 255)) do
      [] -> []
      [last | rest] -> [[last + 1 | rest] |> Enum.reverse() |> :binary.list_to_bin()]
    end
  end
end
