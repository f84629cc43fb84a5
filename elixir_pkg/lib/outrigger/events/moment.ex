defmodule Outrigger.Events.Moment do
  @moduledoc """
  A time that Elixir's own structs cannot hold without rounding: years beyond 9999, nanoseconds, 24:00, spans, infinity.

    * `kind: :date` - `value` is days since 1970-01-01;
    * `kind: :time` - nanoseconds of a day;
    * `kind: :naive` - nanoseconds since 1970-01-01 00:00 of a clock without a zone;
    * `kind: :instant` - nanoseconds since 1970-01-01 00:00 UTC;
    * `kind: :duration` - `{months, days, nanoseconds}`;
    * `kind: :infinity`, `:minus_infinity` - PostgreSQL's; `value` is `nil`.

  Where a `Date`, `Time`, `NaiveDateTime` or `DateTime` holds the value exactly, it is one of these instead.
  """

  @enforce_keys [:kind, :value]
  defstruct [:kind, :value]

  @type t ::
          %__MODULE__{kind: :date | :time | :naive | :instant, value: integer}
          | %__MODULE__{kind: :duration, value: {integer, integer, integer}}
          | %__MODULE__{kind: :infinity | :minus_infinity, value: nil}
end
