defmodule Outrigger.Node.FailureTest do
  use ExUnit.Case, async: true

  alias Outrigger.Node.Failure

  defp fatal(reason, text), do: Failure.fatal(reason, text, "r@h", "a@h")

  test "a fatal line: reason, what was said, remedy" do
    error = fatal("cookie_refused", "a@h has another cookie.")
    assert error.reason == :cookie_refused

    assert error.message =~
             "r@h did not start: a@h has another cookie. The cookie differs from that of a@h"

    assert error.details == %{name: "r@h", node: "a@h", text: "a@h has another cookie."}
  end

  test "what was said is one sentence, whatever it was" do
    assert fatal("timeout", "").message =~ "did not start: timeout. "

    assert fatal("bad_option", ~S(error: x\n\nTry '--help'.)).message =~
             "did not start: error: x Try '--help'. "
  end

  test "a reason that is not in the table makes no atom" do
    reason = "reason_#{System.unique_integer([:positive])}"
    assert %{reason: :start_failed, details: %{fatal: ^reason}} = fatal(reason, "")
    assert_raise ArgumentError, fn -> String.to_existing_atom(reason) end
  end

  test "an end without a word may be the system's failure to run it" do
    for {status, why} <- [{8, "machine"}, {13, "execute"}, {2, "loader"}] do
      assert %{reason: :exec_failed, message: message} = Failure.exited("r@h", status, nil, "/x")
      assert message =~ why and message =~ "/x"
      assert Failure.exited("r@h", status, "", "/x").reason == :exited
    end

    assert Failure.exited("r@h", 1, nil, "/x").reason == :exited
  end

  test "an end by a signal, and with a last complaint" do
    assert Failure.exited("r@h", 137, "", "/x").message == "r@h was killed by signal 9."

    assert Failure.exited("r@h", 1, "no memory", "/x").message ==
             "r@h has exited with status 1. Its last complaint: no memory"
  end

  test "a system that does not start it" do
    assert Failure.not_opened("/x", :enoent).reason == :missing_binary
    assert Failure.not_opened("/x", :eacces).message =~ "chmod"
    assert Failure.not_opened("/x", :enomem).message =~ "memory"
    assert Failure.closed("r@h", :epipe).reason == :exited
  end
end
