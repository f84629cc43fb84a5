defmodule Outrigger.LimitTest do
  use ExUnit.Case, async: true

  alias Outrigger.{Error, Limit}
  alias Outrigger.Limit.Info

  doctest Limit
  doctest Info
  doctest Limit.Config

  defmodule ByModule do
    use Outrigger.Limit, limit: 3, period: 60_000
  end

  defp limiter(options \\ []) do
    {:ok, limiter} = Limit.new(Keyword.merge([limit: 3, period: 3_000, clock: :manual], options))

    limiter
  end

  describe "a module" do
    setup do
      start_supervised!(ByModule)
      :ok
    end

    test "hits, peeks, refunds, resets, changes and counts" do
      assert {:allow, %Info{limit: 3, remaining: 1}} = ByModule.hit(:ada, 2)
      assert {:allow, %Info{remaining: 0}} = ByModule.hit(:ada)
      assert {:deny, %Info{retry_after: wait}} = ByModule.peek(:ada)
      assert wait in 1..20_000
      assert {:deny, %Info{remaining: 0}} = ByModule.hit(:ada)
      assert ByModule.refund(:ada) == :ok
      assert {:allow, %Info{remaining: 1}} = ByModule.peek(:ada)
      assert ByModule.reset(:ada) == :ok
      assert {:allow, %Info{remaining: 3}} = ByModule.peek(:ada, 3)
      assert ByModule.update(limit: 30, period: 60_000) == :ok
      assert {:allow, %Info{limit: 30, remaining: 29}} = ByModule.hit(:ada)
      assert %{allowed: 3, denied: 1, keys: 1} = ByModule.stats()
    end

    test "has a name that functions take, and a handle" do
      assert {:allow, _} = Limit.hit(ByModule, :ada)
      {:ok, handle} = Limit.handle(ByModule)
      assert {:allow, %Info{remaining: 1}} = Limit.hit(handle, :ada)
      assert Limit.handle(handle) == {:ok, handle}
    end
  end

  test "options of the child stand before those of use" do
    start_supervised!({ByModule, limit: 1})
    assert {:allow, %Info{limit: 1}} = ByModule.hit(:ada)
    assert {:deny, _} = ByModule.hit(:ada)
  end

  test "two limiters with names run beside each other, one name is taken once" do
    start_supervised!({Limit, name: LimitTest.A, limit: 1, period: 1_000})
    start_supervised!({Limit, name: LimitTest.B, limit: 2, period: 1_000})
    assert {:allow, %{limit: 1}} = Limit.hit(LimitTest.A, :x)
    assert {:allow, %{limit: 2}} = Limit.hit(LimitTest.B, :x)

    assert {:error, {:already_started, _}} =
             Limit.start_link(name: LimitTest.A, limit: 5, period: 1_000)

    assert {:allow, %{limit: 1}} = Limit.peek(LimitTest.A, :y)
  end

  test "a name under which something else is kept is refused" do
    :persistent_term.put(LimitTest.Taken, :mine)
    on_exit(fn -> :persistent_term.erase(LimitTest.Taken) end)

    assert {:error, %Error{reason: :bad_option, details: %{problem: :taken}}} =
             Limit.start_link(name: LimitTest.Taken, limit: 1, period: 1_000)

    assert :persistent_term.get(LimitTest.Taken) == :mine
  end

  test "a limiter needs a name to have a process" do
    assert {:error, %Error{reason: :bad_option} = error} = Limit.start_link(limit: 1, period: 1)
    assert error.message =~ "new/1"
  end

  describe "life and death" do
    test "stopped in good order: the name is gone, and nobody is admitted" do
      start_supervised!(ByModule)
      assert {:allow, _} = ByModule.hit(:ada)
      stop_supervised!(ByModule)
      assert {:error, %Error{reason: :not_running}} = ByModule.hit(:ada)
      assert {:error, %Error{reason: :not_running}} = ByModule.stats()
      assert {:error, %Error{reason: :not_running}} = Limit.hit("no atom", :ada)
    end

    test "killed: the old table limits until there is a new one, in which all keys are new" do
      # Under a supervisor that this test holds in its hand: no restart until it says so.
      supervisor =
        start_supervised!(%{
          id: :top,
          start:
            {Supervisor, :start_link,
             [[Supervisor.child_spec(ByModule, restart: :temporary)], [strategy: :one_for_one]]},
          type: :supervisor
        })

      assert {:allow, _} = ByModule.hit(:ada, 3)
      [{_, pid, _, _}] = Supervisor.which_children(supervisor)
      monitor = Process.monitor(pid)
      Process.exit(pid, :kill)
      assert_receive {:DOWN, ^monitor, _, _, :killed}
      assert {:deny, _} = ByModule.hit(:ada)

      {:ok, _} = Supervisor.start_child(supervisor, ByModule)
      assert {:allow, %Info{remaining: 0}} = ByModule.hit(:ada, 3)
    end
  end

  describe "all or nothing" do
    test "the first that is denied gives back what was taken before it" do
      [a, b, c] = [limiter(), limiter(limit: 1), limiter()]
      assert {:allow, [%Info{}, %Info{}]} = Limit.hit_all([{a, 1, 2}, {b, 1, 1}])
      assert {:deny, ^b, %Info{limit: 1}} = Limit.hit_all([{a, 1, 1}, {b, 1, 1}, {c, 1, 1}])
      assert {:allow, %Info{remaining: 1}} = Limit.peek(a, 1)
      assert {:allow, %Info{remaining: 3}} = Limit.peek(c, 1)
    end

    test "keys of any kind, the same key twice, and nothing at all" do
      a = limiter()
      assert {:allow, [_, _]} = Limit.hit_all([{a, %{}, 1}, {a, self(), 1}])
      assert {:allow, %Info{remaining: 2}} = Limit.peek(a, %{})
      assert {:deny, ^a, _} = Limit.hit_all([{a, :twice, 2}, {a, :twice, 2}])
      assert {:allow, %Info{remaining: 3}} = Limit.peek(a, :twice)
      assert Limit.hit_all([]) == {:allow, []}
    end

    test "what cannot be counted takes nothing" do
      a = limiter()
      assert {:error, %Error{reason: :bad_cost}} = Limit.hit_all([{a, 1, 1}, {a, 2, -1}])
      assert {:error, %Error{reason: :not_running}} = Limit.hit_all([{a, 1, 1}, {Nobody, 2, 1}])
      assert {:error, %Error{reason: :too_many}} = Limit.hit_all(List.duplicate({a, 1, 0}, 65))
      other = limiter()
      :ok = Limit.advance(other, 1)
      assert {:error, %Error{reason: :clocks}} = Limit.hit_all([{a, 1, 1}, {other, 1, 1}])
      assert {:allow, %Info{remaining: 3}} = Limit.peek(a, 1)
    end
  end

  test "a ban shuts out for a while, and no longer" do
    a = limiter(limit: 1, period: 1_000, ban: [denials: 2, within: 10_000, for: 60_000])
    assert {:allow, _} = Limit.hit(a, :ada)
    assert {:deny, %Info{retry_after: 1_000}} = Limit.hit(a, :ada)
    assert {:deny, %Info{retry_after: 60_000}} = Limit.hit(a, :ada)
    :ok = Limit.advance(a, 59_999)
    assert {:deny, %Info{retry_after: 1}} = Limit.hit(a, :ada)
    assert {:allow, _} = Limit.hit(a, :bob)
    :ok = Limit.advance(a, 1)
    assert {:allow, _} = Limit.hit(a, :ada)
    assert %{bans: 1, banned: 1, denied: 2} = Limit.stats(a)
  end

  test "a full table denies new keys, or admits them without a count; known ones go on" do
    for {policy, answer} <- [deny: :deny, allow: :allow] do
      a = limiter(memory: 4_096, when_full: policy)
      for n <- 1..1_000, do: Limit.hit(a, n)
      assert {^answer, _} = Limit.hit(a, :new)
      stats = Limit.stats(a)
      assert stats.keys <= stats.capacity and stats.shed > 0
      assert stats.capacity * 16 <= 4_096

      # As soon as keys are as new, they make way.
      :ok = Limit.advance(a, 3_000)
      assert {:allow, %Info{remaining: 2}} = Limit.hit(a, :new)
      assert Limit.stats(a).evicted > 0
    end
  end

  test "windows begin where those of the wall clock do" do
    {:ok, a} = Limit.new(limit: 1, period: 86_400_000, algorithm: :fixed_window)
    before = rem(System.system_time(:millisecond), 86_400_000)
    {:allow, %Info{reset: reset}} = Limit.hit(a, :ada)
    # Within a minute: clocks are set now and then, and midnight passes.
    assert abs(reset - (86_400_000 - before)) < 60_000 or before > 86_390_000
  end

  test "an even flow: a leaky bucket says how long to wait" do
    a = limiter(limit: 10, period: 1_000, algorithm: :leaky_bucket)
    assert {:allow, %Info{delay: 0}} = Limit.hit(a, :ada)
    assert {:allow, %Info{delay: 100}} = Limit.hit(a, :ada)
    assert {:allow, %Info{delay: 200}} = Limit.hit(a, :ada, 2)
  end
end
