//! The instructions.

use super::Event;
use crate::avro::schema::Logical;

/// What to do with the next bytes. Numbers are places in [`Tables`].
#[derive(Clone, Copy, Debug)]
pub(in crate::avro) enum Op {
    Null,
    Boolean,
    Int,
    Long,
    /// A whole number that is wanted as `float`, or as `double`.
    WholeAsFloat(Source),
    WholeAsDouble(Source),
    Float,
    Double,
    Bytes,
    Text,
    Fixed(u32),
    /// A value that means something more.
    Meaning(Source, Logical),
    Enum(u32),
    Array(u32),
    Map(u32),
    Union(u32),
    Record(u32),
    /// Nothing is read: a default is told.
    Constant(u32),
    /// Something is read, and nobody is told.
    Skip(u32),
    /// The reader has nothing for it.
    Fail(u32),
}

/// What stands in the bytes where the meaning does not say.
#[derive(Clone, Copy, Debug)]
pub(in crate::avro) enum Source {
    Int,
    Long,
    Sized,
    Fixed(u32),
}

/// Elements of an array or values of a map.
#[derive(Clone, Copy, Debug)]
pub(in crate::avro) struct List {
    pub(in crate::avro) item: Op,
}

/// A run of entries in a table.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::avro) struct Part {
    pub(in crate::avro) first: u32,
    pub(in crate::avro) end: u32,
}

/// A field, as the writer has it.
#[derive(Clone, Copy, Debug)]
pub(in crate::avro) struct Step {
    /// The reader's name of it; the writer's if it is skipped.
    pub(in crate::avro) name: u32,
    pub(in crate::avro) op: Op,
}

/// How to come to the end of what the writer wrote.
#[derive(Clone, Copy, Debug)]
pub(in crate::avro) enum Skip {
    Bytes(u32),
    Whole,
    Sized,
    Array(u32),
    Map(u32),
    Union(Part),
    Record(Part),
}

/// No name: a symbol that the reader does not have.
pub(in crate::avro) const NOWHERE: u32 = u32::MAX;

/// What instructions refer to.
#[derive(Debug, Default)]
pub(in crate::avro) struct Tables {
    pub(in crate::avro) records: Vec<Part>,
    pub(in crate::avro) steps: Vec<Step>,
    pub(in crate::avro) lists: Vec<List>,
    pub(in crate::avro) unions: Vec<Part>,
    pub(in crate::avro) branches: Vec<Op>,
    /// For each symbol of the writer the name of the reader's, or [`NOWHERE`].
    pub(in crate::avro) enums: Vec<Part>,
    pub(in crate::avro) symbols: Vec<u32>,
    pub(in crate::avro) names: Vec<Box<str>>,
    pub(in crate::avro) constants: Vec<Vec<Event>>,
    pub(in crate::avro) failures: Vec<String>,
    /// One for each type of the writer, if anything is skipped at all.
    pub(in crate::avro) skips: Vec<Skip>,
    pub(in crate::avro) skipped: Vec<u32>,
}

impl Part {
    pub(in crate::avro) fn of<T>(self, table: &[T]) -> &[T] {
        &table[self.first as usize..self.end as usize]
    }
}

impl Tables {
    pub(in crate::avro) fn steps(&self, record: Part) -> &[Step] {
        record.of(&self.steps)
    }
}

/// Appends to a table and says where.
pub(super) fn append<T>(table: &mut Vec<T>, items: impl IntoIterator<Item = T>) -> Part {
    let first = table.len() as u32;
    table.extend(items);
    Part { first, end: table.len() as u32 }
}
