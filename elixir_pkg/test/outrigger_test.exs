defmodule OutriggerTest do
  use ExUnit.Case, async: true

  doctest Outrigger

  test "the version is that of the project" do
    assert Outrigger.version() == Mix.Project.config()[:version]
  end
end
