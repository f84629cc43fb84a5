//! Events of an outbox table: as the table's own changes, or as rows of them.

use super::change::row_of;
use super::document::Opened;
use super::key::Key;
use super::meaning::Meaning;
use super::members::Member;
use super::options::Options;
use super::reader::Reader;
use super::record::Record;
use super::rows::{AMBIGUOUS, Types};
use super::source::Source;
use super::{Failure, Memory, Untyped};
use crate::json::{Cursor, Fault, Kind, Options as JsonOptions};
use crate::made::Made;
use crate::{Name, Sink};

/// The columns that the outbox router knows by default; the others go under `rest`.
const COLUMNS: [(&[&str], Name); 5] = [
    (&["id"], Name::Id),
    (&["aggregatetype", "aggregate_type"], Name::AggregateType),
    (&["aggregateid", "aggregate_id"], Name::AggregateId),
    (&["type"], Name::Type),
    (&["payload"], Name::Payload),
];

impl Reader<'_, '_> {
    /// Tells an outbox event. A change that has no row behind it (a deletion, a truncation) is told as a change.
    pub(super) fn outbox<S: Sink>(
        &mut self,
        opened: &Opened,
        key: Key<'_>,
        options: &Options,
        memory: &mut Memory,
        sink: &mut S,
    ) -> Result<Record, Failure> {
        let enveloped = opened.members.has(&[Member::Op, Member::Source]);
        let (mut at, mut inside, mut row) =
            (opened.at, opened.inside, row_of(opened.plan.as_ref().map(|plan| &plan.root)));
        let mut source = None;
        if enveloped {
            let after = opened.members.at(Member::After);
            self.cursor.back(after.unwrap_or(opened.at));
            if after.is_none() || self.cursor.kind() != Kind::Map {
                self.change(opened, key, options, memory, sink)?;
                return Ok(Record::Change);
            }
            (at, inside, row) = (self.cursor.at(), inside + 1, row_of(opened.meaning("after")));
            source = self.source_of(opened)?;
        }
        let (schema, table) = self.table(source.as_ref().unwrap_or(&Source::default()))?;
        let columns = options.table(schema.as_deref(), table.as_deref());
        let types = Types { row, columns, untyped: options.untyped };

        sink.begin_map();
        sink.field(Name::Struct);
        sink.name(Name::Outbox);
        sink.field(Name::Key);
        key.tell(columns, options, &mut memory.cache, sink)?;
        let (known, others) = self.outbox_columns(at, inside)?;
        for ((names, name), at) in COLUMNS.into_iter().zip(known) {
            sink.field(name);
            let Some(at) = at else {
                if name == Name::Id || name == Name::Payload {
                    sink.null();
                    continue;
                }
                return Err(Self::wrong(
                    opened.at,
                    "an outbox event has aggregatetype, aggregateid and type",
                )
                .into());
            };
            self.cursor.back(at);
            let meaning = names.iter().find_map(|column| {
                let [said, own] = types.find(column.as_bytes(), usize::MAX);
                said.or(own)
            });
            if name == Name::Payload {
                self.outbox_payload(meaning, inside, options, sink)?;
            } else {
                self.outbox_column(meaning, inside, options, sink)?;
            }
        }
        sink.field(Name::Rest);
        sink.begin_map();
        for (place, &at) in others.iter().enumerate() {
            self.cursor.back(at);
            self.column(types, place, inside + 1, sink)?;
        }
        self.close(others.len(), sink)?;
        self.close(8, sink)?;
        Ok(Record::Outbox)
    }

    /// Where the values of the known columns stand, and the keys of the others.
    fn outbox_columns(
        &mut self,
        at: usize,
        inside: usize,
    ) -> Result<([Option<usize>; 5], Vec<usize>), Fault> {
        let (mut known, mut others) = ([None; 5], Vec::new());
        self.cursor.back(at);
        if self.cursor.kind() != Kind::Map {
            return Err(Self::wrong(at, "a row of an outbox table has to stand here"));
        }
        let mut more = self.cursor.enter(inside)?;
        while more {
            self.cursor.kind();
            let start = self.cursor.at();
            let key = self.cursor.key()?.bytes;
            let place = COLUMNS.iter().position(|(names, _)| names.iter().any(|name| name.as_bytes() == key));
            self.cursor.kind();
            match place.and_then(|place| known.get_mut(place)) {
                Some(place) => *place = Some(self.cursor.at()),
                None => others.push(start),
            }
            self.cursor.skip(inside + 1)?;
            more = self.cursor.next_pair()?;
        }
        Ok((known, others))
    }

    /// The known columns are text or numbers, and identify something: they are what JSON has.
    fn outbox_column<S: Sink>(
        &mut self,
        meaning: Option<&Meaning>,
        inside: usize,
        options: &Options,
        sink: &mut S,
    ) -> Result<(), Fault> {
        match (meaning, self.cursor.kind()) {
            (Some(lossy), Kind::Text) if lossy.is_lossy() => self.value(lossy.plain(), inside + 1, sink),
            (Some(meaning), _) => self.value(meaning, inside + 1, sink),
            (None, Kind::Text | Kind::Word) => self.cursor.value(inside + 1, sink),
            (None, _) if options.untyped == Untyped::AsIs => self.cursor.value(inside + 1, sink),
            (None, _) => Err(self.cursor.fault(AMBIGUOUS)),
        }
    }

    /// A payload is JSON that was expanded already, JSON in text, text, or bytes.
    fn outbox_payload<S: Sink>(
        &mut self,
        meaning: Option<&Meaning>,
        inside: usize,
        options: &Options,
        sink: &mut S,
    ) -> Result<(), Fault> {
        let kind = self.cursor.kind();
        let at = self.cursor.at();
        if !options.expand || kind != Kind::Text {
            return match meaning {
                Some(meaning) => self.value(meaning.plain(), inside + 1, sink),
                None => self.cursor.value(inside + 1, sink),
            };
        }
        let text = self.cursor.text()?.bytes.to_vec();
        let json = JsonOptions { limits: options.limits, ..JsonOptions::default() };
        let decoded = Cursor::new(&text, json).and_then(|mut cursor| {
            cursor.value(0, &mut Made(sink))?;
            cursor.end()
        });
        decoded.map_err(|_| {
            Self::wrong(at, "the payload is text that is not JSON, and expand_payload was asked for")
        })
    }
}
