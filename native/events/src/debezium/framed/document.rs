//! The document that data stands for, as Kafka Connect's JSON converter writes its payload.

use std::io::Write;

use crate::debezium::Encoding;
use crate::debezium::binary::encode;
use crate::json::plain_end;
use crate::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// Writes JSON without a space.
///
/// A comma is due where the last byte ends a value: what opens a list or a map, or stands behind a key, ends none.
pub(super) struct Document<'k, 'o> {
    keys: &'k [Box<[u8]>],
    most: usize,
    full: bool,
    out: &'o mut Vec<u8>,
    /// An offset in the document, and the place in the data of the text told last up to there.
    wanted: usize,
    place: usize,
}

impl<'k, 'o> Document<'k, 'o> {
    /// Appends to `out`, up to `most` bytes.
    pub(super) const fn new(keys: &'k [Box<[u8]>], most: usize, out: &'o mut Vec<u8>) -> Self {
        Self { keys, most, full: false, out, wanted: 0, place: 0 }
    }

    /// To find out where something comes from.
    pub(super) const fn until(keys: &'k [Box<[u8]>], wanted: usize, out: &'o mut Vec<u8>) -> Self {
        Self { keys, most: usize::MAX, full: false, out, wanted, place: 0 }
    }

    /// The place in the data of the text that stands at the wanted offset, or of the last one before.
    pub(super) const fn place(&self) -> usize {
        self.place
    }

    #[inline]
    fn comma(&mut self) {
        if !matches!(self.out.last(), None | Some(b'[' | b'{' | b':')) {
            self.out.push(b',');
        }
    }

    fn note(&mut self, text: Text<'_>) {
        if let Some(at) = text.at
            && self.out.len() <= self.wanted
        {
            self.place = at;
        }
    }

    fn show(&mut self, value: impl std::fmt::Display) {
        self.comma();
        // A vector takes everything.
        let _ = write!(self.out, "{value}");
    }

    fn quote(&mut self, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.out.push(b'"');
        let mut begin = 0;
        loop {
            let end = plain_end(bytes, begin);
            self.out.extend_from_slice(bytes.get(begin..end).unwrap_or_default());
            match bytes.get(end) {
                None => break,
                Some(&byte @ (b'"' | b'\\')) => self.out.extend_from_slice(&[b'\\', byte]),
                Some(&byte) => {
                    let [high, low] = [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
                    self.out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
                }
            }
            begin = end + 1;
        }
        self.out.push(b'"');
    }

    fn millis(&mut self, nanos: i128) {
        match (nanos.div_euclid(1_000_000), nanos.rem_euclid(1_000_000)) {
            (millis, 0) => self.show(millis),
            (millis, rest) => self.show(format_args!("{millis}.{rest:06}")),
        }
    }

    /// What JSON has no numbers for is its name, as text.
    fn real(&mut self, value: impl std::fmt::Debug, is_finite: bool, is_nan: bool, is_negative: bool) {
        match (is_finite, is_nan, is_negative) {
            (true, ..) => self.show(format_args!("{value:?}")),
            (_, true, _) => self.show("\"NaN\""),
            (.., true) => self.show("\"-Infinity\""),
            _ => self.show("\"Infinity\""),
        }
    }
}

impl Sink for Document<'_, '_> {
    /// It would be longer than it may be. What was written then is no document.
    #[inline]
    fn full(&self) -> bool {
        self.full || self.out.len() > self.most
    }
    fn null(&mut self) {
        self.comma();
        self.out.extend_from_slice(b"null");
    }
    fn boolean(&mut self, value: bool) {
        self.show(value);
    }
    #[inline]
    fn integer(&mut self, value: i64) {
        self.show(value);
    }
    fn big(&mut self, value: &Integer) {
        self.show(value);
    }
    fn float(&mut self, value: f64) {
        self.real(value, value.is_finite(), value.is_nan(), value.is_sign_negative());
    }
    fn single(&mut self, value: f32) {
        self.real(value, value.is_finite(), value.is_nan(), value.is_sign_negative());
    }
    // What Avro has of these is read without its meaning; these come of Protobuf's messages.
    fn decimal(&mut self, value: &Decimal) {
        match value {
            Decimal::Finite { coefficient, exponent, .. } => {
                self.show(format_args!("\"{coefficient}e{exponent}\""))
            }
            Decimal::NaN | Decimal::Infinity(_) => self.null(),
        }
    }
    /// Days and milliseconds, as Connect's types have it. What is finer is no whole number, and none of Connect's.
    fn temporal(&mut self, value: Temporal) {
        match value {
            Temporal::Date(days) => self.show(days),
            Temporal::Time(nanos, _) => self.millis(nanos.into()),
            Temporal::Instant(nanos, _) => self.millis(nanos),
            _ => self.null(),
        }
    }
    fn name(&mut self, _value: Name) {
        self.null();
    }
    fn text(&mut self, value: Text<'_>) {
        self.comma();
        self.note(value);
        self.quote(value.bytes);
    }
    fn bytes(&mut self, value: Text<'_>) {
        self.comma();
        self.note(value);
        self.out.push(b'"');
        encode(Encoding::Base64, value.bytes, self.out);
        self.out.push(b'"');
    }
    fn begin_list(&mut self) {
        self.comma();
        self.out.push(b'[');
    }
    fn end_list(&mut self, _count: usize) {
        self.out.push(b']');
    }
    fn begin_map(&mut self) {
        self.comma();
        self.out.push(b'{');
    }
    fn key(&mut self, key: Text<'_>) {
        self.text(key);
        self.out.push(b':');
    }
    fn field(&mut self, name: Name) {
        self.key(Text::made(name.text().as_bytes()));
    }
    /// Keys of maps are text.
    fn value_as_key(&mut self) {
        self.out.push(b':');
    }
    fn end_map(&mut self, _count: usize) -> Result<(), Duplicate> {
        self.out.push(b'}');
        Ok(())
    }
    /// Nothing else can be longer than the data by more than a factor.
    #[inline]
    fn record_key(&mut self, name: usize, _key: Text<'_>) {
        self.full |= self.out.len() > self.most;
        if !self.full {
            self.comma();
            self.out.extend_from_slice(self.keys.get(name).map_or(&b"\"\":"[..], |key| key));
        }
    }
}
