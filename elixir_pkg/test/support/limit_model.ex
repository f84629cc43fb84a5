defmodule Outrigger.Test.LimitModel do
  @moduledoc """
  What a limiter should answer: slow and obvious, in whole milliseconds and exact fractions.

  A key's state is a list of `{time, cost}` of what was admitted, or a bucket in units of 1/period token, in which a millisecond brings
  back `limit` units. How long to wait is found by trying one millisecond after the other.
  """

  @enforce_keys [:algorithm, :limit, :period, :burst]
  defstruct [:algorithm, :limit, :period, :burst, now: 0, keys: %{}]

  @doc "A limiter without keys."
  def new(algorithm, limit, period, burst),
    do: %__MODULE__{algorithm: algorithm, limit: limit, period: period, burst: burst}

  @doc "Time passes."
  def advance(model, ms), do: %{model | now: model.now + ms}

  @doc "`{model, {verdict, remaining, reset, retry_after, delay}}`"
  def hit(model, key, cost) do
    state = state(model, key)
    {fits?, after_it} = take(model, state, cost)
    delay = if fits? and cost > 0, do: delay(model, state), else: 0
    left = if fits?, do: after_it, else: state

    answer =
      {if(fits?, do: :allow, else: :deny), remaining(model, left), reset(model, left),
       if(fits?, do: 0, else: retry_after(model, state, cost)), delay}

    {if(fits? and cost > 0, do: put(model, key, after_it), else: model), answer}
  end

  @doc "Gives back."
  def refund(model, key, cost), do: put(model, key, give_back(model, state(model, key), cost))

  @doc "Makes a key as new."
  def reset(model, key) when not is_map(key), do: %{model | keys: Map.delete(model.keys, key)}

  # Until all that is taken has come back.
  def reset(model, state) do
    Enum.find(0..(2 * model.period * (model.burst + 1)), fn ms ->
      as_new?(advance(model, ms), state)
    end)
  end

  defp state(model, key), do: Map.get(model.keys, key, fresh(model))
  defp put(model, key, state), do: %{model | keys: Map.put(model.keys, key, state)}

  defp bucket?(model), do: model.algorithm in [:gcra, :leaky_bucket]

  defp fresh(model) do
    if bucket?(model),
      do: %{level: model.burst * model.period, at: model.now},
      else: %{hits: []}
  end

  defp level(model, %{level: level, at: at}),
    do: min(level + model.limit * (model.now - at), model.burst * model.period)

  # In units of 1/period.
  defp used(%{algorithm: :fixed_window} = model, %{hits: hits}) do
    window = div(model.now, model.period)
    model.period * sum(hits, &(div(&1, model.period) == window))
  end

  # The hits of the window that the first of them has opened.
  defp used(%{algorithm: :own_window} = model, %{hits: hits}) do
    opened = opened(model, hits)
    model.period * sum(hits, &(&1 >= opened and model.now < opened + model.period))
  end

  defp used(%{algorithm: :sliding_window} = model, %{hits: hits}) do
    window = div(model.now, model.period)
    left = model.period - rem(model.now, model.period)

    model.period * sum(hits, &(div(&1, model.period) == window)) +
      left * sum(hits, &(div(&1, model.period) == window - 1))
  end

  defp used(%{algorithm: :sliding_log} = model, %{hits: hits}),
    do: model.period * sum(hits, &(&1 > model.now - model.period))

  defp used(model, state), do: model.burst * model.period - level(model, state)

  # When the last window was opened. One in which all was given back is none.
  defp opened(model, hits) do
    hits
    |> Enum.reject(&match?({_at, 0}, &1))
    |> Enum.reverse()
    |> Enum.reduce(-model.period, fn {at, _cost}, opened ->
      if at >= opened + model.period, do: at, else: opened
    end)
  end

  defp sum(hits, wanted?),
    do: for({at, cost} <- hits, wanted?.(at), reduce: 0, do: (sum -> sum + cost))

  defp take(_model, state, 0), do: {true, state}

  defp take(model, state, cost) do
    fits? = used(model, state) + cost * model.period <= model.burst * model.period

    taken =
      if bucket?(model),
        do: %{level: level(model, state) - cost * model.period, at: model.now},
        else: %{hits: [{model.now, cost} | state.hits]}

    {fits?, taken}
  end

  defp remaining(model, state),
    do: div(model.burst * model.period - used(model, state), model.period)

  defp as_new?(%{algorithm: :sliding_window} = model, %{hits: hits}) do
    window = div(model.now, model.period)
    sum(hits, &(div(&1, model.period) >= window - 1)) == 0
  end

  defp as_new?(model, state), do: used(model, state) == 0

  defp retry_after(model, state, cost) do
    if cost > model.burst do
      :never
    else
      Enum.find(0..(2 * model.period * (model.burst + 1)), fn ms ->
        model |> advance(ms) |> take(state, cost) |> elem(0)
      end)
    end
  end

  # When the last unit before this hit has leaked.
  defp delay(%{algorithm: :leaky_bucket} = model, state), do: reset(model, state)
  defp delay(_model, _state), do: 0

  defp give_back(model, state, cost) do
    cond do
      bucket?(model) ->
        level = min(level(model, state) + cost * model.period, model.burst * model.period)
        %{level: level, at: model.now}

      # The latest first. What is of a window before, or out of the period, stays.
      true ->
        oldest =
          case model.algorithm do
            :sliding_log -> model.now - model.period + 1
            :own_window -> max(opened(model, state.hits), model.now - model.period + 1)
            _of_the_clock -> model.now - rem(model.now, model.period)
          end

        %{hits: take_back(state.hits, cost, oldest)}
    end
  end

  defp take_back([{at, taken} | hits], cost, oldest) when at >= oldest and cost > 0 do
    back = min(taken, cost)
    [{at, taken - back} | take_back(hits, cost - back, oldest)]
  end

  defp take_back(hits, _cost, _oldest), do: hits
end
