defmodule Outrigger.Doctor.ArgumentsTest do
  use ExUnit.Case, async: true

  alias Outrigger.Doctor.Arguments

  test "a full line" do
    argv =
      ~w(--name r@h.d --join a@h.d,b@h.d --join c@h.d --peer d@h.d=h:1 --cookie-file f --epmd-port 4400 --json)

    assert {:ok, options, true} = Arguments.parse(argv)

    assert Enum.sort(options) == [
             cookie_file: "f",
             epmd_port: "4400",
             join: ["a@h.d", "b@h.d", "c@h.d"],
             name: "r@h.d",
             peers: ["d@h.d=h:1"]
           ]

    assert Arguments.parse([]) == {:ok, [join: [], peers: []], false}
  end

  test "wrong usage" do
    for argv <- [~w(--jsn), ~w(stray), ~w(--join), ~w(--cookie secret)] do
      assert {:error, %Outrigger.Error{reason: :usage}} = Arguments.parse(argv)
    end

    assert {:error, error} = Arguments.parse(~w(--cookie-fiel f))
    assert error.message =~ "--cookie-fiel"
  end
end
