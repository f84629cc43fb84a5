//! Native records: their names stand before their values in the bytes, and between them in the print.

use std::fmt::Write;

use super::atom;
use super::printer::{Open, Printer, Stop};
use crate::Reader;

impl<'a> Printer<'a, '_, '_> {
    pub(super) fn begin_record(&mut self) -> Result<(), Stop> {
        let before = self.reader.clone();
        let record = self.reader.record()?;
        self.out.write_char('#')?;
        atom::erlang(&record.module.text(), self.out)?;
        self.out.write_char(':')?;
        atom::erlang(&record.name.text(), self.out)?;
        // Back to the first value, which is printed as any term is.
        let behind = self.reader.remaining().len() + record.values.len();
        let values = before.remaining().len().checked_sub(behind).ok_or(Stop::Term)?;
        self.reader = Reader::new(before.remaining().get(values..).unwrap_or_default());
        Ok(self.begin("{", Open::Record { names: Reader::new(record.names), left: record.fields })?)
    }

    pub(super) fn record(&mut self, mut names: Reader<'a>, left: u32) -> Result<(), Stop> {
        if left == 0 {
            return Ok(self.end("}")?);
        }
        if !self.next()? {
            self.skip(left.into())?;
            return Ok(self.end("}")?);
        }
        atom::erlang(&names.atom()?.text(), self.out)?;
        self.out.write_str(" = ")?;
        self.open.push(Open::Record { names, left: left - 1 });
        self.term()
    }
}
