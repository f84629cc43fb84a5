defmodule Outrigger.Events.Registry.Retry do
  @moduledoc """
  When to ask again after a failure that may pass: exponential backoff with full jitter.

  All urls are tried once without a wait; this is a round. Before the next round comes a wait between nothing and `backoff * 2^round`, at
  most `max_backoff`, drawn evenly so that clients do not come back together. A `Retry-After` is a lower bound to that wait. A wait that
  would not end before the deadline is not begun.

  Pure: the time left and the random number are arguments.
  """

  @type policy :: %{
          urls: pos_integer,
          retries: non_neg_integer,
          backoff: non_neg_integer,
          max_backoff: non_neg_integer
        }

  @doc """
  After `attempts` failed ones: how many milliseconds to wait for the next, or `:stop`.

  `retry_after` is what the last answer asked for, in milliseconds, `left` the time to the deadline, and `random` a float in `0.0..1.0`.

      iex> policy = %{urls: 1, retries: 2, backoff: 100, max_backoff: 1_000}
      iex> for attempts <- 1..3, do: Outrigger.Events.Registry.Retry.next(policy, attempts, 0, 5_000, 0.5)
      [{:wait, 50}, {:wait, 100}, :stop]
  """
  @spec next(policy, pos_integer, non_neg_integer, integer, float) ::
          {:wait, non_neg_integer} | :stop
  def next(policy, attempts, retry_after, left, random) do
    round = div(attempts, policy.urls)

    cond do
      round > policy.retries -> :stop
      rem(attempts, policy.urls) != 0 -> if left > 0, do: {:wait, 0}, else: :stop
      true -> fits(max(jitter(policy, round - 1, random), retry_after), left)
    end
  end

  # 2^20 times any backoff is above any bound that makes sense.
  defp jitter(policy, round, random) do
    most = min(policy.backoff * Integer.pow(2, min(round, 20)), policy.max_backoff)
    trunc(most * random)
  end

  defp fits(wait, left) when wait < left, do: {:wait, wait}
  defp fits(_wait, _left), do: :stop
end
