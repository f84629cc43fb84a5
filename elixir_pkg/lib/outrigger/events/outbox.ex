defmodule Outrigger.Events.Outbox do
  @moduledoc """
  An event of an outbox table, with the columns of Debezium's outbox router.

    * `:key` - the key of the record;
    * `:id` - the event's id;
    * `:aggregate_type` - what the event is about, by which it is routed;
    * `:aggregate_id` - which of them;
    * `:type` - what happened;
    * `:payload` - the event itself: text, bytes, or with `expand_payload: true` what its JSON says;
    * `:rest` - the other columns.

  `Outrigger.Events.Debezium.decode/2` makes it.
  """

  defstruct [:key, :id, :aggregate_type, :aggregate_id, :type, :payload, rest: %{}]

  @type t :: %__MODULE__{
          key: term,
          id: term,
          aggregate_type: String.t(),
          aggregate_id: term,
          type: String.t(),
          payload: term,
          rest: %{optional(String.t()) => term}
        }
end
