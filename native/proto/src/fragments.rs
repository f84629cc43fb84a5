//! Long messages in pieces, so that short ones can go between them. For links with [`crate::Flags::FRAGMENTS`].
//!
//! The first piece is `131, 69, Sequence:64, Id:64, 0, Control, Payload…`, each later one `131, 70, Sequence:64, Id:64, …`. Ids
//! count down; the last piece has id 1. The control message is whole in the first piece. (ERTS User's Guide, "External Term
//! Format", "Distribution Header for fragmented messages".)
//!
//! - [`Assembler`] puts messages of a peer together, and replaces references to the atom cache by atoms. A gap, a piece out of order, a sequence twice or unknown: the stream of
//!   such a peer cannot be trusted, as a BEAM sees it, too.
//! - [`Pieces`] cuts a message of ours.
//!
//! ```
//! use bytes::Bytes;
//! use outrigger_proto::{Limits, control::encode, fragments::{Assembler, Pieces}, frame::Framing, message};
//! use outrigger_term::{Atom, Pid};
//!
//! let to = Pid { node: Atom::Utf8("a@h"), id: 1, serial: 0, creation: 2 };
//! let term: Bytes = [&[109, 0, 3, 0, 0][..], &[7; 0x30000]].concat().into();
//! let mut pieces = Pieces::new(1, term.clone(), |w| encode::send(w, &to))?;
//! let mut assembler = Assembler::new(Limits::default());
//! let mut whole = None;
//! while let Some([head, part]) = pieces.next() {
//!     let frame = Bytes::from([&head[4..], &part].concat());
//!     whole = assembler.push(frame)?;
//! }
//! let whole = whole.ok_or("the last piece completes it")?;
//! assert_eq!(message::split(&whole, Framing::Header)?.payload, term);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Limits: what is open stays until the link ends, since a peer may take as long as it likes between two pieces; it is
//! bounded in number and in bytes, the atoms that they refer to included.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bytes::Bytes;
use outrigger_term::{TermError, Writer, tag};

use crate::atom_cache::{Expander, Incoming, Refs};
use crate::frame::{FRAGMENT, FRAGMENT_FIRST, Framing, HEADER};
use crate::{Limits, ProtoError};

/// Bytes of payload in one piece, as OTP has it.
pub const PIECE: usize = 64 << 10;
/// `131, 69 or 70, Sequence:64, Id:64`.
pub(crate) const HEAD: usize = 18;

/// Puts the fragmented messages of one link together.
#[derive(Debug)]
pub struct Assembler {
    open: HashMap<u64, Open>,
    bytes: usize,
    limits: Limits,
    /// For a link on which the peer may refer to atoms.
    atoms: Option<Atoms>,
}

#[derive(Debug, Default)]
struct Atoms {
    table: Incoming,
    /// What the frame at hand refers to.
    refs: Refs,
    expander: Expander,
}

/// A message that is not whole yet.
#[derive(Debug)]
struct Open {
    /// What is there, with the head of a message that came whole.
    message: Vec<u8>,
    /// The id of the next piece.
    next: u64,
    /// What its header refers to.
    refs: Refs,
}

impl Open {
    /// Bytes that it takes.
    fn held(&self) -> usize {
        self.message.len() + self.refs.bytes()
    }
}

impl Atoms {
    /// A message in one frame that has references.
    fn whole(&mut self, frame: &[u8], max: usize) -> Result<Bytes, ProtoError> {
        let terms = self.table.read(frame.get(2..).unwrap_or_default(), &mut self.refs)?;
        self.expander.frame(terms, &self.refs, max)
    }
}

impl Assembler {
    /// Nothing is open.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { open: HashMap::new(), bytes: 0, limits, atoms: None }
    }

    /// The same for a link on which the atom cache was agreed.
    #[must_use]
    pub fn with_atom_cache(limits: Limits) -> Self {
        Self { atoms: Some(Atoms::default()), ..Self::new(limits) }
    }

    /// Takes a frame. One that is no fragment comes back as it is; a fragment that completes its message, as a frame that
    /// holds all of it. Either without references to the atom cache, if that was agreed.
    ///
    /// # Errors
    /// The peer broke the rules or a limit; the link is to be closed.
    pub fn push(&mut self, frame: Bytes) -> Result<Option<Bytes>, ProtoError> {
        match *frame {
            [tag::VERSION, FRAGMENT_FIRST, ..] => self.first(&frame),
            [tag::VERSION, FRAGMENT, ..] => self.later(&frame),
            [tag::VERSION, HEADER, 1..=255, ..] => match &mut self.atoms {
                Some(atoms) => atoms.whole(&frame, self.limits.max_frame).map(Some),
                None => Ok(Some(frame)),
            },
            _ => Ok(Some(frame)),
        }
    }

    /// Messages that are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Bytes of the messages that are open.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn first(&mut self, frame: &[u8]) -> Result<Option<Bytes>, ProtoError> {
        let (sequence, id, rest) = read(frame)?;
        if id == 0 {
            return Err(ProtoError::FragmentOutOfOrder { sequence, id });
        }
        self.unless_open(sequence)?;
        let mut message = Vec::with_capacity(rest.len() + 3);
        message.extend_from_slice(&[tag::VERSION, HEADER]);
        let mut refs = Refs::default();
        match (&mut self.atoms, rest) {
            // The table follows the frames as they come, not the messages as they become whole.
            (Some(atoms), [1..=255, ..]) => {
                message.push(0);
                message.extend_from_slice(atoms.table.read(rest, &mut refs)?);
            }
            _ => message.extend_from_slice(rest),
        }
        let open = Open { message, next: id - 1, refs };
        if id == 1 {
            return self.whole(open).map(Some);
        }
        if self.open.len() >= self.limits.max_open_fragments {
            return Err(ProtoError::TooManyFragments { max: self.limits.max_open_fragments });
        }
        self.charge(open.held())?;
        self.open.insert(sequence, open);
        Ok(None)
    }

    fn unless_open(&self, sequence: u64) -> Result<(), ProtoError> {
        match self.open.contains_key(&sequence) {
            true => Err(ProtoError::FragmentTwice { sequence }),
            false => Ok(()),
        }
    }

    fn later(&mut self, frame: &[u8]) -> Result<Option<Bytes>, ProtoError> {
        let (sequence, id, rest) = read(frame)?;
        let max = self.limits.max_frame;
        self.charge(rest.len())?;
        let Entry::Occupied(mut entry) = self.open.entry(sequence) else {
            return Err(ProtoError::FragmentUnknown { sequence });
        };
        let open = entry.get_mut();
        if open.next != id {
            return Err(ProtoError::FragmentOutOfOrder { sequence, id });
        }
        if open.message.len() + rest.len() > max {
            return Err(ProtoError::FragmentsTooLarge { max });
        }
        open.message.extend_from_slice(rest);
        open.next -= 1;
        if id > 1 {
            return Ok(None);
        }
        let open = entry.remove();
        self.bytes -= open.held();
        self.whole(open).map(Some)
    }

    /// A message that is complete, without references.
    fn whole(&mut self, open: Open) -> Result<Bytes, ProtoError> {
        match &mut self.atoms {
            Some(atoms) if !open.refs.is_empty() => {
                let terms = open.message.get(Framing::Header.before_control().len()..).unwrap_or_default();
                atoms.expander.frame(terms, &open.refs, self.limits.max_frame)
            }
            _ => Ok(open.message.into()),
        }
    }

    fn charge(&mut self, bytes: usize) -> Result<(), ProtoError> {
        self.bytes = self.bytes.saturating_add(bytes);
        match self.bytes > self.limits.max_fragment_bytes {
            true => Err(ProtoError::FragmentsTooLarge { max: self.limits.max_fragment_bytes }),
            false => Ok(()),
        }
    }
}

/// Sequence, id, and what is behind.
fn read(frame: &[u8]) -> Result<(u64, u64, &[u8]), ProtoError> {
    let head = frame.split_at_checked(HEAD).and_then(|(head, rest)| {
        let sequence = u64::from_be_bytes(head.get(2..10)?.try_into().ok()?);
        let id = u64::from_be_bytes(head.get(10..18)?.try_into().ok()?);
        Some((sequence, id, rest))
    });
    head.ok_or(ProtoError::BadControl(TermError::Truncated))
}

/// A message of ours that goes out in pieces.
#[derive(Debug)]
pub struct Pieces {
    sequence: u64,
    /// The id of the next piece; 0 when all are out.
    id: u64,
    control: Vec<u8>,
    payload: Bytes,
}

impl Pieces {
    /// Cuts a message. `sequence` must differ from those of other messages of the link that are not out yet.
    ///
    /// # Errors
    /// The control message cannot be written.
    pub fn new(
        sequence: u64,
        payload: Bytes,
        control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
    ) -> Result<Self, ProtoError> {
        let mut bytes = Vec::with_capacity(256);
        // No atom of the cache is used.
        bytes.push(0);
        control(&mut Writer::new(&mut bytes)).map_err(ProtoError::Encode)?;
        let id = payload.len().div_ceil(PIECE).max(1) as u64;
        Ok(Self { sequence, id, control: bytes, payload })
    }

    /// The next frame: its head, the length in front, and its part of the payload. `None` when all are out.
    #[allow(clippy::should_implement_trait, reason = "a queue asks it; nobody iterates")]
    pub fn next(&mut self) -> Option<[Bytes; 2]> {
        if self.id == 0 {
            return None;
        }
        let control = std::mem::take(&mut self.control);
        let kind = if control.is_empty() { FRAGMENT } else { FRAGMENT_FIRST };
        let part = self.payload.split_to(self.payload.len().min(PIECE));
        let length = HEAD + control.len() + part.len();
        let mut head = Vec::with_capacity(4 + HEAD + control.len());
        // A piece is far below 4 GiB.
        head.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        head.extend_from_slice(&[tag::VERSION, kind]);
        head.extend_from_slice(&self.sequence.to_be_bytes());
        head.extend_from_slice(&self.id.to_be_bytes());
        head.extend_from_slice(&control);
        self.id -= 1;
        Some([head.into(), part])
    }

    /// Bytes of payload that are not out yet.
    #[must_use]
    pub fn left(&self) -> usize {
        self.payload.len()
    }
}
