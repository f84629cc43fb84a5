defmodule Outrigger.Watch.Server do
  @moduledoc """
  The process of `Outrigger.Watch`: owns the store, attaches the handlers, and takes both away.

  Life and death:

  1. It makes a store of a new life, keeps it for the handlers, and attaches them under ids that have this life in them.
  2. Each second it looks for storms, and twice a minute for rows of processes that have ended. After 1, 2, 4, … seconds, and from then on each 256, it
     publishes the series that are new: to replace a persistent term makes every process of the node look for the old one, so it is done seldom.
  3. When it is stopped it detaches in `terminate/2`. When it is killed a process that watches it does the same. Until then handlers find no table and do
     nothing.
  """

  use GenServer

  alias Outrigger.Telemetry
  alias Outrigger.Watch.{Handler, Requests, Source, Storms, Store}

  @sources [Source.Ecto, Source.Phoenix, Source.LiveView, Source.Jobs, Source.Own]
  @second 1_000
  @sweep 30
  @seldom 256

  @impl true
  def init(options) do
    Process.flag(:trap_exit, true)

    wanted =
      for source <- @sources, {event, about} <- source.events(options), do: {event, source, about}

    store = Store.new(options)
    store = %{store | metrics: metrics(store, wanted)}

    ids =
      for {{event, source, about}, n} <- Enum.with_index(wanted),
          do: {id(store, n), event, {source, about}}

    server = self()
    spawn(fn -> mourn(server, store, Enum.map(ids, &elem(&1, 0))) end)
    Handler.keep(store)

    case attach(ids) do
      :ok ->
        Process.send_after(self(), :second, @second)

        {:ok,
         %{
           store: store,
           ids: Enum.map(ids, &elem(&1, 0)),
           storms: Storms.new(),
           seconds: 0,
           due: 1
         }}

      {:error, error} ->
        clean(store, Enum.map(ids, &elem(&1, 0)))
        {:stop, error}
    end
  end

  @impl true
  def handle_info(:second, state) do
    Process.send_after(self(), :second, @second)
    if rem(state.seconds + 1, @sweep) == 0, do: Requests.sweep(state.store)
    {begun, storms} = Storms.second(state.storms, failures(state.store))
    for operation <- begun, do: Store.count(state.store, {:storms, operation})
    {:noreply, publish(%{state | storms: storms, seconds: state.seconds + 1})}
  end

  def handle_info(_other, state), do: {:noreply, state}

  @impl true
  def terminate(_reason, state), do: clean(state.store, state.ids)

  defp publish(%{seconds: seconds} = state) when seconds < state.due, do: state

  defp publish(%{store: store} = state) do
    published = Store.published(store)
    if published != store, do: Handler.keep(published)
    %{state | store: published, due: state.seconds + min(max(state.seconds, 1), @seldom)}
  end

  defp failures(store) do
    for [operation, array] <- :ets.match(store.table, {{:failures, :"$1"}, :"$2", :_, :_}),
        into: %{},
        do: {Outrigger.Watch.Label.text(operation), :atomics.get(array, 1)}
  end

  defp attach(ids) do
    Enum.reduce_while(ids, :ok, fn {id, event, config}, :ok ->
      case Telemetry.attach(id, event, &Handler.handle/4, config) do
        :ok -> {:cont, :ok}
        {:error, error} -> {:halt, {:error, error}}
      end
    end)
  end

  defp id(store, n), do: {Outrigger.Watch, store.life, n}

  # What can be counted here, so that "nothing has happened" and "nobody counts" are told apart.
  defp metrics(store, wanted) do
    sources = MapSet.new(wanted, fn {_event, source, _about} -> source end)

    of = %{
      Source.Ecto =>
        [:ecto, :refused, :disconnects] ++ if(store.threshold, do: [:n_plus_one], else: []),
      Source.Phoenix => [:endpoint, :router, :channel_join, :channel_in, :socket, :errors],
      Source.LiveView => [:mount, :params, :live_event, :render, :component_event],
      Source.Jobs => jobs(wanted),
      Source.Own => for({:event, _n} = family <- Map.keys(store.families), do: family)
    }

    families = [:storms | Enum.flat_map(sources, &Map.fetch!(of, &1))]
    families |> Enum.flat_map(&Map.fetch!(store.families, &1).metrics) |> Enum.uniq()
  end

  defp jobs(wanted) do
    first = fn library -> Enum.any?(wanted, fn {[first | _], _, _} -> first == library end) end

    if(first.(:oban), do: [:job, :job_errors], else: []) ++
      if(first.(:broadway), do: [:message, :batch], else: [])
  end

  defp mourn(server, store, ids) do
    ref = Process.monitor(server)

    receive do
      {:DOWN, ^ref, _, _, _} -> clean(store, ids)
    end
  end

  defp clean(store, ids) do
    Enum.each(ids, &Telemetry.detach/1)
    Handler.drop(store)
  end
end
