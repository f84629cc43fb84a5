defmodule Outrigger.ApplicationTest do
  use ExUnit.Case, async: true

  test "the :pg scope runs with the application" do
    assert Process.alive?(Process.whereis(Outrigger.PubSub))
    assert :ok = :pg.join(Outrigger.PubSub, {__MODULE__, :group}, self())
    assert :pg.get_local_members(Outrigger.PubSub, {__MODULE__, :group}) == [self()]
  end
end
