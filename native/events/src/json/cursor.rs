//! A place in a document, and the steps that can be taken from there.
//!
//! The decoder, the projection and the readers of known envelopes all walk with it, so there is one reading of the grammar.
//!
//! # Invariants
//!
//! - A step that fails leaves the cursor anywhere: nothing is read after a fault.
//! - The document is UTF-8 (`Cursor::new` checks it), so every part between two ASCII bytes is.

use super::fault::{Fault, Problem};
use super::number::number;
use super::scan::plain_end;
use super::string::unescape;
use super::{Floats, Options};
use crate::{Sink, Text};

/// What kind of value stands somewhere, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `true`, `false`, `null`, or nothing that can be.
    Word,
    Number,
    Text,
    List,
    Map,
}

pub(crate) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) options: Options,
    /// The last string that had escapes.
    unescaped: Vec<u8>,
}

impl<'a> Cursor<'a> {
    /// At the beginning of a document.
    pub(crate) fn new(bytes: &'a [u8], options: Options) -> Result<Self, Fault> {
        let limit = options.limits.bytes;
        if bytes.len() > limit {
            return Err(Fault::new(limit, Problem::Bytes(limit)));
        }
        match simdutf8::compat::from_utf8(bytes) {
            Ok(_) => Ok(Self::unchecked(bytes, options)),
            Err(error) => Err(Fault::new(error.valid_up_to(), Problem::Utf8)),
        }
    }

    /// In the middle of a document that `new` has taken once.
    pub(crate) const fn unchecked_at(bytes: &'a [u8], at: usize, options: Options) -> Self {
        Self { bytes, at, options, unescaped: Vec::new() }
    }

    /// The same for a document that is known to be UTF-8, or whose strings nobody looks at.
    pub(super) const fn unchecked(bytes: &'a [u8], options: Options) -> Self {
        Self::unchecked_at(bytes, 0, options)
    }

    /// Offset of the next byte.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Goes back to an offset that the cursor has been at.
    pub(crate) const fn back(&mut self, at: usize) {
        self.at = at;
    }

    /// What kind of value comes.
    #[inline]
    pub(crate) fn kind(&mut self) -> Kind {
        self.space();
        match self.peek() {
            b'"' => Kind::Text,
            b'-' | b'0'..=b'9' => Kind::Number,
            b'{' => Kind::Map,
            b'[' => Kind::List,
            _ => Kind::Word,
        }
    }

    /// Reads numbers in another way for one step.
    pub(crate) fn with_floats<T>(&mut self, floats: Floats, step: impl FnOnce(&mut Self) -> T) -> T {
        let own = std::mem::replace(&mut self.options.floats, floats);
        let result = step(self);
        self.options.floats = own;
        result
    }

    /// Nothing but space follows.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        self.space();
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.fault(Problem::Trailing)) }
    }

    /// Goes into the map or list that stands here, inside so many others. Whether it has anything in it; if not, the cursor is
    /// behind it.
    #[inline]
    pub(crate) fn enter(&mut self, inside: usize) -> Result<bool, Fault> {
        let limit = self.options.limits.depth;
        if inside >= limit {
            return Err(self.fault(Problem::Depth(limit)));
        }
        // `]` and `}` are two behind `[` and `{` in ASCII.
        let close = self.peek() + 2;
        self.at += 1;
        self.space();
        let empty = self.peek() == close;
        self.at += usize::from(empty);
        Ok(!empty)
    }

    /// Behind an element of a list: whether another one follows. If not, the cursor is behind the list.
    #[inline]
    pub(crate) fn next_element(&mut self) -> Result<bool, Fault> {
        self.next(b']', Problem::AfterElement)
    }

    /// Behind a pair of a map: whether another one follows. If not, the cursor is behind the map.
    #[inline]
    pub(crate) fn next_pair(&mut self) -> Result<bool, Fault> {
        self.next(b'}', Problem::AfterPair)
    }

    #[inline]
    fn next(&mut self, close: u8, otherwise: Problem) -> Result<bool, Fault> {
        self.space();
        let byte = self.peek();
        if byte != b',' && byte != close {
            return Err(self.fault(otherwise));
        }
        self.at += 1;
        Ok(byte == b',')
    }

    /// A key and its colon.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<Text<'_>, Fault> {
        self.space();
        if self.peek() != b'"' {
            return Err(self.fault(Problem::Key));
        }
        let (start, end) = self.string()?;
        self.space();
        if self.peek() != b':' {
            return Err(self.fault(Problem::Colon));
        }
        self.at += 1;
        Ok(self.text_between(start, end))
    }

    /// The string whose quote stands here.
    #[inline]
    pub(crate) fn text(&mut self) -> Result<Text<'_>, Fault> {
        let (start, end) = self.string()?;
        Ok(self.text_between(start, end))
    }

    /// Where the text of the string begins and ends; the end is `usize::MAX` if it had escapes.
    #[inline]
    fn string(&mut self) -> Result<(usize, usize), Fault> {
        let start = self.at + 1;
        let end = plain_end(self.bytes, start);
        match self.bytes.get(end) {
            Some(b'"') => {
                self.at = end + 1;
                Ok((start, end))
            }
            Some(b'\\') => {
                self.at = unescape(self.bytes, start, end, &mut self.unescaped)? + 1;
                Ok((start, usize::MAX))
            }
            Some(_) => Err(Fault::new(end, Problem::Control)),
            None => Err(Fault::new(end, Problem::Unclosed)),
        }
    }

    #[inline]
    fn text_between(&self, start: usize, end: usize) -> Text<'_> {
        match self.bytes.get(start..end) {
            Some(bytes) => Text::at(bytes, start),
            None => Text::made(&self.unescaped),
        }
    }

    /// A string, a number or a word: anything but a list or a map.
    #[inline]
    pub(crate) fn scalar<S: Sink>(&mut self, kind: Kind, sink: &mut S) -> Result<(), Fault> {
        match kind {
            Kind::Text => {
                let (start, end) = self.string()?;
                sink.text(self.text_between(start, end));
            }
            Kind::Number => self.at = number(self.bytes, self.at, &self.options, sink)?,
            _ => self.word(sink)?,
        }
        Ok(())
    }

    #[inline]
    fn word<S: Sink>(&mut self, sink: &mut S) -> Result<(), Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(b"null") {
            sink.null();
            self.at += 4;
        } else if rest.starts_with(b"true") {
            sink.boolean(true);
            self.at += 4;
        } else if rest.starts_with(b"false") {
            sink.boolean(false);
            self.at += 5;
        } else {
            return Err(self.fault(Problem::Value));
        }
        Ok(())
    }

    /// The byte here. The end reads as 0, which stands nowhere in a document.
    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// A fault at this byte.
    pub(crate) const fn fault(&self, problem: Problem) -> Fault {
        Fault::new(self.at, problem)
    }
}

impl Options {
    /// For walking a document of which it is known how far it is right.
    pub(super) const fn unbounded() -> Self {
        let limits =
            crate::Limits { bytes: usize::MAX, depth: usize::MAX, digits: usize::MAX, items: usize::MAX };
        Self { limits, floats: Floats::Binary }
    }
}
