//! Native records: their names stand before their values in the bytes, and between them in the print.

use std::fmt::Write;

use super::atom;
use super::printer::{Open, Printer, Stop};
use crate::Reader;

impl<'a> Printer<'a, '_, '_> {
    pub(super) fn begin_record(&mut self) -> Result<(), Stop> {
        match self.reader.clone().record() {
            Ok(record) => {
                let start = self.reader.remaining();
                self.out.write_char('#')?;
                atom::erlang(&record.module.text(), self.out)?;
                self.out.write_char(':')?;
                atom::erlang(&record.name.text(), self.out)?;
                // The names are before the values: go on behind them.
                self.reader.record()?;
                let whole = start.len() - self.reader.remaining().len();
                let values = start.get(whole - record.values.len()..).unwrap_or_default();
                self.reader = Reader::new(values);
                Ok(self.begin("{", Open::Record { names: Reader::new(record.names), left: record.fields })?)
            }
            Err(_) => {
                self.reader.skip()?;
                Ok(self.out.write_str("#Record<...>")?)
            }
        }
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
