//! What comes for a worker. Terms of peers, read with bounds; nothing of a message's own term is looked at.
//!
//! Limits: a beginning may name 64 router ways, a list 4,096 nodes. What has more is malformed.

use outrigger_node::OwnedPid;
use outrigger_term::{Pid, Reader};

use crate::interest::{Answer, State};
use crate::way::{List, Use, Way};

const MAX_USES: u32 = 64;
const MAX_NODES: u32 = 4_096;
/// Of topics in one order.
const MAX_PREFIX: usize = 255;

/// A message to the worker.
#[derive(Debug)]
pub(crate) enum Word<'a> {
    Data(Data<'a>),
    /// The first thing on a way. `direct`: among those that were left is the direct one to this node.
    Begin {
        epoch: u64,
        from: OwnedPid,
        uses: Vec<Use>,
        direct: bool,
    },
    /// The last thing on a way.
    End {
        epoch: u64,
        from: OwnedPid,
        way: Way,
    },
    /// Several of these, in order.
    Batch(Elements<'a>),
    /// A router's list.
    Members(List),
    /// A router does not attach this node.
    Refused {
        router: OwnedPid,
        reason: String,
        limit: u64,
    },
    /// Elixir nodes have a prefix whose topics a router puts in one order.
    Ordered {
        router: OwnedPid,
        prefix: String,
    },
    /// A router is about to stop.
    Leaving {
        router: OwnedPid,
    },
    /// A router has dropped messages for this node: how many of which publishers' nodes.
    Lost {
        router: OwnedPid,
        lost: Vec<(String, u64)>,
    },
    /// At most so many messages of these nodes were lost with a router, or a link to it.
    Unconfirmed {
        router: OwnedPid,
        counts: Vec<(String, u64)>,
    },
    /// A router's answer to what it was told.
    Interest {
        router: OwnedPid,
        answer: Answer,
    },
    /// Something that we do not know: of a later version, or somebody's own.
    Unknown,
}

/// A message of a publisher.
#[derive(Debug)]
pub(crate) struct Data<'a> {
    pub(crate) epoch: u64,
    pub(crate) from: Pid<'a>,
    pub(crate) topic: &'a [u8],
    /// The message itself, one well-formed term.
    pub(crate) message: &'a [u8],
}

/// The elements of a batch that are still to come.
#[derive(Debug)]
pub(crate) struct Elements<'a> {
    reader: Reader<'a>,
    left: u32,
}

/// Reads what came for the worker on `node`. Nothing if it is malformed.
pub(crate) fn read<'a>(bytes: &'a [u8], node: &str) -> Option<Word<'a>> {
    let mut reader = Reader::new(bytes);
    let (Ok(arity), Ok(tag)) = (reader.tuple(), reader.atom()) else { return Some(Word::Unknown) };
    Some(match (tag.as_str().unwrap_or_default(), arity) {
        ("$outrigger", 6) => data(&mut reader)?,
        ("$outrigger_begin", 5) => begin(&mut reader, node)?,
        ("$outrigger_end", 4) => {
            let (epoch, from) = (reader.unsigned().ok()?, pid(&mut reader)?);
            let way = match reader.pid() {
                Ok(member) => Way::Member(member.into()),
                Err(_) => word(&mut reader, &[("direct", Way::Direct)])?,
            };
            Word::End { epoch, from, way }
        }
        ("$outrigger_batch", 2) => {
            let left = reader.list().ok()?;
            Word::Batch(Elements { reader, left })
        }
        ("$outrigger_members", 5) => members(&mut reader)?,
        ("$outrigger_refused", 5) => {
            let router = pid(&mut reader)?;
            reader.skip().ok()?;
            let reason = reader.atom().ok()?.text().into_owned();
            Word::Refused { router, reason, limit: reader.unsigned().ok()? }
        }
        ("$outrigger_ordered", 5) => {
            let router = pid(&mut reader)?;
            let prefix = reader.binary().ok().filter(|prefix| prefix.len() <= MAX_PREFIX)?;
            Word::Ordered { router, prefix: String::from_utf8_lossy(prefix).into_owned() }
        }
        ("$outrigger_leaving", 2) => Word::Leaving { router: pid(&mut reader)? },
        ("$outrigger_lost", 3) => Word::Lost { router: pid(&mut reader)?, lost: counts(&mut reader)? },
        ("$outrigger_unconfirmed", 3) => {
            Word::Unconfirmed { router: pid(&mut reader)?, counts: counts(&mut reader)? }
        }
        ("$outrigger_interest", 6) => interest(&mut reader)?,
        _ => Word::Unknown,
    })
}

impl<'a> Elements<'a> {
    /// The next element. What is no traffic in it is malformed.
    pub(crate) fn next(&mut self, node: &str) -> Option<Option<Word<'a>>> {
        self.left = self.left.checked_sub(1)?;
        let element = self.reader.skip().ok().and_then(|element| read(element, node));
        if element.is_none() {
            self.left = 0;
        }
        Some(element)
    }
}

fn data<'a>(reader: &mut Reader<'a>) -> Option<Word<'a>> {
    let (epoch, from) = (reader.unsigned().ok()?, reader.pid().ok()?);
    let (topic, message) = (reader.binary().ok()?, reader.skip().ok()?);
    Some(Word::Data(Data { epoch, from, topic, message }))
}

fn begin<'a>(reader: &mut Reader<'a>, own: &str) -> Option<Word<'a>> {
    let (epoch, from) = (reader.unsigned().ok()?, pid(reader)?);
    let length = list(reader, MAX_USES)?;
    let mut uses = Vec::new();
    for _ in 0..length {
        reader.tuple().ok()?;
        let (router, member) = (pid(reader)?, pid(reader)?);
        uses.push(Use { router, member, version: reader.unsigned().ok()? });
    }
    reader.list_end(length).ok()?;
    let mut direct = false;
    let length = reader.list().ok()?;
    for _ in 0..length {
        direct |= reader.atom().ok()?.eq_str(own);
    }
    Some(Word::Begin { epoch, from, uses, direct })
}

fn members<'a>(reader: &mut Reader<'a>) -> Option<Word<'a>> {
    let (router, version, route) = (pid(reader)?, reader.unsigned().ok()?, pid(reader)?);
    let length = list(reader, MAX_NODES)?;
    let mut members = Vec::new();
    for _ in 0..length {
        reader.tuple().ok()?;
        members.push((reader.atom().ok()?.text().into(), pid(reader)?));
    }
    Some(Word::Members(List { router, version, route, members }))
}

/// By node.
fn counts(reader: &mut Reader<'_>) -> Option<Vec<(String, u64)>> {
    let mut counts = Vec::new();
    for _ in 0..list(reader, MAX_NODES)? {
        reader.tuple().ok()?;
        counts.push((reader.atom().ok()?.text().into_owned(), reader.unsigned().ok()?));
    }
    Some(counts)
}

fn interest<'a>(reader: &mut Reader<'a>) -> Option<Word<'a>> {
    let (router, number) = (pid(reader)?, reader.unsigned().ok()?);
    let states = [("listed", State::Listed), ("open", State::Open), ("unattached", State::Unattached)];
    let state = word(reader, &states)?;
    let stamp = reader.unsigned().ok()?;
    let complete = word(reader, &[("true", true), ("false", false)])?;
    Some(Word::Interest { router, answer: Answer { number, state, stamp, complete } })
}

fn pid(reader: &mut Reader<'_>) -> Option<OwnedPid> {
    reader.pid().ok().map(OwnedPid::from)
}

/// One of these atoms.
fn word<T: Clone>(reader: &mut Reader<'_>, words: &[(&str, T)]) -> Option<T> {
    let atom = reader.atom().ok()?;
    words.iter().find(|(word, _)| atom.eq_str(word)).map(|(_, meaning)| meaning.clone())
}

/// The length of a list of at most so many elements.
fn list(reader: &mut Reader<'_>, most: u32) -> Option<u32> {
    reader.list().ok().filter(|length| *length <= most)
}
