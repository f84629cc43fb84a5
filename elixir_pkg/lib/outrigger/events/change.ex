defmodule Outrigger.Events.Change do
  @moduledoc """
  A change of a row, as a database's log has it: what `Outrigger.Events.Debezium.decode/2` makes of an event, and
  `Outrigger.Events.PgOutput.decode/2` of a frame.

      %Outrigger.Events.Change{
        op: :update,
        table: "orders",
        key: %{"id" => 7},
        before: %{"id" => 7, "state" => "new", "note" => "a long text"},
        after: %{"id" => 7, "state" => "paid", "note" => :unchanged},
        changed: ["state"],
        source: %{connector: "postgresql", name: "shop", db: "shop", schema: "public", table: "orders", snapshot: false, ...},
        source_ts: ~U[2024-02-29 10:15:30.123456Z],
        position: %{lsn: 24023128, tx_id: 555, sequence: [24023119, 24023128]},
        ...
      }

  ## Values

  Numbers are exact: `Decimal` structs for decimals, whether or not that library is there. Dates and times are Elixir's structs at
  the precision of their column; what those cannot hold (nanoseconds, years beyond 9999, infinity, spans) is an
  `Outrigger.Events.Moment`. Bytes are binaries.

  A value that the source did not send since it did not change (PostgreSQL's TOAST) is `:unchanged`, whatever its type. It is no
  value: leave the column of your copy as it is. No text is ever made an atom, so `:unchanged` is never a column's own value.
  """

  defstruct [
    :op,
    :source,
    :table,
    :source_ts,
    :key,
    :before,
    :after,
    :changed,
    :transaction,
    :ts,
    :message,
    position: %{},
    rest: %{}
  ]

  @typedoc """
  What was done. `nil` for a row without an envelope (`ExtractNewRecordState` without `add.fields=op`), of which nothing says
  whether it is new.
  """
  @type op :: :create | :read | :update | :delete | :truncate | :message | nil

  @typedoc "Columns by name."
  @type row :: %{optional(String.t()) => :unchanged | term}

  @typedoc "Where in a snapshot the row was read, or `false`. Text, if a connector has a value that is not among these."
  @type snapshot ::
          boolean
          | :first
          | :last
          | :first_in_data_collection
          | :last_in_data_collection
          | :incremental
          | String.t()

  @typedoc "Where the change comes from. `:rest` has what its connector says beside these and the position."
  @type source :: %{
          connector: String.t() | nil,
          name: String.t() | nil,
          version: String.t() | nil,
          db: String.t() | nil,
          schema: String.t() | nil,
          table: String.t() | nil,
          snapshot: snapshot,
          rest: %{optional(String.t()) => term}
        }

  @typedoc """
  Where the change stands in the source's log, in the source's own terms: `:lsn`, `:tx_id`, `:xmin`, `:sequence` (PostgreSQL);
  `:file`, `:pos`, `:row`, `:gtid` (MySQL); `:scn`, `:commit_scn` (Oracle); `:change_lsn`, `:commit_lsn`, `:event_serial_no`
  (SQL Server); `:ord` (MongoDB); `:vgtid` (Vitess). `Outrigger.Events.PgOutput` says what it has besides.
  """
  @type position :: %{optional(atom) => term}

  @typedoc """
    * `:changed` - the columns that differ between `:before` and `:after`, in the order of the row; `nil` if there are not both;
    * `:source_ts` - when the database did it, and `:ts` when the connector made an event of it;
    * `:message` - `%{prefix: text, content: bytes}` of a message in the log;
    * `:rest` - what the envelope has beside all this.
  """
  @type t :: %__MODULE__{
          op: op,
          source: source | nil,
          table: String.t() | nil,
          source_ts: DateTime.t() | nil,
          key: row | term,
          before: row | nil,
          after: row | nil,
          changed: [String.t()] | nil,
          transaction:
            %{
              id: String.t() | nil,
              total_order: integer | nil,
              data_collection_order: integer | nil
            }
            | nil,
          ts: DateTime.t() | nil,
          message: %{prefix: String.t() | nil, content: binary | nil} | nil,
          position: position,
          rest: %{optional(String.t()) => term}
        }

  @doc """
  What stands in a row where the source sent no value, since it did not change.

      iex> Outrigger.Events.Change.unchanged()
      :unchanged
  """
  @spec unchanged() :: :unchanged
  def unchanged, do: :unchanged
end
