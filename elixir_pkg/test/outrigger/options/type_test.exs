defmodule Outrigger.Options.TypeTest do
  use ExUnit.Case, async: true

  alias Outrigger.Options.Type

  @cases [
    {:any, [nil, 1, "x"], []},
    {:atom, [:a, Some.Module], [nil, true, "a", 1]},
    {:boolean, [true, false], [nil, :yes, 1]},
    {:string, ["", "ä"], [<<255>>, :a, ~c"list"]},
    {:integer, [-1, 0, 1], [1.0, "1"]},
    {:pos_integer, [1], [0, -1, 1.0]},
    {:non_neg_integer, [0, 1], [-1, nil]},
    {:keyword, [[], [a: 1]], [[1], %{}]},
    {{:list, :atom}, [[], [:a]], [[1], :a, [:a | :b]]},
    {{:in, [:a, 1]}, [:a, 1], [:b, nil]},
    {{:or, [:string, :atom]}, ["x", :x], [1, nil]}
  ]

  test "what belongs to each type and what does not" do
    for {type, good, bad} <- @cases do
      for value <- good,
          do: assert(Type.valid?(type, value), "#{inspect(value)} is a #{inspect(type)}")

      for value <- bad,
          do: refute(Type.valid?(type, value), "#{inspect(value)} is no #{inspect(type)}")
    end
  end

  test "each type has its two texts" do
    for {type, _good, _bad} <- @cases do
      assert is_binary(Type.name(type)) and is_binary(Type.describe(type))
    end

    assert Type.describe({:list, {:or, [:atom, :string]}}) ==
             "a list, each element an atom or a string (UTF-8)"

    assert Type.describe({:in, [:a, :b]}) == "one of :a, :b"
    assert Type.name({:list, :string}) == "list of string"
  end
end
