defmodule Demo.VerdictTest do
  use ExUnit.Case, async: true

  import ExUnit.CaptureIO

  alias Demo.{Ledger, Verdict}

  doctest Demo.Ledger

  # One publisher, one subscriber: 3 messages before the crash, up to 9 by its end (6 when all were back), 12 in all.
  defp play(before, crash, afterwards) do
    phase = fn title, last, numbers ->
      ledger = Enum.reduce(numbers, Ledger.new(), &Ledger.add(&2, "app1/1", &1))
      account = %{subscriber: "app2/sub1", node: "app2", ledger: ledger}
      %{title: title, numbers: %{"app1/1" => last}, accounts: [account]}
    end

    %{
      phases: [
        phase.("before", 3, before),
        phase.("crash", 9, before ++ crash),
        phase.("after", 12, before ++ crash ++ afterwards)
      ],
      crash: %{
        numbers_at_return: %{"app1/1" => 6},
        came_back: true,
        changes: [{"app2", [{4_000_000, :direct}, {20_000_000, :relay}]}]
      },
      samples: []
    }
  end

  defp verdict(play) do
    {code, text} = with_io(fn -> Verdict.print(play) end)
    {code, text}
  end

  test "all in order holds" do
    assert {0, text} = verdict(play(Enum.to_list(1..3), Enum.to_list(4..9), Enum.to_list(10..12)))
    assert text =~ "Held: 12 messages"
    assert text =~ "to the direct path after 4 ms, back on the relay after 20 ms"
    assert text =~ "lost in flight: 0 of 6 messages"
  end

  test "a loss between the kill and the return is allowed and counted" do
    assert {0, text} = verdict(play([1, 2, 3], [4, 7, 8, 9], [10, 11, 12]))
    assert text =~ "lost in flight: 2 of 6 messages, 2 deliveries"
  end

  test "a loss in a steady phase is named" do
    assert {1, text} = verdict(play([1, 3], [4, 5, 6, 7, 8, 9], [10, 11, 12]))
    assert text =~ "app1/1#2 at app2/sub1: never arrived (steady)"
  end

  test "so is one at the end, which no later message shows" do
    assert {1, text} = verdict(play([1, 2, 3], [4, 5, 6, 7, 8, 9], [10, 11]))
    assert text =~ "app1/1#12 at app2/sub1: never arrived (steady, after the crash)"
  end

  test "a loss after the return is named" do
    assert {1, text} = verdict(play([1, 2, 3], [4, 5, 6, 8, 9], [10, 11, 12]))
    assert text =~ "app1/1#7 at app2/sub1: never arrived (published when the relay was back)"
  end

  test "a duplicate and a reordering are named, also in the crash" do
    assert {1, text} = verdict(play([1, 2, 3], [4, 5, 5, 6, 7, 8, 9], [10, 11, 12]))
    assert text =~ "app1/1#5 at app2/sub1: arrived twice"

    assert {1, text} = verdict(play([1, 2, 3], [5, 4, 6, 7, 8, 9], [10, 11, 12]))
    assert text =~ "app1/1#4 at app2/sub1: arrived after a later one"
  end

  test "a cluster that stays on the direct path is a broken promise" do
    play = play([1, 2, 3], [4, 5, 6, 7, 8, 9], [10, 11, 12])
    assert {1, text} = verdict(put_in(play.crash.came_back, false))
    assert text =~ "did not return to the Rust node"
  end

  test "nothing published proves nothing" do
    play = play([], [], [])
    phases = Enum.map(play.phases, &%{&1 | numbers: %{"app1/1" => 0}})
    crash = %{play.crash | numbers_at_return: %{"app1/1" => 0}}
    assert {1, text} = verdict(%{play | phases: phases, crash: crash})
    assert text =~ "nothing was published"
  end
end
