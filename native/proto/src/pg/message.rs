//! The five messages of the protocol, read and written.
//!
//! Invariants: a message is read whole or not at all. Lists of groups that are small integers may come as `STRING_EXT`, as any
//! list of bytes. Pids of other nodes than the sender's are left out and counted.

use std::sync::Arc;

use outrigger_term::{Pid, Reader, TermError, Writer, canonical, tag};

use crate::OwnedPid;

/// A group: any term, in canonical form, without version byte.
pub type Group = Arc<[u8]>;

/// Why a message was not taken. The peer erred, or it is a newer `pg` than we know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PgError {
    /// Not one of the messages of the protocol.
    #[error("the peer sent what is no message of pg")]
    Unknown,
    /// A message of the protocol with a part that is wrong.
    #[error("the peer sent a broken message of pg: {0}")]
    Broken(#[from] TermError),
    /// A peer speaks for the scope of another node.
    #[error("the peer speaks for a process of another node")]
    ForeignScope,
    /// Many pids that leave many groups at once, which `pg` never sends.
    #[error("the peer makes more pids leave than it may have")]
    TooMuch,
}

/// A message that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The scope process that speaks.
    pub(super) from: OwnedPid,
    pub(super) body: Body,
    /// Parts that were left out: pids of other nodes, groups that are too large.
    pub(super) left_out: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    Discover,
    Sync(Vec<(Group, Vec<OwnedPid>)>),
    Join(Group, Vec<OwnedPid>),
    Leave(Vec<OwnedPid>, Vec<Group>),
}

/// Reads what came from `node`. `max_group` bounds the bytes of one group.
pub(super) fn read(node: &Arc<str>, term: &[u8], max_group: usize) -> Result<Message, PgError> {
    let mut reader = Reader::new(term);
    let mut read = Read { node, max_group, left_out: 0 };
    let (from, body) = read.message(&mut reader)?;
    reader.expect_end()?;
    Ok(Message { from, body, left_out: read.left_out })
}

struct Read<'a> {
    node: &'a Arc<str>,
    max_group: usize,
    left_out: u64,
}

impl Read<'_> {
    fn message(&mut self, reader: &mut Reader<'_>) -> Result<(OwnedPid, Body), PgError> {
        let arity = reader.tuple().map_err(|_other| PgError::Unknown)?;
        let word = reader.atom().map_err(|_other| PgError::Unknown)?;
        match (word.as_str().unwrap_or_default(), arity) {
            // The third element is the version of a protocol to come.
            ("discover", 2 | 3) => {
                let from = self.scope(reader)?;
                if arity == 3 {
                    reader.skip()?;
                }
                Ok((from, Body::Discover))
            }
            ("$gen_cast", 2) => {
                if reader.tuple()? != 3 || !reader.atom()?.eq_str("sync") {
                    return Err(PgError::Unknown);
                }
                Ok((self.scope(reader)?, Body::Sync(self.groups_with_pids(reader)?)))
            }
            ("join", 4) => {
                let from = self.scope(reader)?;
                let group = self.group(reader)?;
                let pids = self.pids(reader)?;
                Ok((from, group.map_or(Body::Leave(vec![], vec![]), |group| Body::Join(group, pids))))
            }
            ("leave", 4) => {
                let from = self.scope(reader)?;
                let pids = self.pids(reader)?;
                Ok((from, Body::Leave(pids, self.groups(reader)?)))
            }
            _ => Err(PgError::Unknown),
        }
    }

    fn scope(&self, reader: &mut Reader<'_>) -> Result<OwnedPid, PgError> {
        self.own(&reader.pid()?).ok_or(PgError::ForeignScope)
    }

    /// A pid of the sender's node; its name is shared by all of them.
    fn own(&self, pid: &Pid<'_>) -> Option<OwnedPid> {
        let Pid { id, serial, creation, .. } = *pid;
        pid.node.eq_str(self.node).then(|| OwnedPid { node: self.node.clone(), id, serial, creation })
    }

    /// `None` for one that is too large.
    fn group(&mut self, reader: &mut Reader<'_>) -> Result<Option<Group>, TermError> {
        let term = reader.skip()?;
        if term.len() > self.max_group {
            self.left_out += 1;
            return Ok(None);
        }
        canonical(term).map(|group| Some(group.into()))
    }

    fn groups(&mut self, reader: &mut Reader<'_>) -> Result<Vec<Group>, TermError> {
        if reader.tag()? == tag::STRING {
            let integer = |byte: &u8| Group::from([tag::SMALL_INTEGER, *byte]);
            return Ok(reader.string()?.iter().map(integer).collect());
        }
        let length = reader.list()?;
        let mut groups = Vec::new();
        for _ in 0..length {
            groups.extend(self.group(reader)?);
        }
        reader.list_end(length)?;
        Ok(groups)
    }

    fn pids(&mut self, reader: &mut Reader<'_>) -> Result<Vec<OwnedPid>, TermError> {
        if matches!(reader.tag()?, tag::NEW_PID | tag::PID) {
            let pid = reader.pid()?;
            return Ok(self.counted(&pid).into_iter().collect());
        }
        let length = reader.list()?;
        let mut pids = Vec::new();
        for _ in 0..length {
            let pid = reader.pid()?;
            pids.extend(self.counted(&pid));
        }
        reader.list_end(length)?;
        Ok(pids)
    }

    fn counted(&mut self, pid: &Pid<'_>) -> Option<OwnedPid> {
        let own = self.own(pid);
        self.left_out += u64::from(own.is_none());
        own
    }

    fn groups_with_pids(
        &mut self,
        reader: &mut Reader<'_>,
    ) -> Result<Vec<(Group, Vec<OwnedPid>)>, TermError> {
        let length = reader.list()?;
        let mut groups = Vec::new();
        for _ in 0..length {
            if reader.tuple()? != 2 {
                return Err(TermError::UnexpectedTag { expected: "a pair", tag: tag::SMALL_TUPLE });
            }
            let group = self.group(reader)?;
            let pids = self.pids(reader)?;
            groups.extend(group.map(|group| (group, pids)));
        }
        reader.list_end(length)?;
        Ok(groups)
    }
}

/// `{discover, Pid}`
pub(super) fn discover(own: &OwnedPid) -> Arc<[u8]> {
    write("discover", 2, own, |_writer| {})
}

/// `{'$gen_cast', {sync, Pid, [{Group, [Pid]}]}}`
pub(super) fn sync(own: &OwnedPid, groups: &[(&Group, Vec<OwnedPid>)]) -> Arc<[u8]> {
    let inner = write("sync", 3, own, |writer| {
        writer.list(length(groups.len()));
        for (group, members) in groups {
            writer.tuple(2);
            writer.raw(group);
            list(writer, members);
        }
        if !groups.is_empty() {
            writer.nil();
        }
    });
    let mut cast = Vec::with_capacity(inner.len() + 16);
    let mut writer = Writer::new(&mut cast);
    writer.tuple(2);
    word(&mut writer, "$gen_cast");
    writer.raw(&inner);
    cast.into()
}

/// `{join, Pid, Group, PidOrPids}`
pub(super) fn join(own: &OwnedPid, group: &Group, members: &[OwnedPid]) -> Arc<[u8]> {
    write("join", 4, own, |writer| {
        writer.raw(group);
        one_or_more(writer, members);
    })
}

/// `{leave, Pid, PidOrPids, Groups}`; a group stands there as often as it is left.
pub(super) fn leave(own: &OwnedPid, members: &[OwnedPid], groups: &[Group]) -> Arc<[u8]> {
    write("leave", 4, own, |writer| {
        one_or_more(writer, members);
        writer.list(length(groups.len()));
        groups.iter().for_each(|group| writer.raw(group));
        if !groups.is_empty() {
            writer.nil();
        }
    })
}

fn write(name: &str, arity: u32, own: &OwnedPid, rest: impl FnOnce(&mut Writer<'_>)) -> Arc<[u8]> {
    let mut term = Vec::with_capacity(128);
    let mut writer = Writer::new(&mut term);
    writer.tuple(arity);
    word(&mut writer, name);
    pid(&mut writer, own);
    rest(&mut writer);
    term.into()
}

fn one_or_more(writer: &mut Writer<'_>, members: &[OwnedPid]) {
    match members {
        [one] => pid(writer, one),
        more => list(writer, more),
    }
}

fn list(writer: &mut Writer<'_>, members: &[OwnedPid]) {
    writer.list(length(members.len()));
    members.iter().for_each(|member| pid(writer, member));
    if !members.is_empty() {
        writer.nil();
    }
}

fn word(writer: &mut Writer<'_>, text: &str) {
    // Fails for words of more than 255 characters only; ours are short.
    let _short = writer.atom(text);
}

fn pid(writer: &mut Writer<'_>, pid: &OwnedPid) {
    // Names of nodes have at most 255 characters.
    let _short = writer.pid(&pid.borrow());
}

/// Bounds far below 2^32 hold for everything that is written here.
fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
