//! The state of a stream, and what a frame does to it.

use std::collections::HashSet;
use std::sync::Arc;

use super::change::{self, Place};
use super::known::Known;
use super::message::{self, Lsn, Message, Micros, Op, Prepared, Relations, Row};
use super::options::Options;
use super::relation::{self, Relation};
use super::row::Rows;
use super::transaction::Step;
use super::wire::{Checked, Fault, Wrong};
use crate::{Error, Name, Sink, Text};

/// What a frame was told as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Records. None for a frame that is only remembered.
    pub records: usize,
    /// Columns of all their rows.
    pub columns: usize,
}

/// What is known of a stream between two frames. A clone is cheap and goes on by itself.
#[derive(Clone, Debug)]
pub struct Decoder {
    options: Arc<Options>,
    known: Known,
    open: Option<Open>,
}

/// The transaction whose changes come.
#[derive(Clone, Copy, Debug)]
struct Open {
    xid: u32,
    stage: Stage,
    /// Places that were taken.
    places: i64,
}

/// Where it ends, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Commit(Lsn, Micros),
    Prepare(Lsn, Micros),
    /// Between Stream Start and Stream Stop.
    Stream,
}

impl Decoder {
    /// For a stream that has just begun.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options: Arc::new(options), known: Known::default(), open: None }
    }

    /// How many names of tables and columns have a number, by which they are told to the sink: [`Sink::record_key`] and
    /// [`Sink::symbol`]. A number keeps its name as long as the decoder lives.
    #[must_use]
    pub fn names(&self) -> usize {
        self.known.names()
    }

    /// Tells `sink` one list: the records of a frame.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] with offset and path (`$.after.price`), also for frames that others are missing before; and
    /// [`Error::Limit`].
    pub fn decode<S: Sink>(&mut self, frame: &[u8], sink: &mut S) -> Result<Told, Error> {
        let most = self.options.limits.bytes;
        if frame.len() > most {
            self.take(usize::from(takes_place(frame)));
            return Err(Error::Limit { what: "bytes", limit: most, at: most });
        }
        let streaming = self.open.is_some_and(|open| open.stage == Stage::Stream);
        let told = match message::read(frame, self.options.version, streaming) {
            Ok(message) => self.tell(message, sink),
            Err(fault) => {
                self.take(usize::from(takes_place(frame)));
                Err(fault)
            }
        };
        told.map_err(|fault| fault.into_error())
    }

    fn tell<S: Sink>(&mut self, message: Message<'_>, sink: &mut S) -> Checked<Told> {
        match message {
            Message::Relation(message) => {
                let read = Relation::read(&message, &self.options, &mut self.known);
                let kept = read.and_then(|relation| {
                    self.known.keep(message.oid, relation).map_err(|wrong| Fault::new(0, wrong))
                });
                // Its rows would be read as those of the table before.
                kept.inspect_err(|_| self.known.forget(message.oid))?;
                nothing(sink)
            }
            Message::Type { oid, namespace, name } => {
                let kind = self.options.type_of(relation::namespace(namespace), name);
                self.known.keep_type(oid, kind).map_err(|wrong| Fault::new(0, wrong))?;
                nothing(sink)
            }
            Message::Row(row) => {
                let place = self.place(row.xid, 1)?;
                self.row(&row, &place, sink)
            }
            Message::Truncate { xid, relations, cascade, restart } => {
                let place = self.place(xid, relations.count())?;
                self.truncate(relations, [("cascade", cascade), ("restart_identity", restart)], place, sink)
            }
            Message::Logical { xid, transactional, lsn, prefix, content: (content, at) } => {
                let place = if transactional { self.place(xid, 1)? } else { Place::default() };
                let place = Place { lsn: Some(lsn), ..place };
                sink.begin_list();
                change::begin(Name::Message, None, &place, sink)?;
                change::no_rows(sink);
                change::end(&place, Some((prefix, Text::at(content, at))), &[], sink)?;
                sink.end_list(1);
                Ok(Told { records: 1, columns: 0 })
            }
            step => self.step(step, sink),
        }
    }

    fn step<S: Sink>(&mut self, message: Message<'_>, sink: &mut S) -> Checked<Told> {
        let open = self.open;
        // Which transaction is open afterwards.
        let mut next = None;
        sink.begin_list();
        match message {
            Message::Begin { lsn, ts, xid } => {
                next = Some(self.begin(xid, Stage::Commit(lsn, ts))?);
                let position = &[(Name::CommitLsn, lsn)];
                Step { ts: Some(ts), position, ..Step::new(Name::Begin, xid) }.tell(sink)?;
            }
            Message::Commit { lsn, end, ts } => {
                let Some(Open { xid, stage: Stage::Commit(said, _), places }) = open else {
                    return Err(missing());
                };
                if said != lsn {
                    return Err(missing());
                }
                let position = &[(Name::CommitLsn, lsn), (Name::EndLsn, end)];
                Step { count: Some(places), ts: Some(ts), position, ..Step::new(Name::End, xid) }
                    .tell(sink)?;
            }
            Message::Origin { lsn, name } => {
                let Some(Open { xid, .. }) = open else { return Err(missing()) };
                next = open;
                let position = &[(Name::OriginLsn, lsn)];
                Step { origin: Some(name), position, ..Step::new(Name::Origin, xid) }.tell(sink)?;
            }
            Message::StreamStart { xid, first } => {
                next = Some(self.begin(xid, Stage::Stream)?);
                let status = if first { Name::StreamBegin } else { Name::StreamResume };
                Step::new(status, xid).tell(sink)?;
            }
            Message::StreamStop => {
                let Some(Open { xid, stage: Stage::Stream, .. }) = open else { return Err(missing()) };
                Step::new(Name::StreamPause, xid).tell(sink)?;
            }
            Message::StreamCommit { xid, lsn, end, ts } => {
                self.closed()?;
                let position = &[(Name::CommitLsn, lsn), (Name::EndLsn, end)];
                Step { ts: Some(ts), position, ..Step::new(Name::End, xid) }.tell(sink)?;
            }
            Message::StreamAbort { xid, sub, at } => {
                self.closed()?;
                let sub = (Name::SubTxId, i64::from(sub));
                let (ts, position) = match at {
                    Some((lsn, ts)) => (Some(ts), &[sub, (Name::AbortLsn, lsn)][..]),
                    None => (None, &[sub][..]),
                };
                Step { ts, position, ..Step::new(Name::Abort, xid) }.tell(sink)?;
            }
            Message::BeginPrepare(prepared) => {
                next = Some(self.begin(prepared.xid, Stage::Prepare(prepared.lsn, prepared.ts))?);
                tell(Name::Begin, Name::PrepareLsn, &prepared, None, sink)?;
            }
            Message::Prepare(prepared) => {
                let Some(Open { xid, stage: Stage::Prepare(said, _), places }) = open else {
                    return Err(missing());
                };
                if (xid, said) != (prepared.xid, prepared.lsn) {
                    return Err(missing());
                }
                tell(Name::Prepare, Name::PrepareLsn, &prepared, Some(places), sink)?;
            }
            Message::StreamPrepare(prepared) => {
                self.closed()?;
                tell(Name::Prepare, Name::PrepareLsn, &prepared, None, sink)?;
            }
            Message::CommitPrepared(prepared) => {
                self.closed()?;
                tell(Name::CommitPrepared, Name::CommitLsn, &prepared, None, sink)?;
            }
            Message::RollbackPrepared { prepare_end, end, ts, xid, gid } => {
                self.closed()?;
                let position = &[(Name::PrepareEndLsn, prepare_end), (Name::EndLsn, end)];
                Step { ts: Some(ts), gid: Some(gid), position, ..Step::new(Name::RollbackPrepared, xid) }
                    .tell(sink)?;
            }
            // Told by `tell`.
            Message::Relation(_)
            | Message::Type { .. }
            | Message::Row(_)
            | Message::Truncate { .. }
            | Message::Logical { .. } => return Err(missing()),
        }
        sink.end_list(1);
        self.open = next;
        Ok(Told { records: 1, columns: 0 })
    }

    /// The transaction that begins, if none is open.
    fn begin(&self, xid: u32, stage: Stage) -> Checked<Open> {
        self.closed()?;
        Ok(Open { xid, stage, places: 0 })
    }

    fn closed(&self) -> Checked {
        if self.open.is_some() { Err(missing()) } else { Ok(()) }
    }

    /// Takes places in the transaction that is open, if one is.
    fn take(&mut self, places: usize) {
        if let Some(open) = &mut self.open {
            open.places += places as i64;
        }
    }

    /// Takes places for changes, and says where the first of them stands.
    fn place(&mut self, sub: Option<u32>, places: usize) -> Checked<Place> {
        let Some(open) = self.open else { return Err(missing()) };
        self.take(places);
        let (end, ts) = match open.stage {
            Stage::Commit(lsn, ts) => ((Name::CommitLsn, lsn), ts),
            Stage::Prepare(lsn, ts) => ((Name::PrepareLsn, lsn), ts),
            Stage::Stream => return Ok(Place { xid: Some(open.xid), sub, ..Place::default() }),
        };
        let index = Some(open.places + 1);
        Ok(Place { xid: Some(open.xid), end: Some(end), ts: Some(ts), index, ..Place::default() })
    }

    fn relation(&self, oid: u32, at: usize) -> Checked<&Relation> {
        self.known.relation(oid).map(|relation| &**relation).ok_or_else(|| {
            let problem =
                format!("a change of the table {oid}, of which no Relation has told: frames are missing");
            Fault::new(at, Wrong::Made(problem))
        })
    }

    fn row<S: Sink>(&self, row: &Row<'_>, place: &Place, sink: &mut S) -> Checked<Told> {
        let relation = self.relation(row.relation, if place.sub.is_some() { 5 } else { 1 })?;
        let rows = Rows::new(relation, &self.options, row.old, row.new)?;
        let op = match row.op {
            Op::Insert => Name::Create,
            Op::Update => Name::Update,
            Op::Delete => Name::Delete,
        };
        sink.begin_list();
        change::begin(op, Some(relation), place, sink)?;
        let columns = rows.tell(sink)?;
        change::end(place, None, &[], sink)?;
        sink.end_list(1);
        Ok(Told { records: 1, columns })
    }

    /// One change for each table.
    fn truncate<S: Sink>(
        &self,
        relations: Relations<'_>,
        ways: [(&str, bool); 2],
        mut place: Place,
        sink: &mut S,
    ) -> Checked<Told> {
        let mut seen = HashSet::new();
        let mut records = 0;
        sink.begin_list();
        for (at, oid) in relations.oids() {
            if !seen.insert(oid) {
                return Err(Fault::said(at, "a table that is there already"));
            }
            change::begin(Name::Truncate, Some(self.relation(oid, at)?), &place, sink)?;
            change::no_rows(sink);
            change::end(&place, None, &ways, sink)?;
            place.index = place.index.map(|index| index + 1);
            records += 1;
        }
        sink.end_list(records);
        Ok(Told { records, columns: 0 })
    }
}

/// Whether a frame that cannot be read would have had a place.
fn takes_place(frame: &[u8]) -> bool {
    matches!(frame.first(), Some(b'I' | b'U' | b'D' | b'T'))
}

fn nothing<S: Sink>(sink: &mut S) -> Checked<Told> {
    sink.begin_list();
    sink.end_list(0);
    Ok(Told::default())
}

fn tell<S: Sink>(
    status: Name,
    lsn: Name,
    prepared: &Prepared<'_>,
    count: Option<i64>,
    sink: &mut S,
) -> Checked {
    let position = &[(lsn, prepared.lsn), (Name::EndLsn, prepared.end)];
    let step = Step::new(status, prepared.xid);
    Step { count, ts: Some(prepared.ts), gid: Some(prepared.gid), position, ..step }.tell(sink)
}

#[cold]
fn missing() -> Box<Fault> {
    Fault::said(0, "a message that cannot follow those before: frames are missing, or are not in their order")
}
