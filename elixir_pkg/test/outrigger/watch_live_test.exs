defmodule Outrigger.WatchLiveTest do
  # Real nodes with `Outrigger.Watch`, and the binary that looks at them from outside.
  use ExUnit.Case, async: true

  alias Outrigger.Events.JSON
  alias Outrigger.Test.{Cluster, Latencies, Watcher}
  alias Outrigger.Watch.Buckets

  defp call(member, function, args), do: Cluster.call(member, Latencies, function, args)

  # How many requests each node has been seen to count.
  defp requests(%{"event" => "round"} = line, seen) do
    count =
      for %{"metric" => "phoenix.endpoint", "count" => n} <- line["latencies"], reduce: 0 do
        sum -> sum + n
      end

    Map.update(seen, line["node"], count, &(&1 + count))
  end

  defp requests(_line, seen), do: seen

  defp seen?(seen, expected),
    do: Enum.all?(expected, fn {member, count} -> seen["#{member.name}"] == count end)

  defp record(dir, node) do
    {:ok, window} = dir |> Path.join("window.json") |> File.read!() |> JSON.decode()

    for %{"metric" => "phoenix.endpoint", "labels" => %{"status" => _}} = series <-
          window["nodes"]["#{node}"]["series"],
        [bucket, count] <- series["histogram"]["buckets"],
        into: %{},
        do: {bucket, count}
  end

  defp buckets(durations), do: Enum.frequencies_by(durations, &Buckets.index/1)

  defp near(figure, exact), do: assert_in_delta(figure, exact / 1.0e9, exact / 1.0e9 / 64)

  setup do
    dir = Path.join(System.tmp_dir!(), Cluster.unique("outrigger-watch"))
    File.mkdir_p!(dir)
    on_exit(fn -> File.rm_rf!(dir) end)
    {:ok, dir: dir}
  end

  test "figures are within their bound, and the counts of two nodes add up", %{dir: dir} do
    [a, b] = members = Cluster.start_nodes(2)
    for member <- members, do: call(member, :start_watch, [[]])
    # What was before we look is not of this window.
    call(a, :requests, [[7_000_000_000]])
    port = Watcher.start(members, ["--record", Path.join(dir, "window.json")])
    Watcher.joined(port, members)

    of_a = Latencies.tail(1, 20_000)
    of_b = Latencies.tail(2, 5_000)
    call(a, :requests, [of_a])
    call(b, :requests, [of_b])
    expected = [{a, 20_000}, {b, 5_000}]
    Watcher.until(port, %{}, &requests/2, &seen?(&1, expected))
    Watcher.stop(port)

    assert record(dir, a.name) == buckets(of_a)
    assert record(dir, b.name) == buckets(of_b)
    both = Map.merge(record(dir, a.name), record(dir, b.name), fn _, n, m -> n + m end)
    assert both == buckets(of_a ++ of_b)
  end

  test "a round has the percentiles of its durations" do
    [member] = Cluster.start_nodes(1)
    call(member, :start_watch, [[]])
    port = Watcher.start([member], [])
    Watcher.joined(port, [member])

    # One duration of each percentile, so that a round that has only a part of them is seen by its count.
    durations = Enum.map(1..1_000, &(&1 * 10_000))
    line = whole_round(port, member, durations)
    near(line["p50"], 5_000_000)
    near(line["p90"], 9_000_000)
    near(line["p99"], 9_900_000)
    near(line["p999"], 9_990_000)
    near(line["max"], 10_000_000)
    Watcher.stop(port)
  end

  # A round may fall into the time in which events are executed; then they are executed again.
  defp whole_round(port, member, durations) do
    call(member, :requests, [durations])
    count = length(durations)

    take = fn
      %{"event" => "round"} = line, {seen, _last} ->
        of = for %{"metric" => "phoenix.endpoint"} = one <- line["latencies"], do: one
        {seen + Enum.sum(Enum.map(of, & &1["count"])), List.first(of)}

      _line, acc ->
        acc
    end

    {^count, last} = Watcher.until(port, {0, nil}, take, fn {seen, _} -> seen == count end)
    if last["count"] == count, do: last, else: whole_round(port, member, durations)
  end

  test "what is started anew is counted from its beginning, and what is stopped is gone", %{
    dir: dir
  } do
    [member] = Cluster.start_nodes(1)
    call(member, :start_watch, [[]])
    port = Watcher.start([member], ["--record", Path.join(dir, "window.json")])
    Watcher.joined(port, [member])
    first = Latencies.tail(3, 300)
    call(member, :requests, [first])
    Watcher.until(port, %{}, &requests/2, &seen?(&1, [{member, 300}]))

    assert call(member, :handlers, []) > 20
    call(member, :stop_watch, [])
    assert call(member, :handlers, []) == 0
    none = fn line, _ -> line["event"] == "round" and line["counted"] == nil end
    Watcher.until(port, false, none, & &1)

    call(member, :start_watch, [[]])
    second = Latencies.tail(4, 200)
    call(member, :requests, [second])
    Watcher.until(port, %{}, &requests/2, &seen?(&1, [{member, 200}]))

    # kill -9, and a node of the same name: its counts begin at nothing.
    member = Cluster.replace(member)
    call(member, :start_watch, [[]])
    third = Latencies.tail(5, 100)
    call(member, :requests, [third])
    Watcher.until(port, %{}, &requests/2, &seen?(&1, [{member, 100}]))
    Watcher.stop(port)
    assert record(dir, member.name) == buckets(first ++ second ++ third)
  end

  test "a collector gets sums of all rounds, with exact counts at few bounds" do
    [member] = Cluster.start_nodes(1)
    call(member, :start_watch, [[]])
    {:ok, socket} = :gen_tcp.listen(0, ip: {127, 0, 0, 1})
    {:ok, free} = :inet.port(socket)
    :gen_tcp.close(socket)
    port = Watcher.start([member], ["--prometheus", "127.0.0.1:#{free}"])
    Watcher.page(free, &(&1 =~ ~s(outrigger_up{node="#{member.name}"} 1)))

    name = "outrigger_phoenix_endpoint_seconds"
    labels = ~s({node="#{member.name}",method="GET",status="200"})
    # In two parts: a page has the sum of all rounds.
    durations = Latencies.tail(6, 2_000)
    {first, second} = Enum.split(durations, 500)
    call(member, :requests, [first])
    Watcher.page(free, &(count(&1, name) == 500))
    call(member, :requests, [second])
    page = Watcher.page(free, &(count(&1, name) == 2_000))

    # 2^20 and 2^23 ns: bounds of buckets, so that what is below them is known exactly.
    for {bound, nanos} <- [{"0.001048576", 1_048_576}, {"0.008388608", 8_388_608}] do
      [_, below] = Regex.run(~r/#{name}_bucket{[^}]*le="#{bound}"[^}]*} (\d+)/, page)
      assert String.to_integer(below) == Enum.count(durations, &(&1 < nanos))
    end

    assert page =~ "# TYPE #{name} histogram"
    assert page =~ ~r/#{name}_bucket{[^}]*le="\+Inf"[^}]*} 2000/
    assert page =~ labels
    Watcher.stop(port)
  end

  defp count(page, name) do
    case Regex.run(~r/^#{name}_count{[^}]*} (\d+)/m, page) do
      [_, count] -> String.to_integer(count)
      nil -> 0
    end
  end

  test "a node without the package has no latencies, and the record says why", %{dir: dir} do
    [member] = Cluster.start_nodes(1)
    port = Watcher.start([member], ["--record", Path.join(dir, "window.json")])
    Watcher.joined(port, [member])
    Watcher.stop(port)
    {:ok, window} = dir |> Path.join("window.json") |> File.read!() |> JSON.decode()
    node = window["nodes"]["#{member.name}"]
    assert node["absent"]["phoenix.endpoint"] =~ "Outrigger.Watch is not started"
    refute Enum.any?(node["series"], &(&1["metric"] == "phoenix.endpoint"))
  end
end
