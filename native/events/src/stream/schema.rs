//! Schemas of a registry, which come with the events that were written with them.
//!
//! The text of one is a frame, as it stands in front of such events, and JSON behind it:
//!
//! ```text
//! {"for": "debezium" | "avro" | "protobuf",               the stream's format
//!  "type": "avro" | "json" | "protobuf",                  the registry's
//!  …}                                                     of `super::given`
//! ```
//!
//! # Invariants
//!
//! - A text that is no such text is not understood here, and refused. A schema that cannot be used is understood: the events behind its
//!   frames are dead letters, which say why.
//! - An id names a schema in one registry; so schemas are kept by their texts, and looked up by frames only among those of one request.

use std::sync::Arc;

use super::given::{self, Given};
use super::text::{Wrong, document, string, wrong};
use crate::debezium::{Writer, Writers};
use crate::frame::{Framed, Indexes, SchemaKey};
use crate::{Error, avro, protobuf};

/// How what stands behind one frame is read.
#[derive(Debug)]
pub struct Schema {
    key: SchemaKey,
    /// Of Protobuf: the message, which the frame says, too.
    message: Option<Indexes>,
    reading: Result<Reading, Error>,
}

#[derive(Debug)]
enum Reading {
    Avro(Box<avro::Plan>),
    Protobuf(Box<protobuf::Plan>),
    Debezium(Arc<Writer>),
}

impl Schema {
    /// Compiles the text of a schema.
    ///
    /// # Errors
    ///
    /// [`Error::Plan`], with what is wrong. What is wrong with the schema itself is said of the events behind its frame.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        parse(text).map_err(|wrong| wrong.of("the schema of events"))
    }
}

fn parse(text: &[u8]) -> Result<Schema, Wrong> {
    let framed = Framed::read(text)?;
    let of = document(framed.body)?;
    let (reader, kind) = (string(of.get("for"), "for")?, string(of.get("type"), "type")?);
    let given = Given::of(&of)?;
    let place = if reader == "protobuf" { Some((given::indexes(&of)?, given::ways(&of)?)) } else { None };
    let reading = match (reader, kind, place) {
        ("avro", "avro", _) => {
            let reader = given::reader(&of)?;
            given.avro().and_then(|writer| {
                avro::Plan::new(&writer, reader.as_ref()).map(|plan| Reading::Avro(Box::new(plan)))
            })
        }
        ("protobuf", "protobuf", Some((message, ways))) => given.protobuf().and_then(|file| {
            protobuf::Plan::at(&file, &message, ways).map(|plan| Reading::Protobuf(Box::new(plan)))
        }),
        ("debezium", kind, _) => writer(kind, &given)?.map(|writer| Reading::Debezium(Arc::new(writer))),
        ("avro" | "protobuf", "avro" | "json" | "protobuf", _) => Err(Error::Unsupported {
            what: format!("an event whose schema is of the type {kind}, on a stream of the format {reader}"),
            remedy: "publish events of one format to a stream, or give the stream their format",
        }),
        _ => return Err(wrong("a schema of this kind is not known")),
    };
    Ok(Schema { key: framed.schema, message: place.map(|(message, _)| message), reading })
}

fn writer(kind: &str, given: &Given<'_>) -> Result<Result<Writer, Error>, Wrong> {
    Ok(match kind {
        "avro" => given.avro().and_then(|schema| Writer::avro(&schema)),
        "json" => Ok(Writer::json()),
        "protobuf" => given.protobuf().map(|file| Writer::protobuf(&file)),
        _ => return Err(wrong("the type of a schema is avro, json or protobuf")),
    })
}

/// The schemas of one request.
#[derive(Debug, Default)]
pub struct Schemas {
    list: Vec<Arc<Schema>>,
    pub(super) writers: Writers,
}

impl FromIterator<Arc<Schema>> for Schemas {
    fn from_iter<I: IntoIterator<Item = Arc<Schema>>>(schemas: I) -> Self {
        let list: Vec<Arc<Schema>> = schemas.into_iter().collect();
        let writers = Writers::default();
        for schema in &list {
            if let Ok(Reading::Debezium(writer)) = &schema.reading {
                writers.insert(schema.key, writer.clone());
            }
        }
        Self { list, writers }
    }
}

impl Schemas {
    /// The plan of a datum, and its bytes.
    pub(super) fn avro<'e>(&self, value: &'e [u8]) -> Result<(&avro::Plan, &'e [u8]), Error> {
        let framed = Framed::read(value)?;
        match self.reading(framed.schema, None)? {
            Reading::Avro(plan) => Ok((plan, framed.body)),
            _ => Err(Error::UnknownSchema { key: framed.schema }),
        }
    }

    /// The plan of a message, and its bytes.
    pub(super) fn protobuf<'e>(&self, value: &'e [u8]) -> Result<(&protobuf::Plan, &'e [u8]), Error> {
        let framed = Framed::read(value)?;
        let (message, length) = Indexes::read(framed.body)?;
        match self.reading(framed.schema, Some(message))? {
            Reading::Protobuf(plan) => Ok((plan, framed.body.get(length..).unwrap_or_default())),
            _ => Err(Error::UnknownSchema { key: framed.schema }),
        }
    }

    fn reading(&self, key: SchemaKey, message: Option<Indexes>) -> Result<&Reading, Error> {
        let found = self.list.iter().find(|schema| schema.key == key && schema.message == message);
        found.ok_or(Error::UnknownSchema { key })?.reading.as_ref().map_err(Error::clone)
    }

    /// What is wrong with a schema whose writer is not there.
    pub(super) fn explain(&self, error: Error) -> Error {
        match error {
            Error::UnknownSchema { key } => self.reading(key, None).err().unwrap_or(error),
            error => error,
        }
    }
}
