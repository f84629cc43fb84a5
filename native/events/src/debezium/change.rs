//! Envelopes: a change of a row, or a message of the database's log.

use super::document::Opened;
use super::key::Key;
use super::meaning::{Meaning, Row};
use super::members::Member;
use super::options::{Columns, Options};
use super::reader::Reader;
use super::rows::Types;
use super::source::Source;
use super::{Failure, Memory};
use crate::json::{Fault, Kind, Problem};
use crate::{Name, Sink};

/// Fields of the struct besides those that every change has.
pub(super) const FIELDS: usize = 14;

impl Reader<'_, '_> {
    /// Tells the change of an envelope.
    pub(super) fn change<S: Sink>(
        &mut self,
        opened: &Opened,
        key: Key<'_>,
        options: &Options,
        memory: &mut Memory,
        sink: &mut S,
    ) -> Result<(), Failure> {
        let members = &opened.members;
        let inside = opened.inside + 1;
        let source = self.source_of(opened)?;
        let columns = match &source {
            Some(source) if options.has_columns() => {
                let (schema, table) = self.table(source)?;
                options.table(schema.as_deref(), table.as_deref())
            }
            _ => options.table(None, None),
        };

        sink.begin_map();
        sink.field(Name::Struct);
        sink.name(Name::Change);
        sink.field(Name::Op);
        sink.name(self.op(members.at(Member::Op), opened.at)?);
        self.tell_source(source.as_ref(), inside, sink)?;
        sink.field(Name::Key);
        key.tell(columns, options, &mut memory.cache, sink)?;

        self.sides(opened, columns, options, memory, sink)?;
        sink.field(Name::Transaction);
        self.transaction(members.at(Member::Transaction), inside, sink)?;
        sink.field(Name::Ts);
        self.instant([Member::TsMs, Member::TsUs, Member::TsNs].map(|member| members.at(member)), sink)?;
        sink.field(Name::Message);
        self.message(members.at(Member::Message), opened.meaning("message"), options, inside, sink)?;
        sink.field(Name::Rest);
        self.others(&members.others, inside, sink)?;
        self.close(FIELDS, sink)?;
        Ok(())
    }

    /// Tells `before`, `after` and `changed`.
    pub(super) fn sides<S: Sink>(
        &mut self,
        opened: &Opened,
        columns: Columns<'_>,
        options: &Options,
        memory: &mut Memory,
        sink: &mut S,
    ) -> Result<(), Fault> {
        let (members, inside) = (&opened.members, opened.inside + 1);
        let types = |field| Types { row: row_of(opened.meaning(field)), columns, untyped: options.untyped };
        sink.field(Name::Before);
        self.side(members.at(Member::Before), types("before"), inside, &mut memory.before, sink)?;
        sink.field(Name::After);
        self.side(members.at(Member::After), types("after"), inside, &mut memory.after, sink)?;
        sink.field(Name::Changed);
        if memory.before.is_empty() || memory.after.is_empty() {
            sink.null();
            return Ok(());
        }
        self.changed(&memory.before, &memory.after, sink)
    }

    pub(super) fn source_of(&mut self, opened: &Opened) -> Result<Option<Source>, Fault> {
        match opened.members.at(Member::Source) {
            Some(at) => {
                self.cursor.back(at);
                match self.cursor.kind() {
                    Kind::Word => Ok(None),
                    _ => self.source(opened.inside + 1).map(Some),
                }
            }
            None => Ok(None),
        }
    }

    /// What was done, by its letter.
    pub(super) fn op(&mut self, at: Option<usize>, envelope: usize) -> Result<Name, Fault> {
        let Some(at) = at else {
            return Err(Self::wrong(envelope, "an envelope without op is none"));
        };
        let wrong = Self::wrong(at, "op is one of c, r, u, d, t and m");
        self.cursor.back(at);
        if self.cursor.kind() != Kind::Text {
            return Err(wrong);
        }
        Ok(match self.cursor.text()?.bytes {
            b"c" => Name::Create,
            b"r" => Name::Read,
            b"u" => Name::Update,
            b"d" => Name::Delete,
            b"t" => Name::Truncate,
            b"m" => Name::Message,
            _ => return Err(wrong),
        })
    }

    fn side<S: Sink>(
        &mut self,
        at: Option<usize>,
        types: Types<'_>,
        inside: usize,
        noted: &mut Vec<super::rows::Column>,
        sink: &mut S,
    ) -> Result<(), Fault> {
        let Some(at) = at else {
            noted.clear();
            sink.null();
            return Ok(());
        };
        self.cursor.back(at);
        self.row(types, inside, noted, sink)
    }

    /// Tells id and places in the transaction.
    fn transaction<S: Sink>(&mut self, at: Option<usize>, inside: usize, sink: &mut S) -> Result<(), Fault> {
        let Some(at) = at else {
            sink.null();
            return Ok(());
        };
        self.cursor.back(at);
        if self.cursor.kind() != Kind::Map {
            return self.cursor.value(inside, sink);
        }
        let mut places = [None; 3];
        let mut more = self.cursor.enter(inside)?;
        while more {
            let key = self.cursor.key()?.bytes;
            let place = match key {
                b"id" => Some(&mut places[0]),
                b"total_order" => Some(&mut places[1]),
                b"data_collection_order" => Some(&mut places[2]),
                _ => None,
            };
            self.cursor.kind();
            if let Some(place) = place {
                *place = Some(self.cursor.at());
            }
            self.cursor.skip(inside + 1)?;
            more = self.cursor.next_pair()?;
        }
        self.tell_transaction(places, inside, sink)
    }

    /// Tells a transaction whose id, order and order in its table stand at these offsets.
    pub(super) fn tell_transaction<S: Sink>(
        &mut self,
        places: [Option<usize>; 3],
        inside: usize,
        sink: &mut S,
    ) -> Result<(), Fault> {
        sink.begin_map();
        for (name, at) in [Name::Id, Name::TotalOrder, Name::DataCollectionOrder].into_iter().zip(places) {
            sink.field(name);
            match at {
                Some(at) if name != Name::Id => self.count(at, inside, sink)?,
                _ => self.at(at, inside, sink)?,
            }
        }
        self.close(3, sink)
    }

    /// Tells prefix and content of a message. Without a schema, nothing says how its bytes are written.
    fn message<S: Sink>(
        &mut self,
        at: Option<usize>,
        meaning: Option<&Meaning>,
        options: &Options,
        inside: usize,
        sink: &mut S,
    ) -> Result<(), Fault> {
        let Some(at) = at else {
            sink.null();
            return Ok(());
        };
        self.cursor.back(at);
        if self.cursor.kind() != Kind::Map {
            return self.cursor.value(inside, sink);
        }
        let (mut prefix, mut content) = (None, None);
        let mut more = self.cursor.enter(inside)?;
        while more {
            let key = self.cursor.key()?.bytes;
            let place = match key {
                b"prefix" => Some(&mut prefix),
                b"content" => Some(&mut content),
                _ => None,
            };
            self.cursor.kind();
            if let Some(place) = place {
                *place = Some(self.cursor.at());
            }
            self.cursor.skip(inside + 1)?;
            more = self.cursor.next_pair()?;
        }
        sink.begin_map();
        sink.field(Name::Prefix);
        self.at(prefix, inside + 1, sink)?;
        sink.field(Name::Content);
        let by_option = options.binary.map(Meaning::Bytes);
        let by_schema = row_of(meaning).and_then(|row| row.find(b"content", 1)).map(Meaning::plain);
        match (content, by_schema, &by_option) {
            (None, ..) => sink.null(),
            (Some(at), Some(meaning @ Meaning::Bytes(_)), _) | (Some(at), _, Some(meaning)) => {
                self.cursor.back(at);
                self.value(meaning, inside + 1, sink)?;
            }
            (Some(at), _, None) => {
                let problem =
                    Problem::Ambiguous("nothing here says how the bytes of a message are written", "binary");
                return Err(Fault::new(at, problem));
            }
        }
        self.close(2, sink)
    }
}

/// The columns of a row, if that is what it means.
pub(super) fn row_of(meaning: Option<&Meaning>) -> Option<&Row> {
    match meaning {
        Some(Meaning::Row(row)) => Some(row),
        _ => None,
    }
}
