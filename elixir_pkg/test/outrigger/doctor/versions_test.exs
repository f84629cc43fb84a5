defmodule Outrigger.Doctor.VersionsTest do
  use ExUnit.Case, async: true

  alias Outrigger.Doctor.Versions

  test "this VM is fine" do
    assert [%{check: "elixir", status: :ok}, %{check: "otp", status: :ok}] = Versions.checks()
  end

  test "too old, oldest, newest, newer" do
    statuses = fn elixir, otp -> Enum.map(Versions.checks(elixir, otp), & &1.status) end
    assert statuses.("1.13.4", "24") == [:fail, :fail]
    assert statuses.("1.14.0", "25") == [:ok, :ok]
    assert statuses.("1.20.0-rc.1", "29") == [:ok, :ok]
    assert [_, %{status: :ok, detail: "30, newer than 29" <> _}] = Versions.checks("1.21.0", "30")
  end
end
