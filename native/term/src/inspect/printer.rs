//! The walk: one cursor over the bytes, and a stack of what is open in place of recursion.
//!
//! Limits are counted as Elixir 1.20 does: each element of a container costs one of a single allowance, wherever it
//! stands; where nothing is left `...` stands for the rest of the container. The tail of an improper list is on the house.

use std::fmt::{self, Write};

use super::{atom, float, list, opaque, text};
use crate::pieces::{Pieces, Step};
use crate::{Reader, TermError, tag};

/// A container whose first characters are written.
pub(super) enum Open<'a> {
    Tuple {
        left: u32,
    },
    List {
        pieces: Pieces<'a>,
        keyword: bool,
        /// Set while the tail is printed: what was left of the allowance before it.
        before_tail: Option<u64>,
    },
    Map {
        left: u32,
        keyword: bool,
        /// The key is written, its value is to come.
        at_value: bool,
    },
    Record {
        names: Reader<'a>,
        left: u32,
    },
}

/// Why the walk ended early.
pub(super) enum Stop {
    /// The place where it is written to is full or gone.
    Write,
    /// The bytes are no term. That does not happen behind a [`crate::Term`], but no print may panic.
    Term,
}

impl From<fmt::Error> for Stop {
    fn from(_: fmt::Error) -> Self {
        Self::Write
    }
}

impl From<TermError> for Stop {
    fn from(_: TermError) -> Self {
        Self::Term
    }
}

pub(super) struct Printer<'a, 'f, 'g> {
    pub(super) reader: Reader<'a>,
    pub(super) open: Vec<Open<'a>>,
    pub(super) limit: u64,
    pub(super) printable_limit: usize,
    /// The container has had an element.
    comma: bool,
    pub(super) out: &'f mut fmt::Formatter<'g>,
}

pub(super) fn print(
    reader: Reader<'_>,
    limit: u64,
    printable_limit: usize,
    out: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut printer = Printer { reader, open: Vec::new(), limit, printable_limit, comma: false, out };
    match printer.run() {
        Ok(()) => Ok(()),
        Err(Stop::Write) => Err(fmt::Error),
        Err(Stop::Term) => printer.out.write_str("..."),
    }
}

impl<'a> Printer<'a, '_, '_> {
    fn run(&mut self) -> Result<(), Stop> {
        self.term()?;
        while let Some(open) = self.open.pop() {
            match open {
                Open::Tuple { left } => self.tuple(left)?,
                Open::List { pieces, keyword, before_tail } => self.list(pieces, keyword, before_tail)?,
                Open::Map { left, keyword, at_value } => self.map(left, keyword, at_value)?,
                Open::Record { names, left } => self.record(names, left)?,
            }
        }
        Ok(())
    }

    /// Prints a term, of a container the beginning only.
    pub(super) fn term(&mut self) -> Result<(), Stop> {
        match self.reader.tag()? {
            tag::SMALL_INTEGER | tag::INTEGER | tag::SMALL_BIG | tag::LARGE_BIG => {
                let number = self.reader.number()?;
                self.integer(&number)?;
            }
            tag::NEW_FLOAT | tag::FLOAT => float::print(self.reader.float()?, self.out)?,
            tag::SMALL_ATOM_UTF8 | tag::ATOM_UTF8 | tag::SMALL_ATOM | tag::ATOM => {
                atom::literal(&self.reader.atom()?.text(), self.out)?;
            }
            tag::BINARY | tag::BIT_BINARY => {
                let bits = self.reader.bit_string()?;
                self.bits(&bits)?;
            }
            tag::NEW_PID | tag::PID => opaque::pid(&self.reader.pid()?, self.out)?,
            tag::V4_PORT | tag::NEW_PORT | tag::PORT => opaque::port(&self.reader.port()?, self.out)?,
            tag::NEWER_REFERENCE | tag::NEW_REFERENCE | tag::REFERENCE => {
                opaque::reference(&self.reader.reference()?, self.out)?;
            }
            tag::EXPORT => opaque::export(&self.reader.export()?, self.out)?,
            tag::NEW_FUN => opaque::fun(&self.reader.fun()?, self.out)?,
            tag::SMALL_TUPLE | tag::LARGE_TUPLE => {
                let left = self.reader.tuple()?;
                self.begin("{", Open::Tuple { left })?;
            }
            tag::MAP => {
                let left = self.reader.map()?;
                let keyword = list::has_keyword_keys(&self.reader, left)?;
                self.begin("%{", Open::Map { left, keyword, at_value: false })?;
            }
            tag::RECORD => self.begin_record()?,
            _ => self.begin_list()?,
        }
        Ok(())
    }

    pub(super) fn begin(&mut self, text: &str, open: Open<'a>) -> fmt::Result {
        self.comma = false;
        self.open.push(open);
        self.out.write_str(text)
    }

    /// Writes what stands before an element. Says whether the element may be printed; if not, `...` is.
    pub(super) fn next(&mut self) -> Result<bool, fmt::Error> {
        if self.comma {
            self.out.write_str(", ")?;
        }
        self.comma = true;
        match self.limit {
            0 => self.out.write_str("...").map(|()| false),
            u64::MAX => Ok(true),
            _ => {
                self.limit -= 1;
                Ok(true)
            }
        }
    }

    pub(super) fn end(&mut self, text: &str) -> fmt::Result {
        self.comma = true;
        self.out.write_str(text)
    }

    pub(super) fn skip(&mut self, count: u64) -> Result<(), TermError> {
        (0..count).try_for_each(|_| self.reader.skip().map(drop))
    }

    fn tuple(&mut self, left: u32) -> Result<(), Stop> {
        if left == 0 {
            return Ok(self.end("}")?);
        }
        if !self.next()? {
            self.skip(left.into())?;
            return Ok(self.end("}")?);
        }
        self.open.push(Open::Tuple { left: left - 1 });
        self.term()
    }

    fn begin_list(&mut self) -> Result<(), Stop> {
        // `[]`, or the header of a list without elements: then the tail is the term.
        let (mut ahead, mut pieces) = (self.reader.clone(), Pieces::default());
        match pieces.next(&mut ahead)? {
            Step::End => {
                self.reader = ahead;
                return Ok(self.out.write_str("[]")?);
            }
            Step::Tail => {
                if ahead.remaining().len() == self.reader.remaining().len() {
                    return Err(Stop::Term);
                }
                self.reader = ahead;
                return self.term();
            }
            Step::Byte(_) | Step::Element => {}
        }
        if let Some((text, more)) = list::charlist(&self.reader, self.printable_limit)? {
            self.out.write_str("~c")?;
            text::quoted(&text, self.out)?;
            self.out.write_str(if more { " ++ ..." } else { "" })?;
            return Ok(Pieces::default().skip(&mut self.reader)?);
        }
        let keyword = list::is_keyword(&self.reader)?;
        Ok(self.begin("[", Open::List { pieces: Pieces::default(), keyword, before_tail: None })?)
    }

    fn list(&mut self, mut pieces: Pieces<'a>, keyword: bool, before_tail: Option<u64>) -> Result<(), Stop> {
        if let Some(limit) = before_tail {
            self.limit = limit;
        }
        let step = pieces.next(&mut self.reader)?;
        match step {
            Step::End => return Ok(self.end("]")?),
            Step::Tail => {
                self.out.write_str(" | ")?;
                let before_tail = Some(self.limit);
                if self.limit < u64::MAX {
                    self.limit = self.limit.saturating_sub(1);
                }
                self.open.push(Open::List { pieces, keyword, before_tail });
                return self.term();
            }
            Step::Byte(_) | Step::Element => {}
        }
        if !self.next()? {
            if step == Step::Element {
                self.reader.skip()?;
            }
            pieces.skip(&mut self.reader)?;
            return Ok(self.end("]")?);
        }
        if let Step::Byte(byte) = step {
            self.open.push(Open::List { pieces, keyword, before_tail });
            return Ok(write!(self.out, "{byte}")?);
        }
        self.open.push(Open::List { pieces, keyword, before_tail });
        if keyword {
            self.reader.tuple()?;
            self.key()?;
        }
        self.term()
    }

    fn key(&mut self) -> Result<(), Stop> {
        atom::key(&self.reader.atom()?.text(), self.out)?;
        Ok(self.out.write_char(' ')?)
    }

    fn map(&mut self, left: u32, keyword: bool, at_value: bool) -> Result<(), Stop> {
        if at_value {
            self.out.write_str(" => ")?;
            self.open.push(Open::Map { left, keyword, at_value: false });
            return self.term();
        }
        if left == 0 {
            return Ok(self.end("}")?);
        }
        if !self.next()? {
            self.skip(u64::from(left) * 2)?;
            return Ok(self.end("}")?);
        }
        self.open.push(Open::Map { left: left - 1, keyword, at_value: !keyword });
        if keyword {
            self.key()?;
        }
        self.term()
    }
}
