//! Steps of a transaction, told as the struct that they become.

use super::change::{close, position};
use super::message::Micros;
use super::wire::Checked;
use crate::{Name, Sink, Temporal, Text};

/// Fields of the struct.
const FIELDS: usize = 10;

/// A step.
pub(super) struct Step<'a> {
    pub(super) status: Name,
    pub(super) xid: u32,
    /// How many changes it had, at its end.
    pub(super) count: Option<i64>,
    pub(super) ts: Option<Micros>,
    /// Of a prepared transaction.
    pub(super) gid: Option<&'a str>,
    /// The server that it comes from, if that is another one.
    pub(super) origin: Option<&'a str>,
    pub(super) position: &'a [(Name, i64)],
}

impl Step<'_> {
    /// One of which nothing else is known.
    pub(super) const fn new(status: Name, xid: u32) -> Self {
        Self { status, xid, count: None, ts: None, gid: None, origin: None, position: &[] }
    }

    pub(super) fn tell<S: Sink>(&self, sink: &mut S) -> Checked {
        sink.begin_map();
        sink.field(Name::Struct);
        sink.name(Name::TransactionRecord);
        for name in [Name::Key, Name::DataCollections] {
            sink.field(name);
            sink.null();
        }
        sink.field(Name::Id);
        id(self.xid, sink);
        sink.field(Name::Status);
        sink.name(self.status);
        sink.field(Name::EventCount);
        match self.count {
            Some(count) => sink.integer(count),
            None => sink.null(),
        }
        sink.field(Name::Ts);
        instant(self.ts, sink);
        for (name, text) in [(Name::Gid, self.gid), (Name::Origin, self.origin)] {
            sink.field(name);
            match text {
                Some(text) => sink.text(Text::made(text.as_bytes())),
                None => sink.null(),
            }
        }
        sink.field(Name::Position);
        let own = (Name::TxId, i64::from(self.xid));
        position(std::iter::once(own).chain(self.position.iter().copied()), sink)?;
        close(FIELDS, sink)
    }
}

/// The id of a transaction, which is text, as Debezium has it.
pub(super) fn id<S: Sink>(xid: u32, sink: &mut S) {
    sink.text(Text::made(xid.to_string().as_bytes()));
}

/// A time of the server's, if it is known.
pub(super) fn instant<S: Sink>(ts: Option<Micros>, sink: &mut S) {
    match ts {
        Some(ts) => sink.temporal(super::times::point_of(ts, 6, Temporal::Instant)),
        None => sink.null(),
    }
}
