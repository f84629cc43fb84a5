defmodule Outrigger.Doctor.NamesTest do
  use ExUnit.Case, async: true

  alias Outrigger.Doctor.Names

  defp status(own, join), do: own |> Names.checks(join) |> Enum.map(& &1.status)

  test "nothing given, nothing checked" do
    assert Names.checks(nil, []) == []
  end

  test "one type" do
    assert status({:long, "r@127.0.0.1"}, ["a@h.d"]) == [:ok]
    assert status({:long, "r"}, ["a@h.d"]) == [:ok]
    assert status({:short, "r"}, ["a@h"]) == [:ok]
    assert status(nil, ["a@h", "b@h"]) == [:ok]
  end

  test "two types, whoever has them" do
    for {own, join} <- [
          {{:long, "r@127.0.0.1"}, ["a@h"]},
          {{:short, "r"}, ["a@h.d"]},
          {{:short, "r@h.d"}, []},
          {{:long, "r@h"}, []},
          {nil, ["a@h", "b@h.d"]}
        ] do
      assert [%{status: :fail, detail: detail, remedy: remedy}] = Names.checks(own, join)
      assert detail =~ "mixed" and remedy =~ "--name"
    end
  end

  test "no names" do
    assert [%{status: :fail, detail: ~s("a" cannot be) <> _}] = Names.checks(nil, ["a", "b@h"])
    assert [%{status: :fail}] = Names.checks({:long, "r@@h"}, [])
  end
end
