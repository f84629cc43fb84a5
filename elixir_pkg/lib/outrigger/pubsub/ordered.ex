defmodule Outrigger.PubSub.Ordered do
  @moduledoc """
  Topics that all see in one order: publishing on them, and what is known of them on a node. `docs/design/total-order.md` is the contract.

      publisher --{from, topic, message, dispatcher}--> sequencer --$outrigger_total--> worker of every node
                                                            ^
      Outrigger.PubSub.Ordered.Switch ----asks for a term---'

  Each prefix of `ordered: [...]` has one router that puts its messages in order, the sequencer. Publishers send to it and dispatch
  nothing themselves: what they have sent comes back to their own node as to any other.

    * `Outrigger.PubSub.Ordered.Routing` says which router that is, `Outrigger.PubSub.Ordered.Switch` is its process;
    * `Outrigger.PubSub.Ordered.Receiver` takes what comes, in order and once, `Outrigger.PubSub.Ordered.Delivery` dispatches it.

  ## Invariants

    * The prefixes of a group lie in `:persistent_term`. A PubSub without any has another adapter in its registry (`adapter/1`), so its
      publishers look at nothing more than that.
    * A publisher sends under terms that only rise: a row of the board is never followed by one of a lower term.
    * A message is sent once, or not at all.

  ## Limits

  While no router is known that could take it, a message waits for up to 1 s in its publisher.
  """

  alias Outrigger.Error
  alias Outrigger.PubSub.{Adapter, Board, Kept, Ordered, Place}

  @most 64
  @longest 255
  @attempts 20

  @type prefix :: binary

  @doc "The prefixes of the option `:ordered`, each with its options. Refuses what could not be kept."
  @spec validate([prefix | {prefix, keyword}]) :: {:ok, [{prefix, keyword}]} | {:error, Error.t()}
  def validate(ordered) do
    ordered = for prefix <- ordered, do: if(is_binary(prefix), do: {prefix, []}, else: prefix)
    prefixes = for {prefix, _options} <- ordered, do: prefix
    long = Enum.find(prefixes, &(byte_size(&1) > @longest))
    wrong = Enum.find_value(ordered, fn {_prefix, options} -> Kept.wrong(options) end)

    clash =
      for(
        {a, n} <- Enum.with_index(prefixes),
        {b, m} <- Enum.with_index(prefixes),
        n != m,
        do: {a, b}
      )
      |> Enum.find(fn {a, b} -> String.starts_with?(b, a) end)

    cond do
      length(prefixes) > @most ->
        bad("must have #{@most} prefixes at most, got: #{length(prefixes)}")

      long ->
        bad("must have prefixes of #{@longest} bytes at most, got one of #{byte_size(long)}")

      clash ->
        {a, b} = clash

        bad(
          "must have no prefix that is the beginning of another one, or the same: #{inspect(a)} is of #{inspect(b)}. " <>
            "Name the shorter one alone"
        )

      wrong ->
        bad(wrong)

      true ->
        {:ok, ordered}
    end
  end

  defp bad(problem),
    do:
      {:error,
       Error.new(:bad_option, "Outrigger.PubSub: option :ordered #{problem}", %{
         option: :ordered,
         problem: :value
       })}

  @doc "The adapter that stands in the registry of a PubSub with these prefixes."
  @spec adapter([term]) :: module
  def adapter([]), do: Adapter
  def adapter(_some), do: Ordered.Adapter

  @doc "Says which prefixes a group has. Before its processes start."
  @spec create(atom, [{prefix, keyword}]) :: :ok
  def create(group, ordered) do
    prefixes = for {prefix, _options} <- ordered, do: prefix
    if prefixes != prefixes(group), do: :persistent_term.put({__MODULE__, group}, prefixes)
    :ok
  end

  @doc "The prefixes of a group."
  @spec prefixes(atom) :: [prefix]
  def prefixes(group), do: :persistent_term.get({__MODULE__, group}, [])

  @doc "The prefix in order that a topic of a PubSub begins with, or `nil`: at once where it has none."
  @spec prefix_at(Place.t(), binary) :: prefix | nil
  def prefix_at(%{adapter: Ordered.Adapter, group: group}, topic), do: prefix(group, topic)
  def prefix_at(_place, _topic), do: nil

  @doc "The prefix of a group that a topic begins with, or `nil`."
  @spec prefix(atom, binary) :: prefix | nil
  def prefix(group, topic), do: find(prefixes(group), topic)

  @doc "The one of these prefixes that a topic begins with, or `nil`."
  @spec find([prefix], binary) :: prefix | nil
  def find([], _topic), do: nil

  def find([prefix | prefixes], topic),
    do: if(String.starts_with?(topic, prefix), do: prefix, else: find(prefixes, topic))

  @doc """
  Sends a message to the sequencer of `prefix`. `{:error, :unordered}` if there is none: then it was not sent.
  """
  @spec broadcast(atom, prefix, pid | :none, binary, term, module) :: :ok | {:error, :unordered}
  def broadcast(group, prefix, from, topic, message, dispatcher),
    do: send_to_sequencer(group, prefix, {from, topic, message, dispatcher}, @attempts)

  defp send_to_sequencer(_group, _prefix, _data, 0), do: {:error, :unordered}

  defp send_to_sequencer(group, prefix, data, attempts) do
    with {pid, _term, _own} <- Board.read(group, {:ordered, prefix}, nil),
         :ok <- :erlang.send(pid, data, [:noconnect]) do
      :ok
    else
      unsent ->
        lost = if unsent == :noconnect, do: Board.read(group, {:ordered, prefix}, nil)

        case Ordered.Switch.sequencer(group, prefix, lost) do
          :ok -> send_to_sequencer(group, prefix, data, attempts - 1)
          :none -> {:error, :unordered}
        end
    end
  end

  @doc "For each prefix of a group who puts it in order, and under which term. `nil` while nobody does."
  @spec info(atom) :: %{prefix => %{sequencer: node, term: pos_integer} | nil}
  def info(group) do
    Map.new(prefixes(group), fn prefix ->
      case Board.read(group, {:ordered, prefix}, nil) do
        {_pid, {number, router}, _own} -> {prefix, %{sequencer: router, term: number}}
        nil -> {prefix, nil}
      end
    end)
  end
end
