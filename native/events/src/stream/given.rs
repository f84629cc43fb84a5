//! Schemas that stand in a text.
//!
//! ```text
//! {"text": text, "references": [[name, text]],            each reference behind those that it needs itself
//!  "reader": {"text", "references"},                      of Avro: as what data is wanted
//!  "message": name | [place],                             of Protobuf: which message of the file
//!  "ways": [defaults, unknown, well_known]}               of Protobuf: `protobuf::Options`
//! ```

use super::text::{Wrong, boolean, integer, items, list, string, wrong};
use crate::frame::Indexes;
use crate::{Error, Value, avro, protobuf};

const REFERENCES: usize = 256;

/// A schema whose parts have the right types; it need not be one.
pub(super) struct Given<'v> {
    text: &'v str,
    references: Vec<(&'v str, &'v str)>,
}

impl<'v> Given<'v> {
    pub(super) fn of(of: &'v Value) -> Result<Self, Wrong> {
        let references = list(of.get("references"), REFERENCES, "references")?;
        let references = references.iter().map(|reference| match items(reference) {
            [name, text] => Ok((string(Some(name), "a name")?, string(Some(text), "a schema")?)),
            _ => Err(wrong("a reference is a name and a text")),
        });
        Ok(Self {
            text: string(of.get("text"), "a schema")?,
            references: references.collect::<Result<_, Wrong>>()?,
        })
    }

    pub(super) fn avro(&self) -> Result<avro::Schema, Error> {
        let mut known: Vec<avro::Schema> = Vec::new();
        for (_, text) in &self.references {
            let part = avro::Schema::parse(text, &known.iter().collect::<Vec<_>>())?;
            known.push(part);
        }
        avro::Schema::parse(self.text, &known.iter().collect::<Vec<_>>())
    }

    pub(super) fn protobuf(&self) -> Result<protobuf::Schema, Error> {
        protobuf::Schema::parse_with(self.text, "schema.proto", &self.references)
    }
}

/// The reader's schema, if one is given.
pub(super) fn reader(of: &Value) -> Result<Option<avro::Schema>, Wrong> {
    of.get("reader").map(|reader| Ok(Given::of(reader)?.avro()?)).transpose()
}

pub(super) fn avro(of: &Value) -> Result<Box<avro::Plan>, Wrong> {
    Ok(Box::new(avro::Plan::new(&Given::of(of)?.avro()?, reader(of)?.as_ref())?))
}

pub(super) fn protobuf(of: &Value) -> Result<Box<protobuf::Plan>, Wrong> {
    let schema = Given::of(of)?.protobuf()?;
    let name = string(of.get("message"), "the message")?;
    Ok(Box::new(protobuf::Plan::named(&schema, name, ways(of)?)?))
}

pub(super) fn ways(of: &Value) -> Result<protobuf::Options, Wrong> {
    match items(of.get("ways").unwrap_or(&Value::Null)) {
        [defaults, unknown, well_known] => Ok(protobuf::Options {
            defaults: boolean(Some(defaults))?,
            unknown: boolean(Some(unknown))?,
            well_known: boolean(Some(well_known))?,
        }),
        _ => Err(wrong("ways are defaults, unknown and well_known")),
    }
}

/// The place of a message in its file.
pub(super) fn indexes(of: &Value) -> Result<Indexes, Wrong> {
    let places = list(of.get("message"), Indexes::MOST, "a place in the file")?
        .iter()
        .map(|place| u32::try_from(integer(place)?).map_err(|_| wrong("a place is a whole number from 0")));
    let places: Vec<u32> = places.collect::<Result<_, Wrong>>()?;
    Indexes::new(&places).ok_or_else(|| wrong("a message has a place in the file"))
}
