defmodule Outrigger.Events.Transaction do
  @moduledoc """
  A step of a transaction: its begin, its end, and what may come between.

    * `:key` - the key of the record, where records have keys;
    * `:id` - the id that changes of this transaction have;
    * `:status` - which step, see below;
    * `:event_count` - how many events it had, at its end;
    * `:data_collections` - how many of each table: `%{"data_collection" => table, "event_count" => count}`;
    * `:ts` - when;
    * `:gid` - the name under which it is prepared;
    * `:origin` - the server that it was made on, with the status `:origin`;
    * `:position` - where the step stands in the source's log.

  `Outrigger.Events.Debezium` makes those with the status `:begin` and `:end` (`provide.transaction.metadata`),
  `Outrigger.Events.PgOutput` makes all.

  ## Status

    * `:begin`, `:end` - what follows belongs to it, and it has committed;
    * `:origin` - it comes from another server, and was replicated to this one;
    * `:stream_begin`, `:stream_pause`, `:stream_resume` - it is sent before it has ended, in parts. It ends with `:end`,
      `:prepare` or `:abort`;
    * `:abort` - it is taken back, or if `position.sub_tx_id` is not its own `position.tx_id`, what that sub-transaction has made;
    * `:prepare`, `:commit_prepared`, `:rollback_prepared` - of a prepared transaction, which may be long after.
  """

  defstruct [
    :key,
    :id,
    :status,
    :event_count,
    :data_collections,
    :ts,
    :gid,
    :origin,
    position: %{}
  ]

  @type status ::
          :begin
          | :end
          | :origin
          | :stream_begin
          | :stream_pause
          | :stream_resume
          | :abort
          | :prepare
          | :commit_prepared
          | :rollback_prepared

  @type t :: %__MODULE__{
          key: term,
          id: String.t() | nil,
          status: status,
          event_count: non_neg_integer | nil,
          data_collections: [map] | nil,
          ts: DateTime.t() | nil,
          gid: String.t() | nil,
          origin: String.t() | nil,
          position: Outrigger.Events.Change.position()
        }
end
