defmodule Outrigger.Events.Registry.PartsTest do
  @moduledoc "What needs no socket: frames, retries, the circuit."
  use ExUnit.Case, async: true

  alias Outrigger.Events.Registry.{Circuit, Frame, Retry}

  doctest Circuit
  doctest Frame
  doctest Retry

  @policy %{urls: 1, retries: 10, backoff: 100, max_backoff: 2_000}

  test "the wait doubles up to its bound, and is drawn evenly below that" do
    most = for attempts <- 1..10, do: Retry.next(@policy, attempts, 0, 100_000, 1.0)
    waits = [100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000, 2_000, 2_000]
    assert most == Enum.map(waits, &{:wait, &1})
    assert Retry.next(@policy, 11, 0, 100_000, 1.0) == :stop
    assert Retry.next(@policy, 5, 0, 100_000, 0.25) == {:wait, 400}
    assert Retry.next(%{@policy | retries: 5_000}, 5_000, 0, 100_000, 1.0) == {:wait, 2_000}
  end

  test "Retry-After is a lower bound, and the deadline an upper one" do
    assert Retry.next(@policy, 1, 3_000, 5_000, 1.0) == {:wait, 3_000}
    assert Retry.next(@policy, 1, 3_000, 3_000, 1.0) == :stop
    assert Retry.next(@policy, 1, 0, 100, 1.0) == :stop
    assert Retry.next(@policy, 1, 0, 0, 0.0) == :stop
  end

  test "all urls are tried before a wait" do
    policy = %{@policy | urls: 3, retries: 1}
    tried = for attempts <- 1..6, do: Retry.next(policy, attempts, 0, 1_000, 1.0)
    assert tried == [{:wait, 0}, {:wait, 0}, {:wait, 100}, {:wait, 0}, {:wait, 0}, :stop]
  end

  test "what is no frame" do
    for bytes <- ["", <<0>>, <<0, 1, 2, 3>>, <<1, 0::120>>, <<2, 0::256>>, "{}"] do
      assert {:error, %{reason: :not_framed}} = Frame.unframe(bytes)
    end

    assert Frame.unframe(<<0, 0xFFFFFFFF::32>>) == {:ok, {:id, 0xFFFFFFFF}, ""}
    assert_raise ArgumentError, fn -> Frame.frame("89791762", "") end
  end
end
