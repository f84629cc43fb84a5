defmodule Outrigger.Events.Tombstone do
  @moduledoc """
  A record without a value: the log may forget what it has of the key. It follows a deletion, and is none itself.

    * `:key` - the key of the row.

  `Outrigger.Events.Debezium.decode/2` makes it.
  """

  defstruct [:key]

  @type t :: %__MODULE__{key: term}
end
