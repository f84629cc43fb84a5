defmodule Outrigger.Watch.Source.Ecto do
  @moduledoc """
  Queries of Ecto repos (`[:my_app, :repo, :query]`), and what DBConnection says of its connections.

  Of a query only times, the repo, its source (a table's name) and a hash of its text are looked at.
  """

  @behaviour Outrigger.Watch.Handler

  alias Outrigger.Watch.{Label, Requests, Store}

  # They run many times in a request that does nothing wrong.
  @transactions ["begin", "commit", "rollback"]

  @impl true
  def events(options) do
    queries = for repo <- options[:ecto], do: {prefix(repo) ++ [:query], :query}

    connections = [
      {[:db_connection, :connection_error], :refused},
      {[:db_connection, :disconnected], :disconnected}
    ]

    if queries == [], do: [], else: queries ++ connections
  end

  @impl true
  def event(:query, times, about, store) do
    repo = Label.tag(of(about, :repo))
    source = Label.tag(of(about, :source))
    array = Store.series(store, {:ecto, repo, source})
    Store.record(store, array, 0, of(times, :total_time))
    Store.record(store, array, 1, of(times, :queue_time))
    Store.record(store, array, 2, of(times, :query_time))
    Store.record(store, array, 3, of(times, :decode_time))
    Store.record(store, array, 4, of(times, :idle_time))

    text = of(about, :query)

    if text not in @transactions and Requests.query(store, text),
      do: Store.count(store, {:n_plus_one, source})

    with {:error, _} <- of(about, :result), do: failed(store, repo, source)
  end

  def event(:refused, _count, %{error: error} = about, store) do
    Store.count(store, {:refused, repo(about[:opts]), Label.tag(Map.get(error, :reason))})
  end

  def event(:disconnected, _count, about, store),
    do: Store.count(store, {:disconnects, Label.tag(about[:tag])})

  # Nine times for each query: `map[key]` would ask each time what kind of thing it has got.
  defp of(map, key) do
    case map do
      %{^key => value} -> value
      _without -> nil
    end
  end

  defp failed(store, repo, source),
    do: Store.count(store, {:failures, Label.text(repo) <> " " <> Label.text(source)})

  defp repo(options) do
    if Keyword.keyword?(options), do: Label.tag(options[:repo])
  end

  defp prefix({_repo, prefix}), do: prefix

  # As Ecto has it: what the repo is configured with, or its name.
  defp prefix(repo) do
    config = if function_exported?(repo, :config, 0), do: repo.config(), else: []
    config[:telemetry_prefix] || default(repo)
  end

  defp default(repo),
    do: repo |> Module.split() |> Enum.map(&(&1 |> Macro.underscore() |> String.to_atom()))
end
