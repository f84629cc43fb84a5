//! A message with references becomes one without, before anyone looks at it.
//!
//! Invariant: what comes out is a whole frame in header framing, and its control message and payload are well-formed.

use bytes::{Bytes, BytesMut};
use outrigger_term::{Reader, TermError, rewrite_atoms, tag};

use super::Refs;
use super::incoming::bad;
use crate::ProtoError;
use crate::frame::Framing;

/// Room for the next messages is taken in such portions.
const CHUNK: usize = 16 << 10;

/// Buffers that are used again for each message.
#[derive(Debug, Default)]
pub(crate) struct Expander {
    scratch: Vec<u8>,
    out: BytesMut,
}

impl Expander {
    /// Writes the terms of a message with atoms in place of references: the control message and the payload, if there is one.
    pub(crate) fn frame(&mut self, terms: &[u8], refs: &Refs, max: usize) -> Result<Bytes, ProtoError> {
        let out = &mut self.scratch;
        out.clear();
        out.extend_from_slice(Framing::Header.before_control());
        let mut reader = Reader::new(terms);
        expand(&mut reader, out, refs, max).map_err(|stop| stop.of(ProtoError::BadControl))?;
        if !reader.is_empty() {
            expand(&mut reader, out, refs, max).map_err(|stop| stop.of(ProtoError::BadPayload))?;
        }
        reader.expect_end().map_err(ProtoError::BadPayload)?;
        if out.len() > max {
            return Err(ProtoError::ExpandedTooLarge { max });
        }
        if out.len() > CHUNK {
            return Ok(std::mem::take(out).into());
        }
        if self.out.capacity() < out.len() {
            self.out.reserve(CHUNK);
        }
        self.out.extend_from_slice(out);
        Ok(self.out.split().freeze())
    }
}

fn expand(reader: &mut Reader<'_>, out: &mut Vec<u8>, refs: &Refs, max: usize) -> Result<(), Stop> {
    rewrite_atoms(reader, out, |reader, out| {
        let atom = match reader.tag()? {
            tag::ATOM_CACHE_REF => {
                let listed = refs.get(reader.atom_cache_ref()?);
                listed.ok_or(Stop::Proto(bad("an index beyond those of its header")))?
            }
            _ => {
                let before = reader.remaining();
                reader.atom()?;
                before.get(..before.len() - reader.remaining().len()).unwrap_or_default()
            }
        };
        if out.len() + atom.len() > max {
            return Err(Stop::Proto(ProtoError::ExpandedTooLarge { max }));
        }
        out.extend_from_slice(atom);
        Ok(())
    })
}

/// Why an expansion stopped.
enum Stop {
    Term(TermError),
    Proto(ProtoError),
}

impl From<TermError> for Stop {
    fn from(error: TermError) -> Self {
        Self::Term(error)
    }
}

impl Stop {
    fn of(self, part: impl FnOnce(TermError) -> ProtoError) -> ProtoError {
        match self {
            Self::Term(error) => part(error),
            Self::Proto(error) => error,
        }
    }
}
