defmodule Outrigger.WatchTest do
  # One `Outrigger.Watch` and one telemetry library on a node.
  use ExUnit.Case, async: false

  alias Outrigger.Error
  alias Outrigger.Test.{Cluster, Telemetry}
  alias Outrigger.Watch

  @compile {:no_warn_undefined, :telemetry}

  unless Code.ensure_loaded?(:telemetry) do
    test "without the library an error says what to do" do
      Telemetry.remove()
      assert {:error, %Error{reason: :no_telemetry, message: message}} = Watch.start_link([])
      assert message =~ "mix.exs"
    end
  end

  describe "with the library" do
    setup do
      Telemetry.install()
      on_exit(&Telemetry.remove/0)
    end

    defp start(options), do: start_supervised!({Watch, options})

    defp execute(event, measurements, metadata),
      do: :telemetry.execute(event, measurements, metadata)

    # `%{{metric, labels} => count of durations, or count}`
    defp counted(state \\ :new) do
      {reading, _state} = Watch.read(state)

      series =
        for {_, metric, labels, buckets, _} <- reading.series, do: {metric, labels, buckets}

      for {metric, labels, buckets} <- series,
          into: Map.new(reading.counts, fn {_, m, labels, n} -> {{m, labels}, n} end),
          do: {{metric, labels}, Enum.sum(for {_bucket, n} <- buckets, do: n)}
    end

    defp ours, do: Enum.filter(:telemetry.list_handlers([]), &match?({Watch, _, _}, &1.id))

    @query %{total_time: 3_000_000, queue_time: 1_000_000, query_time: 2_000_000}

    defp query(text, more \\ %{}) do
      about = %{repo: MyApp.Repo, source: "users", query: text, result: {:ok, %{rows: []}}}
      execute([:my_app, :repo, :query], @query, Map.merge(about, more))
    end

    test "wrong options are errors of the caller" do
      for {options, part} <- [
            {[ekto: []], ":ecto"},
            {[ecto: MyApp.Repo], ":ecto"},
            {[events: [[name: []]]], "a name"},
            {[events: [[name: [:a], tags: [:node]]]], "tags"},
            {[events: [[nam: [:a]]]], ":name"}
          ] do
        assert {:error, %Error{reason: :bad_option, message: message}} = Watch.start_link(options)
        assert message =~ part
      end
    end

    test "events of all libraries are counted by their labels" do
      start(ecto: [MyApp.Repo, {MyApp.Other, [:other]}])
      time = %{duration: 5_000_000, queue_time: 7_000_000}
      socket = %{channel: MyApp.Room, view: MyApp.Live}
      conn = %{method: "GET", status: 200}
      query("SELECT 1")
      execute([:other, :query], %{total_time: 1}, %{repo: MyApp.Other, source: nil})
      execute([:phoenix, :endpoint, :start], %{}, %{conn: conn})
      execute([:phoenix, :endpoint, :stop], time, %{conn: conn})
      execute([:phoenix, :endpoint, :stop], time, %{conn: %{conn | method: "HACK"}})
      execute([:phoenix, :router_dispatch, :stop], time, %{conn: conn, route: "/users/:id"})
      execute([:phoenix, :router_dispatch, :exception], time, %{conn: conn, route: "/boom"})
      execute([:phoenix, :socket_connected], time, %{user_socket: MyApp.Socket})
      execute([:phoenix, :channel_joined], time, %{socket: socket})
      execute([:phoenix, :channel_handled_in], time, %{socket: socket, event: "say"})

      for callback <- [:mount, :handle_params, :handle_event, :render] do
        execute([:phoenix, :live_view, callback, :start], %{}, %{socket: socket})
        about = %{socket: socket, event: "save"}
        execute([:phoenix, :live_view, callback, :stop], time, about)
      end

      about = %{socket: socket, component: MyApp.Form, event: "pick"}
      execute([:phoenix, :live_component, :handle_event, :stop], time, about)
      job = %{job: %{queue: "mail", worker: "MyApp.Mailer"}}
      execute([:oban, :job, :stop], time, job)
      execute([:oban, :job, :exception], time, job)
      about = %{topology_name: MyApp.Pipeline, processor_key: :default}
      execute([:broadway, :processor, :message, :stop], time, about)
      about = %{topology_name: MyApp.Pipeline, batch_info: %{batcher: :sink}}
      execute([:broadway, :batch_processor, :stop], time, about)
      error = %{__exception__: true, message: "secret", reason: :queue_timeout}
      execute([:db_connection, :connection_error], %{count: 1}, %{error: error, opts: [repo: R]})
      execute([:db_connection, :disconnected], %{count: 1}, %{tag: R, pid: self()})

      users = %{"repo" => "MyApp.Repo", "source" => "users"}
      mail = %{"queue" => "mail", "worker" => "MyApp.Mailer"}
      live = %{"view" => "MyApp.Live"}

      assert counted() == %{
               {"ecto.total_time", users} => 1,
               {"ecto.queue_time", users} => 1,
               {"ecto.query_time", users} => 1,
               {"ecto.total_time", %{"repo" => "MyApp.Other"}} => 1,
               {"phoenix.endpoint", %{"method" => "GET", "status" => "200"}} => 1,
               {"phoenix.endpoint", %{"method" => "other", "status" => "200"}} => 1,
               {"phoenix.router", %{"route" => "/users/:id", "status" => "200"}} => 1,
               {"phoenix.router", %{"route" => "/boom", "status" => "500"}} => 1,
               {"phoenix.errors", %{"route" => "/boom"}} => 1,
               {"phoenix.socket", %{"socket" => "MyApp.Socket"}} => 1,
               {"phoenix.channel.join", %{"channel" => "MyApp.Room"}} => 1,
               {"phoenix.channel.in", %{"channel" => "MyApp.Room", "event" => "say"}} => 1,
               {"phoenix.live_view.mount", live} => 1,
               {"phoenix.live_view.params", live} => 1,
               {"phoenix.live_view.event", Map.put(live, "event", "save")} => 1,
               {"phoenix.live_view.render", live} => 1,
               {"phoenix.live_component.event", %{"component" => "MyApp.Form", "event" => "pick"}} =>
                 1,
               {"oban.job", mail} => 2,
               {"oban.queue_time", mail} => 2,
               {"oban.errors", mail} => 1,
               {"broadway.message", %{"pipeline" => "MyApp.Pipeline", "processor" => "default"}} =>
                 1,
               {"broadway.batch", %{"pipeline" => "MyApp.Pipeline", "batcher" => "sink"}} => 1,
               {"ecto.refused", %{"repo" => "R", "reason" => "queue_timeout"}} => 1,
               {"ecto.disconnects", %{"repo" => "R"}} => 1
             }

      {reading, _state} = Watch.read(:new)
      assert reading.faults == 0
      counted = counted() |> Map.keys() |> Enum.map(&elem(&1, 0))
      assert Enum.uniq(counted) -- reading.metrics == []
    end

    test "events of the application's own, in its unit and by its tags" do
      start(
        events: [
          [name: [:shop, :checkout, :stop], tags: [:plan]],
          [name: [:shop, :paid], measurement: :ms, unit: :millisecond]
        ]
      )

      native = System.convert_time_unit(2, :millisecond, :native)
      execute([:shop, :checkout, :stop], %{duration: native}, %{plan: :pro, card: "4111"})
      execute([:shop, :paid], %{ms: 2}, %{})
      execute([:shop, :paid], %{other: 2}, %{})
      {%{series: series, faults: 1}, _} = Watch.read(:new)

      assert [bucket] =
               series |> Enum.map(fn {_, "app.event", _, [one], 0} -> one end) |> Enum.uniq()

      assert elem(bucket, 0) == Watch.Buckets.index(2_000_000)

      assert MapSet.new(series, &elem(&1, 2)) ==
               MapSet.new([
                 %{"event" => "shop.checkout.stop", "plan" => "pro"},
                 %{"event" => "shop.paid"}
               ])
    end

    test "a reading has what has grown since the one before, of one life" do
      start(ecto: [MyApp.Repo])
      query("a")
      {first, state} = Watch.read(:new)
      assert length(first.series) == 3
      assert {%{series: [], counts: []}, ^state} = Watch.read(state)
      execute([:phoenix, :socket_connected], %{duration: 1}, %{})
      assert {%{series: [{_, "phoenix.socket", labels, [{1, 1}], 0}]}, _} = Watch.read(state)
      assert labels == %{}

      stop_supervised!(Watch)
      assert Watch.read(state) == {nil, :new}
      start(ecto: [MyApp.Repo])
      query("a")
      {second, _} = Watch.read(state)
      assert second.life != first.life and length(second.series) == 3
    end

    test "handlers are gone when it is stopped, and when it is killed" do
      start(ecto: [MyApp.Repo])
      assert length(ours()) > 20
      stop_supervised!(Watch)
      assert ours() == []

      Process.flag(:trap_exit, true)
      {:ok, pid} = Watch.start_link([])
      Process.exit(pid, :kill)
      assert Cluster.eventually(fn -> ours() == [] and Watch.Handler.store() == nil end)
    end

    test "no metadata make a handler raise, and events go on" do
      start(ecto: [MyApp.Repo], events: [[name: [:own], tags: [:a]]])
      all = length(ours())
      :rand.seed(:exsss, {1, 2, 3})

      for _ <- 1..200, %{event_name: event} <- ours(), do: execute(event, map(), map())

      assert length(ours()) == all
      query("a")
      assert counted()[{"ecto.total_time", %{"repo" => "MyApp.Repo", "source" => "users"}}] == 1
      # What was read can be told: small texts in UTF-8.
      {reading, _} = Watch.read(:new)
      assert reading.faults > 0

      for {_, _, labels, _, _} <- reading.series, {_name, value} <- labels do
        assert String.printable?(value) and byte_size(value) <= 128
      end
    end

    @keys ~w(duration total_time queue_time conn socket job route event repo source query result view a error opts
             batch_info component topology_name)a

    defp map, do: for(_ <- 1..6, into: %{}, do: {Enum.random(@keys), term(3)})

    defp term(0),
      do:
        Enum.random([
          nil,
          -1,
          1.5,
          <<255, 0>>,
          :atom,
          self(),
          make_ref(),
          0xFFFF_FFFF_FFFF_FFFF_FFFF
        ])

    defp term(depth) do
      case :rand.uniform(7) do
        1 ->
          [term(depth - 1) | term(depth - 1)]

        2 ->
          for _ <- 1..3,
              into: %{},
              do: {Enum.random(@keys ++ [:method, :status]), term(depth - 1)}

        3 ->
          {term(depth - 1), term(depth - 1)}

        4 ->
          String.duplicate("x", 300)

        5 ->
          :rand.uniform(1_000_000)

        _ ->
          term(0)
      end
    end

    test "a million events of as many tags take no more memory than a hundred" do
      start(events: [[name: [:own], tags: [:a]]], phoenix: false)
      store = Watch.Handler.store()
      for n <- 1..101, do: execute([:own], %{duration: n}, %{a: "tag#{n}"})
      memory = fn -> :ets.info(store.table, :memory) end
      before = {memory.(), :ets.info(store.table, :size)}

      for n <- 1..1_000_000, do: execute([:own], %{duration: n}, %{a: "tag#{n}"})
      assert {memory.(), :ets.info(store.table, :size)} == before
      counted = counted()
      assert map_size(counted) == 101
      others = counted[{"app.event", %{"event" => "own", "a" => "other"}}]
      assert others == 1_000_001 - 100
    end

    test "concurrent writers of new series lose nothing" do
      start(events: [[name: [:own], tags: [:a]]], series: 50)

      1..8
      |> Enum.map(fn _ ->
        Task.async(fn ->
          for n <- 1..10_000, do: execute([:own], %{duration: n}, %{a: rem(n, 60)})
        end)
      end)
      |> Task.await_many()

      counted = counted()
      assert map_size(counted) == 51
      assert counted |> Map.values() |> Enum.sum() == 80_000
    end

    test "series that are published are counted on as before" do
      start(phoenix: true)
      conn = %{conn: %{method: "GET", status: 200}}
      event = fn -> execute([:phoenix, :endpoint, :stop], %{duration: 1_000}, conn) end
      for _ <- 1..10, do: event.()
      Cluster.eventually(fn -> map_size(Watch.Handler.store().arrays) == 1 end)
      for _ <- 1..10, do: event.()

      execute([:phoenix, :endpoint, :stop], %{duration: 1_000}, %{
        conn: %{conn.conn | status: 500}
      })

      assert counted() == %{
               {"phoenix.endpoint", %{"method" => "GET", "status" => "200"}} => 20,
               {"phoenix.endpoint", %{"method" => "GET", "status" => "500"}} => 1
             }
    end

    test "a job that fails again and again at once is a storm, one that fails now and then is not" do
      start([])
      job = &%{job: %{queue: "mail", worker: &1}}
      time = %{duration: 1, queue_time: 1}
      for _ <- 1..10, do: execute([:oban, :job, :exception], time, job.("MyApp.Calm"))
      for _ <- 1..200, do: execute([:oban, :job, :exception], time, job.("MyApp.Storm"))
      storms = fn -> for {{"retry.storms", labels}, n} <- counted(), do: {labels["source"], n} end
      Cluster.eventually(fn -> storms.() != [] end)
      assert storms.() == [{"job MyApp.Storm", 1}]
    end

    test "nothing of a row, a parameter or a query's text is kept" do
      start(ecto: [MyApp.Repo])
      secret = "hunter2-" <> String.duplicate("x", 20)
      execute([:phoenix, :endpoint, :start], %{}, %{})
      text = "SELECT '#{secret}'"
      params = [secret]

      for result <- [{:ok, %{rows: [[secret]]}}, {:error, %{message: secret}}] do
        query(text, %{params: params, cast_params: params, result: result, options: [a: secret]})
      end

      store = Watch.Handler.store()
      kept = [store, :ets.tab2list(store.table), :ets.tab2list(store.requests), Watch.read(:new)]
      assert :ets.info(store.requests, :size) == 2
      refute inspect(kept, limit: :infinity, printable_limit: :infinity) =~ "hunter2"
    end
  end
end
