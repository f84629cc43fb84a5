defmodule Outrigger.Node.NameTest do
  use ExUnit.Case, async: true

  doctest Outrigger.Node.Name

  alias Outrigger.Node.Name

  test "the host makes the type" do
    for {name, type} <- [
          {"a@h", :short},
          {"a@h.d", :long},
          {"a@127.0.0.1", :long},
          {"a@::1", :long}
        ] do
      assert {:ok, %{type: ^type, full: ^name}} = Name.parse(name)
    end

    assert {Name.flag(:long), Name.flag(:short)} == {"--name", "--sname"}
  end

  test "what is no full name" do
    for name <- [
          "",
          "a",
          "a@",
          "@h",
          "a@b@c",
          "a b@h",
          "a@h\n",
          "a=b@h",
          "a,b@h",
          String.duplicate("a", 254) <> "@h",
          1
        ] do
      assert Name.parse(name) == :error
    end
  end
end
