defmodule Outrigger.PubSub.InterestTest do
  @moduledoc "The teller of a PubSub on this node, and a router that is the test."
  # Not beside others: it takes the router's name, and looks at what is logged.
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog

  alias Outrigger.PubSub
  alias Outrigger.PubSub.{Adapter, Interest}

  @pubsub InterestTest.PubSub
  @group Module.concat(@pubsub, "Adapter")

  setup do
    Process.register(self(), :outrigger_pubsub)
    :ok
  end

  defp start(options \\ []), do: start_supervised!({PubSub, [name: @pubsub] ++ options})

  # A list that names this node's attachment.
  defp attach(version \\ 1, member \\ spawn(fn -> :ok end)) do
    send(@group, {:"$outrigger_members", self(), version, self(), [{node(), member}]})
    member
  end

  defp told(request) do
    assert_receive {:interest, 1, @group, ear, number, ^request}
    {ear, number}
  end

  defp answer({ear, number}, state, stamp, complete \\ true),
    do: send(ear, {:"$outrigger_interest", self(), number, state, stamp, complete})

  # Until all is told: `stamp` is the last one.
  defp listed(topics, stamp) do
    attach()
    {0, 0} |> then(fn _ -> told({:reset, 0}) end) |> answer(:open, 1)
    told({:change, 1, topics, []}) |> answer(:open, 2)
    told({:listed, length(topics), sum(topics)}) |> answer(:listed, stamp)
  end

  defp sum(patterns), do: Enum.sum(Enum.map(patterns, &weight/1))

  defp weight({:prefix, prefix}), do: 0x100000000 + :erlang.crc32(prefix)
  defp weight(topic), do: :erlang.crc32(topic)

  defp info, do: PubSub.info(@pubsub)
  defp eventually(fun), do: Outrigger.Test.Cluster.eventually(fun)

  test "an attachment is told all, then what changes, with the stamp of before it was known" do
    start()
    :ok = PubSub.subscribe(@pubsub, "a")
    :ok = PubSub.subscribe(@pubsub, "b")
    :ok = PubSub.subscribe(@pubsub, "b")
    # What the ear passes on and what the worker says come in any order.
    eventually(fn -> info().interest == %{patterns: 2, listed: [], open: []} end)
    attach()
    reset = told({:reset, 0})
    assert info().interest == %{patterns: 2, listed: [], open: [node()]}
    answer(reset, :open, 5)
    told({:change, 5, ["a", "b"], []}) |> answer(:open, 6)
    told({:listed, 2, sum(["a", "b"])}) |> answer(:listed, 7)
    eventually(fn -> info().interest == %{patterns: 2, listed: [node()], open: []} end)

    :ok = PubSub.subscribe(@pubsub, "c")
    first = told({:change, 7, ["c"], []})
    :ok = PubSub.subscribe(@pubsub, "d")
    :ok = PubSub.subscribe(@pubsub, "e")
    refute_received {:interest, _, _, _, _, _}
    answer(first, :listed, 9)
    assert_receive {:interest, 1, @group, _, _, {:change, 7, new, []}}
    assert Enum.sort(new) == ["d", "e"]
  end

  test "prefixes are told as what they are, beside topics of the same name" do
    start()
    :ok = PubSub.subscribe(@pubsub, "a")
    :ok = PubSub.subscribe_prefix(@pubsub, "a")
    eventually(fn -> info().interest.patterns == 2 end)
    listed([{:prefix, "a"}, "a"], 7)
    :ok = PubSub.subscribe_prefix(@pubsub, "b")
    told({:change, 7, [{:prefix, "b"}], []}) |> answer(:listed, 8)
    for name <- [Interest.Ear.name(@group), Interest.name(@group)], do: :sys.get_state(name)
    # Known anew by who comes behind.
    Process.exit(Process.whereis(Interest.name(@group)), :kill)
    told({:reset, 8}) |> answer(:open, 9)
    told({:change, 9, [{:prefix, "a"}, {:prefix, "b"}, "a"], []})
  end

  test "a prefix that nobody wants any more is taken back" do
    start()
    :ok = PubSub.subscribe(@pubsub, "a")
    :ok = PubSub.subscribe_prefix(@pubsub, "a")
    eventually(fn -> info().interest.patterns == 2 end)
    listed([{:prefix, "a"}, "a"], 7)
    :ok = PubSub.unsubscribe_prefix(@pubsub, "a")
    # It asks for stamps meanwhile.
    unwanted(7)
  end

  defp unwanted(stamp) do
    assert_receive {:interest, 1, @group, ear, number, {:change, ^stamp, [], unwants}}, 1_000
    if unwants == [], do: answer({ear, number}, :listed, stamp + 1)
    if unwants == [], do: unwanted(stamp + 1), else: assert(unwants == [{:prefix, "a"}])
  end

  test "confirm waits for a prefix as for a topic" do
    start()
    listed([], 4)
    test = self()

    spawn_link(fn ->
      send(test, {:confirmed, PubSub.subscribe_prefix(@pubsub, "p", confirm: true)})
      Process.sleep(:infinity)
    end)

    wants = told({:change, 4, [{:prefix, "p"}], []})
    refute_received {:confirmed, _}
    answer(wants, :listed, 5)
    assert_receive {:confirmed, :ok}
  end

  test "idle, it asks for stamps" do
    start()
    listed([], 4)
    told({:change, 4, [], []}) |> answer(:listed, 6)
    told({:change, 6, [], []})
  end

  test "a teller that is restarted begins anew with the stamp of before" do
    start()
    :ok = PubSub.subscribe(@pubsub, "a")
    listed(["a"], 12)
    eventually(fn -> info().interest.listed == [node()] end)
    old = Process.whereis(Interest.name(@group))
    Process.exit(old, :kill)
    {_ear, number} = reset = told({:reset, 12})
    assert {_, ^number} = reset
    :ok = PubSub.subscribe(@pubsub, "b")
    answer(reset, :open, 13)
    told({:change, 13, ["a", "b"], []})
    assert Process.whereis(Interest.name(@group)) != old
  end

  test "a router that opens is asked at once for what was missed, and told all after a pause" do
    start()
    :ok = PubSub.subscribe(@pubsub, "a")
    listed(["a"], 5)
    :ok = PubSub.subscribe(@pubsub, "b")
    told({:change, 5, ["b"], []}) |> answer(:open, 6)
    told({:reset, 5}) |> answer(:open, 7)
    told({:change, 7, ["a", "b"], []})
  end

  test "without an attachment it waits for the next one" do
    start()
    member = attach()
    told({:reset, 0}) |> answer(:unattached, 1)
    attach(2, member)
    refute_receive {:interest, _, _, _, _, _}, 300
    attach(3)
    told({:reset, 0})
  end

  test "confirm: at once without a router, with one when it has answered" do
    start()
    assert :ok = PubSub.subscribe(@pubsub, "none", confirm: true)
    listed(["none"], 5)
    eventually(fn -> info().interest.listed == [node()] end)
    assert :ok = PubSub.subscribe(@pubsub, "none", confirm: true)
    task = Task.async(fn -> PubSub.subscribe(@pubsub, "t", confirm: true) end)
    change = told({:change, 5, ["t"], []})
    assert Task.yield(task, 50) == nil
    answer(change, :listed, 6)
    assert Task.await(task) == :ok

    assert {:error, :timeout} = PubSub.subscribe(@pubsub, "u", confirm: true, confirm_timeout: 50)

    :ok = PubSub.local_broadcast(@pubsub, "u", :here)
    assert_receive :here
  end

  test "who subscribes faster than the teller hears waits for it, and goes on without one" do
    start()
    teller = Process.whereis(Interest.name(@group))
    :erlang.suspend_process(teller)
    test = self()

    subscriber =
      spawn_link(fn ->
        for n <- 1..32, do: :ok = PubSub.subscribe(@pubsub, "t#{n}")
        for n <- 1..31, do: :ok = PubSub.unsubscribe(@pubsub, "t#{n}")
        send(test, {:done, 63})
        :ok = PubSub.subscribe(@pubsub, "t64")
        send(test, {:done, 64})
        Process.sleep(:infinity)
      end)

    assert_receive {:done, 63}
    eventually(fn -> Process.info(subscriber, :status) == {:status, :waiting} end)
    refute_received {:done, 64}
    :erlang.resume_process(teller)
    assert_receive {:done, 64}

    # A teller that does not hear holds up nobody for long, and one that is not there nobody at all.
    :erlang.suspend_process(Process.whereis(Interest.name(@group)))
    for n <- 1..64, do: :ok = PubSub.subscribe(@pubsub, "u#{n}")
    Process.exit(Process.whereis(Interest.name(@group)), :kill)
    for n <- 1..200, do: :ok = PubSub.subscribe(@pubsub, "v#{n}")
    eventually(fn -> info().interest.patterns == 2 + 64 + 200 end)
  end

  test "a gap is counted, logged, and handed to the application" do
    test = self()
    start(on_gap: fn pubsub, gap -> send(test, {:gap, pubsub, gap}) end)
    listed([], 5)

    log =
      capture_log(fn ->
        :ok = PubSub.subscribe(@pubsub, "late")
        told({:change, 5, ["late"], []}) |> answer(:listed, 900, false)
        assert_receive {:gap, @pubsub, %{count: 1, topics: ["late"], router: router}}
        assert router == node()
      end)

    assert log =~ ~s(may have missed messages on 1 topics)
    assert info().counters.gaps == 1
  end

  test "interest: false tells nothing" do
    start(interest: false)
    assert :ok = PubSub.subscribe(@pubsub, "t", confirm: true)
    attach()
    refute_receive {:interest, _, _, _, _, _}, 300
    assert info().interest == nil
  end

  test "under Phoenix.PubSub it tells nothing, and says so" do
    start_supervised!({Registry, keys: :duplicate, name: @pubsub})

    log =
      capture_log(fn ->
        start_supervised!({Adapter, name: @pubsub, adapter_name: @group})
      end)

    assert log =~ "gets all broadcasts from routers"
    attach()
    refute_receive {:interest, _, _, _, _, _}, 300
  end
end
