//! The table that we fill, and the frames that refer to it.
//!
//! Which place an atom gets follows from its text. An atom whose place another one has takes it over; two atoms of one
//! message cannot share a place, so the second one is written out. So is an atom behind the 255th of a message, one in
//! Latin-1 (nothing of ours writes those), and one of a single character, which is no longer than a reference.
//!
//! Invariant: the table changes only with a frame that was appended, never with one that failed.
//!
//! Limits: for payloads of up to 64 KiB. Longer ones go out in pieces ([`crate::fragments::Pieces`]), without references: to
//! walk over them would cost their sender more time than the bytes are worth. Takes 48 KiB from the first frame on.

use outrigger_term::{Atom, Reader, TermError, Writer, rewrite_atoms, tag};

use super::{LONG, NEW, SEGMENT, SLOTS};
use crate::ProtoError;
use crate::frame::HEADER;

/// References that a header can list.
const MOST: usize = 255;
/// A shorter text is written out.
const SHORTEST: usize = 2;

/// Our table of one link.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// Empty until the first frame.
    slots: Vec<Slot>,
    /// What the message at hand refers to.
    refs: Vec<Ref>,
    /// The texts that are new in it.
    texts: String,
    /// Its control message, then its terms with references.
    control: Vec<u8>,
    terms: Vec<u8>,
}

#[derive(Debug, Default, Clone)]
struct Slot {
    /// What the peer has here.
    atom: Option<Box<str>>,
    /// One more than its index in the message at hand; 0 if that does not refer to it.
    index: u8,
}

#[derive(Debug)]
struct Ref {
    slot: usize,
    /// What the atom is, in `texts`, if the peer does not have it.
    new: Option<(usize, usize)>,
}

impl Outgoing {
    /// Appends a whole frame, as [`crate::frame::append`] does. `payload` is a bare term.
    ///
    /// # Errors
    /// The control message cannot be written, or the payload is not exactly one term. Nothing was appended.
    pub fn append(
        &mut self,
        out: &mut Vec<u8>,
        payload: Option<&[u8]>,
        control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
    ) -> Result<(), ProtoError> {
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, Slot::default());
        }
        let start = out.len();
        let appended = self.rewrite(payload, control).map_err(ProtoError::Encode).and_then(|()| {
            out.extend_from_slice(&[0, 0, 0, 0, tag::VERSION, HEADER]);
            self.write_header(out);
            out.extend_from_slice(&self.terms);
            let len = out.len() - start - 4;
            u32::try_from(len).map_err(|_| ProtoError::MessageTooLarge { len })
        });
        self.settle(appended.is_ok());
        match appended {
            Ok(len) => {
                if let Some(place) = out.get_mut(start..start + 4) {
                    place.copy_from_slice(&len.to_be_bytes());
                }
                Ok(())
            }
            Err(error) => {
                out.truncate(start);
                Err(error)
            }
        }
    }

    /// Both terms of the message, with references, and what they refer to.
    fn rewrite(
        &mut self,
        payload: Option<&[u8]>,
        control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
    ) -> Result<(), TermError> {
        let Self { slots, refs, texts, control: written, terms } = self;
        terms.clear();
        written.clear();
        control(&mut Writer::new(written))?;
        for term in [Some(&**written), payload].into_iter().flatten() {
            let mut reader = Reader::new(term);
            rewrite_atoms(&mut reader, terms, |reader, out| {
                let before = reader.remaining();
                let index = match reader.atom()? {
                    Atom::Utf8(text) if text.len() >= SHORTEST => index(slots, refs, texts, text),
                    _ => None,
                };
                match index {
                    Some(index) => out.extend_from_slice(&[tag::ATOM_CACHE_REF, index]),
                    None => out.extend_from_slice(
                        before.get(..before.len() - reader.remaining().len()).unwrap_or_default(),
                    ),
                }
                Ok::<(), TermError>(())
            })?;
            reader.expect_end()?;
        }
        Ok(())
    }

    /// How many references, their half-bytes, and the references.
    fn write_header(&self, out: &mut Vec<u8>) {
        // At most 255.
        out.push(self.refs.len() as u8);
        if self.refs.is_empty() {
            return;
        }
        let long = self.refs.iter().any(|entry| entry.new.is_some_and(|(from, to)| to - from > 255));
        let halves = self.refs.iter().map(|entry| {
            let segment = (entry.slot / SEGMENT) as u8;
            segment | if entry.new.is_some() { NEW } else { 0 }
        });
        let mut halves = halves.chain([if long { LONG } else { 0 }]);
        while let Some(low) = halves.next() {
            out.push(low | halves.next().unwrap_or(0) << 4);
        }
        for entry in &self.refs {
            out.push((entry.slot % SEGMENT) as u8);
            let Some(text) = entry.new.and_then(|(from, to)| self.texts.get(from..to)) else { continue };
            // An atom has at most 255 characters, each of at most 4 bytes.
            let len = (text.len() as u16).to_be_bytes();
            out.extend_from_slice(if long { &len } else { &len[1..] });
            out.extend_from_slice(text.as_bytes());
        }
    }

    /// Ends the message at hand. If it was `sent`, the peer has its new atoms.
    fn settle(&mut self, sent: bool) {
        for entry in self.refs.drain(..) {
            let Some(slot) = self.slots.get_mut(entry.slot) else { continue };
            slot.index = 0;
            if let Some(text) = entry.new.filter(|_| sent).and_then(|(from, to)| self.texts.get(from..to)) {
                slot.atom = Some(text.into());
            }
        }
        self.texts.clear();
    }
}

/// The index by which the message at hand refers to an atom; `None` if it is to be written out.
fn index(slots: &mut [Slot], refs: &mut Vec<Ref>, texts: &mut String, text: &str) -> Option<u8> {
    let at = place(text);
    let slot = slots.get_mut(at)?;
    if let Some(index) = slot.index.checked_sub(1) {
        let new = refs.get(usize::from(index))?.new;
        let referred = match new {
            Some((from, to)) => texts.get(from..to),
            None => slot.atom.as_deref(),
        };
        return (referred == Some(text)).then_some(index);
    }
    if refs.len() >= MOST {
        return None;
    }
    let new = (slot.atom.as_deref() != Some(text)).then(|| {
        let from = texts.len();
        texts.push_str(text);
        (from, texts.len())
    });
    refs.push(Ref { slot: at, new });
    // At most 255.
    slot.index = refs.len() as u8;
    Some(slot.index - 1)
}

/// The place of an atom: FNV-1a, folded.
fn place(text: &str) -> usize {
    let mut hash = 0x811c_9dc5_u32;
    for byte in text.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    (hash ^ (hash >> 11) ^ (hash >> 22)) as usize % SLOTS
}
