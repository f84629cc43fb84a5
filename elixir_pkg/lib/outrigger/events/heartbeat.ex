defmodule Outrigger.Events.Heartbeat do
  @moduledoc """
  A sign of life that a connector sends when its tables are quiet.

    * `:key` - the key of the record;
    * `:ts` - when it was sent.

  `Outrigger.Events.Debezium.decode/2` makes it.
  """

  defstruct [:key, :ts]

  @type t :: %__MODULE__{key: term, ts: DateTime.t() | nil}
end
