defmodule Outrigger.PubSub.ChoicesTest do
  use ExUnit.Case, async: true

  import Outrigger.Test.PubSubModel.Wire, only: [pid: 2]

  alias Outrigger.PubSub.Choices

  @publishers 6_000

  # Pids of this VM differ as those of its processes do.
  setup_all do
    %{publishers: for(n <- 1..@publishers, do: :erlang.list_to_pid(~c"<0.#{n}.0>"))}
  end

  defp at(node, id), do: elem(pid(%{next: id}, node), 0)

  defp list(router, members) do
    %{
      pid: at(router, 1),
      version: 1,
      route: at(router, 2),
      own: at(router, 3),
      members:
        for({node, n} <- Enum.with_index(members), into: %{}, do: {node, at(router, 10 + n)})
    }
  end

  defp pg(nodes), do: Map.new(nodes, &{&1, [at(&1, 1)]})

  defp choices(routers),
    do: elem(Choices.all(for(r <- routers, do: list(r, [:n1@h])), pg([:n1@h])), 0)

  defp router(choices, publisher), do: node(Choices.choose(choices, publisher).relay)

  test "without a router there is one choice, and it is the direct one" do
    assert {{%{relay: nil, use: nil, nodes: [], directs: [worker]} = choice}, targets} =
             Choices.all([list(:r1@h, [])], pg([:n1@h]))

    assert {node(worker), Choices.path({choice})} == {:n1@h, :direct}
    assert targets == %{:n1@h => %{nil => worker}}
  end

  test "one that goes moves its own publishers, one that comes takes its share, one that is back gets back what it had",
       c do
    all = [:r1@h, :r2@h, :r3@h, :r4@h]
    before = Map.new(c.publishers, &{&1, router(choices(all), &1)})

    for gone <- all do
      fewer = choices(all -- [gone])
      after_it = Map.new(c.publishers, &{&1, router(fewer, &1)})

      moved =
        for {publisher, router} <- before,
            after_it[publisher] != router,
            do: {router, after_it[publisher]}

      # To add `gone` to `fewer` is the same, read backwards.
      assert Enum.uniq(Enum.map(moved, &elem(&1, 0))) == [gone]
      assert_in_delta length(moved), @publishers / 4, @publishers / 40
      # And they are spread over those that stay, not heaped on one.
      for {_to, group} <- Enum.group_by(moved, &elem(&1, 1)),
          do: assert_in_delta(length(group), @publishers / 12, @publishers / 40)
    end
  end

  test "the same process on many nodes: they spread, too" do
    choices = choices([:r1@h, :r2@h])
    chosen = for n <- 1..400, do: router(choices, at(:"n#{n}@h", 200))
    assert_in_delta Enum.count(chosen, &(&1 == :r1@h)), 200, 60
  end

  test "the order in which routers are known does not count", c do
    routers = [:r3@h, :r1@h, :r2@h]

    assert Enum.uniq(
             for order <- [routers, Enum.sort(routers), Enum.reverse(routers)], do: choices(order)
           )
           |> length() == 1

    for publisher <- Enum.take(c.publishers, 50),
        do: assert(router(choices(routers), publisher) in routers)
  end

  test "routers that cover different nodes: the rest is reached directly, by whoever uses that router" do
    lists = [a, b] = [list(:a@h, [:n1@h, :n2@h]), list(:b@h, [:n2@h])]
    pg = pg([:n1@h, :n2@h, :n3@h])
    {choices, targets} = Choices.all(lists, pg)

    nodes =
      for choice <- Tuple.to_list(choices),
          do: {node(choice.relay), choice.nodes, Enum.map(choice.directs, &node/1)}

    assert nodes == [{:a@h, [:n1@h, :n2@h], [:n3@h]}, {:b@h, [:n2@h], [:n1@h, :n3@h]}]

    assert targets[:n1@h] == %{a.own => a.members[:n1@h], b.own => hd(pg[:n1@h])}
    assert targets[:n2@h] == %{a.own => a.members[:n2@h], b.own => b.members[:n2@h]}
    assert targets[:n3@h] == %{a.own => hd(pg[:n3@h]), b.own => hd(pg[:n3@h])}

    assert Choices.summary(choices) == %{
             routers: %{:a@h => [:n1@h, :n2@h], :b@h => [:n2@h]},
             covered: [:n2@h],
             direct: [:n1@h, :n3@h]
           }
  end

  test "a router that leaves out who cannot be reached without one is not used beside one that does not" do
    lists = [list(:a@h, [:n1@h, :n2@h]), list(:b@h, [:n2@h])]
    assert {{%{use: {router, _, _}}}, _targets} = Choices.all(lists, pg([:n2@h]))
    assert node(router) == :a@h
    refute Choices.meshed?(lists, pg([:n2@h]))
    assert Choices.meshed?(lists, pg([:n1@h, :n2@h]))
  end
end
