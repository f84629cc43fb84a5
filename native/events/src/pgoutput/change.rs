//! Changes, told as the struct that they become: the fields that Debezium's have.

use super::message::{Lsn, Micros};
use super::relation::Relation;
use super::transaction::{id, instant};
use super::wire::{Checked, Fault};
use crate::{Duplicate, Name, Sink, Text};

/// Fields of the struct.
const FIELDS: usize = 14;

/// Where a change stands.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    /// The transaction.
    pub(super) xid: Option<u32>,
    /// Who made it, in a streamed transaction.
    pub(super) sub: Option<u32>,
    /// Where the transaction commits, or is prepared.
    pub(super) end: Option<(Name, Lsn)>,
    /// The change's own position: that of a message.
    pub(super) lsn: Option<Lsn>,
    /// Place in the transaction, from 1.
    pub(super) index: Option<i64>,
    pub(super) ts: Option<Micros>,
}

/// Tells a change up to its rows.
pub(super) fn begin<S: Sink>(op: Name, relation: Option<&Relation>, place: &Place, sink: &mut S) -> Checked {
    sink.begin_map();
    sink.field(Name::Struct);
    sink.name(Name::Change);
    sink.field(Name::Op);
    sink.name(op);
    sink.field(Name::Source);
    source(relation, sink)?;
    sink.field(Name::Table);
    table(relation, sink);
    sink.field(Name::SourceTs);
    instant(place.ts, sink);
    sink.field(Name::Position);
    place.position(sink)
}

/// Tells `key`, `before`, `after` and `changed` of a change that has no rows.
pub(super) fn no_rows<S: Sink>(sink: &mut S) {
    for name in [Name::Key, Name::Before, Name::After, Name::Changed] {
        sink.field(name);
        sink.null();
    }
}

/// Tells what comes behind the rows, and ends the change. `rest` are names and whether they are so.
pub(super) fn end<S: Sink>(
    place: &Place,
    message: Option<(&str, Text<'_>)>,
    rest: &[(&str, bool)],
    sink: &mut S,
) -> Checked {
    sink.field(Name::Transaction);
    match place.xid {
        Some(xid) => {
            sink.begin_map();
            sink.field(Name::Id);
            id(xid, sink);
            sink.field(Name::TotalOrder);
            match place.index {
                Some(index) => sink.integer(index),
                None => sink.null(),
            }
            sink.field(Name::DataCollectionOrder);
            sink.null();
            close(3, sink)?;
        }
        None => sink.null(),
    }
    sink.field(Name::Ts);
    sink.null();
    sink.field(Name::Message);
    match message {
        Some((prefix, content)) => {
            sink.begin_map();
            sink.field(Name::Prefix);
            sink.text(Text::made(prefix.as_bytes()));
            sink.field(Name::Content);
            sink.bytes(content);
            close(2, sink)?;
        }
        None => sink.null(),
    }
    sink.field(Name::Rest);
    sink.begin_map();
    for &(name, so) in rest {
        sink.key(Text::made(name.as_bytes()));
        sink.boolean(so);
    }
    close(rest.len(), sink)?;
    close(FIELDS, sink)
}

fn source<S: Sink>(relation: Option<&Relation>, sink: &mut S) -> Checked {
    sink.begin_map();
    sink.field(Name::Connector);
    sink.text(Text::made(b"postgresql"));
    for name in [Name::NameKey, Name::Version, Name::Db] {
        sink.field(name);
        sink.null();
    }
    sink.field(Name::Schema);
    match relation {
        Some(Relation { namespace, .. }) => {
            sink.symbol(namespace.number, Text::made(namespace.text.as_bytes()))
        }
        None => sink.null(),
    }
    sink.field(Name::Table);
    table(relation, sink);
    sink.field(Name::Snapshot);
    sink.boolean(false);
    sink.field(Name::Rest);
    sink.begin_map();
    close(0, sink)?;
    close(8, sink)
}

fn table<S: Sink>(relation: Option<&Relation>, sink: &mut S) {
    match relation {
        Some(Relation { name, .. }) => sink.symbol(name.number, Text::made(name.text.as_bytes())),
        None => sink.null(),
    }
}

impl Place {
    fn position<S: Sink>(&self, sink: &mut S) -> Checked {
        let known = [
            self.xid.map(|xid| (Name::TxId, i64::from(xid))),
            self.sub.map(|sub| (Name::SubTxId, i64::from(sub))),
            self.end,
            self.lsn.map(|lsn| (Name::Lsn, lsn)),
            self.index.map(|index| (Name::Index, index)),
        ];
        position(known.into_iter().flatten(), sink)
    }
}

/// Tells a position of these parts.
pub(super) fn position<S: Sink>(parts: impl Iterator<Item = (Name, i64)>, sink: &mut S) -> Checked {
    sink.begin_map();
    let mut count = 0;
    for (name, value) in parts {
        sink.field(name);
        sink.integer(value);
        count += 1;
    }
    close(count, sink)
}

/// Ends a map whose keys are our own names, which differ.
pub(super) fn close<S: Sink>(count: usize, sink: &mut S) -> Checked {
    sink.end_map(count).map_err(|Duplicate| Fault::said(0, "a key twice"))
}
