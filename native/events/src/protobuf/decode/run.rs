//! The walk: a message is looked through, then its fields are told in the order of their numbers.

use std::collections::HashMap;
use std::ops::Range;

use super::scan::{Found, UNKNOWN};
use crate::fault::{Checked, Fault};
use crate::protobuf::malformed;
use crate::protobuf::plan::{Absent, Field, Label, Message, Options, Plan, Shape, Tables};
use crate::{Error, Limits, Name, Sink, Text};

/// One decoding.
pub(in crate::protobuf) struct Run<'a, S> {
    pub(super) tables: &'a Tables,
    pub(super) options: &'a Options,
    pub(super) bytes: &'a [u8],
    pub(super) limits: &'a Limits,
    /// A stack: what the messages have that are being told, the innermost last.
    pub(super) found: Vec<Found>,
    /// Where groups inside groups end: before and behind the last tag, by the place behind the first one.
    pub(super) ends: HashMap<u32, (u32, u32)>,
    pub(super) depth: usize,
    /// Whether a required field may be missing: what is read does not count.
    pub(super) partial: bool,
    /// Fields that may still be told, or looked for, though they are not there.
    pub(super) absent: usize,
    pub(super) sink: &'a mut S,
}

impl<'a, S> Run<'a, S> {
    pub(in crate::protobuf) fn new(
        tables: &'a Tables,
        options: &'a Options,
        bytes: &'a [u8],
        limits: &'a Limits,
        sink: &'a mut S,
    ) -> Self {
        Self {
            tables,
            options,
            bytes,
            limits,
            found: Vec::with_capacity(32),
            ends: HashMap::new(),
            depth: 0,
            partial: false,
            absent: limits.items,
            sink,
        }
    }

    #[inline]
    fn enter(&mut self, at: usize) -> Checked {
        if self.depth == self.limits.depth {
            return Err(self.limit("depth", self.limits.depth, at));
        }
        self.depth += 1;
        Ok(())
    }

    #[cold]
    #[inline(never)]
    pub(super) fn limit(&self, what: &'static str, limit: usize, at: usize) -> Box<Fault> {
        Fault::boxed(Error::Limit { what, limit, at })
    }

    /// Where some values end.
    fn end(&self, parts: &Range<usize>) -> usize {
        parts.clone().next_back().map_or(0, |last| self.found[last].end as usize)
    }

    fn spend(&mut self, fields: usize, at: usize) -> Checked {
        match self.absent.checked_sub(fields) {
            Some(left) => {
                self.absent = left;
                Ok(())
            }
            None => Err(self.limit(Plan::ABSENT, self.limits.items, at)),
        }
    }
}

impl<'a, S: Sink> Run<'a, S> {
    pub(in crate::protobuf) fn root(&mut self) -> Checked {
        self.found.push(Found::new(0, 0, self.bytes.len()));
        self.message(0, 0..1)
    }

    /// Tells a message, the parts of which are among what has been found.
    pub(super) fn message(&mut self, message: u32, parts: Range<usize>) -> Checked {
        let message = &self.tables.messages[message as usize];
        let (from, end) = (self.found.len(), self.end(&parts));
        self.enter(end)?;
        if self.sink.full() {
            return Err(self.limit("terms", 0, end));
        }
        self.scan(message, parts)?;
        let all = from..self.found.len();
        match message.shape {
            Shape::Record => self.record(message, all, end)?,
            Shape::Only => self.only(&message.fields[0], all)?,
            Shape::Choice => self.choice(message, all)?,
            meaning => self.meaning(meaning, message, all, end)?,
        }
        self.found.truncate(from);
        self.depth -= 1;
        Ok(())
    }

    pub(super) fn record(&mut self, message: &'a Message, all: Range<usize>, end: usize) -> Checked {
        let (mut at, mut next, mut count) = (all.start, 0, 0);
        self.sink.begin_map();
        loop {
            let slot = if at < all.end { self.found[at].slot.min(UNKNOWN) } else { UNKNOWN };
            let place = (slot as usize).min(message.fields.len());
            if self.options.defaults || message.requires && !self.partial {
                count += self.not_there(&message.fields[next..place], end)?;
            }
            let Some(field) = message.fields.get(place) else { break };
            let parts = self.same(at, &all);
            (at, next, count) = (parts.end, place + 1, count + 1);
            self.sink.record_key(field.name as usize, self.name(field));
            self.field(field, parts).map_err(|fault| self.in_field(fault, field))?;
        }
        count += self.unknown(at..all.end);
        self.sink.end_map(count).map_err(|_| malformed(end, "a message has a field twice"))
    }

    /// The values of one field, the first of which is at `at`.
    #[inline]
    fn same(&self, at: usize, all: &Range<usize>) -> Range<usize> {
        let slot = self.found[at].slot;
        let more = self.found[at..all.end].iter().take_while(|found| found.slot == slot).count();
        at..at + more
    }

    fn name(&self, field: &Field) -> Text<'a> {
        Text::made(self.tables.names[field.name as usize].as_bytes())
    }

    /// Tells fields that are not there, as far as they are told.
    fn not_there(&mut self, fields: &'a [Field], end: usize) -> Checked<usize> {
        self.spend(fields.len(), end)?;
        let mut count = 0;
        for field in fields {
            match &field.absent {
                Absent::Silent => continue,
                Absent::Required => {
                    let fault = malformed(end, "is required and not there");
                    return Err(self.in_field(fault, field));
                }
                _ if !self.options.defaults => continue,
                _ => {}
            }
            count += 1;
            self.sink.record_key(field.name as usize, self.name(field));
            match &field.absent {
                Absent::Default(constant) => self.constant(constant, field.kind),
                Absent::Zero => self.zero(field)?,
                _ => self.sink.null(),
            }
        }
        Ok(count)
    }

    /// Tells unknown fields, if there are any, and how many keys that took.
    fn unknown(&mut self, all: Range<usize>) -> usize {
        let kept = self.found[all].iter().take_while(|found| found.slot == UNKNOWN);
        let kept: Vec<Range<usize>> = kept.map(|found| found.range()).collect();
        let bytes = self.bytes;
        match kept.as_slice() {
            [] => return 0,
            [one] => {
                self.sink.field(Name::UnknownFields);
                self.sink.bytes(Text::at(&bytes[one.clone()], one.start));
            }
            many => {
                let all: Vec<u8> = many.iter().flat_map(|one| &bytes[one.clone()]).copied().collect();
                self.sink.field(Name::UnknownFields);
                self.sink.bytes(Text::made(&all));
            }
        }
        1
    }

    /// A field that is there.
    #[inline]
    pub(super) fn field(&mut self, field: &Field, parts: Range<usize>) -> Checked {
        match field.label {
            Label::Single => self.value(field.kind, parts),
            Label::List(_) => self.list(field, parts),
            Label::Map => self.map(field, parts),
        }
    }

    #[inline(never)]
    fn list(&mut self, field: &Field, parts: Range<usize>) -> Checked {
        let mut count = 0;
        self.enter(self.end(&parts))?;
        self.sink.begin_list();
        for part in parts {
            let found = self.found[part];
            let element = |count: usize| move |fault: Box<Fault>| fault.under(format!("[{count}]"));
            if found.packed {
                let mut cursor = self.cursor(found);
                while !cursor.is_done() {
                    self.number(field.kind, &mut cursor).map_err(element(count))?;
                    count += 1;
                }
            } else {
                self.value(field.kind, part..part + 1).map_err(element(count))?;
                count += 1;
            }
        }
        self.depth -= 1;
        self.sink.end_list(count);
        Ok(())
    }

    /// Entries are messages of a key, the field 1, and a value, the field 2.
    #[inline(never)]
    fn map(&mut self, field: &Field, parts: Range<usize>) -> Checked {
        let tables = self.tables;
        let entry = field.kind.message().and_then(|entry| tables.messages.get(entry as usize));
        let Some((entry, [key, value])) = entry.map(|entry| (entry, &*entry.fields)) else {
            return Err(malformed(self.end(&parts), "entries of a map are no keys and values"));
        };
        let (count, from) = (parts.len(), self.found.len());
        self.enter(self.end(&parts))?;
        self.sink.begin_map();
        for part in parts {
            self.scan(entry, part..part + 1)?;
            let split = from + self.found[from..].partition_point(|found| found.slot == 0);
            let end = from + self.found[from..].partition_point(|found| found.slot <= 1);
            match from..split {
                keys if keys.is_empty() => self.zero(key)?,
                keys => self.value(key.kind, keys)?,
            }
            self.sink.value_as_key();
            let told = match (split..end, value.kind.message()) {
                (values, Some(message)) if values.is_empty() => {
                    self.spend(1, self.end(&(part..part + 1)))?;
                    self.message(message, values)
                }
                (values, None) if values.is_empty() => self.zero(value),
                (values, _) => self.value(value.kind, values),
            };
            told.map_err(|fault| fault.under(self.of_key(key, from..split)))?;
            self.found.truncate(from);
        }
        self.depth -= 1;
        self.sink.end_map(count).map_err(|_| malformed(0, "a map has a key twice"))
    }

    /// `Struct`, `ListValue`, and the wrappers.
    fn only(&mut self, field: &Field, all: Range<usize>) -> Checked {
        let parts = if all.is_empty() { all } else { self.same(all.start, &all) };
        if parts.is_empty() || self.found[parts.start].slot >= UNKNOWN {
            return self.zero(field);
        }
        self.field(field, parts)
    }

    /// `Value`.
    fn choice(&mut self, message: &'a Message, all: Range<usize>) -> Checked {
        let parts = if all.is_empty() { all } else { self.same(all.start, &all) };
        let field = parts.clone().next().and_then(|part| message.fields.get(self.found[part].slot as usize));
        match field {
            Some(field) => self.field(field, parts),
            None => {
                self.sink.null();
                Ok(())
            }
        }
    }
}
