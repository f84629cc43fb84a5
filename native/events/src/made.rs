//! A sink for parts that stand in another document than the one the sink knows: nothing of them can be referred to.

use crate::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// Tells its sink everything, and all text as made.
pub(crate) struct Made<'s, S>(pub(super) &'s mut S);

impl<S: Sink> Sink for Made<'_, S> {
    fn full(&self) -> bool {
        self.0.full()
    }
    fn null(&mut self) {
        self.0.null();
    }
    fn boolean(&mut self, value: bool) {
        self.0.boolean(value);
    }
    fn integer(&mut self, value: i64) {
        self.0.integer(value);
    }
    fn big(&mut self, value: &Integer) {
        self.0.big(value);
    }
    fn float(&mut self, value: f64) {
        self.0.float(value);
    }
    fn single(&mut self, value: f32) {
        self.0.single(value);
    }
    fn decimal(&mut self, value: &Decimal) {
        self.0.decimal(value);
    }
    fn text(&mut self, value: Text<'_>) {
        self.0.text(Text::made(value.bytes));
    }
    fn bytes(&mut self, value: Text<'_>) {
        self.0.bytes(Text::made(value.bytes));
    }
    fn temporal(&mut self, value: Temporal) {
        self.0.temporal(value);
    }
    fn name(&mut self, value: Name) {
        self.0.name(value);
    }
    fn begin_list(&mut self) {
        self.0.begin_list();
    }
    fn end_list(&mut self, count: usize) {
        self.0.end_list(count);
    }
    fn begin_map(&mut self) {
        self.0.begin_map();
    }
    fn key(&mut self, key: Text<'_>) {
        self.0.key(Text::made(key.bytes));
    }
    fn field(&mut self, name: Name) {
        self.0.field(name);
    }
    fn value_as_key(&mut self) {
        self.0.value_as_key();
    }
    fn end_map(&mut self, count: usize) -> Result<(), Duplicate> {
        self.0.end_map(count)
    }
}
