defmodule Outrigger.Doctor.HostTest do
  use ExUnit.Case, async: true

  alias Outrigger.Doctor.Host

  test "the host of the name, or that of the machine" do
    assert Host.check("a@127.0.0.1") |> Map.take([:status, :detail]) == %{
             status: :ok,
             detail: "127.0.0.1 is 127.0.0.1"
           }

    assert %{status: :ok} = Host.check("a@::1")
    {:ok, machine} = :inet.gethostname()

    for name <- [nil, "a"],
        do: assert(String.starts_with?(Host.check(name).detail, "#{machine} "))
  end

  test "a host that does not resolve" do
    # RFC 2606 keeps this domain empty for ever.
    assert %{status: :fail, detail: detail, remedy: remedy} = Host.check("a@nowhere.invalid")
    assert detail == "nowhere.invalid does not resolve on this machine"
    assert remedy =~ "/etc/hosts"
  end
end
