//! A value or a key: a document, or the one that it stands for.

use std::sync::Arc;

use super::reading::Reading;
use super::writers::{Format, Writer, Writers};
use crate::debezium::options::{Absent, Options};
use crate::debezium::schema::Plan;
use crate::frame::{Framed, Indexes};
use crate::json::Fault;
use crate::{Error, Limits};

/// What is needed to read frames.
#[derive(Clone, Copy)]
pub(in crate::debezium) struct Frames<'w> {
    pub(in crate::debezium) writers: Option<&'w Writers>,
    pub(in crate::debezium) limits: &'w Limits,
    pub(in crate::debezium) absent: Absent,
    /// Bytes of the longest document that data is written out as.
    pub(in crate::debezium) room: usize,
}

impl<'w> Frames<'w> {
    pub(in crate::debezium) const fn new(
        writers: Option<&'w Writers>,
        options: &'w Options,
        room: usize,
    ) -> Self {
        Self { writers, limits: &options.limits, absent: options.absent, room }
    }
}

/// A document and what is known of it.
pub(in crate::debezium) struct Part<'a> {
    pub(in crate::debezium) document: &'a [u8],
    /// What its schema says, if that is not in it.
    pub(in crate::debezium) plan: Option<Arc<Plan>>,
    frames: Frames<'a>,
    body: Option<Body<'a>>,
}

/// What stands behind a frame.
struct Body<'a> {
    writer: Arc<Writer>,
    /// Which message of the writer's file it is.
    message: Option<Indexes>,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Body<'a> {
    fn read(bytes: &'a [u8], writers: &Writers) -> Result<Self, Error> {
        let framed = Framed::read(bytes)?;
        let writer = writers.find(framed.schema)?;
        let (message, length) = match writer.0 {
            Format::Protobuf(_) => {
                let (message, length) =
                    Indexes::read(framed.body).map_err(|error| behind(error, framed.at))?;
                (Some(message), length)
            }
            _ => (None, 0),
        };
        let bytes = framed.body.get(length..).unwrap_or_default();
        Ok(Self { writer, message, bytes, at: framed.at + length })
    }

    /// How it is read, if it is no document itself.
    fn reading(&self) -> Result<Option<&Reading>, Error> {
        match &self.writer.0 {
            Format::Avro(reading) => Ok(Some(reading)),
            Format::Protobuf(messages) => messages.at(self.message.as_ref()).map(Some),
            Format::Json => Ok(None),
        }
    }
}

impl<'a> Part<'a> {
    /// Of bytes that may have a frame. `text` takes what is written out.
    pub(in crate::debezium) fn open(
        bytes: &'a [u8],
        frames: Frames<'a>,
        text: &'a mut Vec<u8>,
    ) -> Result<Self, Error> {
        text.clear();
        if !matches!(bytes.first(), Some(0 | 1)) {
            return Ok(Self { document: bytes, plan: None, frames, body: None });
        }
        let writers = frames.writers.ok_or_else(|| Error::NeedsOption {
            path: "$".to_owned(),
            why: "it begins with the number of a schema, which a registry knows".to_owned(),
            option: "registry",
        })?;
        let body = Body::read(bytes, writers)?;
        let (document, plan) = match body.reading()? {
            Some(reading) => {
                reading.write(body.bytes, frames, text).map_err(|error| behind(error, body.at))?;
                (text.as_slice(), Some(reading.plan.clone()))
            }
            None => (body.bytes, None),
        };
        Ok(Self { document, plan, frames, body: Some(body) })
    }

    /// Whether offsets in the document are those in the bytes that it was opened of.
    pub(in crate::debezium) const fn is_given(&self) -> bool {
        self.body.is_none()
    }

    /// The error of a fault in the document, with its place in the bytes.
    #[cold]
    pub(in crate::debezium) fn error(&self, fault: Fault) -> Error {
        let error = fault.into_error(self.document);
        let Some(body) = &self.body else { return error };
        match (error, body.reading()) {
            (Error::Malformed { at, path, problem, .. }, Ok(Some(reading))) => {
                let at = body.at + reading.place(body.bytes, self.frames, at);
                Error::Malformed { format: reading.format(), at, path, problem }
            }
            (error, Ok(Some(_))) => error,
            (error, _) => behind(error, body.at),
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
