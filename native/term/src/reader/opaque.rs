//! Functions and native records, whole.

use super::Reader;
use crate::{Export, Fun, Record, TermError, tag};

impl<'a> Reader<'a> {
    /// Reads `&module.function/arity`.
    pub fn export(&mut self) -> Result<Export<'a>, TermError> {
        self.scan(|reader| {
            reader.expect_tag(tag::EXPORT, "an exported function")?;
            let (module, function) = (reader.atom()?, reader.atom()?);
            let arity = u32::try_from(reader.integer()?).map_err(|_| TermError::IntegerOutOfRange)?;
            Ok(Export { module, function, arity })
        })
    }

    /// Reads a closure, with the values it holds.
    pub fn fun(&mut self) -> Result<Fun<'a>, TermError> {
        self.scan(|reader| {
            reader.expect_tag(tag::NEW_FUN, "a closure")?;
            // The size is not looked at, as a BEAM does not: where the fun ends follows from its parts.
            reader.u32()?;
            let (arity, uniq) = (reader.u8()?, reader.array()?);
            let (index, free) = (reader.u32()?, reader.u32()?);
            let module = reader.atom()?;
            let old_index = reader.integer()?;
            let old_uniq = reader.integer()?;
            let pid = reader.pid()?;
            let values = reader.skip_many(free)?;
            Ok(Fun { module, arity, index, uniq, old_index, old_uniq, pid, free, values })
        })
    }

    /// Reads a native record, with its fields.
    pub fn record(&mut self) -> Result<Record<'a>, TermError> {
        self.scan(|reader| {
            reader.expect_tag(tag::RECORD, "a native record")?;
            let (fields, flags) = (reader.u32()?, reader.u8()?);
            if flags > 1 {
                return Err(TermError::BadRecord);
            }
            let (module, name) = (reader.atom()?, reader.atom()?);
            let names = reader.skip_many(fields)?;
            let values = reader.skip_many(fields)?;
            let mut each = Self::new(names);
            (0..fields).try_for_each(|_| each.atom().map(drop))?;
            Ok(Record { module, name, flags, fields, names, values })
        })
    }

    fn expect_tag(&mut self, wanted: u8, expected: &'static str) -> Result<(), TermError> {
        match self.u8()? {
            tag if tag == wanted => Ok(()),
            tag => Err(TermError::UnexpectedTag { expected, tag }),
        }
    }

    /// Walks over so many terms and returns their bytes.
    fn skip_many(&mut self, count: u32) -> Result<&'a [u8], TermError> {
        self.check_count(count.into())?;
        let start = self.remaining();
        (0..count).try_for_each(|_| self.skip().map(drop))?;
        Ok(start.get(..start.len() - self.remaining().len()).unwrap_or(start))
    }
}
