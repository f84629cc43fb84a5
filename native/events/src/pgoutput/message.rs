//! The messages, as they stand in a frame. What they mean depends on those before, and is not known here.

use super::tuple::Tuple;
use super::wire::{Checked, Fault, Wire, Wrong};

/// A position in the write-ahead log.
pub(super) type Lsn = i64;
/// Microseconds since 2000-01-01 UTC.
pub(super) type Micros = i64;

/// What a frame holds. `xid` is that of whoever made it, in a streamed transaction, which may be a sub-transaction.
pub(super) enum Message<'a> {
    Begin { lsn: Lsn, ts: Micros, xid: u32 },
    Commit { lsn: Lsn, end: Lsn, ts: Micros },
    Origin { lsn: Lsn, name: &'a str },
    Relation(Relation<'a>),
    Type { oid: u32, namespace: &'a str, name: &'a str },
    Row(Row<'a>),
    Truncate { xid: Option<u32>, relations: Relations<'a>, cascade: bool, restart: bool },
    Logical { xid: Option<u32>, transactional: bool, lsn: Lsn, prefix: &'a str, content: (&'a [u8], usize) },
    StreamStart { xid: u32, first: bool },
    StreamStop,
    StreamCommit { xid: u32, lsn: Lsn, end: Lsn, ts: Micros },
    StreamAbort { xid: u32, sub: u32, at: Option<(Lsn, Micros)> },
    BeginPrepare(Prepared<'a>),
    Prepare(Prepared<'a>),
    CommitPrepared(Prepared<'a>),
    RollbackPrepared { prepare_end: Lsn, end: Lsn, ts: Micros, xid: u32, gid: &'a str },
    StreamPrepare(Prepared<'a>),
}

/// A step of a prepared transaction. `lsn` is that of the prepare, or of the commit.
pub(super) struct Prepared<'a> {
    pub(super) lsn: Lsn,
    pub(super) end: Lsn,
    pub(super) ts: Micros,
    pub(super) xid: u32,
    pub(super) gid: &'a str,
}

/// What was done with a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Insert,
    Update,
    Delete,
}

/// A change of a row.
pub(super) struct Row<'a> {
    pub(super) op: Op,
    pub(super) xid: Option<u32>,
    pub(super) relation: u32,
    pub(super) old: Option<Old<'a>>,
    pub(super) new: Option<Tuple<'a>>,
}

/// A row as it was.
#[derive(Clone, Copy)]
pub(super) struct Old<'a> {
    /// All of it, or the columns of its key alone.
    pub(super) whole: bool,
    pub(super) tuple: Tuple<'a>,
}

/// A table, up to its columns, which `relation.rs` reads.
pub(super) struct Relation<'a> {
    pub(super) oid: u32,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) identity: u8,
    pub(super) columns: Wire<'a>,
}

/// The tables of a truncate.
#[derive(Clone, Copy)]
pub(super) struct Relations<'a>(&'a [u8], usize);

impl Relations<'_> {
    pub(super) const fn count(&self) -> usize {
        self.0.len() / 4
    }

    /// Each with its offset.
    pub(super) fn oids(&self) -> impl Iterator<Item = (usize, u32)> {
        let (chunks, _) = self.0.as_chunks::<4>();
        chunks.iter().enumerate().map(|(place, &oid)| (self.1 + 4 * place, u32::from_be_bytes(oid)))
    }
}

/// Reads a frame. `streaming` is whether it stands between Stream Start and Stream Stop.
pub(super) fn read(frame: &[u8], version: u8, streaming: bool) -> Checked<Message<'_>> {
    let mut wire = Wire::new(frame);
    let tag = wire.u8()?;
    let since = match tag {
        b'S' | b'E' | b'c' | b'A' => 2,
        b'b' | b'P' | b'K' | b'r' | b'p' => 3,
        _ => 1,
    };
    if since > version {
        let tag = char::from(tag);
        let problem = format!(
            "the message {tag} is of version {since}, and the decoder's is {version}: give it that of the stream"
        );
        return Err(Fault::new(0, Wrong::Made(problem)));
    }
    let inner = matches!(tag, b'R' | b'Y' | b'I' | b'U' | b'D' | b'T' | b'M');
    let xid = if streaming && inner { Some(wire.u32()?) } else { None };
    let message = message(tag, xid, version, &mut wire)?;
    // The columns of a relation are read by whoever keeps them.
    if tag != b'R' {
        wire.end()?;
    }
    Ok(message)
}

fn message<'a>(tag: u8, xid: Option<u32>, version: u8, wire: &mut Wire<'a>) -> Checked<Message<'a>> {
    Ok(match tag {
        b'B' => Message::Begin { lsn: wire.i64()?, ts: wire.i64()?, xid: wire.u32()? },
        b'C' => {
            flags(wire)?;
            Message::Commit { lsn: wire.i64()?, end: wire.i64()?, ts: wire.i64()? }
        }
        b'O' => Message::Origin { lsn: wire.i64()?, name: wire.text()? },
        b'R' => {
            let (oid, namespace, name, identity) = (wire.u32()?, wire.text()?, wire.text()?, wire.u8()?);
            Message::Relation(Relation { oid, namespace, name, identity, columns: *wire })
        }
        b'Y' => Message::Type { oid: wire.u32()?, namespace: wire.text()?, name: wire.text()? },
        b'I' => Message::Row(row(Op::Insert, xid, wire)?),
        b'U' => Message::Row(row(Op::Update, xid, wire)?),
        b'D' => Message::Row(row(Op::Delete, xid, wire)?),
        b'T' => {
            let (at, count, options) = (wire.at(), wire.i32()?, wire.u8()?);
            let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(4));
            let length = length.ok_or_else(|| Fault::said(at, "a number of tables below 0"))?;
            let relations = Relations(wire.take(length)?, wire.at() - length);
            Message::Truncate { xid, relations, cascade: options & 1 != 0, restart: options & 2 != 0 }
        }
        b'M' => {
            let (flags, lsn, prefix, content) = (wire.u8()?, wire.i64()?, wire.text()?, wire.sized()?);
            let content = (content, wire.at() - content.len());
            Message::Logical { xid, transactional: flags & 1 != 0, lsn, prefix, content }
        }
        b'S' => Message::StreamStart { xid: wire.u32()?, first: wire.u8()? == 1 },
        b'E' => Message::StreamStop,
        b'c' => {
            let xid = wire.u32()?;
            flags(wire)?;
            Message::StreamCommit { xid, lsn: wire.i64()?, end: wire.i64()?, ts: wire.i64()? }
        }
        b'A' => {
            let (xid, sub) = (wire.u32()?, wire.u32()?);
            // With streaming in parallel the message says when and where.
            let at = if version >= 4 && wire.left() > 0 { Some((wire.i64()?, wire.i64()?)) } else { None };
            Message::StreamAbort { xid, sub, at }
        }
        b'b' => Message::BeginPrepare(prepared(wire)?),
        b'P' => Message::Prepare(flagged(wire)?),
        b'K' => Message::CommitPrepared(flagged(wire)?),
        b'p' => Message::StreamPrepare(flagged(wire)?),
        b'r' => {
            flags(wire)?;
            let (prepare_end, end, _prepare_ts) = (wire.i64()?, wire.i64()?, wire.i64()?);
            Message::RollbackPrepared {
                prepare_end,
                end,
                ts: wire.i64()?,
                xid: wire.u32()?,
                gid: wire.text()?,
            }
        }
        b'w' => {
            return Err(Fault::said(0, "a message of replication itself: take the 25 bytes in front away"));
        }
        _ => return Err(Fault::said(0, "no message begins with this byte")),
    })
}

/// A byte of flags, of which there are none yet.
fn flags(wire: &mut Wire<'_>) -> Checked {
    let at = wire.at();
    match wire.u8()? {
        0 => Ok(()),
        _ => Err(Fault::said(at, "flags that are not known")),
    }
}

fn flagged<'a>(wire: &mut Wire<'a>) -> Checked<Prepared<'a>> {
    flags(wire)?;
    prepared(wire)
}

fn prepared<'a>(wire: &mut Wire<'a>) -> Checked<Prepared<'a>> {
    Ok(Prepared { lsn: wire.i64()?, end: wire.i64()?, ts: wire.i64()?, xid: wire.u32()?, gid: wire.text()? })
}

#[inline]
fn row<'a>(op: Op, xid: Option<u32>, wire: &mut Wire<'a>) -> Checked<Row<'a>> {
    let relation = wire.u32()?;
    let (mut at, mut kind) = (wire.at(), wire.u8()?);
    let mut old = None;
    if op != Op::Insert && matches!(kind, b'K' | b'O') {
        old = Some(Old { whole: kind == b'O', tuple: Tuple::read(wire)? });
        if op == Op::Delete {
            return Ok(Row { op, xid, relation, old, new: None });
        }
        (at, kind) = (wire.at(), wire.u8()?);
    }
    if op == Op::Delete || kind != b'N' {
        return Err(Fault::said(at, "no row that this change has begins with this byte"));
    }
    Ok(Row { op, xid, relation, old, new: Some(Tuple::read(wire)?) })
}
