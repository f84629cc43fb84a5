defmodule Outrigger.Limit.ChannelTest do
  use ExUnit.Case, async: true

  alias Outrigger.{Error, Limit}
  alias Outrigger.Limit.Channel

  doctest Channel

  defp limiter do
    {:ok, limiter} = Limit.new(limit: 2, period: 1_000, clock: :manual)
    limiter
  end

  test "joins and events, by weight" do
    limiter = limiter()
    assert Channel.limit_join(limiter, :ada) == :ok
    assert Channel.limit_event(:socket, limiter, :ada) == :ok
    denied = %{reason: "rate_limited", retry_after: 500}
    assert Channel.limit_join(limiter, :ada) == {:error, denied}
    assert Channel.limit_event(:socket, limiter, :ada) == {:reply, {:error, denied}, :socket}

    assert {:reply, {:error, %{retry_after: :never}}, :socket} =
             Channel.limit_event(:socket, limiter, :bob, 3)
  end

  test "what cannot be counted raises" do
    assert_raise Error, fn -> Channel.limit_event(:socket, limiter(), :ada, -1) end
    assert_raise Error, fn -> Channel.limit_join(ChannelTest.Nobody, :ada) end
  end
end
