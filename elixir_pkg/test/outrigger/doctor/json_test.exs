defmodule Outrigger.Doctor.JsonTest do
  use ExUnit.Case, async: true

  doctest Outrigger.Doctor.Json

  alias Outrigger.Doctor.Json

  defp json(term), do: IO.iodata_to_binary(Json.encode(term))

  test "values" do
    assert json([nil, true, false, :atom, 1, -2, 1.5, ""]) ==
             ~S([null,true,false,"atom",1,-2,1.5,""])

    assert json([]) == "[]"
    assert json(%{}) == "{}"
    assert json(%{"b" => %{a: []}}) == ~S({"b":{"a":[]}})
    assert json(z: 1, a: [x: nil]) == ~S({"z":1,"a":{"x":null}})
  end

  test "strings" do
    assert json(~S(a"b\c)) == ~S("a\"b\\c")
    assert json("\n\t\r\0\e\d") == ~S("\n\t\u000D\u0000\u001B\u007F")
    assert json("grün 🦀") == ~S("grün 🦀")
    assert json(<<"a", 0xFF, "b">>) == ~S("a) <> "\uFFFD" <> ~S(b")
  end
end
