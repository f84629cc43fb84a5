defmodule Outrigger.Test.TaggedTerms do
  @moduledoc """
  Values as the golden corpus has them (`tests/vectors/events/README.md`), on the BEAM.
  """

  alias Outrigger.Events.Moment

  @doc "The term of a tagged one."
  @spec term(term) :: term
  def term(%{"integer" => digits}), do: String.to_integer(digits)
  def term(%{"float" => float}), do: float
  def term(%{"bytes" => hex}), do: Base.decode16!(hex, case: :lower)
  def term(%{"name" => name}), do: String.to_existing_atom(name)
  def term(%{"list" => list}), do: Enum.map(list, &term/1)
  def term(%{"map" => map}), do: Map.new(map, fn {key, value} -> {key, term(value)} end)
  def term(%{"decimal" => text}), do: decimal(text)
  def term(%{"infinity" => true}), do: %Moment{kind: :infinity, value: nil}
  def term(%{"infinity" => false}), do: %Moment{kind: :minus_infinity, value: nil}
  def term(%{"date" => days}), do: Date.add(~D[1970-01-01], String.to_integer(days))

  def term(%{"time" => [nanos, digits]}) do
    nanos = String.to_integer(nanos)

    if rem(nanos, 1000) == 0 and nanos < 86_400_000_000_000,
      do: precise(Time.add(~T[00:00:00.000000], div(nanos, 1000), :microsecond), digits),
      else: %Moment{kind: :time, value: nanos}
  end

  def term(%{"naive" => [nanos, digits]}), do: at(nanos, digits, :naive, ~N[1970-01-01 00:00:00])

  def term(%{"instant" => [nanos, digits]}),
    do: at(nanos, digits, :instant, ~U[1970-01-01 00:00:00Z])

  def term(%{"duration" => parts}) do
    %Moment{kind: :duration, value: parts |> Enum.map(&String.to_integer/1) |> List.to_tuple()}
  end

  def term(plain), do: plain

  defp at(nanos, digits, kind, %module{} = epoch) do
    nanos = String.to_integer(nanos)

    if rem(nanos, 1000) == 0,
      do: precise(module.add(epoch, div(nanos, 1000), :microsecond), digits),
      else: %Moment{kind: kind, value: nanos}
  end

  defp precise(time, digits),
    do: %{time | microsecond: {elem(time.microsecond, 0), min(digits, 6)}}

  defp decimal("NaN"), do: %{__struct__: Decimal, sign: 1, coef: :NaN, exp: 0}
  defp decimal("-Infinity"), do: %{__struct__: Decimal, sign: -1, coef: :inf, exp: 0}

  defp decimal(text) do
    {mantissa, exponent} =
      with [one] <- String.split(text, "e"),
           do: {one, 0},
           else: ([m, e] -> {m, String.to_integer(e)})

    {sign, digits} =
      if String.starts_with?(mantissa, "-"),
        do: {-1, String.slice(mantissa, 1..-1//1)},
        else: {1, mantissa}

    places =
      with [_, fraction] <- String.split(digits, "."), do: byte_size(fraction), else: (_ -> 0)

    coef = digits |> String.replace(".", "") |> String.to_integer()
    %{__struct__: Decimal, sign: sign, coef: coef, exp: exponent - places}
  end
end
