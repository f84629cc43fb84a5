//! Values of one field, and what stands for them where there are none.

use std::ops::Range;

use num_bigint::BigInt;

use super::Run;
use super::cursor::Cursor;
use super::scan::Found;
use crate::fault::Checked;
use crate::protobuf::malformed;
use crate::protobuf::plan::{Constant, Field, Kind, Label, Options};
use crate::sink::Nowhere;
use crate::{Integer, Sink, Text};

impl<'a, S: Sink> Run<'a, S> {
    /// The value of a field that has one: the last of those found, or all parts of a message.
    #[inline]
    pub(super) fn value(&mut self, kind: Kind, parts: Range<usize>) -> Checked {
        let last = self.found[parts.end - 1];
        match kind {
            Kind::Message(message) | Kind::Group(message) => self.message(message, parts),
            Kind::Bytes => {
                self.sink.bytes(Text::at(&self.bytes[last.range()], last.start as usize));
                Ok(())
            }
            Kind::Text(strict) => {
                for part in parts.start..parts.end - 1 {
                    self.utf8(self.found[part].range(), strict)?;
                }
                self.text(last.range(), strict)
            }
            _ => self.number(kind, &mut self.cursor(last)),
        }
    }

    #[inline]
    fn text(&mut self, range: Range<usize>, strict: bool) -> Checked {
        let text = Text::at(&self.bytes[range.clone()], range.start);
        if self.utf8(range, strict)? {
            self.sink.text(text);
        } else {
            // Nobody has promised that it is text.
            self.sink.bytes(text);
        }
        Ok(())
    }

    /// Whether it is text.
    #[inline]
    fn utf8(&self, range: Range<usize>, strict: bool) -> Checked<bool> {
        let at = range.start;
        match std::str::from_utf8(&self.bytes[range]) {
            Ok(_) => Ok(true),
            Err(error) if strict => Err(malformed(at + error.valid_up_to(), "text that is not UTF-8")),
            Err(_) => Ok(false),
        }
    }

    /// A value that another one has taken the place of has to be right all the same.
    #[cold]
    pub(super) fn check(&self, kind: Kind, found: Found) -> Checked {
        let options = Options { defaults: false, ..*self.options };
        let mut sink = Nowhere;
        let mut run = Run::new(self.tables, &options, self.bytes, self.limits, &mut sink);
        (run.depth, run.partial) = (self.depth, true);
        run.found.push(found);
        run.value(kind, 0..1)
    }

    /// A number, as the documentation says: of more bits than its type has the least are taken.
    #[inline]
    pub(super) fn number(&mut self, kind: Kind, cursor: &mut Cursor<'_>) -> Checked {
        match kind {
            Kind::Int32 => self.sink.integer(i64::from(cursor.varint()? as i32)),
            Kind::Int64 => self.sink.integer(cursor.varint()? as i64),
            Kind::Uint32 => self.sink.integer(i64::from(cursor.varint()? as u32)),
            Kind::Uint64 => self.unsigned(cursor.varint()?),
            Kind::Sint32 => {
                let value = cursor.varint()? as u32;
                self.sink.integer(i64::from((value >> 1) as i32 ^ -((value & 1) as i32)));
            }
            Kind::Sint64 => {
                let value = cursor.varint()?;
                self.sink.integer((value >> 1) as i64 ^ -((value & 1) as i64));
            }
            Kind::Fixed32 => self.sink.integer(i64::from(u32::from_le_bytes(cursor.chunk()?))),
            Kind::Fixed64 => self.unsigned(u64::from_le_bytes(cursor.chunk()?)),
            Kind::Sfixed32 => self.sink.integer(i64::from(i32::from_le_bytes(cursor.chunk()?))),
            Kind::Sfixed64 => self.sink.integer(i64::from_le_bytes(cursor.chunk()?)),
            Kind::Float => self.sink.single(f32::from_le_bytes(cursor.chunk()?)),
            Kind::Double => self.sink.float(f64::from_le_bytes(cursor.chunk()?)),
            Kind::Bool => self.sink.boolean(cursor.varint()? != 0),
            Kind::Enum(of) => self.symbol(of, cursor.varint()? as i32),
            Kind::Null => {
                cursor.varint()?;
                self.sink.null();
            }
            Kind::Text(_) | Kind::Bytes | Kind::Message(_) | Kind::Group(_) => {
                return Err(malformed(cursor.at, "no number"));
            }
        }
        Ok(())
    }

    #[inline]
    fn unsigned(&mut self, value: u64) {
        match i64::try_from(value) {
            Ok(small) => self.sink.integer(small),
            Err(_) => self.sink.big(&Integer::Big(BigInt::from(value))),
        }
    }

    fn symbol(&mut self, of: u32, number: i32) {
        match self.tables.symbol(of, number) {
            Some(name) => {
                let text = self.tables.names[name as usize].as_bytes();
                self.sink.symbol(name as usize, Text::made(text));
            }
            None => self.sink.integer(i64::from(number)),
        }
    }

    /// What is written as by not being written.
    pub(super) fn zero(&mut self, field: &Field) -> Checked {
        match (field.label, field.kind) {
            (Label::List(_), _) => {
                self.sink.begin_list();
                self.sink.end_list(0);
            }
            (Label::Map, _) => {
                self.sink.begin_map();
                return self.sink.end_map(0).map_err(|_| malformed(0, "a map has a key twice"));
            }
            (Label::Single, Kind::Text(_)) => self.sink.text(Text::made(b"")),
            (Label::Single, Kind::Bytes) => self.sink.bytes(Text::made(b"")),
            (Label::Single, Kind::Enum(of)) => self.symbol(of, self.tables.enums[of as usize].first),
            (Label::Single, Kind::Message(_) | Kind::Group(_)) => self.sink.null(),
            (Label::Single, kind) => return self.number(kind, &mut Cursor { bytes: &[0; 8], at: 0 }),
        }
        Ok(())
    }

    /// What the file says.
    pub(super) fn constant(&mut self, constant: &Constant, kind: Kind) {
        match (constant, kind) {
            (Constant::Integer(Integer::Small(value)), _) => self.sink.integer(*value),
            (Constant::Integer(value), _) => self.sink.big(value),
            (Constant::Float(value), _) => self.sink.float(*value),
            (Constant::Boolean(value), _) => self.sink.boolean(*value),
            (Constant::Text(value), _) => self.sink.text(Text::made(value.as_bytes())),
            (Constant::Bytes(value), _) => self.sink.bytes(Text::made(value)),
            (Constant::Symbol(number), Kind::Enum(of)) => self.symbol(of, *number),
            (Constant::Symbol(number), _) => self.sink.integer(i64::from(*number)),
        }
    }

    /// A key of a map, for the path of what is wrong behind it.
    #[cold]
    pub(super) fn of_key(&self, key: &Field, parts: Range<usize>) -> String {
        let Some(last) = parts.clone().next_back() else { return "{}".to_owned() };
        let bytes = &self.bytes[self.found[last].range()];
        match key.kind {
            Kind::Text(_) => format!("{{{:?}}}", String::from_utf8_lossy(bytes)),
            kind => {
                let mut sink = crate::TreeSink::default();
                let limits = self.limits;
                let mut run = Run::new(self.tables, self.options, self.bytes, limits, &mut sink);
                let told = run.number(kind, &mut self.cursor(self.found[last]));
                match told.ok().and(sink.finish()) {
                    Some(crate::Value::Integer(number)) => format!("{{{number}}}"),
                    Some(crate::Value::Boolean(flag)) => format!("{{{flag}}}"),
                    _ => "{}".to_owned(),
                }
            }
        }
    }
}
