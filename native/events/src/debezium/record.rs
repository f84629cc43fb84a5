//! What a document is, and what is told of those that are no change of a row.

use super::document::Opened;
use super::key::Key;
use super::members::Member::{self, *};
use super::options::{Absent, Columns, Options, Shape, Untyped};
use super::reader::Reader;
use super::{Failure, Memory};
use crate::json::{Fault, Kind, Problem};
use crate::{Name, Sink};

/// What a document was told as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// A change of a row, or a message.
    Change,
    /// No value: the log may forget the key.
    Tombstone,
    /// A sign of life.
    Heartbeat,
    /// The begin or the end of a transaction.
    Transaction,
    /// DDL, and the tables it changed.
    SchemaChange,
    /// What the connector says of itself.
    Notification,
    /// What the connector is told to do.
    Signal,
    /// An event of an outbox table.
    Outbox,
    /// A CloudEvent that carries no change.
    CloudEvent,
}

/// How it is read.
pub(super) enum Form {
    Envelope,
    Row,
    Other(Record),
}

impl Opened {
    /// What this is: by option, by the name of its schema, by its keys. It is not guessed at.
    pub(super) fn form(&self, options: &Options) -> Result<Form, Fault> {
        if self.nothing {
            return Ok(Form::Other(Record::Tombstone));
        }
        match options.shape {
            Shape::Envelope => return Ok(Form::Envelope),
            Shape::Row => return Ok(Form::Row),
            Shape::Outbox => return Ok(Form::Other(Record::Outbox)),
            Shape::CloudEvent => return Ok(Form::Other(Record::CloudEvent)),
            Shape::Auto => {}
        }
        if self.members.has(&[SpecVersion, Id, Source, Type]) {
            return Ok(Form::Other(Record::CloudEvent));
        }
        let name = self.plan.as_ref().map_or("", |plan| &plan.name);
        if name.ends_with(".Envelope") || name.ends_with(".MessageValue") {
            return Ok(Form::Envelope);
        }
        if name.ends_with(".Value") {
            return Ok(Form::Row);
        }
        let members = &self.members;
        let known = [
            (Record::SchemaChange, &[Source, TableChanges][..]),
            (Record::SchemaChange, &[Source, Ddl]),
            (Record::Transaction, &[Status, Id]),
            (Record::Notification, &[AggregateType, Type]),
        ];
        if members.has(&[Op, Source]) || members.has(&[Op, After]) || members.has(&[Op, Before]) {
            return Ok(Form::Envelope);
        }
        for (record, keys) in known {
            if members.has(keys) && members.others.is_empty() && members.only(own(record)) {
                return Ok(Form::Other(record));
            }
        }
        for (record, keys) in [(Record::Heartbeat, &[TsMs][..]), (Record::Signal, &[Id, Type, Data])] {
            if members.has(keys) && members.only(own(record)) {
                return Ok(Form::Other(record));
            }
        }
        if members.prefixed || (self.plan.is_some() && self.kind == Kind::Map) {
            return Ok(Form::Row);
        }
        let problem = Problem::Ambiguous("its keys are not those of an envelope", "shape");
        Err(Fault::new(self.at, problem))
    }
}

/// The members that a record can have.
const fn own(record: Record) -> &'static [Member] {
    match record {
        Record::Heartbeat => &[TsMs, TsUs, TsNs],
        Record::Transaction => &[Status, Id, EventCount, DataCollections, TsMs, TsUs, TsNs],
        Record::SchemaChange => &[Source, TsMs, TsUs, TsNs, Database, SchemaName, Ddl, TableChanges],
        Record::Notification => &[Id, AggregateType, Type, AdditionalData, Timestamp],
        Record::Signal => &[Id, Type, Data],
        _ => &[],
    }
}

impl Reader<'_, '_> {
    /// Tells a record that is neither a change nor an outbox event.
    pub(super) fn record<S: Sink>(
        &mut self,
        record: Record,
        opened: &Opened,
        key: Key<'_>,
        options: &Options,
        memory: &mut Memory,
        sink: &mut S,
    ) -> Result<(), Failure> {
        let (name, fields): (Name, &[(Name, Member)]) = match record {
            Record::Heartbeat => (Name::Heartbeat, &[]),
            Record::Transaction => (
                Name::TransactionRecord,
                &[(Name::Id, Id), (Name::EventCount, EventCount), (Name::DataCollections, DataCollections)],
            ),
            Record::SchemaChange => (
                Name::SchemaChange,
                &[
                    (Name::Database, Database),
                    (Name::Schema, SchemaName),
                    (Name::Ddl, Ddl),
                    (Name::TableChanges, TableChanges),
                ],
            ),
            Record::Notification => (
                Name::Notification,
                &[
                    (Name::Id, Id),
                    (Name::AggregateType, AggregateType),
                    (Name::Type, Type),
                    (Name::Data, AdditionalData),
                ],
            ),
            Record::Signal => (Name::Signal, &[(Name::Id, Id), (Name::Type, Type), (Name::Data, Data)]),
            _ => (Name::Tombstone, &[]),
        };
        let members = &opened.members;
        let inside = opened.inside + 1;
        let mut count = 2 + fields.len();
        sink.begin_map();
        sink.field(Name::Struct);
        sink.name(name);
        sink.field(Name::Key);
        // Keys of these topics are the connector's own names.
        let as_is = Options { untyped: Untyped::AsIs, absent: Absent::Null, ..options.clone() };
        let key_options = if record == Record::Tombstone { options } else { &as_is };
        key.tell(tombstone_columns(record, options), key_options, &mut memory.cache, sink)?;
        for &(name, member) in fields {
            sink.field(name);
            self.at(members.at(member), inside, sink)?;
        }
        if record == Record::Transaction {
            sink.field(Name::Status);
            sink.name(self.status(members.at(Status))?);
            sink.field(Name::Position);
            sink.begin_map();
            self.close(0, sink)?;
            // What only a source of logical replication knows.
            for name in [Name::Gid, Name::Origin] {
                sink.field(name);
                sink.null();
            }
            count += 4;
        }
        if record == Record::SchemaChange {
            let source = self.source_of(opened)?;
            count += self.tell_source(source.as_ref(), inside, sink)?;
        }
        let ts = match record {
            Record::Notification => [members.at(Timestamp), None, None],
            _ => [TsMs, TsUs, TsNs].map(|member| members.at(member)),
        };
        if !matches!(record, Record::Tombstone | Record::Signal) {
            sink.field(Name::Ts);
            self.instant(ts, sink)?;
            count += 1;
        }
        self.close(count, sink)?;
        Ok(())
    }

    fn status(&mut self, at: Option<usize>) -> Result<Name, Fault> {
        let at = at.unwrap_or_default();
        self.cursor.back(at);
        let wrong = Self::wrong(at, "status is BEGIN or END");
        if self.cursor.kind() != Kind::Text {
            return Err(wrong);
        }
        match self.cursor.text()?.bytes {
            b"BEGIN" => Ok(Name::Begin),
            b"END" => Ok(Name::End),
            _ => Err(wrong),
        }
    }
}

/// A tombstone does not say its table: what is said of all tables holds.
fn tombstone_columns(record: Record, options: &Options) -> Columns<'_> {
    if record == Record::Tombstone { options.table(None, None) } else { Columns::default() }
}
