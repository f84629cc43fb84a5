//! The key of a record: a document of its own.

use super::Failure;
use super::cache::Cache;
use super::change::row_of;
use super::framed::{Frames, Part};
use super::options::{Columns, Options, Untyped};
use super::reader::Reader;
use super::rows::Types;
use crate::json::{Fault, Kind};
use crate::made::Made;
use crate::{Error, Sink};

/// The key, if there is one.
#[derive(Clone, Copy)]
pub(super) struct Key<'k>(pub(super) Option<&'k Part<'k>>);

impl Key<'_> {
    /// Tells the key, or nothing.
    pub(super) fn tell<S: Sink>(
        self,
        columns: Columns<'_>,
        options: &Options,
        cache: &mut Cache,
        sink: &mut S,
    ) -> Result<(), Failure> {
        match self.0 {
            Some(part) => read(part, columns, options, cache, &mut Made(sink))
                .map_err(|fault| Failure::Said(in_key(part.error(fault)))),
            None => {
                sink.null();
                Ok(())
            }
        }
    }
}

fn read<S: Sink>(
    part: &Part<'_>,
    columns: Columns<'_>,
    options: &Options,
    cache: &mut Cache,
    sink: &mut S,
) -> Result<(), Fault> {
    // A key holds no frame inside.
    let frames = Frames::new(None, options, 0);
    let (mut reader, opened) = Reader::open(part, frames, options, cache)?;
    reader.cursor.back(opened.at);
    let root = opened.plan.as_ref().map(|plan| &plan.root);
    match (opened.kind, root) {
        (Kind::Map, _) => {
            let types = Types { row: row_of(root), columns, untyped: options.untyped };
            reader.row(types, opened.inside, &mut Vec::new(), sink)
        }
        (_, Some(meaning)) => reader.value(meaning, opened.inside, sink),
        // A key that is one value has no column that a type could be given for.
        (_, None) if opened.nothing || options.untyped == Untyped::AsIs => {
            reader.cursor.value(opened.inside, sink)
        }
        (_, None) => Err(Fault::new(opened.at, super::rows::AMBIGUOUS)),
    }
}

/// Says that the error is in the key.
#[cold]
pub(super) fn in_key(error: Error) -> Error {
    inside(error, "key ")
}

/// Says in which document an error's path begins.
#[cold]
pub(super) fn inside(mut error: Error, document: &str) -> Error {
    match &mut error {
        Error::Malformed { path, .. } | Error::NeedsOption { path, .. } => path.insert_str(0, document),
        _ => {}
    }
    error
}
