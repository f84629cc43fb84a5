//! The schemas that data was written with, by the keys in its frames.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use super::protobuf::Messages;
use super::reading::Reading;
use crate::frame::SchemaKey;
use crate::{Error, avro, protobuf};

/// How data behind a frame is read.
#[derive(Debug)]
pub struct Writer(pub(super) Format);

#[derive(Debug)]
pub(super) enum Format {
    Avro(Box<Reading>),
    Protobuf(Messages),
    /// The frame's body is the document.
    Json,
}

impl Writer {
    /// Of data in Avro.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] for a schema that Kafka Connect's converter does not write, [`Error::Schema`] for one that it
    /// contradicts, such as a decimal without a scale.
    pub fn avro(schema: &avro::Schema) -> Result<Self, Error> {
        super::avro::reading(schema).map(|reading| Self(Format::Avro(Box::new(reading))))
    }

    /// Of messages in Protobuf. Which message of the file it is stands in the data; one that Kafka Connect's converter does not write is
    /// [`Error::Unsupported`] when data of it comes.
    #[must_use]
    pub fn protobuf(schema: &protobuf::Schema) -> Self {
        Self(Format::Protobuf(Messages::new(schema)))
    }

    /// Of documents in JSON: a JSON Schema says nothing that a document does not.
    #[must_use]
    pub const fn json() -> Self {
        Self(Format::Json)
    }

    /// What it counts for.
    fn weight(&self) -> usize {
        match &self.0 {
            Format::Avro(reading) => reading.weight,
            Format::Protobuf(messages) => messages.weight(),
            Format::Json => 1,
        }
    }
}

/// The writers that are known, shared by all that decode. What a key names never changes, so one that is known stays right.
///
/// ```
/// use outrigger_events::avro::Schema;
/// use outrigger_events::debezium::{self, Memory, Options, Record, Writer, Writers};
/// use outrigger_events::frame::SchemaKey;
/// use outrigger_events::{Error, TreeSink};
///
/// let heartbeat = r#"{"type": "record", "name": "Heartbeat", "fields": [{"name": "ts_ms", "type": "long"}]}"#;
/// let (event, options, mut memory) = ([0, 0, 0, 0, 9, 2], Options::default(), Memory::default());
/// let writers = Writers::default();
/// let mut decode = || {
///     debezium::decode_framed(Some(&writers), Some(&event), None, &options, &mut memory, &mut TreeSink::default())
/// };
/// assert_eq!(decode(), Err(Error::UnknownSchema { key: SchemaKey::Id(9) }));
/// writers.insert(SchemaKey::Id(9), Writer::avro(&Schema::parse(heartbeat, &[])?)?);
/// assert_eq!(decode(), Ok(Record::Heartbeat));
/// # Ok::<(), outrigger_events::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Writers(RwLock<Table>);

#[derive(Debug, Default)]
struct Table {
    known: HashMap<SchemaKey, Arc<Writer>>,
    /// The oldest first.
    order: VecDeque<SchemaKey>,
    weight: usize,
}

impl Writers {
    /// Writers that are kept.
    pub const MOST: usize = 1_024;
    /// Fields of all their schemas together.
    pub const MOST_FIELDS: usize = 1 << 20;

    /// Enters a writer; those that were entered first go for it.
    pub fn insert(&self, key: SchemaKey, writer: impl Into<Arc<Writer>>) {
        let writer = writer.into();
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if table.known.contains_key(&key) {
            return;
        }
        table.weight += writer.weight();
        table.known.insert(key, writer);
        table.order.push_back(key);
        while table.known.len() > Self::MOST || table.weight > Self::MOST_FIELDS {
            let Some(oldest) = table.order.pop_front() else { return };
            if let Some(gone) = table.known.remove(&oldest) {
                table.weight -= gone.weight();
            }
        }
    }

    pub(super) fn find(&self, key: SchemaKey) -> Result<Arc<Writer>, Error> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.known.get(&key).cloned().ok_or(Error::UnknownSchema { key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded_and_the_oldest_go() {
        let writers = Writers::default();
        let (most, id) = (Writers::MOST as u32, SchemaKey::Id);
        for number in 0..most + 10 {
            writers.insert(id(number), Writer::json());
            writers.insert(id(number), Writer::json());
        }
        assert!(writers.find(id(9)).is_err() && writers.find(id(10)).is_ok());
        let fields: Vec<String> =
            (0..60_000).map(|place| format!(r#"{{"name":"f{place}","type":"int"}}"#)).collect();
        let wide = format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(","));
        let wide = avro::Schema::parse(&wide, &[]).unwrap();
        for number in 0..20 {
            writers.insert(SchemaKey::Guid([number; 16]), Writer::avro(&wide).unwrap());
        }
        let table = writers.0.read().unwrap();
        assert!(table.weight <= Writers::MOST_FIELDS && table.known.len() == table.order.len());
        assert_eq!(table.known.values().map(|writer| writer.weight()).sum::<usize>(), table.weight);
        assert!((10..20).contains(&table.known.len()), "{}", table.known.len());
    }
}
