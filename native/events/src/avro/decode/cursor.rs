//! Where a decoder stands, and how it reads the simple things. Source: "Binary encoding" of the specification.

use crate::avro::plan::Tables;
use crate::avro::{Plan, malformed};
use crate::fault::{Checked, Fault};
use crate::{Error, Limits};

/// One decoding.
pub(in crate::avro) struct Run<'a, S> {
    pub(super) tables: &'a Tables,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) depth: usize,
    /// Elements that took no bytes.
    pub(super) empty: usize,
    pub(super) limits: &'a Limits,
    pub(super) sink: &'a mut S,
}

impl<'a, S> Run<'a, S> {
    pub(in crate::avro) const fn new(
        tables: &'a Tables,
        bytes: &'a [u8],
        limits: &'a Limits,
        sink: &'a mut S,
    ) -> Self {
        Self { tables, bytes, at: 0, depth: 0, empty: 0, limits, sink }
    }

    /// What is read up to here.
    pub(in crate::avro) const fn at(&self) -> usize {
        self.at
    }

    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Checked<&'a [u8]> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..length)) {
            Some(taken) => {
                self.at += length;
                Ok(taken)
            }
            None => Err(self.short(length)),
        }
    }

    #[inline]
    pub(super) fn chunk<const N: usize>(&mut self) -> Checked<[u8; N]> {
        match self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()) {
            Some(taken) => {
                self.at += N;
                Ok(*taken)
            }
            None => Err(self.short(N)),
        }
    }

    /// `long`.
    #[inline]
    pub(super) fn long(&mut self) -> Checked<i64> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(i64::from(byte >> 1) ^ -i64::from(byte & 1))
            }
            _ => self.long_of_many(),
        }
    }

    fn long_of_many(&mut self) -> Checked<i64> {
        let mut value = 0_u64;
        for (place, &byte) in self.bytes.iter().skip(self.at).take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                if place == 9 && byte > 1 {
                    break;
                }
                self.at += place + 1;
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        match self.bytes.len() - self.at {
            left if left < 10 => Err(self.short(left + 1)),
            _ => Err(malformed(self.at, "a long of more than 64 bits")),
        }
    }

    /// `int`.
    #[inline]
    pub(super) fn int(&mut self) -> Checked<i32> {
        let at = self.at;
        let value = self.long()?;
        i32::try_from(value).map_err(|_| malformed(at, format!("{value} is no int")))
    }

    /// A length, and as many bytes.
    #[inline]
    pub(super) fn sized(&mut self) -> Checked<&'a [u8]> {
        let at = self.at;
        let length = self.long()?;
        match usize::try_from(length) {
            Ok(length) => self.take(length),
            Err(_) => Err(malformed(at, format!("a length of {length}"))),
        }
    }

    /// The number of a branch or symbol.
    #[inline]
    pub(super) fn choice<T: Copy>(&mut self, of: &[T], what: &str) -> Checked<T> {
        let at = self.at;
        let number = self.long()?;
        match usize::try_from(number).ok().and_then(|number| of.get(number)) {
            Some(chosen) => Ok(*chosen),
            None => Err(malformed(at, format!("{what} {number} of {}", of.len()))),
        }
    }

    #[cold]
    #[inline(never)]
    fn short(&self, wanted: usize) -> Box<Fault> {
        let left = self.bytes.len() - self.at;
        malformed(self.at, format!("{wanted} bytes are wanted, {left} are left"))
    }

    /// One level down. [`Run::rise`] goes up again.
    #[inline]
    pub(super) fn sink_into(&mut self) -> Checked {
        if self.depth == self.limits.depth {
            return Err(self.limit("depth", self.limits.depth));
        }
        self.depth += 1;
        Ok(())
    }

    #[inline]
    pub(super) const fn rise(&mut self) {
        self.depth -= 1;
    }

    /// After an element that began at `start`: one of no bytes is counted.
    #[inline]
    pub(super) fn element(&mut self, start: usize) -> Checked {
        if self.at == start {
            self.empty += 1;
            if self.empty > self.limits.items {
                return Err(self.limit(Plan::EMPTY, self.limits.items));
            }
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    pub(super) fn limit(&self, what: &'static str, limit: usize) -> Box<Fault> {
        Fault::boxed(Error::Limit { what, limit, at: self.at })
    }
}
