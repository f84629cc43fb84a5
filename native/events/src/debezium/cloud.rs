//! CloudEvents 1.0 as JSON, structured: attributes with their types, and the data.
//!
//! Debezium's own events among them become changes: what their source says stands in attributes (`iodebeziumop`,
//! `iodebeziumlsn`), all of it text, and the data has `before` and `after`, with a schema or without.

use super::change::FIELDS;
use super::document::Opened;
use super::framed::Part;
use super::key::{self, Key};
use super::meaning::Meaning;
use super::options::Options;
use super::reader::Reader;
use super::record::Record;
use super::source::Source;
use super::{Encoding, Failure, Memory};
use crate::json::{Fault, Kind};
use crate::made::Made;
use crate::{Error, Name, Sink};

/// The attributes that the specification knows (sections 3.1 and 3.2), and the data (JSON format, section 3.1).
const ATTRIBUTES: [(&str, Name); 8] = [
    ("specversion", Name::SpecVersion),
    ("id", Name::Id),
    ("source", Name::Source),
    ("type", Name::Type),
    ("datacontenttype", Name::DataContentType),
    ("dataschema", Name::DataSchema),
    ("subject", Name::Subject),
    ("time", Name::KindTime),
];
/// How many of them have to be there.
const REQUIRED: usize = 4;

#[derive(Default)]
struct Attributes {
    known: [Option<usize>; 8],
    data: Option<usize>,
    data_base64: Option<usize>,
    op: Option<usize>,
    transaction: [Option<usize>; 3],
    origin: Source,
    extensions: Vec<usize>,
}

impl Attributes {
    /// Notes an attribute by its key. `false` for an extension that is none of Debezium's.
    fn note(&mut self, key: &[u8], at: usize) -> bool {
        if let Some(place) = ATTRIBUTES.iter().position(|(name, _)| name.as_bytes() == key) {
            if let Some(known) = self.known.get_mut(place) {
                *known = Some(at);
            }
            return true;
        }
        let place = match key {
            b"data" => &mut self.data,
            b"data_base64" => &mut self.data_base64,
            b"iodebeziumop" => &mut self.op,
            b"iodebeziumtxid" => &mut self.transaction[0],
            b"iodebeziumtxtotalorder" => &mut self.transaction[1],
            b"iodebeziumtxdatacollectionorder" => &mut self.transaction[2],
            _ => return self.note_origin(key, at),
        };
        *place = Some(at);
        true
    }

    fn known(&self, name: Name) -> Option<usize> {
        let place = ATTRIBUTES.iter().position(|(_, known)| *known == name)?;
        self.known.get(place).copied().flatten()
    }

    /// Names of attributes have no underscores and no capitals.
    fn note_origin(&mut self, key: &[u8], at: usize) -> bool {
        let Some(name) = key.strip_prefix(b"iodebezium") else { return false };
        let name: &[u8] = match name {
            b"tsms" => b"ts_ms",
            b"tsus" => b"ts_us",
            b"tsns" => b"ts_ns",
            b"commitscn" => b"commit_scn",
            b"changelsn" => b"change_lsn",
            b"commitlsn" => b"commit_lsn",
            b"eventserialno" => b"event_serial_no",
            other => other,
        };
        self.origin.note(name, at)
    }
}

impl Reader<'_, '_> {
    /// Tells a CloudEvent, or the change that it carries.
    pub(super) fn cloud<S: Sink>(
        &mut self,
        opened: &Opened,
        key: Key<'_>,
        options: &Options,
        memory: &mut Memory,
        sink: &mut S,
    ) -> Result<Record, Failure> {
        let attributes = self.noted(opened)?;
        if attributes.known.iter().take(REQUIRED).any(Option::is_none) {
            let text = "a CloudEvent has specversion, id, source and type";
            return Err(Self::wrong(opened.at, text).into());
        }
        let inside = opened.inside + 1;
        if let (Some(_), Some(data)) = (attributes.op, attributes.data) {
            self.cloud_change(&attributes, data, inside, key, options, memory, sink)?;
            return Ok(Record::Change);
        }
        sink.begin_map();
        sink.field(Name::Struct);
        sink.name(Name::CloudEvent);
        for ((_, name), at) in ATTRIBUTES.into_iter().zip(attributes.known) {
            sink.field(name);
            match at {
                Some(at) => {
                    self.cursor.back(at);
                    let meaning = if name == Name::KindTime { Meaning::IsoInstant } else { Meaning::Text };
                    self.value(&meaning, inside, sink)?;
                }
                None => sink.null(),
            }
        }
        sink.field(Name::Data);
        match (attributes.data, attributes.data_base64) {
            (Some(_), Some(at)) => {
                return Err(Self::wrong(at, "a CloudEvent has data or data_base64, not both").into());
            }
            (None, Some(at)) => {
                self.cursor.back(at);
                self.value(&Meaning::Bytes(Encoding::Base64), inside, sink)?;
            }
            (Some(at), None) if opened.meaning("data").is_some() => {
                self.cursor.back(at);
                self.value(opened.meaning("data").unwrap_or(&Meaning::Raw), inside, sink)?;
            }
            (data, None) => self.at(data, inside, sink)?,
        }
        sink.field(Name::Extensions);
        self.others(&attributes.extensions, inside, sink)?;
        self.close(ATTRIBUTES.len() + 3, sink)?;
        Ok(Record::CloudEvent)
    }

    fn noted(&mut self, opened: &Opened) -> Result<Attributes, Fault> {
        let mut attributes = Attributes::default();
        self.cursor.back(opened.at);
        if self.cursor.kind() != Kind::Map {
            return Err(Self::wrong(opened.at, "a CloudEvent is a map"));
        }
        let mut more = self.cursor.enter(opened.inside)?;
        while more {
            self.cursor.kind();
            let start = self.cursor.at();
            let key = self.cursor.key()?.bytes.to_vec();
            self.cursor.kind();
            if !attributes.note(&key, self.cursor.at()) {
                attributes.extensions.push(start);
            }
            self.cursor.skip(opened.inside + 1)?;
            more = self.cursor.next_pair()?;
        }
        Ok(attributes)
    }

    #[allow(clippy::too_many_arguments, reason = "what a change is told with, and where it stands")]
    fn cloud_change<S: Sink>(
        &mut self,
        attributes: &Attributes,
        data: usize,
        inside: usize,
        key: Key<'_>,
        options: &Options,
        memory: &mut Memory,
        sink: &mut S,
    ) -> Result<(), Failure> {
        let bytes = self.avro_data(attributes.known(Name::DataContentType), data)?;
        let mut text = Vec::new();
        let part = match &bytes {
            Some(bytes) => Some(Part::open(bytes, self.frames, &mut text).map_err(in_data)?),
            None => None,
        };
        self.cursor.back(data);
        let opened = self.opened(options, &mut memory.cache, inside)?;
        let (schema, table) = self.table(&attributes.origin)?;
        let columns = options.table(schema.as_deref(), table.as_deref());

        sink.begin_map();
        sink.field(Name::Struct);
        sink.name(Name::Change);
        sink.field(Name::Op);
        sink.name(self.op(attributes.op, opened.at)?);
        self.attributes = true;
        self.tell_source(Some(&attributes.origin), inside, sink)?;
        sink.field(Name::Transaction);
        match attributes.transaction {
            [None, None, None] => sink.null(),
            places => self.tell_transaction(places, inside, sink)?,
        }
        self.attributes = false;
        sink.field(Name::Key);
        key.tell(columns, options, &mut memory.cache, sink)?;
        match &part {
            Some(part) => Reader::open(part, self.frames, options, &mut memory.cache)
                .and_then(|(mut data, opened)| data.sides(&opened, columns, options, memory, &mut Made(sink)))
                .map_err(|fault| in_data(part.error(fault)))?,
            None => self.sides(&opened, columns, options, memory, sink)?,
        }
        sink.field(Name::Ts);
        match attributes.known(Name::KindTime) {
            Some(at) => {
                self.cursor.back(at);
                self.value(&Meaning::IsoInstant, inside, sink)?;
            }
            None => sink.null(),
        }
        sink.field(Name::Message);
        sink.null();
        sink.field(Name::Rest);
        self.others(&attributes.extensions, inside, sink)?;
        self.close(FIELDS, sink)?;
        Ok(())
    }

    /// The bytes of data that is no part of the document: Avro, behind a registry's frame, in base64.
    fn avro_data(&mut self, content: Option<usize>, data: usize) -> Result<Option<Vec<u8>>, Fault> {
        let is_avro = self.string(content)?.is_some_and(|content| content == "application/avro");
        self.cursor.back(data);
        if !is_avro || self.cursor.kind() != Kind::Text {
            return Ok(None);
        }
        let (text, mut bytes) = (self.cursor.text()?.bytes, Vec::new());
        match Encoding::Base64.decode(text, &mut bytes) {
            Some(()) => Ok(Some(bytes)),
            None => Err(Self::wrong(data, "data in Avro has to stand here, in base64")),
        }
    }
}

/// Says that the error is in the data.
#[cold]
fn in_data(error: Error) -> Error {
    key::inside(error, "data ")
}
