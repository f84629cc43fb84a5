//! The elements of a list, in whatever pieces it comes: `[1, 2 | [3, 4 | "5" in bytes]]` is one list.

use crate::{Reader, TermError, tag};

/// What comes next in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A byte of a short form. Nothing is left to read of it.
    Byte(u8),
    /// An element, which the reader stands before.
    Element,
    /// The tail of an improper list, which the reader stands before.
    Tail,
    /// Nothing more.
    End,
}

/// Where one stands within a list: the iterator over its elements. The reader is kept apart, since elements are read from it in between.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pieces<'a> {
    /// Pieces left in the present piece.
    left: u32,
    /// Bytes left in the present piece.
    bytes: &'a [u8],
    ended: bool,
}

impl<'a> Pieces<'a> {
    pub(crate) fn next(&mut self, reader: &mut Reader<'a>) -> Result<Step, TermError> {
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
    pub(crate) fn skip(&mut self, reader: &mut Reader<'a>) -> Result<(), TermError> {
        loop {
            match self.next(reader)? {
                Step::Byte(_) => self.bytes = &[],
                Step::Element | Step::Tail => drop(reader.skip()?),
                Step::End => return Ok(()),
            }
        }
    }
}
