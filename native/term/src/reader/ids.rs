//! Pids, ports and references, in today's encodings and in those that older nodes and stored data use.

use super::{Reader, common};
use crate::{Atom, MAX_REFERENCE_WORDS, Pid, Port, Reference, TermError, tag};

impl<'a> Reader<'a> {
    /// Reads a pid.
    #[inline]
    pub fn pid(&mut self) -> Result<Pid<'a>, TermError> {
        self.found_or(common::pid(self.remaining()), Self::any_pid)
    }

    fn any_pid(&mut self) -> Result<Pid<'a>, TermError> {
        self.scan(|reader| {
            let tag = reader.u8()?;
            if !matches!(tag, tag::NEW_PID | tag::PID) {
                return Err(TermError::UnexpectedTag { expected: "a pid", tag });
            }
            let node = reader.atom()?;
            let (id, serial) = (reader.u32()?, reader.u32()?);
            let creation = reader.creation(tag == tag::NEW_PID)?;
            Ok(Pid { node, id, serial, creation })
        })
    }

    /// Reads a port.
    pub fn port(&mut self) -> Result<Port<'a>, TermError> {
        self.scan(|reader| {
            let tag = reader.u8()?;
            if !matches!(tag, tag::V4_PORT | tag::NEW_PORT | tag::PORT) {
                return Err(TermError::UnexpectedTag { expected: "a port", tag });
            }
            let node = reader.atom()?;
            let id = match tag {
                tag::V4_PORT => reader.array().map(u64::from_be_bytes)?,
                _ => reader.u32()?.into(),
            };
            Ok(Port { node, id, creation: reader.creation(tag != tag::PORT)? })
        })
    }

    /// Reads a reference.
    #[inline]
    pub fn reference(&mut self) -> Result<Reference<'a>, TermError> {
        self.found_or(common::reference(self.remaining()), Self::any_reference)
    }

    fn any_reference(&mut self) -> Result<Reference<'a>, TermError> {
        self.scan(|reader| {
            let tag = reader.u8()?;
            match tag {
                tag::REFERENCE => {
                    let node = reader.atom()?;
                    let id = reader.u32()?;
                    let creation = reader.creation(false)?;
                    reference(node, creation, &[id])
                }
                tag::NEW_REFERENCE | tag::NEWER_REFERENCE => {
                    let words = reader.u16()?;
                    if words == 0 || usize::from(words) > MAX_REFERENCE_WORDS {
                        return Err(TermError::BadReference { words });
                    }
                    let node = reader.atom()?;
                    let creation = reader.creation(tag == tag::NEWER_REFERENCE)?;
                    let mut ids = [0; MAX_REFERENCE_WORDS];
                    for id in ids.iter_mut().take(words.into()) {
                        *id = reader.u32()?;
                    }
                    reference(node, creation, ids.get(..words.into()).unwrap_or_default())
                }
                tag => Err(TermError::UnexpectedTag { expected: "a reference", tag }),
            }
        })
    }

    /// A creation has 32 bits in the `NEW` encodings, 8 before.
    fn creation(&mut self, wide: bool) -> Result<u32, TermError> {
        if wide { self.u32() } else { self.u8().map(u32::from) }
    }
}

fn reference<'a>(node: Atom<'a>, creation: u32, words: &[u32]) -> Result<Reference<'a>, TermError> {
    Reference::new(node, creation, words).ok_or(TermError::BadReference { words: 0 })
}
