defmodule Outrigger.Events.Notification do
  @moduledoc """
  What a connector says of its own work: a snapshot began, is half done, is complete.

    * `:key` - the key of the record;
    * `:id` - the notification's id;
    * `:aggregate_type` - what it is about: `"Initial Snapshot"`;
    * `:type` - what happened: `"STARTED"`;
    * `:data` - details, all text;
    * `:ts` - when.

  `Outrigger.Events.Debezium.decode/2` makes it.
  """

  defstruct [:key, :id, :aggregate_type, :type, :data, :ts]

  @type t :: %__MODULE__{
          key: term,
          id: String.t() | nil,
          aggregate_type: String.t(),
          type: String.t(),
          data: map | nil,
          ts: DateTime.t() | nil
        }
end
