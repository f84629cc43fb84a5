defmodule Outrigger.Limit.InputTest do
  @moduledoc "Whatever is given as a key, a cost or a rule: a right answer or an error with a remedy, never a crash."
  use ExUnit.Case, async: true

  import Bitwise

  alias Outrigger.{Error, Limit}

  @most (1 <<< 64) - 1
  @algorithms [:gcra, :leaky_bucket, :fixed_window, :own_window, :sliding_window, :sliding_log]

  defp limiter(options \\ []) do
    {:ok, limiter} = Limit.new(Keyword.merge([limit: 1, period: 1_000, clock: :manual], options))
    limiter
  end

  defp all_functions(limiter, key, cost) do
    [
      Limit.hit(limiter, key, cost),
      Limit.peek(limiter, key, cost),
      Limit.refund(limiter, key, cost),
      Limit.hit_with(limiter, key, cost, {1, 1_000}),
      Limit.peek_with(limiter, key, cost, {1, 1_000}),
      Limit.hit_all([{limiter, key, cost}])
    ]
  end

  describe "keys" do
    # Pairs of equal terms, built apart where that matters. All of them differ from each other.
    defp terms do
      ref = make_ref()
      port = hd(Port.list())
      fun = fn x -> x + 1 end
      big = 1 <<< 80
      deep = Enum.reduce(1..1_000, [], fn n, inner -> [n, inner] end)
      many = Enum.to_list(1..1_000)

      [
        {"ada", Enum.join(["a", "da"])},
        {"", <<>>},
        {"1", to_string(1)},
        {~c"ada", String.to_charlist("ada")},
        {:ada, String.to_atom("ada")},
        {nil, List.first([])},
        {true, 1 == 1},
        {1, 2 - 1},
        {1.0, 2.0 / 2},
        {-1, 1 - 2},
        {0, 0},
        {9_223_372_036_854_775_807, (1 <<< 63) - 1},
        {9_223_372_036_854_775_808, 1 <<< 63},
        {-9_223_372_036_854_775_808, -(1 <<< 63)},
        {-9_223_372_036_854_775_809, -(1 <<< 63) - 1},
        {big, big + 1 - 1},
        {<<1::1>>, <<3::2>> |> then(fn <<_::1, rest::bitstring>> -> rest end)},
        {<<1::3>>, <<1::3>>},
        {{}, List.to_tuple([])},
        {{:user, 1}, List.to_tuple([:user, 1])},
        {{:user, "1"}, {:user, to_string(1)}},
        {{{:user}, 1}, {{:user}, 1}},
        {{:user, {1}}, {:user, {1}}},
        {[], tl([1])},
        {[1], [1]},
        {[1, [2]], [1, [2]]},
        {[[1], 2], [[1], 2]},
        {[[], []], [[], []]},
        {[[[]]], [[[]]]},
        {[1 | 2], [1 | 2]},
        {["a" | "b"], ["a" | "b"]},
        {%{}, Map.new([])},
        {%{a: 1, b: 2}, Map.put(%{b: 2}, :a, 1)},
        {Map.new(1..100, &{&1, &1}), Map.new(100..1//-1, &{&1, &1})},
        {{%{}, 1}, {%{}, 1}},
        {self(), :erlang.list_to_pid(:erlang.pid_to_list(self()))},
        {ref, :erlang.binary_to_term(:erlang.term_to_binary(ref))},
        {port, :erlang.binary_to_term(:erlang.term_to_binary(port))},
        {fun, :erlang.binary_to_term(:erlang.term_to_binary(fun))},
        {&String.length/1, Function.capture(String, :length, 1)},
        {deep, Enum.reduce(1..1_000, [], fn n, inner -> [n, inner] end)},
        {many, Enum.map(many, & &1)},
        {List.to_tuple(many), List.to_tuple(many)},
        {List.duplicate("x", 63), List.duplicate("x", 63)},
        {List.duplicate("x", 64), List.duplicate("x", 64)},
        {List.duplicate("x", 65), List.duplicate("x", 65)},
        {:binary.copy("x", 65_536), :binary.copy("x", 65_536)},
        {~U[2026-01-01 00:00:00Z], ~U[2026-01-01 00:00:00Z]},
        {{1, 2, 3}, {1, 2, 3}},
        {{1, {2, 3}}, {1, {2, 3}}},
        {[1, 2, 3], [1, 2, 3]},
        {<<0>>, <<0>>},
        {<<0, 0>>, <<0, 0>>},
        {"ab", "ab"},
        {["ab"], ["ab"]},
        {["a", "b"], ["a", "b"]}
      ]
    end

    test "equal terms are one key, different ones are not" do
      {limiter, terms} = {limiter(), terms()}

      for {term, _equal} <- terms do
        assert {:allow, _} = Limit.hit(limiter, term), "not new: #{inspect(term)}"
      end

      for {_term, equal} <- terms do
        assert {:deny, _} = Limit.hit(limiter, equal), "not known: #{inspect(equal)}"
      end

      assert Limit.stats(limiter).keys == length(terms)
    end

    test "a term is the same key to every function" do
      for {term, equal} <- terms() do
        limiter = limiter()
        assert {:allow, _} = Limit.hit(limiter, term)
        assert {:deny, _} = Limit.peek(limiter, equal)
        assert {:deny, _} = Limit.hit_with(limiter, equal, 1, {1, 1_000})
        assert {:deny, ^limiter, _} = Limit.hit_all([{limiter, equal, 1}])
        assert Limit.refund(limiter, equal) == :ok
        assert {:allow, _} = Limit.peek_with(limiter, equal, 1, {1, 1_000})
        assert {:allow, _} = Limit.hit(limiter, equal)
        assert Limit.reset(limiter, equal) == :ok
        assert {:allow, _} = Limit.hit(limiter, term)
      end
    end

    test "zeros of both signs are one key" do
      limiter = limiter()
      assert {:allow, _} = Limit.hit(limiter, 0.0)
      assert {:deny, _} = Limit.hit(limiter, -0.0)
    end

    test "a key of a mebibyte is refused, with a remedy, also within other terms" do
      limiter = limiter()
      huge = :binary.copy("x", 1 <<< 20)

      for key <- [huge, {:user, huge}, [huge], %{huge => 1}, [1 | huge], String.to_charlist(huge)],
          answer <- all_functions(limiter, key, 1) ++ [Limit.reset(limiter, key)] do
        assert {:error, %Error{reason: :key_too_long} = error} = answer
        assert error.message =~ ":crypto.hash"
      end

      assert %{allowed: 0, keys: 0} = Limit.stats(limiter)
    end

    test "a key that looks like the door's own message is a key" do
      limiter = limiter()
      key = {limiter.ref, :erlang.term_to_binary(%{a: 1})}
      assert {:allow, _} = Limit.hit(limiter, key)
      assert {:allow, _} = Limit.hit(limiter(), {make_ref(), "x"})
    end
  end

  describe "costs" do
    test "what is no cost is refused and takes nothing" do
      for algorithm <- @algorithms,
          cost <- [-1, 1.0, :one, "1", nil, [], 1 <<< 64, -(1 <<< 80), 1 <<< 200] do
        limiter = limiter(algorithm: algorithm)

        for answer <- all_functions(limiter, "ada", cost) do
          assert {:error, %Error{reason: :bad_cost} = error} = answer
          assert error.message =~ "from 0 to 2^64 - 1"
        end

        assert {:allow, _} = Limit.hit(limiter, "ada")
      end
    end

    test "0 takes nothing, more than the limit is denied for ever" do
      for algorithm <- @algorithms do
        limiter = limiter(algorithm: algorithm)
        assert {:allow, %{remaining: 1}} = Limit.hit(limiter, "ada", 0)

        for cost <- [2, 1 <<< 32, 1 <<< 60, 1 <<< 63, @most] do
          assert {:deny, %{retry_after: :never}} = Limit.hit(limiter, "ada", cost)
          assert Limit.refund(limiter, "ada", cost) == :ok
        end

        assert {:allow, _} = Limit.hit(limiter, "ada", 1)
        assert {:allow, %{remaining: 0}} = Limit.hit(limiter, "ada", 0)
      end
    end
  end

  describe "limits" do
    test "what is no limit is refused when the limiter is made" do
      for {option, value} <- [
            {:limit, 0},
            {:limit, -1},
            {:limit, 1.5},
            {:limit, 1 <<< 64},
            {:limit, 1 <<< 200},
            {:period, 0},
            {:period, -1},
            {:period, 1 <<< 64},
            {:burst, 0},
            {:burst, 1 <<< 64},
            {:memory, 0},
            {:memory, "lots"},
            {:memory, "-1MiB"},
            {:memory, "99999999999999999GiB"},
            {:algorithm, :magic},
            {:when_full, :panic},
            {:ban, [denials: 0, within: 1, for: 1]},
            {:ban, [denials: 1 <<< 32, within: 1, for: 1]},
            {:ban, [denials: 1]},
            {:ban, 5},
            {:limits, 1}
          ] do
        assert {:error, %Error{reason: :bad_option} = error} =
                 Limit.new(Keyword.merge([limit: 1, period: 1_000], [{option, value}]))

        assert error.message =~ "Outrigger.Limit", inspect({option, value})
      end
    end

    test "what the engine cannot count is refused in its own words" do
      for options <- [
            [limit: 1, period: 1_000_000_000_000],
            [limit: @most, period: 1],
            [limit: 1, period: 1_000_000_000, burst: @most],
            [limit: 1 <<< 50, period: 1_000, algorithm: :fixed_window],
            [limit: 1 <<< 50, period: 1_000, algorithm: :own_window],
            [limit: 1 <<< 30, period: 1_000, algorithm: :sliding_window],
            [limit: 1 <<< 40, period: 1_000, algorithm: :sliding_log],
            [limit: 1, period: 1_000, burst: 2, algorithm: :fixed_window],
            [limit: 1, period: 1_000, memory: 1],
            [limit: 1, period: 1_000, ban: [denials: 1 <<< 30, within: 1, for: 1]]
          ] do
        assert {:error, %Error{reason: :bad_rule, message: message}} = Limit.new(options)
        assert message =~ "caller", inspect(options)
      end
    end

    test "a rule of a call or a change is checked in the same way" do
      limiter = limiter()

      for rule <- [
            {0, 1},
            {1, 0},
            {-1, 1},
            {1, 1 <<< 60},
            {@most, 1},
            {1},
            {1, 1, 0},
            {1, 1, :x},
            nil,
            [limit: 1, period: 1]
          ] do
        assert {:error, %Error{reason: :bad_rule}} = Limit.hit_with(limiter, "ada", 1, rule)
        assert {:error, %Error{reason: :bad_rule}} = Limit.peek_with(limiter, "ada", 1, rule)
      end

      assert {:error, %Error{reason: :bad_option}} = Limit.update(limiter, limit: 0, period: 1)
      assert {:error, %Error{reason: :bad_option}} = Limit.update(limiter, limit: 1)
      assert {:error, %Error{reason: :bad_rule}} = Limit.update(limiter, limit: @most, period: 1)
      assert {:allow, %{limit: 1}} = Limit.hit(limiter, "ada")
    end

    test "the largest that is possible works" do
      for {limit, period, algorithm} <- [
            {999_999_999_999, 1_000, :gcra},
            {1, 200_000_000_000, :gcra},
            {1_000_000_000_000, 200_000_000_000, :leaky_bucket},
            {1 <<< 39, 200_000_000_000, :fixed_window},
            {1 <<< 39, 200_000_000_000, :own_window},
            {(1 <<< 20) - 1, 200_000_000_000, :sliding_window}
          ] do
        limiter = limiter(limit: limit, period: period, algorithm: algorithm)
        assert {:allow, %{remaining: 0}} = Limit.hit(limiter, "ada", limit)
        assert {:deny, %{remaining: 0}} = Limit.hit(limiter, "ada")
        :ok = Limit.advance(limiter, 2 * period)
        assert {:allow, _} = Limit.hit(limiter, "ada"), inspect({limit, period, algorithm})
      end
    end

    test "time goes no further than its end" do
      limiter = limiter()
      assert Limit.advance(limiter, @most) == :ok
      assert Limit.advance(limiter, @most) == :ok
      assert {:allow, _} = Limit.hit(limiter, "ada")
      assert {:error, %Error{reason: :not_manual}} = Limit.advance(limiter(clock: :monotonic), 1)
    end
  end
end
