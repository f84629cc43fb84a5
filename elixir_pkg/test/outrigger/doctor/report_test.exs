defmodule Outrigger.Doctor.ReportTest do
  use ExUnit.Case, async: true

  alias Outrigger.Doctor.{Check, Report}

  @checks [
    Check.ok("epmd", "answers at port 4369"),
    Check.warn("name", "a b", "use another"),
    Check.fail("handshake app@h", "cookie refused", "same cookie")
  ]

  test "text is that of `outrigger doctor`" do
    assert Report.text(@checks) == """
           ok    epmd             answers at port 4369
           warn  name             a b
                                  -> use another
           FAIL  handshake app@h  cookie refused
                                  -> same cookie

           1 failed, 1 with a warning, of 3 checks.
           """

    assert Report.text([Check.ok("a", "b")]) =~ "All 1 checks are ok."
  end

  test "json" do
    assert Report.json([List.last(@checks)]) ==
             ~S({"status":"fail","checks":[{"status":"fail","check":"handshake app@h",) <>
               ~S("detail":"cookie refused","remedy":"same cookie"}]}) <> "\n"
  end

  test "the worst" do
    assert Report.worst([]) == :ok
    assert Report.worst(Enum.take(@checks, 1)) == :ok
    assert Report.worst(Enum.take(@checks, 2)) == :warn
    assert Report.worst(@checks) == :fail
  end
end
