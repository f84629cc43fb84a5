defmodule Outrigger.Doctor.CheckTest do
  use ExUnit.Case, async: true

  alias Outrigger.Doctor.Check

  test "the three kinds" do
    assert Check.ok("a", "b") == %Check{check: "a", status: :ok, detail: "b", remedy: ""}

    assert Check.warn("a", "b", "c") == %Check{
             check: "a",
             status: :warn,
             detail: "b",
             remedy: "c"
           }

    assert Check.fail("a", "b", "c") == %Check{
             check: "a",
             status: :fail,
             detail: "b",
             remedy: "c"
           }
  end
end
