//! The elements of a list, in whatever pieces it comes: `[1, 2 | [3, 4 | "5" in bytes]]` is one list.

use super::text;
use crate::{Reader, TermError, tag};

/// What comes next in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A byte of a short form. Nothing is left to read of it.
    Byte(u8),
    /// An element, which the reader stands before.
    Element,
    /// The tail of an improper list, which the reader stands before.
    Tail,
    /// Nothing more.
    End,
}

/// Where one stands within a list. The reader is kept apart, since elements are read from it in between.
#[derive(Debug, Clone, Default)]
pub(super) struct Elements<'a> {
    /// Elements left in the present piece.
    left: u32,
    /// Bytes left in the present piece.
    bytes: &'a [u8],
    ended: bool,
}

impl<'a> Elements<'a> {
    pub(super) fn next(&mut self, reader: &mut Reader<'a>) -> Result<Step, TermError> {
        loop {
            if let Some((&byte, rest)) = self.bytes.split_first() {
                self.bytes = rest;
                return Ok(Step::Byte(byte));
            }
            if let Some(left) = self.left.checked_sub(1) {
                self.left = left;
                return Ok(Step::Element);
            }
            if self.ended {
                return Ok(Step::End);
            }
            match reader.tag()? {
                tag::NIL | tag::STRING => {
                    self.ended = true;
                    self.bytes = reader.string()?;
                }
                tag::LIST => self.left = reader.list_header()?,
                _ => {
                    self.ended = true;
                    return Ok(Step::Tail);
                }
            }
        }
    }

    /// Walks to the end.
    pub(super) fn skip(&mut self, reader: &mut Reader<'a>) -> Result<(), TermError> {
        loop {
            match self.next(reader)? {
                Step::Byte(_) => self.bytes = &[],
                Step::Element | Step::Tail => drop(reader.skip()?),
                Step::End => return Ok(()),
            }
        }
    }
}

/// The first `limit` characters of the list that `reader` stands before, and whether it has more elements. `None` if one
/// of these characters is not printable. What stands behind them is not looked at.
pub(super) fn charlist(reader: &Reader<'_>, limit: usize) -> Result<Option<(Vec<u8>, bool)>, TermError> {
    let (mut reader, mut elements, mut text) = (reader.clone(), Elements::default(), Vec::new());
    loop {
        let step = elements.next(&mut reader)?;
        if step == Step::End {
            return Ok(Some((text, false)));
        }
        if text.len() >= limit {
            return Ok(Some((text, true)));
        }
        let char = match step {
            Step::Byte(byte) => byte.into(),
            Step::Element => reader.integer().unwrap_or(-1),
            Step::Tail | Step::End => -1,
        };
        match u8::try_from(char).ok().filter(|&char| text::is_charlist_char(char)) {
            Some(char) => text.push(char),
            None => return Ok(None),
        }
    }
}

/// Whether the list that `reader` stands before is a keyword list.
pub(super) fn is_keyword(reader: &Reader<'_>) -> Result<bool, TermError> {
    let (mut reader, mut elements) = (reader.clone(), Elements::default());
    loop {
        match elements.next(&mut reader)? {
            Step::Element => {
                if reader.tuple() != Ok(2) || !is_key(&mut reader) {
                    return Ok(false);
                }
                reader.skip()?;
            }
            Step::Byte(_) | Step::Tail => return Ok(false),
            Step::End => return Ok(true),
        }
    }
}

/// Whether all keys of the `pairs` that `reader` stands before can be written as `key:`.
pub(super) fn has_keyword_keys(reader: &Reader<'_>, pairs: u32) -> Result<bool, TermError> {
    let mut reader = reader.clone();
    for _ in 0..pairs {
        if !is_key(&mut reader) {
            return Ok(false);
        }
        reader.skip()?;
    }
    Ok(true)
}

fn is_key(reader: &mut Reader<'_>) -> bool {
    reader.atom().is_ok_and(|atom| !atom.bytes().starts_with(b"Elixir."))
}
