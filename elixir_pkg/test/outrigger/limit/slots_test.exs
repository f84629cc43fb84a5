defmodule Outrigger.Limit.SlotsTest do
  use ExUnit.Case, async: true

  alias Outrigger.Error
  alias Outrigger.Limit.Slots

  doctest Slots

  defmodule ByModule do
    use Outrigger.Limit.Slots, limit: 2
  end

  defp slots(limit \\ 1) do
    {:ok, slots} = Slots.new(limit: limit)
    slots
  end

  # A process that holds what it is told to, until it is told to end.
  defp holder do
    test = self()

    spawn(fn ->
      send(test, {:started, self()})
      hold()
    end)

    assert_receive {:started, pid}
    pid
  end

  defp hold do
    receive do
      {:run, from, fun} ->
        send(from, {:ran, fun.()})
        hold()
    end
  end

  defp run(pid, fun) do
    send(pid, {:run, self(), fun})
    assert_receive {:ran, result}
    result
  end

  # The VM tells the slots and those who monitor the holder in no order: so this asks until it is so.
  defp await_free(slots, key, deadline \\ System.monotonic_time(:millisecond) + 10_000) do
    cond do
      Slots.used(slots, key) == 0 -> :ok
      System.monotonic_time(:millisecond) > deadline -> flunk("the slot is still held")
      true -> await_free(slots, key, deadline)
    end
  end

  test "a module, by name" do
    start_supervised!(ByModule)
    {:ok, slot} = ByModule.acquire(:x)

    assert ByModule.with_slot(:x, fn -> ByModule.acquire(:x) end) ==
             {:ok, {:busy, %{limit: 2, remaining: 0}}}

    assert ByModule.used(:x) == 1
    assert ByModule.release(slot) == :ok
    assert ByModule.used(:x) == 0
    assert ByModule.update(3) == :ok
    assert {:ok, _} = ByModule.acquire(:x, weight: 3)
    assert %{holders: 1, acquired: 3, refused: 1} = ByModule.stats()
    stop_supervised!(ByModule)
    assert {:error, %Error{reason: :not_running}} = ByModule.acquire(:x)
  end

  test "keys have slots of their own, weights are taken together" do
    slots = slots(3)
    assert {:ok, _} = Slots.acquire(slots, :a, weight: 2)
    assert {:busy, %{remaining: 1}} = Slots.acquire(slots, :a, weight: 2)
    assert {:ok, _} = Slots.acquire(slots, :b, weight: 2)
    assert {:ok, _} = Slots.acquire(slots, :a)
    assert Slots.used(slots, :a) == 3
  end

  test "released twice is released once, also by another process" do
    slots = slots(2)
    {:ok, one} = Slots.acquire(slots, :a)
    {:ok, _two} = Slots.acquire(slots, :a)
    other = holder()
    assert run(other, fn -> Slots.release(one) end) == :ok
    assert Slots.release(one) == :ok
    assert Slots.used(slots, :a) == 1
  end

  test "a holder that is killed has released everything, and nobody else anything" do
    slots = slots(2)
    pid = holder()
    {:ok, mine} = Slots.acquire(slots, :both)
    assert {:ok, _} = run(pid, fn -> Slots.acquire(slots, :both) end)

    for n <- 1..100,
        do: {:ok, _} = run(pid, fn -> Slots.acquire(slots, {:many, n}, weight: 2) end)

    {:ok, theirs} = run(pid, fn -> Slots.acquire(slots, :last) end)
    Process.exit(pid, :kill)
    for n <- 1..100, do: await_free(slots, {:many, n})
    await_free(slots, :last)
    assert Slots.used(slots, :both) == 1
    assert Slots.release(theirs) == :ok
    assert Slots.release(mine) == :ok
    assert Slots.stats(slots).holders == 0
  end

  test "the caller may acquire for another process" do
    slots = slots()
    pid = holder()
    assert {:ok, _} = Slots.acquire(slots, :a, process: pid)
    assert {:busy, _} = Slots.acquire(slots, :a)
    Process.exit(pid, :kill)
    await_free(slots, :a)
  end

  test "a process that has died holds nothing" do
    slots = slots()
    pid = holder()
    monitor = Process.monitor(pid)
    Process.exit(pid, :kill)
    assert_receive {:DOWN, ^monitor, _, _, _}
    assert {:error, %Error{reason: :no_process}} = Slots.acquire(slots, :a, process: pid)
    assert Slots.used(slots, :a) == 0
    assert Slots.stats(slots).holders == 0
  end

  test "what raises or is thrown gives its slot back" do
    slots = slots()
    assert_raise RuntimeError, fn -> Slots.with_slot(slots, :a, fn -> raise "no" end) end
    assert catch_throw(Slots.with_slot(slots, :a, fn -> throw(:no) end)) == :no
    assert Slots.with_slot(slots, :a, [weight: 1], fn -> :yes end) == {:ok, :yes}
    assert Slots.used(slots, :a) == 0
  end

  test "no more is held than the limit while many come, go and are killed" do
    slots = slots(3)
    test = self()

    work = fn ->
      for n <- 1..2_000 do
        case Slots.acquire(slots, :a) do
          {:ok, slot} ->
            if Slots.used(slots, :a) > 3, do: send(test, :too_many)
            if rem(n, 7) != 0, do: Slots.release(slot)

          {:busy, _} ->
            :erlang.yield()
        end
      end
    end

    # What is not released above goes when its holder does.
    pids = for _ <- 1..50, do: spawn_monitor(work)
    for {pid, _} <- Enum.take_every(pids, 3), do: Process.exit(pid, :kill)
    for {pid, monitor} <- pids, do: assert_receive({:DOWN, ^monitor, _, ^pid, _}, 30_000)
    await_free(slots, :a)
    refute_received :too_many
    assert Slots.stats(slots).holders == 0
  end

  test "what cannot be held is an error with a remedy" do
    slots = slots()

    for weight <- [0, -1, 1.0, :one, 1 <<< 64],
        do: assert(%{reason: :bad_weight} = error(slots, :a, weight: weight))

    assert error(slots, :a, weight: 2).message =~ "can never be had"
    assert %{reason: :not_local} = error(slots, :a, process: :no_pid)
    assert %{reason: :key_too_long} = error(slots, :binary.copy("x", 1 <<< 20), [])
    assert {:ok, _} = Slots.acquire(slots, %{any: ["term" | fn -> :x end]})
    assert {:error, %Error{reason: :bad_option}} = Slots.new(limit: 0)
    assert {:error, %Error{reason: :bad_option}} = Slots.new(limit: 1 <<< 64)
    assert {:error, %Error{reason: :bad_option}} = Slots.update(slots, 0)
    assert {:error, %Error{reason: :bad_rule}} = Slots.new(limit: 1, memory: 1)

    {:ok, small} = Slots.new(limit: 9, memory: 320)
    assert {:ok, _} = Slots.acquire(small, 1)
    assert {:ok, _} = Slots.acquire(small, 2)
    assert %{reason: :no_memory} = error(small, 3, [])
  end

  defp error(slots, key, options) do
    assert {:error, %Error{} = error} = Slots.acquire(slots, key, options)
    error
  end

  defp a <<< b, do: Bitwise.bsl(a, b)
end
