//! The names that are ours: atoms on the BEAM. A closed set, so that no document can make one.

macro_rules! names {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// A name of our own, a key of a struct or a value such as `:update`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Name { $($(#[$doc])* $variant,)* }

        impl Name {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name's text.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

names! {
    /// The key that makes a map a struct.
    Struct = "__struct__",
    /// The struct of a change.
    Change = "Elixir.Outrigger.Events.Change",
    /// A value that the source did not send since it did not change.
    Unchanged = "unchanged",
    /// Elixir's struct of decimal numbers.
    Decimal = "Elixir.Decimal",
    /// Its digits.
    Coef = "coef",
    /// Where its point stands.
    Exp = "exp",
    /// 1 or -1.
    Sign = "sign",
    /// `:NaN`, as Decimal has it; a float that is no number.
    NaN = "NaN",
    /// Infinity, as Decimal has it.
    Inf = "inf",
    /// A float that is minus infinity.
    MinusInf = "-inf",
    /// Elixir's struct of dates.
    Date = "Elixir.Date",
    /// Elixir's struct of times of day.
    Time = "Elixir.Time",
    /// Elixir's struct of a wall clock's time.
    NaiveDateTime = "Elixir.NaiveDateTime",
    /// Elixir's struct of instants.
    DateTime = "Elixir.DateTime",
    /// The calendar of these.
    CalendarIso = "Elixir.Calendar.ISO",
    /// A field of these.
    Calendar = "calendar",
    /// A field of these.
    Year = "year",
    /// A field of these.
    Month = "month",
    /// A field of these.
    Day = "day",
    /// A field of these.
    Hour = "hour",
    /// A field of these.
    Minute = "minute",
    /// A field of these.
    Second = "second",
    /// A field of these: `{microseconds, digits}`.
    Microsecond = "microsecond",
    /// A field of `DateTime`.
    TimeZone = "time_zone",
    /// A field of `DateTime`.
    ZoneAbbr = "zone_abbr",
    /// A field of `DateTime`.
    UtcOffset = "utc_offset",
    /// A field of `DateTime`.
    StdOffset = "std_offset",
    /// A time that Elixir's own structs cannot hold, or a span.
    Moment = "Elixir.Outrigger.Events.Moment",
    /// A field of `Moment`.
    Kind = "kind",
    /// A field of `Moment`.
    Value = "value",
    /// A kind of moment: days.
    KindDate = "date",
    /// A kind of moment: nanoseconds of a day. A field of a cloud event.
    KindTime = "time",
    /// A kind of moment: nanoseconds of a wall clock.
    KindNaive = "naive",
    /// A kind of moment: nanoseconds since 1970-01-01 UTC.
    KindInstant = "instant",
    /// A kind of moment: `{months, days, nanoseconds}`.
    KindDuration = "duration",
    /// A kind of moment: later than all others.
    KindInfinity = "infinity",
    /// A kind of moment: earlier than all others.
    KindMinusInfinity = "minus_infinity",
    /// A field of a change: what was done.
    Op = "op",
    /// A field of a change.
    Source = "source",
    /// A field of a change: when the source did it.
    SourceTs = "source_ts",
    /// A field of a change and of its source.
    Table = "table",
    /// A field of a change.
    Key = "key",
    /// A field of a change.
    Before = "before",
    /// A field of a change.
    After = "after",
    /// A field of a change: the columns that differ.
    Changed = "changed",
    /// A field of a change.
    Transaction = "transaction",
    /// A field of a change: when it was made an event.
    Ts = "ts",
    /// A field of a change: where it stands in the source's log.
    Position = "position",
    /// A field of a change, and what was done.
    Message = "message",
    /// A field of a change and of its source: what has no field of its own.
    Rest = "rest",
    /// What was done.
    Create = "create",
    /// What was done: a snapshot was read.
    Read = "read",
    /// What was done.
    Update = "update",
    /// What was done.
    Delete = "delete",
    /// What was done.
    Truncate = "truncate",
    /// A field of a source.
    Connector = "connector",
    /// A field of a source.
    NameKey = "name",
    /// A field of a source.
    Version = "version",
    /// A field of a source.
    Db = "db",
    /// A field of a source.
    Schema = "schema",
    /// A field of a source.
    Snapshot = "snapshot",
    /// A place in a snapshot.
    First = "first",
    /// A place in a snapshot.
    Last = "last",
    /// A place in a snapshot.
    FirstInDataCollection = "first_in_data_collection",
    /// A place in a snapshot.
    LastInDataCollection = "last_in_data_collection",
    /// A kind of snapshot.
    Incremental = "incremental",
    /// A part of a position.
    Lsn = "lsn",
    /// A part of a position.
    TxId = "tx_id",
    /// A part of a position.
    Xmin = "xmin",
    /// A part of a position.
    Sequence = "sequence",
    /// A part of a position.
    File = "file",
    /// A part of a position.
    Pos = "pos",
    /// A part of a position.
    Row = "row",
    /// A part of a position.
    Gtid = "gtid",
    /// A part of a position.
    Scn = "scn",
    /// A part of a position.
    CommitScn = "commit_scn",
    /// A part of a position.
    ChangeLsn = "change_lsn",
    /// A part of a position.
    CommitLsn = "commit_lsn",
    /// A part of a position.
    EventSerialNo = "event_serial_no",
    /// A part of a position.
    Ord = "ord",
    /// A part of a position.
    Vgtid = "vgtid",
    /// A part of a position: the place in the transaction.
    Index = "index",
    /// A part of a position: the sub-transaction of a streamed one.
    SubTxId = "sub_tx_id",
    /// A part of a position.
    EndLsn = "end_lsn",
    /// A part of a position.
    PrepareLsn = "prepare_lsn",
    /// A part of a position.
    PrepareEndLsn = "prepare_end_lsn",
    /// A part of a position.
    AbortLsn = "abort_lsn",
    /// A part of a position.
    OriginLsn = "origin_lsn",
    /// A field of a transaction, and of other records.
    Id = "id",
    /// A field of a transaction.
    TotalOrder = "total_order",
    /// A field of a transaction.
    DataCollectionOrder = "data_collection_order",
    /// A field of a message.
    Prefix = "prefix",
    /// A field of a message.
    Content = "content",
    /// The struct of a tombstone.
    Tombstone = "Elixir.Outrigger.Events.Tombstone",
    /// The struct of a heartbeat.
    Heartbeat = "Elixir.Outrigger.Events.Heartbeat",
    /// The struct of a transaction's begin or end.
    TransactionRecord = "Elixir.Outrigger.Events.Transaction",
    /// The struct of a schema change.
    SchemaChange = "Elixir.Outrigger.Events.SchemaChange",
    /// The struct of a notification.
    Notification = "Elixir.Outrigger.Events.Notification",
    /// The struct of a signal.
    Signal = "Elixir.Outrigger.Events.Signal",
    /// The struct of an outbox event.
    Outbox = "Elixir.Outrigger.Events.Outbox",
    /// A field of a transaction's begin or end.
    Status = "status",
    /// A status.
    Begin = "begin",
    /// A status.
    End = "end",
    /// A status: a transaction is streamed before it has ended.
    StreamBegin = "stream_begin",
    /// A status: more of a streamed transaction follows.
    StreamResume = "stream_resume",
    /// A status: of a streamed transaction nothing follows for now.
    StreamPause = "stream_pause",
    /// A status: a streamed transaction or a part of it is taken back.
    Abort = "abort",
    /// A status: a transaction waits for its commit.
    Prepare = "prepare",
    /// A status.
    CommitPrepared = "commit_prepared",
    /// A status.
    RollbackPrepared = "rollback_prepared",
    /// A status, and a field of a transaction: the server that it comes from.
    Origin = "origin",
    /// A field of a transaction: the name under which it is prepared.
    Gid = "gid",
    /// A field of a transaction's end.
    EventCount = "event_count",
    /// A field of a transaction's end.
    DataCollections = "data_collections",
    /// A field of a schema change.
    Database = "database",
    /// A field of a schema change.
    Ddl = "ddl",
    /// A field of a schema change.
    TableChanges = "table_changes",
    /// A field of a notification and an outbox event.
    AggregateType = "aggregate_type",
    /// A field of an outbox event.
    AggregateId = "aggregate_id",
    /// A field of a notification, a signal, an outbox event, a cloud event.
    Type = "type",
    /// A field of a notification, a signal, a cloud event.
    Data = "data",
    /// A field of an outbox event.
    Payload = "payload",
    /// The struct of a cloud event.
    CloudEvent = "Elixir.Outrigger.Events.CloudEvent",
    /// A field of a cloud event.
    SpecVersion = "specversion",
    /// A field of a cloud event.
    DataContentType = "datacontenttype",
    /// A field of a cloud event.
    DataSchema = "dataschema",
    /// A field of a cloud event.
    Subject = "subject",
    /// A field of a cloud event: the attributes that are its producer's own.
    Extensions = "extensions",
    /// The key of what a Protobuf message has that its file does not know.
    UnknownFields = "__unknown_fields__",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_places_in_all() {
        for (place, name) in Name::ALL.iter().enumerate() {
            assert_eq!(*name as usize, place, "{}", name.text());
        }
    }
}
