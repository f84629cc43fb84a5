//! Walks over whole terms without building anything.
//!
//! `skip` keeps one number: how many terms are still to come. It never exceeds the bytes that are left, so
//! hostile counts end the walk at once, and nesting costs nothing. `skip_within` keeps a fixed array of such
//! numbers, one per level, for callers that want depth bounded.
//!
//! What is checked is all that a BEAM refuses, since it closes the link over it: tags, lengths, counts, atoms (characters,
//! UTF-8), bit counts, the text of old floats, the parts of funs and records. What is not: duplicate keys of maps and names of
//! a record's fields, for which memory would be needed. `FUN_EXT` is no term since OTP 23.

use super::{Reader, common};
use crate::{Limits, MAX_REFERENCE_WORDS, Term, TermError, tag};

/// The greatest arity of an exported function that a BEAM reads.
const MAX_ARITY: i64 = i32::MAX as i64;

/// Levels `skip_within` can count, whatever the limits say.
const MAX_LEVELS: usize = 256;

impl<'a> Reader<'a> {
    /// Walks over exactly one term of any type and returns its bytes. Linear in the bytes walked, no memory.
    pub fn skip(&mut self) -> Result<&'a [u8], TermError> {
        let mut rest = self.remaining();
        let mut pending = 1u64;
        while pending > 0 {
            let (children, behind) = match common::head(rest) {
                Some(found) => found,
                None => any_head(rest)?,
            };
            rest = behind;
            pending = pending - 1 + children;
            // Without children it has fallen, and the bytes bound the walk.
            if children > 0 {
                Self::new(rest).check_count(pending)?;
            }
        }
        self.until(rest)
    }

    /// Walks over exactly one term and returns it.
    pub fn term(&mut self) -> Result<Term<'a>, TermError> {
        self.skip().map(Term::walked)
    }

    /// Like [`Reader::skip`], but fails where the term is nested deeper or holds more terms than allowed.
    pub fn skip_within(&mut self, limits: &Limits) -> Result<&'a [u8], TermError> {
        let max_depth = limits.max_depth.min(MAX_LEVELS as u32);
        let mut rest = self.remaining();
        let mut levels = [0u64; MAX_LEVELS];
        let mut depth = 0usize;
        let mut terms = 0u32;
        loop {
            terms = terms.saturating_add(1);
            if terms > limits.max_terms {
                return Err(TermError::TooManyTerms { limit: limits.max_terms });
            }
            let (children, behind) = match common::head(rest) {
                Some(found) => found,
                None => any_head(rest)?,
            };
            rest = behind;
            if children > 0 {
                Self::new(rest).check_count(children)?;
                let level = levels.get_mut(depth).filter(|_| depth < max_depth as usize);
                *level.ok_or(TermError::TooDeep { limit: max_depth })? = children;
                depth += 1;
            }
            // Close the levels that have got all their terms, then count the next one off.
            while depth > 0 && levels.get(depth - 1).is_some_and(|&left| left == 0) {
                depth -= 1;
            }
            match depth.checked_sub(1).and_then(|at| levels.get_mut(at)) {
                Some(left) => *left -= 1,
                None => return self.until(rest),
            }
        }
    }

    /// Moves on to `rest`, and returns what lies before it.
    fn until(&mut self, rest: &[u8]) -> Result<&'a [u8], TermError> {
        self.take(self.remaining().len().saturating_sub(rest.len()))
    }

    /// Reads the fixed part of one term and returns how many terms follow as parts of it.
    fn head(&mut self) -> Result<u64, TermError> {
        self.head_with(&mut |reader| match reader.atom() {
            Err(TermError::UnexpectedTag { tag: tag @ tag::ATOM_CACHE_REF, .. }) => {
                Err(TermError::UnknownTag { tag })
            }
            read => read.map(drop),
        })
    }

    /// The same, with every atom and every reference to the atom cache left to `atom`, which has to read past it.
    pub(crate) fn head_with<E: From<TermError>>(
        &mut self,
        atom: &mut impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<u64, E> {
        if let tag::SMALL_ATOM_UTF8 | tag::ATOM_UTF8 | tag::SMALL_ATOM | tag::ATOM | tag::ATOM_CACHE_REF =
            self.tag()?
        {
            return atom(self).map(|()| 0);
        }
        let read = match self.u8()? {
            tag::SMALL_INTEGER => self.fixed(1),
            tag::INTEGER => self.fixed(4),
            tag::NEW_FLOAT => self.finite().map(|_| 0),
            tag::FLOAT => self.float_text().map(|_| 0),
            tag::NIL => Ok(0),
            tag::SMALL_TUPLE => self.u8().map(u64::from),
            tag::LARGE_TUPLE => self.u32().map(u64::from),
            tag::LIST => self.u32().map(|length| u64::from(length) + 1),
            tag::MAP => self.u32().map(|pairs| u64::from(pairs) * 2),
            tag::BINARY => self.sized().map(|_| 0),
            tag::STRING => {
                let len = self.u16()?;
                self.fixed(len.into())
            }
            tag::BIT_BINARY => self.bits().map(|_| 0),
            tag::SMALL_BIG => {
                let len = self.u8()?;
                self.fixed(usize::from(len) + 1)
            }
            tag::LARGE_BIG => {
                let len = self.u32()?;
                self.check_count(u64::from(len) + 1)?;
                self.fixed(len as usize + 1)
            }
            tag::NEW_PID => return self.node_and(12, atom),
            tag::PID => return self.node_and(9, atom),
            tag::REFERENCE => return self.node_and(5, atom),
            tag::PORT => return self.node_and(5, atom),
            tag::NEW_PORT => return self.node_and(8, atom),
            tag::V4_PORT => return self.node_and(12, atom),
            tag::NEW_REFERENCE => return self.reference_of(1, atom),
            tag::NEWER_REFERENCE => return self.reference_of(4, atom),
            tag::EXPORT => return self.export_head(atom),
            tag::NEW_FUN => return self.new_fun(atom),
            tag::RECORD => return self.record_head(atom),
            tag => Err(TermError::UnknownTag { tag }),
        };
        Ok(read?)
    }

    fn fixed(&mut self, len: usize) -> Result<u64, TermError> {
        self.take(len).map(|_| 0)
    }

    fn node_and<E: From<TermError>>(
        &mut self,
        len: usize,
        atom: &mut impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<u64, E> {
        atom(self)?;
        Ok(self.fixed(len)?)
    }

    fn reference_of<E: From<TermError>>(
        &mut self,
        creation: usize,
        atom: &mut impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<u64, E> {
        let words = self.u16()?;
        if words == 0 || usize::from(words) > MAX_REFERENCE_WORDS {
            return Err(TermError::BadReference { words }.into());
        }
        self.node_and(creation + usize::from(words) * 4, atom)
    }

    fn export_head<E: From<TermError>>(
        &mut self,
        atom: &mut impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<u64, E> {
        atom(self)?;
        atom(self)?;
        match self.integer()? {
            0..=MAX_ARITY => Ok(0),
            _ => Err(TermError::IntegerOutOfRange.into()),
        }
    }

    /// Size, arity, uniq, index and number of free variables; then module, old index, old uniq, pid, free
    /// variables. The size is not looked at, as a BEAM does not: where the fun ends follows from its parts.
    fn new_fun<E: From<TermError>>(
        &mut self,
        atom: &mut impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<u64, E> {
        self.take(4 + 1 + 16 + 4)?;
        let free = self.u32()?;
        atom(self)?;
        self.integer()?;
        self.integer()?;
        match self.u8()? {
            tag::NEW_PID => self.node_and(12, atom)?,
            tag::PID => self.node_and(9, atom)?,
            tag => return Err(TermError::UnexpectedTag { expected: "a pid", tag }.into()),
        };
        Ok(free.into())
    }

    /// Count and flags; then module, name and the names of all fields, which are atoms; then their values.
    fn record_head<E: From<TermError>>(
        &mut self,
        atom: &mut impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<u64, E> {
        let fields = u64::from(self.u32()?);
        // Flag 1 says that the record is exported. Over any other OTP 29 closes the link.
        if self.u8()? > 1 {
            return Err(TermError::BadRecord.into());
        }
        self.check_count(fields * 2 + 2)?;
        (0..fields + 2).try_for_each(|_| atom(self))?;
        Ok(fields)
    }
}

/// The fixed part of any term: how many terms follow as parts of it, and the bytes behind it.
fn any_head(bytes: &[u8]) -> Result<(u64, &[u8]), TermError> {
    let mut reader = Reader::new(bytes);
    let children = reader.head()?;
    Ok((children, reader.remaining()))
}
