//! Data of one schema: how its bytes are read, and what its values mean.

use std::sync::Arc;

use super::Document;
use super::part::Frames;
use crate::debezium::DOCUMENT;
use crate::debezium::options::Absent;
use crate::debezium::schema::Plan;
use crate::{Error, Limits, Sink as _, avro, protobuf};

/// Bytes of a document that a field takes at the least: `"":0,`.
const FIELD: usize = 5;

/// How the bytes are read.
#[derive(Debug)]
pub(super) enum Decoding {
    Avro(avro::Plan),
    Protobuf {
        /// What is not there is a zero, wherever it may be one.
        zeros: protobuf::Plan,
        /// What is not there is nothing, wherever it may be that.
        nulls: protobuf::Plan,
    },
}

/// A writer's schema, twice: how its bytes are read, and what its values mean.
#[derive(Debug)]
pub(super) struct Reading {
    decoding: Decoding,
    /// The names of fields as they stand in a document, by their places in the decoding's names.
    keys: Vec<Box<[u8]>>,
    pub(super) plan: Arc<Plan>,
    pub(super) weight: usize,
}

impl Reading {
    pub(super) fn new(decoding: Decoding, plan: Plan, weight: usize) -> Self {
        let key = |name: &str| format!("\"{name}\":").into_bytes().into();
        let keys = match &decoding {
            Decoding::Avro(plan) => plan.names().map(key).collect(),
            Decoding::Protobuf { zeros, .. } => zeros.names().map(key).collect(),
        };
        Self { decoding, keys, plan: Arc::new(plan), weight }
    }

    pub(super) const fn format(&self) -> &'static str {
        match self.decoding {
            Decoding::Avro(_) => "Avro",
            Decoding::Protobuf { .. } => "Protobuf",
        }
    }

    /// Writes data as a document of at most so many bytes.
    pub(super) fn write(&self, data: &[u8], frames: Frames<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        out.clear();
        // A message is looked through before it is told: two bytes of it may take as long as a document of them.
        let looked_through = if let Decoding::Protobuf { .. } = self.decoding { data.len() } else { 0 };
        let most = frames.room.saturating_sub(looked_through).min(frames.limits.bytes);
        let full = || Error::Limit { what: DOCUMENT, limit: frames.room.min(frames.limits.bytes), at: 0 };
        let limits = Limits { items: frames.limits.items.min(most / FIELD), ..*frames.limits };
        let mut document = Document::new(&self.keys, most, out);
        match self.tell(data, &limits, frames.absent, &mut document) {
            // So many fields of which nothing is in the bytes take more than the room there is.
            Err(Error::Limit { what: protobuf::Plan::ABSENT, .. }) if limits.items < frames.limits.items => {
                Err(full())
            }
            _ if document.full() => Err(full()),
            told => told,
        }
    }

    /// Where in the data the text or the bytes stand that a document of it has at `at`, or the last ones before.
    #[cold]
    pub(super) fn place(&self, data: &[u8], frames: Frames<'_>, at: usize) -> usize {
        let mut out = Vec::new();
        let mut document = Document::until(&self.keys, at, &mut out);
        // It was decoded once.
        let _ = self.tell(data, frames.limits, frames.absent, &mut document);
        document.place()
    }

    fn tell(
        &self,
        data: &[u8],
        limits: &Limits,
        absent: Absent,
        document: &mut Document<'_, '_>,
    ) -> Result<(), Error> {
        match (&self.decoding, absent) {
            (Decoding::Avro(plan), _) => plan.decode(data, limits, document),
            (Decoding::Protobuf { zeros, .. }, Absent::Zero) => zeros.decode(data, limits, document),
            (Decoding::Protobuf { nulls, .. }, _) => nulls.decode(data, limits, document),
        }
    }
}
