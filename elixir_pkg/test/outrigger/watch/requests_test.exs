defmodule Outrigger.Watch.RequestsTest do
  # Its own store, without the library: events are what sources get.
  use ExUnit.Case, async: true

  alias Outrigger.Test.Cluster
  alias Outrigger.Watch.{Reading, Requests, Source, Store}

  setup context do
    options = [series: 100, events: [], n_plus_one: Map.get(context, :threshold, 10)]
    {:ok, store: Store.new(options)}
  end

  defp query(store, text, source \\ "posts") do
    about = %{repo: MyApp.Repo, source: source, query: text}
    Source.Ecto.event(:query, %{total_time: 1}, about, store)
  end

  defp found(store) do
    {reading, _state} = Reading.read(store, :new)
    for {_, "ecto.n_plus_one", labels, n} <- reading.counts, into: %{}, do: {labels["source"], n}
  end

  @post "SELECT * FROM posts WHERE author = $1"

  test "one query for each of many is found, one for all is not", %{store: store} do
    Requests.begin(store)
    for _ <- 1..25, do: query(store, @post)
    Requests.leave(store)
    assert found(store) == %{"posts" => 1}

    # With a preload: two queries.
    Requests.begin(store)
    query(store, "SELECT * FROM authors", "authors")
    query(store, "SELECT * FROM posts WHERE author = ANY($1)")
    Requests.leave(store)
    assert found(store) == %{"posts" => 1}

    Requests.begin(store)
    for _ <- 1..10, do: query(store, @post)
    assert found(store) == %{"posts" => 2}
  end

  test "many different queries are not, nor one that is run in each of many requests", %{
    store: store
  } do
    Requests.begin(store)
    for n <- 1..100, do: query(store, "SELECT #{n}")
    Requests.leave(store)

    for _ <- 1..50 do
      Requests.begin(store)
      for _ <- 1..9, do: query(store, @post)
      Requests.leave(store)
    end

    for _ <- 1..50, do: query(store, "outside of a request")
    assert found(store) == %{}
  end

  test "tasks count for the request that has started them", %{store: store} do
    Requests.begin(store)

    1..12
    |> Task.async_stream(fn _ -> Task.await(Task.async(fn -> query(store, @post) end)) end)
    |> Stream.run()

    assert found(store) == %{"posts" => 1}
  end

  test "a span within a span belongs to the outermost one", %{store: store} do
    Requests.begin(store)

    for _ <- 1..10 do
      Requests.enter(store)
      query(store, @post)
      Requests.leave(store)
    end

    assert found(store) == %{"posts" => 1}
    Requests.leave(store)
    assert :ets.tab2list(store.requests) == []

    # A request that had no end is over when the next one begins.
    Requests.begin(store)
    for _ <- 1..9, do: query(store, @post)
    Requests.begin(store)
    query(store, @post)
    assert found(store) == %{"posts" => 1}
  end

  test "transactions are no queries", %{store: store} do
    Requests.begin(store)
    for _ <- 1..20, text <- ["begin", "commit", "rollback"], do: query(store, text)
    assert found(store) == %{}
  end

  @tag threshold: false
  test "it need not look", %{store: store} do
    Requests.begin(store)
    for _ <- 1..20, do: query(store, @post)
    Requests.leave(store)
    assert {found(store), :ets.tab2list(store.requests)} == {%{}, []}
  end

  test "rows of processes that were killed are swept", %{store: store} do
    test = self()

    {pid, ref} =
      spawn_monitor(fn ->
        Requests.begin(store)
        query(store, @post)
        send(test, :begun)
        Process.sleep(:infinity)
      end)

    assert_receive :begun
    Requests.begin(store)
    assert :ets.info(store.requests, :size) == 3
    Process.exit(pid, :kill)
    assert_receive {:DOWN, ^ref, _, _, _}
    Cluster.eventually(fn -> not Process.alive?(pid) end)
    Requests.sweep(store)
    assert :ets.tab2list(store.requests) == [{self(), 1}]
  end
end
