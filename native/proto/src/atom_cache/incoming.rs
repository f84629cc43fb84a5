//! The table that a peer fills, and what one header of its refers to.
//!
//! Invariant: the table holds whole terms: atoms in UTF-8 of at most 255 characters, tag and length in front.

use super::{LONG, NEW, SEGMENT, SLOTS, flag_bytes};
use crate::ProtoError;
use outrigger_term::Writer;

/// The peer's table. A segment takes memory from its first atom on.
#[derive(Debug, Default)]
pub struct Incoming {
    segments: [Option<Box<Segment>>; SLOTS / SEGMENT],
}

type Segment = [Option<Box<[u8]>>; SEGMENT];

impl Incoming {
    /// Reads what a header lists, from the number of references on; `refs` becomes that list. Returns what is behind: the
    /// control message.
    ///
    /// # Errors
    /// The header is not whole, an atom is none, or it refers to a place that was never filled. The link is to be closed.
    pub fn read<'f>(&mut self, header: &'f [u8], refs: &mut Refs) -> Result<&'f [u8], ProtoError> {
        refs.clear();
        let (&count, rest) = header.split_first().ok_or(ENDS)?;
        if count == 0 {
            return Ok(rest);
        }
        let (flags, mut rest) = rest.split_at_checked(flag_bytes(count)).ok_or(ENDS)?;
        let flag = |at: u8| flags.get(usize::from(at / 2)).map_or(0, |byte| (byte >> (at % 2 * 4)) & 15);
        let long = flag(count) & LONG != 0;
        for at in 0..count {
            let (&low, behind) = rest.split_first().ok_or(ENDS)?;
            rest = behind;
            let segment = self.segments.get_mut(usize::from(flag(at) & 7)).ok_or(ENDS)?;
            if flag(at) & NEW == 0 {
                let filled = segment.as_ref().and_then(|segment| segment.get(usize::from(low))?.as_ref());
                refs.push(filled.ok_or(bad("a place that it has not filled"))?);
                continue;
            }
            let (text, behind) = text(rest, long).ok_or(ENDS)?;
            rest = behind;
            let text = std::str::from_utf8(text).map_err(|_| bad("an atom that is not UTF-8"))?;
            let written = refs.push_with(|out| Writer::new(out).atom(text));
            written.map_err(|_| bad("an atom of more than 255 characters"))?;
            let segment = segment.get_or_insert_with(|| Box::new([const { None }; SEGMENT]));
            if let (Some(place), Some(atom)) = (segment.get_mut(usize::from(low)), refs.get(at)) {
                *place = Some(atom.into());
            }
        }
        Ok(rest)
    }
}

/// The text of a new atom, and what is behind it.
fn text(bytes: &[u8], long: bool) -> Option<(&[u8], &[u8])> {
    let (len, bytes) = match long {
        true => bytes.split_first_chunk().map(|(len, rest)| (u16::from_be_bytes(*len), rest))?,
        false => bytes.split_first().map(|(len, rest)| (u16::from(*len), rest))?,
    };
    bytes.split_at_checked(len.into())
}

/// The atoms that one header lists, as terms. Used again for the next header, nothing is allocated.
#[derive(Debug, Default)]
pub struct Refs {
    atoms: Vec<u8>,
    /// Where each atom ends.
    ends: Vec<usize>,
}

impl Refs {
    /// The atom with this index, tag and length in front.
    #[must_use]
    pub fn get(&self, index: u8) -> Option<&[u8]> {
        let index = usize::from(index);
        let start = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.atoms.get(start..*self.ends.get(index)?)
    }

    /// How many atoms there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the header lists none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes that the list takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.atoms.len() + self.ends.len() * size_of::<usize>()
    }

    fn clear(&mut self) {
        self.atoms.clear();
        self.ends.clear();
    }

    fn push(&mut self, atom: &[u8]) {
        self.atoms.extend_from_slice(atom);
        self.ends.push(self.atoms.len());
    }

    fn push_with<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        write(&mut self.atoms)?;
        self.ends.push(self.atoms.len());
        Ok(())
    }
}

const ENDS: ProtoError = bad("its header ends inside of them");

pub(super) const fn bad(why: &'static str) -> ProtoError {
    ProtoError::BadAtomCache { why }
}
