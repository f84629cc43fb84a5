defmodule Outrigger.Limit.Answer do
  @moduledoc """
  From what the engine says to what the caller of `Outrigger.Limit` gets, and to telemetry.

  The engine answers `{what, limit, remaining, reset, retry_after}`, and `delay` behind it where there is one. `what` is `:allow` or `:deny`
  in the usual case, which `Outrigger.Limit.hit/3` handles by itself, or why it is not: `:banned`, `:ban_began`, `:shed_allow`,
  `:shed_deny`. An atom alone is something that cannot be counted, see `Outrigger.Limit.Problem`.
  """

  alias Outrigger.Limit.{Info, Problem}
  alias Outrigger.Telemetry

  @doc "The answer to a hit. Tells telemetry what the limiter is set to tell."
  @spec of(tuple | atom, Outrigger.Limit.t(), term, term) :: Outrigger.Limit.answer()
  def of(problem, _limiter, key, cost) when is_atom(problem), do: Problem.of(problem, key, cost)

  def of(answer, limiter, key, cost) do
    info = info(answer)
    tell(elem(answer, 0), limiter, key, cost, info)
    {verdict(answer), info}
  end

  @doc "The answer to a question, which is nothing to tell anybody."
  @spec quiet(tuple | atom, term, term) :: Outrigger.Limit.answer()
  def quiet(problem, key, cost) when is_atom(problem), do: Problem.of(problem, key, cost)
  def quiet(answer, _key, _cost), do: {verdict(answer), info(answer)}

  @doc "The figures in an answer."
  @spec info(tuple) :: Info.t()
  def info({_what, limit, remaining, reset, retry}),
    do: %Info{limit: limit, remaining: remaining, reset: reset, retry_after: retry}

  def info({what, limit, remaining, reset, retry, delay}),
    do: %{info({what, limit, remaining, reset, retry}) | delay: delay}

  defp verdict(answer) when elem(answer, 0) in [:allow, :shed_allow], do: :allow
  defp verdict(_answer), do: :deny

  defp tell(:allow, limiter, key, cost, info) do
    if limiter.telemetry == :all,
      do: event(:allow, %{cost: cost, remaining: info.remaining}, limiter, %{key: key})
  end

  defp tell(:shed_allow, limiter, key, cost, _info),
    do: event(:shed, %{cost: cost}, limiter, %{key: key, policy: :allow})

  defp tell(:shed_deny, limiter, key, cost, info) do
    event(:shed, %{cost: cost}, limiter, %{key: key, policy: :deny})
    tell(:deny, limiter, key, cost, info)
  end

  defp tell(:ban_began, limiter, key, cost, info) do
    event(:ban, %{for: info.retry_after}, limiter, %{key: key})
    tell(:banned, limiter, key, cost, info)
  end

  defp tell(denied, limiter, key, cost, info) do
    if limiter.telemetry != :rare do
      measurements = %{cost: cost, remaining: info.remaining, retry_after: info.retry_after}
      event(:deny, measurements, limiter, %{key: key, banned: denied == :banned})
    end
  end

  defp event(name, measurements, limiter, metadata) do
    metadata = Map.put(metadata, :limiter, limiter.name || limiter)
    Telemetry.execute([:outrigger, :limit, name], measurements, metadata)
  end
end
