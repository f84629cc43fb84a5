//! A document taken apart: its schema, if it has one, and its payload.

use std::sync::Arc;

use super::cache::Cache;
use super::framed::{Frames, Part};
use super::meaning::Meaning;
use super::members::Members;
use super::options::{Options, Untyped};
use super::reader::Reader;
use super::schema::{self, Plan};
use crate::json::{Cursor, Fault, Floats, Kind, Options as JsonOptions};

/// What a document holds.
pub(super) struct Opened {
    /// What its schema says.
    pub(super) plan: Option<Arc<Plan>>,
    /// Where the payload stands.
    pub(super) at: usize,
    /// Maps that it is inside of.
    pub(super) inside: usize,
    pub(super) kind: Kind,
    /// Whether the payload is `null`.
    pub(super) nothing: bool,
    /// Its members, if it is a map.
    pub(super) members: Members,
}

impl Opened {
    /// What the field of this name means, in the payload's schema.
    pub(super) fn meaning(&self, field: &str) -> Option<&Meaning> {
        match &self.plan.as_ref()?.root {
            Meaning::Row(row) => row.find(field.as_bytes(), usize::MAX),
            _ => None,
        }
    }
}

impl<'a, 'o> Reader<'a, 'o> {
    /// Checks a document to its end, and says where its parts are.
    pub(super) fn open(
        part: &Part<'a>,
        frames: Frames<'o>,
        options: &'o Options,
        cache: &mut Cache,
    ) -> Result<(Self, Opened), Fault> {
        let json = JsonOptions { limits: options.limits, floats: Floats::Binary };
        let document = part.document;
        let mut reader = Self {
            document,
            cursor: Cursor::new(document, json)?,
            unavailable: &options.unavailable,
            frames,
            attributes: false,
            as_is: options.untyped == Untyped::AsIs,
            absent: options.absent,
            made: Vec::new(),
        };
        let opened = match &part.plan {
            Some(plan) => Opened { plan: Some(plan.clone()), ..reader.payload(options, 0)? },
            None => reader.opened(options, cache, 0)?,
        };
        reader.cursor.end()?;
        Ok((reader, opened))
    }

    /// The same for what stands at the cursor, inside so many maps.
    pub(super) fn opened(
        &mut self,
        options: &Options,
        cache: &mut Cache,
        inside: usize,
    ) -> Result<Opened, Fault> {
        self.cursor.kind();
        let start = self.cursor.at();
        match self.framed(options, cache, inside)? {
            Some(opened) => Ok(opened),
            None => {
                self.cursor.back(start);
                self.payload(options, inside)
            }
        }
    }

    /// The payload that stands here, and walks to its end.
    fn payload(&mut self, options: &Options, inside: usize) -> Result<Opened, Fault> {
        let kind = self.cursor.kind();
        let at = self.cursor.at();
        let nothing = self.rest().starts_with(b"null");
        let members = match kind {
            Kind::Map => self.members(&options.prefix, inside)?,
            _ => {
                self.cursor.skip(inside)?;
                Members::default()
            }
        };
        Ok(Opened { plan: None, at, inside, kind, nothing, members })
    }

    /// A document with `schema` and `payload` and nothing else. `None` for any other.
    fn framed(
        &mut self,
        options: &Options,
        cache: &mut Cache,
        inside: usize,
    ) -> Result<Option<Opened>, Fault> {
        if self.cursor.kind() != Kind::Map || !self.cursor.enter(inside)? {
            return Ok(None);
        }
        let (mut plan, mut schema_at, mut opened) = (None, None, None);
        loop {
            match self.cursor.key()?.bytes {
                b"schema" if schema_at.is_none() => {
                    self.cursor.kind();
                    let at = self.cursor.at();
                    schema_at = Some(at);
                    match cache.find(self.rest()) {
                        Some((known, length)) => {
                            plan = Some(known);
                            self.cursor.back(at + length);
                        }
                        None => self.cursor.skip(inside + 1)?,
                    }
                }
                b"payload" if opened.is_none() => opened = Some(self.payload(options, inside + 1)?),
                // An envelope, a row: no frame.
                _ => return Ok(None),
            }
            if !self.cursor.next_pair()? {
                break;
            }
        }
        let (Some(schema_at), Some(mut opened)) = (schema_at, opened) else {
            return Ok(None);
        };
        let end = self.cursor.at();
        if plan.is_none() {
            self.cursor.back(schema_at);
            if let Some(read) = schema::read(&mut self.cursor)? {
                let read = Arc::new(read);
                let bytes = self.document.get(schema_at..self.cursor.at()).unwrap_or_default();
                cache.keep(bytes, read.clone());
                plan = Some(read);
            }
            self.cursor.back(end);
        }
        opened.plan = plan;
        Ok(Some(opened))
    }
}
