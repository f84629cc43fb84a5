//! Bytes to terms and back: a reader and a writer of the Erlang external term format.
//!
//! What it is: [`Reader`] is a cursor over borrowed bytes that takes one value after the other and copies
//! nothing. [`Term`] is one whole term in such bytes, [`OwnedTerm`] one that owns them; both print as `iex` does.
//! [`Writer`] appends values to a byte vector, byte for byte as `erlang:term_to_binary/1` does.
//!
//! Invariants:
//!
//! - Input is hostile. Every length and count is held against the bytes that are there before it is used.
//!   Nothing recurses on input, nothing allocates on the sender's word, nothing panics.
//! - A failed read leaves the cursor where it stood.
//! - The writer never produces a term that a BEAM would refuse; what it cannot write is an error of the
//!   caller.
//!
//! ```
//! use outrigger_term::{Reader, TermError, Writer};
//!
//! let mut bytes = Vec::new();
//! let mut writer = Writer::new(&mut bytes);
//! writer.version();
//! writer.tuple(2);
//! writer.atom("ping")?;
//! writer.integer(42);
//! assert_eq!(bytes, [131, 104, 2, 119, 4, b'p', b'i', b'n', b'g', 97, 42]);
//!
//! let mut reader = Reader::new(&bytes);
//! reader.expect_version()?;
//! assert_eq!(reader.tuple()?, 2);
//! assert!(reader.atom()?.eq_str("ping"));
//! assert_eq!(reader.integer()?, 42);
//! reader.expect_end()?;
//! # Ok::<(), TermError>(())
//! ```
//!
//! Limits: no owned tree of terms, references to an atom cache (tag 82) only in [`rewrite_atoms`], no decompression (tag 80), no
//! `LOCAL_EXT` (tag 121, never sent between nodes).

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
