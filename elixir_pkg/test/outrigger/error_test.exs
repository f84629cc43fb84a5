defmodule Outrigger.ErrorTest do
  use ExUnit.Case, async: true

  doctest Outrigger.Error

  test "is an exception" do
    error = Outrigger.Error.new(:timeout, "too late", %{ms: 5})

    assert_raise Outrigger.Error, "too late", fn -> raise error end
    assert error.details == %{ms: 5}
    assert Outrigger.Error.new(:timeout, "too late").details == %{}
  end
end
