defmodule Outrigger.Limit.HammerCompatTest do
  @moduledoc "What a module written for Hammer 7 relies on."
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias Outrigger.{Error, Limit}

  doctest Outrigger.Limit.HammerCompat

  defmodule Fixed do
    use Outrigger.Limit.HammerCompat, backend: :ets, clock: :manual
  end

  defmodule PerKey do
    use Outrigger.Limit.HammerCompat,
      backend: :ets,
      algorithm: :fix_window_per_key,
      clock: :manual
  end

  defmodule Sliding do
    use Outrigger.Limit.HammerCompat,
      backend: :ets,
      algorithm: :sliding_window,
      clock: :manual
  end

  defmodule Leaky do
    use Outrigger.Limit.HammerCompat,
      backend: :atomic,
      algorithm: :leaky_bucket,
      clock: :manual
  end

  defmodule Tokens do
    use Outrigger.Limit.HammerCompat,
      backend: :ets,
      algorithm: :token_bucket,
      clock: :manual
  end

  setup do
    for module <- [Fixed, PerKey, Sliding, Leaky, Tokens],
        do: start_supervised!({module, clean_period: :timer.minutes(1), key_older_than: 1_000})

    :ok
  end

  test "the functions that Hammer's modules have, by algorithm" do
    functions = fn module ->
      module.__info__(:functions) |> Keyword.drop([:child_spec, :start_link]) |> Enum.sort()
    end

    assert functions.(Fixed) ==
             [expires_at: 2, get: 2, hit: 3, hit: 4, inc: 2, inc: 3, set: 3]

    assert functions.(PerKey) == functions.(Fixed)
    assert functions.(Sliding) == [get: 2, hit: 3]
    assert functions.(Leaky) == [get: 2, hit: 3, hit: 4]
    assert functions.(Tokens) == [get: 2, get: 3, hit: 3, hit: 4]
    assert %{id: Fixed, start: {Fixed, :start_link, [[]]}} = Fixed.child_spec([])
  end

  describe "fixed window" do
    test "counts up to the limit, and says how long the window lasts" do
      assert Fixed.hit("ada", 1_000, 3) == {:allow, 1}
      :ok = Limit.advance(Fixed, 400)
      assert Fixed.hit("ada", 1_000, 3, 2) == {:allow, 3}
      assert Fixed.hit("ada", 1_000, 3) == {:deny, 600}
      assert Fixed.hit("ada", 1_000, 4) == {:allow, 4}
      assert Fixed.hit("bob", 1_000, 3) == {:allow, 1}
      :ok = Limit.advance(Fixed, 600)
      assert Fixed.hit("ada", 1_000, 3) == {:allow, 1}
    end

    test "windows of different length are counted apart" do
      assert Fixed.hit("ada", 1_000, 1) == {:allow, 1}
      assert Fixed.hit("ada", 60_000, 10) == {:allow, 1}
      assert {:deny, _} = Fixed.hit("ada", 1_000, 1)
      assert Fixed.get("ada", 60_000) == 1
    end

    test "inc, set and get do not ask for a limit" do
      assert Fixed.get({:any, "term"}, 1_000) == 0
      assert Fixed.expires_at({:any, "term"}, 1_000) == 0
      assert Fixed.inc({:any, "term"}, 1_000) == 1
      assert Fixed.inc({:any, "term"}, 1_000, 9) == 10
      assert Fixed.get({:any, "term"}, 1_000) == 10
      assert {:deny, 1_000} = Fixed.hit({:any, "term"}, 1_000, 10)
      assert Fixed.set({:any, "term"}, 1_000, 4) == 4
      assert Fixed.hit({:any, "term"}, 1_000, 10) == {:allow, 5}
      assert Fixed.set({:any, "term"}, 1_000, 0) == 0
      assert Fixed.get({:any, "term"}, 1_000) == 0
    end

    test "expires_at is a time of the wall clock" do
      Fixed.hit("ada", 60_000, 3)

      assert_in_delta Fixed.expires_at("ada", 60_000),
                      System.system_time(:millisecond) + 60_000,
                      5_000
    end
  end

  describe "fixed window per key" do
    test "the first hit opens it, and the first one after it the next" do
      :ok = Limit.advance(PerKey, 700)
      assert PerKey.expires_at("ada", 1_000) == 0
      assert PerKey.hit("ada", 1_000, 2) == {:allow, 1}
      :ok = Limit.advance(PerKey, 600)
      assert PerKey.hit("bob", 1_000, 2) == {:allow, 1}
      assert PerKey.hit("ada", 1_000, 2) == {:allow, 2}
      assert {:deny, left} = PerKey.hit("ada", 1_000, 2)
      assert left in 400..401
      :ok = Limit.advance(PerKey, 401)
      assert PerKey.get("ada", 1_000) == 0
      assert PerKey.get("bob", 1_000) == 1
      :ok = Limit.advance(PerKey, 300)
      assert PerKey.hit("ada", 1_000, 2, 2) == {:allow, 2}
      assert {:deny, left} = PerKey.hit("ada", 1_000, 2)
      assert left in 1_000..1_001
    end

    test "inc and set open it, too" do
      assert PerKey.inc("ada", 1_000, 3) == 3
      :ok = Limit.advance(PerKey, 500)
      # As of Hammer: the window begins anew.
      assert PerKey.set("ada", 1_000, 2) == 2
      :ok = Limit.advance(PerKey, 900)
      assert PerKey.get("ada", 1_000) == 2

      assert_in_delta PerKey.expires_at("ada", 1_000),
                      System.system_time(:millisecond) + 100,
                      5_000

      :ok = Limit.advance(PerKey, 101)
      assert PerKey.get("ada", 1_000) == 0
    end
  end

  test "sliding window: no more than the limit in any period" do
    assert Sliding.hit("ada", 1_000, 2) == {:allow, 1}
    :ok = Limit.advance(Sliding, 600)
    assert Sliding.hit("ada", 1_000, 2) == {:allow, 2}
    assert Sliding.hit("ada", 1_000, 2) == {:deny, 400}
    assert Sliding.get("ada", 1_000) == 2
    :ok = Limit.advance(Sliding, 400)
    assert Sliding.get("ada", 1_000) == 1
    assert Sliding.hit("ada", 1_000, 2) == {:allow, 2}
  end

  test "leaky bucket: the level, and the time until there is room" do
    assert Leaky.hit("ada", 10, 20) == {:allow, 1}
    assert Leaky.hit("ada", 10, 20, 19) == {:allow, 20}
    assert Leaky.get("ada", 10) == 20
    assert Leaky.hit("ada", 10, 20, 5) == {:deny, 500}
    :ok = Limit.advance(Leaky, 500)
    assert Leaky.get("ada", 10) == 15
    assert Leaky.hit("ada", 10, 20, 5) == {:allow, 20}
    assert Leaky.hit("ada", 10, 20, 21) == {:deny, 1_000}
  end

  test "token bucket: tokens left, and the time until there are enough" do
    assert Tokens.hit("ada", 10, 20) == {:allow, 19}
    assert Tokens.hit("ada", 10, 20, 19) == {:allow, 0}
    assert Tokens.hit("ada", 10, 20) == {:deny, 100}
    assert Tokens.get("ada", 10, 20) == 0
    :ok = Limit.advance(Tokens, 1_000)
    assert Tokens.get("ada", 10, 20) == 10
    assert Tokens.get("nobody", 10, 20) == 20
  end

  test "get/2 of a token bucket goes by the capacity that was named last" do
    assert Tokens.get("ada", 10) == 0
    assert Tokens.hit("ada", 10, 20, 15) == {:allow, 5}
    assert Tokens.get("ada", 10) == 5
    :ok = Limit.advance(Tokens, 500)
    assert Tokens.get("ada", 10) == 10
    assert Tokens.get("bob", 10) == 20
    # The same place: nothing is guessed.
    assert Tokens.hit("bob", 74, 200) == {:allow, 199}
    assert Tokens.get("bob", 74) == 199
    assert %Error{reason: :bad_arity} = assert_raise(Error, fn -> Tokens.get("ada", 10) end)
    assert Tokens.get("ada", 10, 20) == 10
    # Too large to be noted.
    for {rate, capacity} <- [{1_000_000_000, 4_294_967_296}, {4_294_967_296, 10}] do
      assert {:allow, _} = Tokens.hit(rate, rate, capacity)
      assert_raise Error, fn -> Tokens.get(rate, rate) end
      assert Tokens.get(rate, rate, capacity) == capacity - 1
    end
  end

  test "a bucket that nothing comes back to" do
    assert Tokens.hit("ada", 0, 2, 2) == {:allow, 0}
    :ok = Limit.advance(Tokens, :timer.hours(24))
    assert {:deny, _} = Tokens.hit("ada", 0, 2)
  end

  test "what cannot be counted raises" do
    assert_raise Error, ~r/a cost is an integer/, fn -> Fixed.hit("ada", 1_000, 1, -1) end
    assert_raise Error, ~r/a rule is/, fn -> Fixed.hit("ada", 0, 1) end
    assert_raise Error, ~r/a rule is/, fn -> Fixed.hit("ada", 1_000, 0) end
    assert_raise Error, ~r/64 KiB/, fn -> Fixed.inc(:binary.copy("x", 100_000), 1_000) end
    stop_supervised!(Fixed)
    assert_raise Error, ~r/no limiter runs/, fn -> Fixed.hit("ada", 1_000, 1) end
  end

  test "an unknown back end or algorithm does not compile" do
    for {options, text} <- [
          {[backend: Hammer.Redis], ~r/back end Hammer.Redis/},
          {[backend: :ets, algorithm: :magic], ~r/unknown algorithm :magic/}
        ] do
      assert_raise ArgumentError, text, fn ->
        Code.eval_quoted(
          quote do
            defmodule HammerCompatTest.Bad do
              use Outrigger.Limit.HammerCompat, unquote(options)
            end
          end
        )
      end
    end
  end

  test "options of Hammer are taken; what has no meaning here is said" do
    defmodule Warned do
      use Outrigger.Limit.HammerCompat, backend: :ets
    end

    log =
      capture_log(fn ->
        start_supervised!({Warned, before_clean: fn _, _ -> :ok end, spawn_opt: [], odd: 1})
      end)

    assert log =~ "before_clean is never called"
    assert log =~ "options without a meaning: [:odd]"
    assert Warned.hit("ada", 60_000, 1) == {:allow, 1}
  end
end
