//! A value or a key: a document, or the one that it stands for.

use std::sync::Arc;

use super::writers::{Format, Writer, Writers};
use crate::debezium::schema::Plan;
use crate::frame::Framed;
use crate::json::Fault;
use crate::{Error, Limits};

/// What is needed to read frames.
#[derive(Clone, Copy)]
pub(in crate::debezium) struct Frames<'w> {
    pub(in crate::debezium) writers: Option<&'w Writers>,
    pub(in crate::debezium) limits: &'w Limits,
    /// Bytes of the longest document that a datum is written out as.
    pub(in crate::debezium) room: usize,
}

/// A document and what is known of it.
pub(in crate::debezium) struct Part<'a> {
    pub(in crate::debezium) document: &'a [u8],
    /// What its schema says, if that is not in it.
    pub(in crate::debezium) plan: Option<Arc<Plan>>,
    limits: &'a Limits,
    framed: Option<(Framed<'a>, Arc<Writer>)>,
}

impl<'a> Part<'a> {
    /// Of bytes that may have a frame. `text` takes what is written out.
    pub(in crate::debezium) fn open(
        bytes: &'a [u8],
        frames: Frames<'a>,
        text: &'a mut Vec<u8>,
    ) -> Result<Self, Error> {
        text.clear();
        let limits = frames.limits;
        if !matches!(bytes.first(), Some(0 | 1)) {
            return Ok(Self { document: bytes, plan: None, limits, framed: None });
        }
        let writers = frames.writers.ok_or_else(|| Error::NeedsOption {
            path: "$".to_owned(),
            why: "it begins with the number of a schema, which a registry knows".to_owned(),
            option: "registry",
        })?;
        let framed = Framed::read(bytes)?;
        let writer = writers.find(framed.schema)?;
        let (document, plan) = match &writer.0 {
            Format::Avro(avro) => {
                let most = frames.room.min(limits.bytes);
                avro.write(framed.body, limits, most, text).map_err(|error| behind(error, framed.at))?;
                (text.as_slice(), Some(avro.plan.clone()))
            }
            Format::Json => (framed.body, None),
        };
        Ok(Self { document, plan, limits, framed: Some((framed, writer)) })
    }

    /// Whether offsets in the document are those in the bytes that it was opened of.
    pub(in crate::debezium) const fn is_given(&self) -> bool {
        self.framed.is_none()
    }

    /// The error of a fault in the document, with its place in the bytes.
    #[cold]
    pub(in crate::debezium) fn error(&self, fault: Fault) -> Error {
        let error = fault.into_error(self.document);
        let Some((framed, writer)) = &self.framed else { return error };
        match (error, &writer.0) {
            (Error::Malformed { at, path, problem, .. }, Format::Avro(avro)) => {
                let at = framed.at + avro.place(framed.body, self.limits, at);
                Error::Malformed { format: "Avro", at, path, problem }
            }
            (error, Format::Avro(_)) => error,
            (error, Format::Json) => behind(error, framed.at),
        }
    }
}

/// An error in what stands behind so many bytes.
fn behind(mut error: Error, by: usize) -> Error {
    if let Error::Malformed { at, .. } | Error::Limit { at, .. } = &mut error {
        *at += by;
    }
    error
}
