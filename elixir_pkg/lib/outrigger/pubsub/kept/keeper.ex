defmodule Outrigger.PubSub.Kept.Keeper do
  @moduledoc """
  The worker's part of what is kept: writes down what comes in order, hands it to those who have subscribed with a cursor, and opens
  subscriptions (`Outrigger.PubSub.Kept`).

  ## Invariants

    * All of it is done by the worker, between two messages: what a subscriber is told to be the place of its beginning is one.
    * Who has subscribed with a cursor hears of each hole, also of what died with a predecessor of the worker.
    * What other nodes have kept comes in portions (`Outrigger.PubSub.Kept.Peer`), each a message of its own.
  """

  alias Outrigger.PubSub.{Board, Cursor, Dispatch, Gap, Kept, Message}
  alias Outrigger.PubSub.Kept.{Gate, History, Latest, Peer}

  @type t :: %{kept: Kept.kept(), stores: %{binary => map}} | nil

  @doc "The state of the worker of `group`, after a predecessor or none. `nil` where nothing is kept."
  @spec new(atom) :: t
  def new(group) do
    case Kept.kept(group) do
      nil ->
        nil

      kept ->
        # What a predecessor had written down, and had not handed out yet.
        tell_of_gap(kept, "")

        %{
          kept: kept,
          stores:
            Map.new(kept.prefixes, fn {prefix, bounds} ->
              {prefix,
               %{
                 history: bounds.history && History.new(kept.table, prefix, bounds.history),
                 latest: bounds.latest && Latest.new(kept.table, prefix, bounds.latest)
               }}
            end)
        }
    end
  end

  @doc "Messages of a prefix came in order, with the numbers from `first` on: `{from, topic, message, dispatcher}` each."
  @spec total(t, Dispatch.place(), binary, {pos_integer, node}, non_neg_integer, [term]) :: t
  def total(%{stores: stores} = state, place, prefix, term, first, payloads)
      when is_map_key(stores, prefix) do
    rows = for payload <- payloads, do: {payload, packed(payload)}
    {store, gap?} = keep(state.stores[prefix], term, first, rows)
    if gap?, do: gap(state, place, prefix)
    if Board.kept?(place.group), do: hand_out(rows, place, state.kept.registry, term, first)
    put_in(state.stores[prefix], store)
  end

  def total(state, _place, _prefix, _term, _first, _payloads), do: state

  defp packed({_from, topic, message, dispatcher}) when is_binary(topic) and is_atom(dispatcher),
    do: :erlang.term_to_binary(message)

  defp packed(_malformed), do: <<>>

  defp keep(store, term, first, rows) do
    latest =
      store.latest &&
        Enum.reduce(Enum.with_index(rows, first), store.latest, &newest(&1, &2, term))

    {history, gap?} = history(store.history, term, first, rows)
    {%{history: history, latest: latest}, gap?}
  end

  defp newest({{{_from, topic, _message, dispatcher}, payload}, number}, latest, term)
       when payload != <<>>,
       do: Latest.put(latest, {topic, Cursor.new(term, number), dispatcher, payload})

  defp newest(_malformed, latest, _term), do: latest

  defp history(nil, _term, _first, _rows), do: {nil, false}

  defp history(history, term, first, rows) do
    # What is malformed has its number all the same, and is on no topic.
    entries =
      for {payload, packed} <- rows,
          do: if(packed == <<>>, do: {nil, packed}, else: {elem(payload, 1), packed})

    History.append(history, term, first, entries, now())
  end

  defp hand_out(rows, place, registry, term, first) do
    for {{payload, packed}, number} <- Enum.with_index(rows, first), packed != <<>> do
      cursor = Cursor.new(term, number)

      case Registry.lookup(registry, elem(payload, 1)) do
        [] -> :ok
        entries -> hand_out(payload, cursor, place, Enum.filter(entries, &passes?(&1, cursor)))
      end
    end
  end

  defp hand_out({from, topic, message, dispatcher}, cursor, place, entries) do
    for {pid, {_gate, :since, _}} <- entries,
        pid != from,
        do: send(pid, %Message{topic: topic, cursor: cursor, message: message})

    case for {pid, {_gate, :latest, metadata}} <- entries, do: {pid, metadata} do
      [] -> :ok
      entries -> Dispatch.to(place, from, topic, dispatcher, entries, message)
    end
  end

  defp passes?({_pid, {gate, _kind, _metadata}}, cursor), do: Gate.passes?(gate, cursor)

  # Another node may have what is missing.
  defp gap(state, place, prefix) do
    tell_of_gap(state.kept, prefix)
    Peer.fetch(place.group, prefix)
  end

  # Those who were told that they get all hear that they may not have.
  defp tell_of_gap(kept, prefix) do
    all = [{{:"$1", :"$2", :"$3"}, [], [{{:"$1", :"$2", :"$3"}}]}]

    for {topic, pid, {gate, :since, _}} <- Registry.select(kept.registry, all),
        String.starts_with?(topic, prefix) and Gate.open?(gate),
        do: send(pid, %Gap{topic: topic})
  end

  @doc "Does what a subscriber or the peer asks for. Returns the answer."
  @spec handle(t, Dispatch.place(), tuple | :expire) :: {term, t}
  def handle(nil, _place, _request), do: {{:error, :not_kept}, nil}

  def handle(state, _place, {:since, prefix, topic, pid, cursor, gate, most}) do
    case History.since(state.kept.table, prefix, topic, cursor) do
      {:ok, rows, _upto} when length(rows) > most ->
        {:behind, state}

      {:ok, rows, upto} ->
        for row <- rows, do: send(pid, Kept.message(topic, row))
        Gate.open(gate, upto)
        {:ok, state}

      :gap ->
        {{:error, :gap}, state}
    end
  end

  def handle(state, place, {:latest, topic, pid, metadata, gate}) do
    case Latest.get(state.kept.table, topic) do
      {_topic, cursor, dispatcher, payload} ->
        message = :erlang.binary_to_term(payload)
        Dispatch.to(place, :none, topic, dispatcher, [{pid, metadata}], message)
        Gate.open(gate, cursor)

      nil ->
        Gate.open(gate, Cursor.beginning())
    end

    {:ok, state}
  end

  def handle(state, _place, {:wanted, prefix}), do: {wanted(state.stores[prefix]), state}

  def handle(state, _place, {:prepend, prefix, rows}) do
    state = update_in(state.stores[prefix].history, &History.prepend(&1, rows, now()))
    {wanted(state.stores[prefix]), state}
  end

  def handle(state, _place, {:newest, prefix, rows}) do
    {:ok,
     update_in(
       state.stores[prefix].latest,
       &Enum.reduce(rows, &1, fn row, latest -> Latest.put(latest, row) end)
     )}
  end

  def handle(state, _place, :expire) do
    stores =
      Map.new(state.stores, fn {prefix, store} ->
        {prefix, %{store | history: store.history && History.expire(store.history, now())}}
      end)

    {:ok, %{state | stores: stores}}
  end

  defp wanted(%{history: nil}), do: :nothing

  defp wanted(%{history: history}),
    do: if(History.room?(history), do: {:wanted, History.wanted(history)}, else: :nothing)

  defp now, do: System.monotonic_time(:millisecond)
end
