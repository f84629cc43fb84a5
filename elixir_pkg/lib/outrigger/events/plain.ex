defmodule Outrigger.Events.Plain do
  @moduledoc false

  # Terms for the NIF's encoders: structs become tuples, everything else stays. See native/nif/src/events/value.rs.

  alias Outrigger.Error
  alias Outrigger.Events.Moment

  @epoch_days 719_528
  @nanos_per_day 86_400_000_000_000

  @spec of(term) :: {:ok, term} | {:error, Error.t()}
  def of(term) do
    {:ok, plain(term)}
  catch
    {:no_value, struct} ->
      {:error,
       Error.new(:bad_value, "#{inspect(struct)} is no value, make a map of it first", %{
         path: "$"
       })}
  end

  defp plain(list) when is_list(list), do: list(list)

  defp plain(%{__struct__: Decimal, coef: coef, exp: exp, sign: sign}) when is_integer(coef),
    do: {:decimal, coef, exp, sign < 0}

  defp plain(%Date{} = date), do: {:date, days(date)}
  defp plain(%Time{microsecond: {_us, digits}} = time), do: {:time, of_day(time), digits}

  defp plain(%NaiveDateTime{microsecond: {_us, digits}} = naive),
    do: {:naive, days(naive) * @nanos_per_day + of_day(naive), digits}

  defp plain(%DateTime{microsecond: {_us, digits}} = instant),
    do: {:instant, DateTime.to_unix(instant, :microsecond) * 1_000, digits}

  defp plain(%Moment{kind: :duration, value: {months, days, nanos}}),
    do: {:duration, months, days, nanos}

  defp plain(%Moment{kind: :date, value: days}), do: {:date, days}

  defp plain(%Moment{kind: kind, value: nanos}) when kind in [:time, :naive, :instant],
    do: {kind, nanos, 9}

  defp plain(%_other{} = struct), do: throw({:no_value, struct})
  defp plain(map) when is_map(map), do: Map.new(map, fn {key, value} -> {key, plain(value)} end)
  defp plain(other), do: other

  # A list without a proper end is the NIF's to refuse.
  defp list([element | rest]), do: [plain(element) | list(rest)]
  defp list(rest), do: rest

  defp days(%{year: year, month: month, day: day}) do
    {days, _fraction} = Calendar.ISO.naive_datetime_to_iso_days(year, month, day, 0, 0, 0, {0, 0})
    days - @epoch_days
  end

  defp of_day(%{hour: hour, minute: minute, second: second, microsecond: {us, _digits}}),
    do: ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + us * 1_000
end
