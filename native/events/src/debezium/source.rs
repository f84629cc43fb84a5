//! Where an event comes from: the `source` part of an envelope.

use super::reader::Reader;
use super::scalar::Scalar;
use crate::json::{Cursor, Fault, Kind, Options as JsonOptions};
use crate::made::Made;
use crate::{Name, Sink, Temporal, Text};

/// What there is in a source: where its values stand.
#[derive(Debug, Default)]
pub(super) struct Source {
    connector: Option<usize>,
    name: Option<usize>,
    version: Option<usize>,
    db: Option<usize>,
    schema: Option<usize>,
    table: Option<usize>,
    snapshot: Option<usize>,
    /// Milliseconds, microseconds, nanoseconds.
    pub(super) ts: [Option<usize>; 3],
    position: Vec<(Name, usize)>,
    /// Keys of everything else.
    others: Vec<usize>,
}

/// A key of a source, whichever connector has it.
#[derive(Clone, Copy)]
enum Known {
    Connector,
    Name,
    Version,
    Db,
    Schema,
    Table,
    Snapshot,
    Ts(usize),
    Position(Name),
}

impl Known {
    #[inline]
    fn of(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"connector" => Self::Connector,
            b"name" => Self::Name,
            b"version" => Self::Version,
            b"db" => Self::Db,
            b"schema" => Self::Schema,
            b"table" | b"collection" => Self::Table,
            b"snapshot" => Self::Snapshot,
            b"ts_ms" => Self::Ts(0),
            b"ts_us" => Self::Ts(1),
            b"ts_ns" => Self::Ts(2),
            b"lsn" => Self::Position(Name::Lsn),
            b"txId" => Self::Position(Name::TxId),
            b"xmin" => Self::Position(Name::Xmin),
            b"sequence" => Self::Position(Name::Sequence),
            b"file" => Self::Position(Name::File),
            b"pos" => Self::Position(Name::Pos),
            b"row" => Self::Position(Name::Row),
            b"gtid" => Self::Position(Name::Gtid),
            b"scn" => Self::Position(Name::Scn),
            b"commit_scn" => Self::Position(Name::CommitScn),
            b"change_lsn" => Self::Position(Name::ChangeLsn),
            b"commit_lsn" => Self::Position(Name::CommitLsn),
            b"event_serial_no" => Self::Position(Name::EventSerialNo),
            b"ord" => Self::Position(Name::Ord),
            b"vgtid" => Self::Position(Name::Vgtid),
            _ => return None,
        })
    }
}

impl Source {
    fn put(&mut self, known: Known, at: usize) {
        let place = match known {
            Known::Connector => &mut self.connector,
            Known::Name => &mut self.name,
            Known::Version => &mut self.version,
            Known::Db => &mut self.db,
            Known::Schema => &mut self.schema,
            Known::Table => &mut self.table,
            Known::Snapshot => &mut self.snapshot,
            Known::Ts(unit) => match self.ts.get_mut(unit) {
                Some(place) => place,
                None => return,
            },
            Known::Position(name) => return self.position.push((name, at)),
        };
        *place = Some(at);
    }

    /// Notes the value of a key. `false` if a source has no such key.
    pub(super) fn note(&mut self, key: &[u8], at: usize) -> bool {
        Known::of(key).map(|known| self.put(known, at)).is_some()
    }

    /// Notes a key that is told as it is.
    pub(super) fn other(&mut self, key: usize) {
        self.others.push(key);
    }
}

impl Reader<'_, '_> {
    /// Notes what the source has that stands at the cursor.
    pub(super) fn source(&mut self, inside: usize) -> Result<Source, Fault> {
        let mut source = Source::default();
        if self.cursor.kind() != Kind::Map {
            return Err(Self::wrong(self.cursor.at(), "a map that says the source has to stand here"));
        }
        let mut more = self.cursor.enter(inside)?;
        while more {
            self.cursor.kind();
            let start = self.cursor.at();
            let key = self.cursor.key()?.bytes;
            let known = Known::of(key);
            self.cursor.kind();
            match known {
                Some(known) => source.put(known, self.cursor.at()),
                None => source.others.push(start),
            }
            self.cursor.skip(inside + 1)?;
            more = self.cursor.next_pair()?;
        }
        Ok(source)
    }

    /// The names of schema and table.
    pub(super) fn table(&mut self, source: &Source) -> Result<(Option<String>, Option<String>), Fault> {
        Ok((self.string(source.schema)?, self.string(source.table)?))
    }

    /// The text at an offset.
    pub(super) fn string(&mut self, at: Option<usize>) -> Result<Option<String>, Fault> {
        let Some(at) = at else { return Ok(None) };
        self.cursor.back(at);
        if self.cursor.kind() != Kind::Text {
            return Ok(None);
        }
        let text = self.cursor.text()?.bytes;
        Ok(Some(String::from_utf8_lossy(text).into_owned()))
    }

    /// Tells the value at an offset as it is, or nothing.
    pub(super) fn at<S: Sink>(
        &mut self,
        at: Option<usize>,
        inside: usize,
        sink: &mut S,
    ) -> Result<(), Fault> {
        match at {
            Some(at) => {
                self.cursor.back(at);
                self.cursor.value(inside, sink)
            }
            None => {
                sink.null();
                Ok(())
            }
        }
    }

    /// Tells the number at an offset, or whatever stands there. Attributes of CloudEvents are text that holds one.
    pub(super) fn count<S: Sink>(&mut self, at: usize, inside: usize, sink: &mut S) -> Result<(), Fault> {
        match self.number_in_text(at)? {
            Some(number) => {
                sink.integer(number);
                Ok(())
            }
            None => self.at(Some(at), inside, sink),
        }
    }

    fn number_in_text(&mut self, at: usize) -> Result<Option<i64>, Fault> {
        self.cursor.back(at);
        if !self.attributes || self.cursor.kind() != Kind::Text {
            return Ok(None);
        }
        Ok(std::str::from_utf8(self.cursor.text()?.bytes).ok().and_then(|text| text.parse().ok()))
    }

    /// Tells the best of three counts as an instant: nanoseconds, else microseconds, else milliseconds.
    pub(super) fn instant<S: Sink>(&mut self, ts: [Option<usize>; 3], sink: &mut S) -> Result<(), Fault> {
        for (at, (nanos, digits)) in ts.into_iter().zip([(1_000_000, 3), (1_000, 6), (1, 9)]).rev() {
            let Some(at) = at else { continue };
            if let Some(count) = self.number_in_text(at)? {
                sink.temporal(Temporal::Instant(i128::from(count) * nanos, digits));
                return Ok(());
            }
            self.cursor.back(at);
            let kind = self.cursor.kind();
            let mut scalar = Scalar::Other;
            if matches!(kind, Kind::Number | Kind::Word) {
                self.cursor.scalar(kind, &mut scalar)?;
            }
            match scalar {
                Scalar::Whole(count) => {
                    sink.temporal(Temporal::Instant(i128::from(count) * nanos, digits));
                    return Ok(());
                }
                Scalar::Null => {}
                _ => return Err(Self::wrong(at, "a whole number, the time since 1970, has to stand here")),
            }
        }
        sink.null();
        Ok(())
    }

    /// Tells `source`, `table`, `source_ts` and `position` of a struct. Returns how many fields that are.
    pub(super) fn tell_source<S: Sink>(
        &mut self,
        source: Option<&Source>,
        inside: usize,
        sink: &mut S,
    ) -> Result<usize, Fault> {
        let nothing = Source::default();
        sink.field(Name::Source);
        match source {
            Some(source) => self.tell_origin(source, inside, sink)?,
            None => sink.null(),
        }
        let source = source.unwrap_or(&nothing);
        sink.field(Name::Table);
        self.at(source.table, inside, sink)?;
        sink.field(Name::SourceTs);
        self.instant(source.ts, sink)?;
        sink.field(Name::Position);
        sink.begin_map();
        for &(name, at) in &source.position {
            sink.field(name);
            match name {
                Name::Sequence => self.sequence(at, inside, sink)?,
                _ => self.count(at, inside, sink)?,
            }
        }
        self.close(source.position.len(), sink)?;
        Ok(4)
    }

    fn tell_origin<S: Sink>(&mut self, source: &Source, inside: usize, sink: &mut S) -> Result<(), Fault> {
        sink.begin_map();
        for (name, at) in [
            (Name::Connector, source.connector),
            (Name::NameKey, source.name),
            (Name::Version, source.version),
            (Name::Db, source.db),
            (Name::Schema, source.schema),
            (Name::Table, source.table),
        ] {
            sink.field(name);
            self.at(at, inside, sink)?;
        }
        sink.field(Name::Snapshot);
        self.snapshot(source.snapshot, inside, sink)?;
        sink.field(Name::Rest);
        self.others(&source.others, inside, sink)?;
        self.close(8, sink)
    }

    /// Tells the pairs whose keys stand at these offsets, as they are.
    pub(super) fn others<S: Sink>(
        &mut self,
        keys: &[usize],
        inside: usize,
        sink: &mut S,
    ) -> Result<(), Fault> {
        sink.begin_map();
        for &at in keys {
            self.cursor.back(at);
            sink.key(self.cursor.key()?);
            self.cursor.value(inside + 1, sink)?;
        }
        self.close(keys.len(), sink)
    }

    /// `source.snapshot` is text with one of seven values; older connectors write true and false.
    fn snapshot<S: Sink>(&mut self, at: Option<usize>, inside: usize, sink: &mut S) -> Result<(), Fault> {
        let Some(at) = at else {
            sink.boolean(false);
            return Ok(());
        };
        self.cursor.back(at);
        if self.cursor.kind() != Kind::Text {
            return self.cursor.value(inside, sink);
        }
        let text = self.cursor.text()?;
        match text.bytes {
            b"true" => sink.boolean(true),
            b"false" => sink.boolean(false),
            b"first" => sink.name(Name::First),
            b"last" => sink.name(Name::Last),
            b"first_in_data_collection" => sink.name(Name::FirstInDataCollection),
            b"last_in_data_collection" => sink.name(Name::LastInDataCollection),
            b"incremental" => sink.name(Name::Incremental),
            // A newer connector may know another one: it is told as it is.
            _ => sink.text(text),
        }
        Ok(())
    }

    /// PostgreSQL's sequence is a JSON list inside text, of numbers inside text.
    fn sequence<S: Sink>(&mut self, at: usize, inside: usize, sink: &mut S) -> Result<(), Fault> {
        self.cursor.back(at);
        if self.cursor.kind() != Kind::Text {
            return self.cursor.value(inside, sink);
        }
        let text = self.cursor.text()?;
        self.made.clear();
        self.made.extend_from_slice(text.bytes);
        match numbers(&self.made) {
            Some(numbers) => {
                sink.begin_list();
                for number in &numbers {
                    match number {
                        Some(number) => sink.integer(*number),
                        None => sink.null(),
                    }
                }
                sink.end_list(numbers.len());
            }
            // Another connector's, which means something else.
            None => Made(sink).text(Text::made(&self.made)),
        }
        Ok(())
    }
}

fn numbers(text: &[u8]) -> Option<Vec<Option<i64>>> {
    let mut cursor = Cursor::new(text, JsonOptions::default()).ok()?;
    if cursor.kind() != Kind::List {
        return None;
    }
    let mut numbers = Vec::new();
    let mut more = cursor.enter(0).ok()?;
    while more {
        numbers.push(match cursor.kind() {
            Kind::Text => Some(std::str::from_utf8(cursor.text().ok()?.bytes).ok()?.parse().ok()?),
            kind => {
                let mut scalar = Scalar::Other;
                cursor.scalar(kind, &mut scalar).ok()?;
                match scalar {
                    Scalar::Null => None,
                    Scalar::Whole(number) => Some(number),
                    _ => return None,
                }
            }
        });
        more = cursor.next_element().ok()?;
    }
    cursor.end().ok()?;
    Some(numbers)
}
