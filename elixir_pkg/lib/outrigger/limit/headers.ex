defmodule Outrigger.Limit.Headers do
  @moduledoc """
  What an answer is in HTTP header fields. Pure.

    * `:ietf` - `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers (from draft 08 on), which are structured fields
      (RFC 9651): the policy's name with quota `q` and window `w`, and what remains `r` with the seconds `t` until all of it is back;
    * `:x` - `X-RateLimit-Limit`, `-Remaining` and `-Reset`, the last one in seconds since 1970, as GitHub and others have it;
    * `:none`.

  `Retry-After` (RFC 9110, 10.2.3) in seconds goes with a denial, unless no wait helps. All seconds are rounded up.

  ## Example

      iex> info = %Outrigger.Limit.Info{limit: 100, remaining: 0, reset: 59_001, retry_after: 600}
      iex> Outrigger.Limit.Headers.of(:ietf, info, %{policy: "api", period: 60_000})
      [{"ratelimit-policy", ~s("api";q=100;w=60)}, {"ratelimit", ~s("api";r=0;t=60)}]
      iex> Outrigger.Limit.Headers.retry_after(info)
      [{"retry-after", "1"}]
  """

  alias Outrigger.Limit.Info

  @doc "The fields of an answer. `period` is in milliseconds, `now` in seconds since 1970."
  @spec of(:ietf | :x | :none, Info.t(), %{policy: String.t(), period: pos_integer}, integer) ::
          [{String.t(), String.t()}]
  def of(style, info, about, now \\ System.system_time(:second))

  def of(:ietf, info, %{policy: policy, period: period}, _now) do
    policy = string(policy)

    [
      {"ratelimit-policy", "#{policy};q=#{info.limit};w=#{seconds(period)}"},
      {"ratelimit", "#{policy};r=#{info.remaining};t=#{seconds(info.reset)}"}
    ]
  end

  def of(:x, info, _about, now) do
    [
      {"x-ratelimit-limit", Integer.to_string(info.limit)},
      {"x-ratelimit-remaining", Integer.to_string(info.remaining)},
      {"x-ratelimit-reset", Integer.to_string(now + seconds(info.reset))}
    ]
  end

  def of(:none, _info, _about, _now), do: []

  @doc "When to come again, of a denial."
  @spec retry_after(Info.t()) :: [{String.t(), String.t()}]
  def retry_after(%Info{retry_after: :never}), do: []

  def retry_after(%Info{retry_after: milliseconds}),
    do: [{"retry-after", Integer.to_string(seconds(milliseconds))}]

  @doc """
  A name for the policy of a limiter.

      iex> Outrigger.Limit.Headers.policy(MyApp.ApiLimit)
      "api_limit"
  """
  @spec policy(Outrigger.Limit.limiter()) :: String.t()
  def policy(name) when is_atom(name),
    do: name |> Atom.to_string() |> String.split(".") |> List.last() |> Macro.underscore()

  def policy(_handle), do: "default"

  defp seconds(milliseconds), do: div(milliseconds + 999, 1_000)

  # RFC 9651, 4.1.6. What cannot stand in a string of a structured field is left out.
  defp string(text) do
    plain = for <<char <- text>>, char in 0x20..0x7E, into: "", do: escape(char)
    ~s("#{plain}")
  end

  defp escape(char) when char in [?", ?\\], do: <<?\\, char>>
  defp escape(char), do: <<char>>
end
