defmodule Outrigger.Limit.ClusterTest do
  # One VM, and no Rust node.
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias Outrigger.Limit

  setup context do
    %{name: Module.concat(__MODULE__, "L#{context.line}")}
  end

  test "without a Rust node it is a limit of this node, and the log says so", %{name: name} do
    log =
      capture_log(fn ->
        start_supervised!({Limit, name: name, limit: 3, period: 60_000, cluster: [patience: 100]})
        # The first one waits for a Rust node that might come.
        assert {:allow, %{limit: 3, remaining: 2}} = Limit.hit(name, {:user, 7})
        assert {:allow, %{remaining: 1}} = Limit.hit(name, {:user, 7})
        assert {:allow, %{remaining: 0}} = Limit.hit(name, {:user, 7})
        assert {:deny, %{retry_after: wait}} = Limit.hit(name, {:user, 7})
        assert wait in 1..20_000
        assert {:allow, %{remaining: 2}} = Limit.hit(name, %{any: "term"})
        assert {:deny, %{retry_after: :never}} = Limit.hit(name, "ada", 4)
      end)

    assert log =~ "no Rust node is connected"
    assert %{owners: 0, in_force: false} = Limit.stats(name)
  end

  test "what cannot be counted is an error", %{name: name} do
    capture_log(fn ->
      start_supervised!({Limit, name: name, limit: 3, period: 60_000, cluster: [patience: 100]})
      assert {:error, %{reason: :bad_cost}} = Limit.hit(name, "ada", -1)
      assert {:error, %{reason: :bad_cost}} = Limit.hit(name, "ada", 1.0)
      assert {:error, %{reason: :key_too_long}} = Limit.hit(name, String.duplicate("x", 65_537))
      assert {:error, %{reason: :bad_cost}} = Limit.peek(name, "ada", -1)
      assert {:error, %{reason: :bad_cost}} = Limit.refund(name, "ada", -1)
      assert {:error, %{reason: :key_too_long}} = Limit.reset(name, String.duplicate("x", 65_537))
      assert {:error, %{reason: :cluster}} = Limit.hit_with(name, "ada", 1, {1, 1_000})
      assert {:error, %{reason: :cluster}} = Limit.handle(name)
      assert {:error, %{reason: :bad_option}} = Limit.update(name, limit: 0, period: 1)
      assert :ok = Limit.update(name, limit: 5, period: 60_000)
    end)

    stop_supervised!(name)
    assert {:error, %{reason: :not_running}} = Limit.hit(name, "ada")
  end

  test "options are checked" do
    assert {:error, %{reason: :bad_option, message: message}} =
             Limit.start_link(name: X, limit: 1, period: 1, cluster: [on_lost: :share])

    assert message =~ "nodes"

    for options <- [
          [limit: 0xFFFF_FFFF_FFFF_FFFF, period: 1],
          [limit: 1, period: 1_000_000_000_000],
          [limit: 1, period: 1_000, burst: 2, algorithm: :fixed_window]
        ] do
      assert {:error, %{reason: :bad_rule}} =
               Limit.start_link([name: X, cluster: true] ++ options)
    end

    assert {:error, %{reason: :bad_option}} =
             Limit.start_link(
               name: X,
               limit: 1,
               period: 1_000,
               algorithm: :sliding_log,
               cluster: [on_lost: :share, nodes: 2]
             )
  end

  @algorithms [:gcra, :leaky_bucket, :fixed_window, :sliding_window, :sliding_log]

  test "every algorithm has all the questions, with limits of this node too", %{name: name} do
    capture_log(fn ->
      for algorithm <- @algorithms do
        limiter = Module.concat(name, algorithm)
        rule = [limit: 3, period: 600_000, algorithm: algorithm, cluster: [patience: 50]]
        start_supervised!({Limit, [name: limiter] ++ rule}, id: limiter)
        {:ok, here} = Limit.new(limit: 2, period: 600_000)

        assert {:allow, _} = Limit.hit(limiter, "ada", 2)
        assert {:allow, %{remaining: 1}} = Limit.peek(limiter, "ada", 1)
        assert {:deny, _} = Limit.peek(limiter, "ada", 2)
        assert :ok = Limit.refund(limiter, "ada", 2)
        assert {:allow, [_, _]} = Limit.hit_all([{limiter, "ada", 1}, {here, "ada", 1}])
        # What the first one gave is given back when the second one denies.
        assert {:deny, ^here, _} = Limit.hit_all([{limiter, "ada", 2}, {here, "ada", 2}])
        assert {:deny, ^limiter, _} = Limit.hit_all([{here, "ada", 1}, {limiter, "ada", 3}])
        assert {:allow, %{remaining: 2}} = Limit.peek(limiter, "ada")
        assert {:allow, %{remaining: 1}} = Limit.peek(here, "ada")
        assert :ok = Limit.reset(limiter, "ada")
        assert {:allow, %{remaining: 0}} = Limit.hit(limiter, "ada", 3)
      end
    end)
  end
end
