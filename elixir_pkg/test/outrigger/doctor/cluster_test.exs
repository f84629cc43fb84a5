defmodule Outrigger.Doctor.ClusterTest do
  # What the binary says of real nodes is tested in doctor_live_test.exs.
  use ExUnit.Case, async: true

  alias Outrigger.Doctor.{Check, Cluster}
  alias Outrigger.FakeBinary

  defp script(body) do
    path = FakeBinary.write("")
    File.write!(path, "#!/bin/sh\n" <> body)
    path
  end

  test "lines become checks" do
    assert Cluster.parse(
             "ok\tepmd\tanswers\t\nwarn\ttls a@h\tnone\tuse it\nfail\thandshake a@h\tcookie\tsame\n"
           ) == [
             Check.ok("epmd", "answers"),
             Check.warn("tls a@h", "none", "use it"),
             Check.fail("handshake a@h", "cookie", "same")
           ]
  end

  test "the arguments are handed on, and status 1 is an answer" do
    path = script("printf 'fail\\targs\\t%s\\tx\\n' \"$*\"; exit 1")

    assert [%{status: :fail, detail: "doctor --format tsv --join a@h"}] =
             Cluster.checks(path, ["--join", "a@h"])
  end

  test "what is no answer is a failed check" do
    for {body, why} <- [
          {"exit 0", "nothing"},
          {"echo usage; exit 2", "status 2"},
          {"echo boom", "boom"}
        ] do
      assert [%Check{check: "cluster", status: :fail, detail: detail}] =
               Cluster.checks(script(body), [])

      assert detail =~ why
    end

    assert [%Check{status: :fail}] = Cluster.checks("/nonexistent/outrigger", [])
  end
end
