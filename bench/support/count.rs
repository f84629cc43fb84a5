//! A sink that keeps nothing: what decoding costs without what is made of it.

use std::hint::black_box;

use outrigger_events::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// Counts what it is told.
#[derive(Default)]
pub(crate) struct Count(pub(crate) usize);

impl Sink for Count {
    fn null(&mut self) {
        self.0 += 1;
    }
    fn boolean(&mut self, value: bool) {
        self.0 += usize::from(value);
    }
    fn integer(&mut self, value: i64) {
        self.0 += value as usize;
    }
    fn big(&mut self, _: &Integer) {
        self.0 += 1;
    }
    fn float(&mut self, value: f64) {
        self.0 += value as usize;
    }
    fn decimal(&mut self, value: &Decimal) {
        self.0 += usize::from(black_box(value) == &Decimal::NaN);
    }
    fn text(&mut self, value: Text<'_>) {
        self.0 += value.bytes.len();
    }
    fn bytes(&mut self, value: Text<'_>) {
        self.0 += value.bytes.len();
    }
    fn temporal(&mut self, value: Temporal) {
        self.0 += usize::from(value == Temporal::Infinity);
    }
    fn name(&mut self, _: Name) {
        self.0 += 1;
    }
    fn end_list(&mut self, count: usize) {
        self.0 += count;
    }
    fn key(&mut self, key: Text<'_>) {
        self.0 += key.bytes.len();
    }
    fn field(&mut self, _: Name) {
        self.0 += 1;
    }
    fn end_map(&mut self, count: usize) -> Result<(), Duplicate> {
        self.0 += count;
        Ok(())
    }
    fn record_key(&mut self, name: usize, _: Text<'_>) {
        self.0 += name;
    }
}
