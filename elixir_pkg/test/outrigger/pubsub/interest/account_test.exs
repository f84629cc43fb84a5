defmodule Outrigger.PubSub.Interest.AccountTest do
  use ExUnit.Case, async: true

  alias Outrigger.PubSub.Interest.Account

  # Events at time 0, and the actions of the last one.
  defp run(account, events) do
    Enum.reduce(events, {account, []}, fn event, {account, _} ->
      Account.handle(account, event, 0)
    end)
  end

  defp listed do
    {account, [{:send, 3, {:listed, 0, 0}}]} =
      run(Account.new(0), [
        {:attached, self(), 0},
        {:answer, 1, :open, 1, true},
        {:walked, [], :done},
        {:answer, 2, :open, 2, true}
      ])

    run(account, [{:answer, 3, :listed, 3, true}]) |> elem(0)
  end

  test "what is told and wanted back before it was sent is not sent" do
    {account, _} =
      run(listed(), [{:want, "a"}, {:unwant, "b"}, {:want, "b"}, {:want, "c"}, {:unwant, "c"}])

    assert {_, []} = run(account, [{:answer, 4, :listed, 9, true}])
  end

  test "more than a message can take keeps the stamp of the oldest" do
    wants = for n <- 1..5_000, do: {:want, "t#{n}"}
    {account, _} = run(listed(), [{:want, "first"} | wants])

    assert {account, [{:send, 5, {:change, 3, one, []}}]} =
             run(account, [{:answer, 4, :listed, 9, true}])

    assert length(one) == 2_000
    assert Account.resume(account) == 3

    assert {account, [{:send, 6, {:change, 3, two, []}}]} =
             run(account, [{:answer, 5, :listed, 10, true}])

    assert {account, [{:send, 7, {:change, 3, three, []}}]} =
             run(account, [{:answer, 6, :listed, 11, true}])

    assert Enum.sort(one ++ two ++ three) == Enum.sort(for {:want, topic} <- wants, do: topic)
    {account, []} = run(account, [{:answer, 7, :listed, 12, true}])
    assert Account.resume(account) == 12
  end

  test "while it walks, what lies behind the cursor is left to the walk" do
    {account, [{:walk, nil}]} =
      run(Account.new(0), [{:attached, self(), 0}, {:want, "c"}, {:answer, 1, :open, 1, true}])

    {account, _} =
      run(account, [{:walked, ["a", "c"], "c"}, {:want, "x"}, {:want, "b"}, {:unwant, "a"}])

    assert Account.knows?(account, "x"), "it is sent everything"
    refute Account.knows?(account, "b")
    {account, [{:walk, "c"}]} = run(account, [{:answer, 2, :open, 2, true}])

    {account, [{:send, 3, {:change, 1, ["b", "x"], ["a"]}}]} =
      run(account, [{:walked, ["x"], :done}])

    sum = Enum.sum(for topic <- ["b", "c", "x"], do: :erlang.crc32(topic))
    assert {_, [{:send, 4, {:listed, 3, ^sum}}]} = run(account, [{:answer, 3, :open, 3, true}])
  end

  test "answers to others than the message under way are nobody's" do
    {account, _} = run(listed(), [{:want, "a"}])
    assert {^account, []} = run(account, [{:answer, 3, :unattached, 99, false}])
  end

  test "what did not fit into the link goes with the next tick" do
    {account, [send]} = run(listed(), [{:want, "a"}])
    assert {account, [^send]} = run(account, [:unsent, :tick])
    assert {_, []} = run(account, [:tick])
  end

  test "a pause doubles as long as the router stays open" do
    account =
      Enum.reduce([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000], listed(), &opened/2)

    assert account.pause_ms == 30_000
  end

  defp opened(pause, account) do
    account = Map.put(account, :under_way, {account.number, {:listed, 0, 0}})

    {account, [{:send, n, {:reset, _}}]} =
      Account.handle(account, {:answer, account.number, :open, 3, true}, 0)

    {account, []} = Account.handle(account, {:answer, n, :open, 3, true}, 0)
    assert {^account, []} = Account.handle(account, :tick, pause - 1)
    assert {account, [{:walk, nil}]} = Account.handle(account, :tick, pause)
    {account, _} = Account.handle(account, {:walked, [], :done}, 0)

    {account, [{:send, _, {:listed, 0, 0}}]} =
      Account.handle(account, {:answer, account.number, :open, 3, true}, 0)

    account
  end
end
