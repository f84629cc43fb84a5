//! Copies a term with every atom in it written anew: how references to an atom cache become atoms, and atoms references.
//!
//! Atoms are everywhere: on their own, as the node of a pid, a port or a reference, in external funs, in records. All
//! else is copied as it stands, but for the size in front of a fun, which covers the atoms inside.
//!
//! ```
//! use outrigger_term::{TermError, Writer, rewrite_atoms, Reader};
//!
//! // {ok, ReferenceToTheCache}
//! let term = [104, 2, 119, 2, b'o', b'k', 82, 0];
//! let mut out = Vec::new();
//! rewrite_atoms(&mut Reader::new(&term), &mut out, |reader, out| {
//!     let mut writer = Writer::new(out);
//!     match reader.atom_cache_ref() {
//!         Ok(index) => writer.atom(["error"][usize::from(index)]),
//!         Err(_) => writer.atom_of(&reader.atom()?),
//!     }
//! })?;
//! assert_eq!(out, [&[104, 2, 119, 2, b'o', b'k', 119, 5][..], b"error"].concat());
//! # Ok::<(), TermError>(())
//! ```
//!
//! Limits: linear in the bytes of the term and of the atoms written; how much that may be is up to `atom`. Memory besides
//! `out`: 16 bytes for each fun that is open, which has at least 29 bytes of its own.

use crate::{Reader, TermError, tag};

/// What stands between the tag of a fun and the end of its size.
const FUN_SIZE: usize = 4;

/// Appends the next term of `reader` to `out`. `atom` finds the reader at an atom or a reference to the cache, reads past
/// it and appends what is to stand there.
///
/// # Errors
/// What the reader holds is no term, or `atom` failed. Nothing was appended then.
pub fn rewrite_atoms<'a, E: From<TermError>>(
    reader: &mut Reader<'a>,
    out: &mut Vec<u8>,
    atom: impl FnMut(&mut Reader<'a>, &mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = out.len();
    let copied = copy(reader, out, atom);
    if copied.is_err() {
        out.truncate(start);
    }
    copied
}

fn copy<'a, E: From<TermError>>(
    reader: &mut Reader<'a>,
    out: &mut Vec<u8>,
    mut atom: impl FnMut(&mut Reader<'a>, &mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    // Bytes that have been walked over and not been copied yet begin here.
    let mut behind = reader.remaining();
    let mut funs: Vec<OpenFun> = Vec::new();
    let mut pending = 1u64;
    while pending > 0 {
        if reader.tag()? == tag::NEW_FUN {
            let size_at = out.len() + walked(behind, reader).len() + 1;
            funs.push(OpenFun { size_at, pending: pending - 1 });
        }
        let parts = reader.head_with(&mut |reader| {
            out.extend_from_slice(walked(behind, reader));
            atom(reader, out)?;
            behind = reader.remaining();
            Ok::<(), E>(())
        })?;
        pending = pending - 1 + parts;
        reader.check_count(pending)?;
        while let Some(fun) = funs.pop_if(|fun| fun.pending == pending) {
            out.extend_from_slice(walked(behind, reader));
            behind = reader.remaining();
            fun.close(out);
        }
    }
    out.extend_from_slice(walked(behind, reader));
    Ok(())
}

/// A fun whose parts are to come.
struct OpenFun {
    /// Where its size will stand in the output.
    size_at: usize,
    /// How many terms are still to come when it is complete.
    pending: u64,
}

impl OpenFun {
    /// The size counts itself and all behind it.
    fn close(self, out: &mut [u8]) {
        let size = u32::try_from(out.len() - self.size_at).unwrap_or(u32::MAX);
        if let Some(place) = out.get_mut(self.size_at..self.size_at + FUN_SIZE) {
            place.copy_from_slice(&size.to_be_bytes());
        }
    }
}

/// The bytes between two places of one input.
fn walked<'a>(from: &'a [u8], to: &Reader<'a>) -> &'a [u8] {
    from.get(..from.len().saturating_sub(to.remaining().len())).unwrap_or(from)
}
