defmodule Outrigger.Doctor.HostTest do
  use ExUnit.Case, async: true

  alias Outrigger.Doctor.Host

  test "this machine first, then each host once" do
    checks = Host.checks(["a@127.0.0.1", "b@127.0.0.1", "c@::1", "no name"])
    assert ["host name", "host 127.0.0.1", "host ::1"] = Enum.map(checks, & &1.check)
    assert Enum.all?(tl(checks), &(&1.status == :ok))
  end

  test "a host that does not resolve" do
    # RFC 2606 keeps this domain empty for ever.
    assert [_, %{status: :fail, detail: detail, remedy: remedy}] =
             Host.checks(["a@nowhere.invalid"])

    assert detail == "nowhere.invalid does not resolve on this machine"
    assert remedy =~ "/etc/hosts"
  end
end
