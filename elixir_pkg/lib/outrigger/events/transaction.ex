defmodule Outrigger.Events.Transaction do
  @moduledoc """
  The begin or the end of a transaction: `provide.transaction.metadata`.

    * `:key` - the key of the record;
    * `:id` - the id that changes of this transaction have;
    * `:status` - which of the two;
    * `:event_count` - how many events it had, at its end;
    * `:data_collections` - how many of each table: `%{"data_collection" => table, "event_count" => count}`;
    * `:ts` - when.

  `Outrigger.Events.Debezium.decode/2` makes it.
  """

  defstruct [:key, :id, :status, :event_count, :data_collections, :ts]

  @type t :: %__MODULE__{
          key: term,
          id: String.t() | nil,
          status: :begin | :end,
          event_count: non_neg_integer | nil,
          data_collections: [map] | nil,
          ts: DateTime.t() | nil
        }
end
