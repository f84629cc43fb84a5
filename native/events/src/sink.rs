//! What a decoder says, and to whom.

use crate::{Decimal, Integer, Name, Temporal};

/// Two equal keys in one map, which the sink does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate;

/// Text or bytes that a decoder found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The bytes. UTF-8 where the format says text.
    pub bytes: &'a [u8],
    /// Where they stand in the document, if they stand there as they are: a sink may refer to them and copy nothing.
    pub at: Option<usize>,
}

impl<'a> Text<'a> {
    /// Bytes that stand in the document at this offset.
    #[must_use]
    pub const fn at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at: Some(at) }
    }

    /// Bytes that a decoder made: unescaped, or decoded from base64.
    #[must_use]
    pub const fn made(bytes: &'a [u8]) -> Self {
        Self { bytes, at: None }
    }
}

/// Takes a document piece by piece, in the order of its bytes.
///
/// A scalar is one call. A list is `begin_list`, its elements, `end_list` with their number; a map is `begin_map`, a key and
/// a value in turn, `end_map`. A sink that keeps a stack needs the ends only, one that writes a stream needs both.
///
/// Decoders balance their calls up to an error; after one, the sink is dropped or reset.
pub trait Sink {
    /// Whether it drops every value: a decoder then checks how a number is written and does not work it out.
    const IGNORES: bool = false;

    /// Whether it takes no more, because what it makes of the bytes takes too long. Those who tell much of few bytes ask, and stop with
    /// [`Error::Limit`](crate::Error::Limit); what has been told is worth nothing.
    fn full(&self) -> bool {
        false
    }

    /// No value.
    fn null(&mut self);
    /// True or false.
    fn boolean(&mut self, value: bool);
    /// A whole number.
    fn integer(&mut self, value: i64);
    /// A whole number beyond 64 bits, or any other.
    fn big(&mut self, value: &Integer);
    /// A floating point number; Avro and Protobuf have NaN and infinities.
    fn float(&mut self, value: f64);
    /// One that was written in 32 bits. Its shortest text has fewer digits than that of the same number in 64.
    fn single(&mut self, value: f32) {
        self.float(f64::from(value));
    }
    /// A decimal number.
    fn decimal(&mut self, value: &Decimal);
    /// A string.
    fn text(&mut self, value: Text<'_>);
    /// Bytes that need not be UTF-8.
    fn bytes(&mut self, value: Text<'_>);
    /// A date, a time, an instant, a span.
    fn temporal(&mut self, value: Temporal);
    /// One of our own names, as a value: `:update`, `:unchanged`.
    fn name(&mut self, value: Name);
    /// A list begins.
    fn begin_list(&mut self) {}
    /// The list that began last has its elements.
    fn end_list(&mut self, count: usize);
    /// A map begins.
    fn begin_map(&mut self) {}
    /// The key of the value that follows.
    fn key(&mut self, key: Text<'_>);
    /// One of our own names as a key: a field of a struct.
    fn field(&mut self, name: Name);
    /// The value that was told last, a string or a whole number or a boolean, is the key of the one that follows: the map is data
    /// and its keys are no names. A sink that writes a stream of values has nothing to do.
    fn value_as_key(&mut self) {}
    /// The map that began last has its pairs.
    ///
    /// # Errors
    ///
    /// [`Duplicate`], when two keys are equal and the sink was told not to take that.
    fn end_map(&mut self, count: usize) -> Result<(), Duplicate>;

    // What a plan knows before there is data has a number, by which a sink may keep what it has made of it.

    /// A map begins whose keys are those of a plan's record, in this order: `Plan::record`.
    fn begin_record(&mut self, _record: usize) {
        self.begin_map();
    }
    /// The key of the value that follows, and its place in `Plan::names`.
    fn record_key(&mut self, _name: usize, key: Text<'_>) {
        self.key(key);
    }
    /// The record that began last has its values.
    ///
    /// # Errors
    ///
    /// As [`end_map`](Self::end_map).
    fn end_record(&mut self, _record: usize, count: usize) -> Result<(), Duplicate> {
        self.end_map(count)
    }
    /// A string that is one of a closed set, and its place in `Plan::names`: the symbol of an enum.
    fn symbol(&mut self, _name: usize, text: Text<'_>) {
        self.text(text);
    }
}

/// Takes anything and keeps nothing.
pub(crate) struct Nowhere;

impl Sink for Nowhere {
    const IGNORES: bool = true;

    fn null(&mut self) {}
    fn boolean(&mut self, _value: bool) {}
    fn integer(&mut self, _value: i64) {}
    fn big(&mut self, _value: &Integer) {}
    fn float(&mut self, _value: f64) {}
    fn decimal(&mut self, _value: &Decimal) {}
    fn text(&mut self, _value: Text<'_>) {}
    fn bytes(&mut self, _value: Text<'_>) {}
    fn temporal(&mut self, _value: Temporal) {}
    fn name(&mut self, _value: Name) {}
    fn end_list(&mut self, _count: usize) {}
    fn key(&mut self, _key: Text<'_>) {}
    fn field(&mut self, _name: Name) {}
    fn end_map(&mut self, _count: usize) -> Result<(), Duplicate> {
        Ok(())
    }
}
