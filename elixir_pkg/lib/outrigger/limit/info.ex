defmodule Outrigger.Limit.Info do
  @moduledoc """
  What a limiter says beside `:allow` or `:deny`. All times are milliseconds, rounded up.

    * `:limit` - the limit of the rule;
    * `:remaining` - the largest cost that would be admitted now, after this hit;
    * `:reset` - until the key is as new, if nobody hits it again;
    * `:retry_after` - until a hit of the same cost is admitted, if nobody else comes: 0 when this one was. `:never` when the
      cost is more than the rule can ever give;
    * `:delay` - how long to wait so that admitted hits leave at the rate of the rule. More than 0 with `algorithm:
      :leaky_bucket` only.

  ## Example

      iex> {:ok, limiter} = Outrigger.Limit.new(limit: 2, period: 1_000, clock: :manual)
      iex> {:allow, %Outrigger.Limit.Info{limit: 2, remaining: 1}} = Outrigger.Limit.hit(limiter, "ada")
      iex> {:allow, _info} = Outrigger.Limit.hit(limiter, "ada")
      iex> {:deny, info} = Outrigger.Limit.hit(limiter, "ada")
      iex> {info.remaining, info.retry_after, info.reset}
      {0, 500, 1000}
  """

  @enforce_keys [:limit, :remaining, :reset, :retry_after]
  defstruct [:limit, :remaining, :reset, :retry_after, delay: 0]

  @type t :: %__MODULE__{
          limit: pos_integer,
          remaining: non_neg_integer,
          reset: non_neg_integer,
          retry_after: non_neg_integer | :never,
          delay: non_neg_integer
        }
end
