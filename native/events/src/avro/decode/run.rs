//! The instructions, done.

use super::Run;
use crate::avro::malformed;
use crate::avro::plan::{NOWHERE, Op, Source};
use crate::fault::{Checked, Fault};
use crate::{Sink, Text};

impl<'a, S: Sink> Run<'a, S> {
    /// Reads one value and tells it.
    #[inline]
    pub(in crate::avro) fn value(&mut self, mut op: Op) -> Checked {
        loop {
            match op {
                Op::Null => self.sink.null(),
                Op::Boolean => {
                    let value = self.boolean()?;
                    self.sink.boolean(value);
                }
                Op::Int => {
                    let value = self.int()?;
                    self.sink.integer(i64::from(value));
                }
                Op::Long => {
                    let value = self.long()?;
                    self.sink.integer(value);
                }
                Op::Float => {
                    let value = f32::from_le_bytes(self.chunk()?);
                    self.sink.single(value);
                }
                Op::Double => {
                    let value = f64::from_le_bytes(self.chunk()?);
                    self.sink.float(value);
                }
                Op::Bytes => {
                    let bytes = self.sized()?;
                    self.sink.bytes(Text::at(bytes, self.at - bytes.len()));
                }
                Op::Text => {
                    let text = self.text()?;
                    self.sink.text(text);
                }
                Op::Union(union) => {
                    let tables = self.tables;
                    op = self.choice(tables.unions[union as usize].of(&tables.branches), "branch")?;
                    continue;
                }
                Op::Fixed(size) => {
                    let bytes = self.take(size as usize)?;
                    self.sink.bytes(Text::at(bytes, self.at - bytes.len()));
                }
                Op::WholeAsFloat(source) => {
                    let value = self.whole(source)?;
                    self.sink.float(f64::from(value as f32));
                }
                Op::WholeAsDouble(source) => {
                    let value = self.whole(source)?;
                    self.sink.float(value as f64);
                }
                Op::Record(record) => return self.record(record),
                Op::Enum(number) => return self.symbol(number),
                Op::Array(list) => return self.array(list),
                Op::Map(list) => return self.map(list),
                Op::Meaning(source, logical) => return self.meaning(source, logical),
                Op::Constant(constant) => return self.constant(constant),
                Op::Skip(of) => return self.skip(of),
                Op::Fail(failure) => return Err(self.failure(failure)),
            }
            return Ok(());
        }
    }

    #[inline(never)]
    fn record(&mut self, record: u32) -> Checked {
        let tables = self.tables;
        let (mut count, start) = (0, self.at);
        self.sink_into()?;
        self.room()?;
        self.sink.begin_record(record as usize);
        for step in tables.steps(tables.records[record as usize]) {
            if let Op::Skip(of) = step.op {
                self.skip(of).map_err(|fault| self.in_field(fault, step.name))?;
            } else {
                self.sink
                    .record_key(step.name as usize, Text::made(tables.names[step.name as usize].as_bytes()));
                self.value(step.op).map_err(|fault| self.in_field(fault, step.name))?;
                count += 1;
            }
        }
        self.rise();
        // Records of nothing inside each other are many from few bytes, too.
        self.element(start)?;
        self.sink.end_record(record as usize, count).map_err(|_| self.twice())
    }

    /// Whether the sink takes what may be much from few bytes.
    #[inline]
    pub(super) fn room(&self) -> Checked {
        if self.sink.full() { Err(self.limit("terms", 0)) } else { Ok(()) }
    }

    #[cold]
    fn in_field(&self, fault: Box<Fault>, name: u32) -> Box<Fault> {
        fault.under(format!(".{}", self.tables.names[name as usize]))
    }

    fn symbol(&mut self, number: u32) -> Checked {
        let tables = self.tables;
        let name = self.choice(tables.enums[number as usize].of(&tables.symbols), "symbol")?;
        if name == NOWHERE {
            return Err(Fault::resolution("a symbol of the writer's enum that the reader's does not have"));
        }
        self.sink.symbol(name as usize, Text::made(tables.names[name as usize].as_bytes()));
        Ok(())
    }

    #[inline]
    fn boolean(&mut self) -> Checked<bool> {
        match self.chunk()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(malformed(self.at - 1, format!("{other} is no boolean"))),
        }
    }

    #[inline]
    pub(super) fn text(&mut self) -> Checked<Text<'a>> {
        let bytes = self.sized()?;
        let at = self.at - bytes.len();
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(Text::at(bytes, at)),
            Err(error) => Err(malformed(at + error.valid_up_to(), "text that is not UTF-8")),
        }
    }

    /// A default: nothing is read.
    fn constant(&mut self, constant: u32) -> Checked {
        for event in &self.tables.constants[constant as usize] {
            event.tell(self.sink).map_err(|_| self.twice())?;
        }
        Ok(())
    }

    #[cold]
    fn failure(&self, failure: u32) -> Box<Fault> {
        Fault::resolution(self.tables.failures[failure as usize].as_str())
    }

    pub(super) fn whole(&mut self, source: Source) -> Checked<i64> {
        match source {
            Source::Int => self.int().map(i64::from),
            _ => self.long(),
        }
    }
}
