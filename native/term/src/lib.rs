//! Bytes to terms and back: the Erlang external term format, as OTP 25 to 29 write and read it.
//!
//! What it is, from the bytes up:
//!
//! | for | there is |
//! | --- | --- |
//! | taking one value after the other, in place | [`Reader`]: a cursor that copies nothing |
//! | writing one value after the other | [`Writer`]: byte for byte as `erlang:term_to_binary/1` does |
//! | a whole term that is passed on, kept or printed | [`Term`] borrows it, [`OwnedTerm`] owns it; both print as `iex` does |
//! | types of one's own | [`to_vec`] and [`from_slice`], through serde |
//! | terms as keys | [`canonical`]: equal terms become equal bytes |
//! | what `term_to_binary` stored, maybe compressed | [`OwnedTerm::unpack`], [`Term::pack`] |
//! | trees of the crate `eetf` | `TryFrom` both ways, with the feature `eetf` |
//!
//! Terms are bare everywhere: without the version byte 131, as they stand within a message. [`Reader::expect_version`],
//! [`Term::with_version`] and [`OwnedTerm::unpack`] take it where one is.
//!
//! Invariants:
//!
//! - Input is hostile. Every length and count is held against the bytes that are there before it is used.
//!   Nothing recurses on input without a bound, nothing allocates on the sender's word, nothing panics.
//! - A failed read leaves the cursor where it stood.
//! - The writer never produces a term that a BEAM would refuse; what it cannot write is an error of the
//!   caller. The caller's part: as many terms behind a header as it announced, and no key of a map twice.
//! - Nothing makes atoms but the names that a program writes: see [`to_vec`].
//!
//! ```
//! use outrigger_term::{OwnedTerm, Reader, Term, TermError, Writer, from_slice};
//!
//! let mut bytes = Vec::new();
//! let mut writer = Writer::new(&mut bytes);
//! writer.tuple(2);
//! writer.atom("ping")?;
//! writer.integer(42);
//! assert_eq!(bytes, [104, 2, 119, 4, b'p', b'i', b'n', b'g', 97, 42]);
//!
//! // In place.
//! let mut reader = Reader::new(&bytes);
//! assert_eq!(reader.tuple()?, 2);
//! assert!(reader.atom()?.eq_str("ping"));
//! assert_eq!(reader.integer()?, 42);
//! reader.expect_end()?;
//!
//! // Whole.
//! let term = Term::new(&bytes)?;
//! assert_eq!(term.to_string(), "{:ping, 42}");
//! let kept = OwnedTerm::from(term);
//!
//! // As a type.
//! assert_eq!(from_slice::<(String, u8)>(kept.bytes()).unwrap(), ("ping".into(), 42));
//! # Ok::<(), TermError>(())
//! ```
//!
//! Limits: no tree of its own (a term stays the bytes it came as). References to an atom cache (tag 82) are expanded by
//! [`rewrite_atoms`] alone. Closures and native records can be read, printed and passed on, not made. `FUN_EXT`
//! is no term, as for every OTP since 23. Ports are written as OTP 26 and later write them.

mod atom;
mod bits;
mod canonical;
#[cfg(feature = "eetf")]
mod eetf;
mod error;
mod ids;
mod inspect;
mod integer;
mod limits;
mod opaque;
mod packed;
mod pieces;
mod reader;
mod rewrite;
pub mod tag;
mod term;
mod value;
mod writer;

pub use atom::Atom;
pub use bits::BitString;
pub use canonical::canonical;
pub use error::TermError;
pub use ids::{MAX_REFERENCE_WORDS, Pid, Port, Reference};
pub use inspect::Inspect;
pub use integer::Integer;
pub use limits::Limits;
pub use opaque::{Export, Fun, Record};
pub use packed::Inflation;
pub use reader::Reader;
pub use rewrite::rewrite_atoms;
pub use term::{Kind, OwnedTerm, Term};
pub use value::{Binary, SerdeError, from_reader, from_slice, to_vec, to_writer};
pub use writer::Writer;
