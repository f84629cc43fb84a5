//! Prints terms as `iex` does: `inspect/1` of Elixir 1.20, on one line.
//!
//! ```
//! use outrigger_term::Term;
//!
//! let list = Term::new(&[108, 0, 0, 0, 2, 104, 2, 119, 1, b'a', 97, 1, 104, 2, 119, 1, b'b', 97, 2, 106])?;
//! assert_eq!(list.to_string(), "[a: 1, b: 2]");
//! assert_eq!(list.inspect().limit(1).to_string(), "[a: 1, ...]");
//! # Ok::<(), outrigger_term::TermError>(())
//! ```
//!
//! What differs from a BEAM, since the bytes do not say it:
//!
//! - Pids, ports, references and closures name their node, `#PID<a@host.7.3>`; a BEAM prints a number of its own.
//! - Structs are maps, `%{__struct__: URI, …}`, as with `inspect(term, structs: false)`: what to make of one only its
//!   module knows. The pairs of maps stand in the order of the bytes.
//! - Native records, `#mod:name{field = value}`, as Erlang's shell prints them, with values as here.
//! - Atoms beyond ASCII are unquoted by Unicode's rules for identifiers; those that mix scripts Elixir quotes.
//!
//! Limits: output is bounded by items and characters, as in Elixir: see [`Inspect::limit`]. No input makes it recurse. Time
//! grows with the bytes times the nesting that is printed, memory with that nesting. An integer of more than 4096 bytes
//! is `#Integer<40000 bits>`.

mod atom;
mod float;
mod leaf;
mod list;
mod opaque;
mod printer;
mod record;
mod text;

use std::fmt;

use crate::Term;

/// A term that is about to be printed.
#[derive(Clone, Copy)]
pub struct Inspect<'a> {
    term: Term<'a>,
    limit: u64,
    printable_limit: usize,
}

impl<'a> Inspect<'a> {
    pub(crate) const fn new(term: Term<'a>) -> Self {
        Self { term, limit: 200, printable_limit: 4096 }
    }

    /// How many items of tuples, lists, maps and bit strings are printed in all, at any depth; `...` stands for the rest.
    /// 200 unless said otherwise, `u64::MAX` for all.
    pub const fn limit(self, items: u64) -> Self {
        Self { limit: items, ..self }
    }

    /// How many characters of each string and charlist are printed. 4096 unless said otherwise.
    pub const fn printable_limit(self, characters: usize) -> Self {
        Self { printable_limit: characters, ..self }
    }
}

impl fmt::Display for Inspect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        printer::print(self.term.reader(), self.limit, self.printable_limit, f)
    }
}

impl fmt::Debug for Inspect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
