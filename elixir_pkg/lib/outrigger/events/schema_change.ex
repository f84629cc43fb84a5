defmodule Outrigger.Events.SchemaChange do
  @moduledoc """
  DDL, and the tables as they are after it: what a connector sends to its schema-change topic.

    * `:key` - the key of the record;
    * `:database` - the database;
    * `:schema` - the schema;
    * `:ddl` - the statement;
    * `:table_changes` - tables and their columns, as the connector tells them;
    * `:source` - where it comes from;
    * `:table` - the table, if the source says one;
    * `:source_ts` - when the database did it;
    * `:position` - where it stands in the log;
    * `:ts` - when it was made an event.

  `Outrigger.Events.Debezium.decode/2` makes it.
  """

  defstruct [
    :key,
    :database,
    :schema,
    :ddl,
    :table_changes,
    :source,
    :table,
    :source_ts,
    :ts,
    position: %{}
  ]

  @type t :: %__MODULE__{
          key: term,
          database: String.t() | nil,
          schema: String.t() | nil,
          ddl: String.t() | nil,
          table_changes: [map] | nil,
          source: Outrigger.Events.Change.source() | nil,
          table: String.t() | nil,
          source_ts: DateTime.t() | nil,
          position: Outrigger.Events.Change.position(),
          ts: DateTime.t() | nil
        }
end
