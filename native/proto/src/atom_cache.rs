//! The atom cache of a link: atoms that were sent once are referred to by number. For links with
//! [`crate::Flags::DIST_HDR_ATOM_CACHE`].
//!
//! Each direction of a link has a table of its own, [`SLOTS`] atoms, which the sender fills. The header of a message lists up
//! to 255 of them, each either as a place in the table that is filled already or as a place and the text to put there; in
//! the terms of the message, `ATOM_CACHE_REF` is an index into that list. (ERTS User's Guide, "External Term Format",
//! "Distribution Header".)
//!
//! - [`Incoming`] follows the headers of a peer, in the order in which they come: also that of a message whose other
//!   fragments are still to come. [`Refs`] is what one header listed. It stays right when the table changes.
//! - [`Outgoing`] writes frames. They must go out in the order in which they were written.
//!
//! ```
//! use outrigger_proto::{atom_cache::Outgoing, control::encode, fragments::Assembler, frame::Framing, message, Limits};
//! use outrigger_term::{Atom, Pid};
//!
//! let to = Pid { node: Atom::Utf8("app@host"), id: 1, serial: 0, creation: 2 };
//! let mut outgoing = Outgoing::default();
//! let mut assembler = Assembler::with_atom_cache(Limits::default());
//! let mut lengths = Vec::new();
//! for _ in 0..2 {
//!     let mut frame = Vec::new();
//!     outgoing.append(&mut frame, Some(&[119, 2, b'o', b'k']), |w| encode::send(w, &to))?;
//!     lengths.push(frame.len());
//!     let whole = assembler.push(frame.split_off(4).into())?.ok_or("no fragment")?;
//!     assert_eq!(message::split(&whole, Framing::Header)?.payload, [119, 2, b'o', b'k']);
//! }
//! assert!(lengths[1] < lengths[0], "the second one refers to the atoms of the first");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Limits: a reference of two bytes may stand for an atom of 1,023, so what a peer sends grows when it is expanded; it grows
//! to [`crate::Limits::max_frame`] and no further. A full table of the longest atoms takes 2 MiB.

mod expand;
mod incoming;
mod outgoing;

pub(crate) use expand::Expander;
pub use incoming::{Incoming, Refs};
pub use outgoing::Outgoing;
use outrigger_term::tag;

use crate::fragments;
use crate::frame::{FRAGMENT_FIRST, HEADER};

/// Atoms in a table: 8 segments of 256.
pub const SLOTS: usize = 2048;
/// Atoms in one segment.
const SEGMENT: usize = 256;
/// The half-byte of a reference says that its text follows.
const NEW: u8 = 8;
/// The half-byte behind those of the references: texts have lengths of two bytes.
const LONG: u8 = 1;

/// Whether a frame is a message, or begins one, that refers to the cache.
#[must_use]
pub fn refers(frame: &[u8]) -> bool {
    match frame {
        [tag::VERSION, HEADER, count, ..] => *count > 0,
        [tag::VERSION, FRAGMENT_FIRST, ..] => frame.get(fragments::HEAD).is_some_and(|count| *count > 0),
        _ => false,
    }
}

/// Bytes of the half-bytes of a header with so many references, one more included.
const fn flag_bytes(count: u8) -> usize {
    count as usize / 2 + 1
}
