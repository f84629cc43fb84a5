defmodule Outrigger.Node.SecretTest do
  use ExUnit.Case, async: true

  doctest Outrigger.Node.Secret

  alias Outrigger.Node.Secret

  test "neither inspect nor ~p shows it, and wrapping twice is wrapping once" do
    secret = Secret.wrap(:hush_hush)
    assert Secret.wrap(secret) == secret
    refute inspect(secret) =~ "hush"
    refute to_string(:io_lib.format("~p ~w", [secret, %{a: secret}])) =~ "hush"
    assert Secret.reveal(secret) == "hush_hush"
  end
end
