defmodule Outrigger.Events.Signal do
  @moduledoc """
  What a connector is told to do: a row of its signal table, or a record of its signal topic.

    * `:key` - the key of the record;
    * `:id` - the signal's id;
    * `:type` - what to do: `"execute-snapshot"`;
    * `:data` - details, as they were given.

  `Outrigger.Events.Debezium.decode/2` makes it.
  """

  defstruct [:key, :id, :type, :data]

  @type t :: %__MODULE__{
          key: term,
          id: String.t() | nil,
          type: String.t(),
          data: String.t() | map | nil
        }
end
