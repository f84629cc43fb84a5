//! Tests that a document has to pass.

use std::cmp::Ordering;

use crate::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// A value to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// `null`, and a value that is not there.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A string.
    Text(String),
}

/// What a value has to be. A value that is not there counts as `null`; a list or a map equals nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// One of these.
    In(Vec<Operand>),
    /// None of these.
    NotIn(Vec<Operand>),
    /// A number that stands so to another one: less is `(Less, false)`, at least is `(Greater, true)`.
    Compare(i64, Ordering, bool),
}

impl Test {
    /// What it says of a value that is not there.
    pub(super) fn of_nothing(&self) -> bool {
        self.of(|verdict| verdict.null())
    }

    /// What it says of the scalar that is told. Of none: what it says of lists and maps.
    pub(crate) fn of(&self, tell: impl FnOnce(&mut Verdict<'_>)) -> bool {
        let mut verdict = Verdict::new(self);
        tell(&mut verdict);
        verdict.passed
    }

    /// How many values it compares with.
    pub(crate) const fn operands(&self) -> usize {
        match self {
            Self::In(operands) | Self::NotIn(operands) => operands.len() + 1,
            Self::Compare(..) => 1,
        }
    }

    fn text(&self, text: &[u8]) -> bool {
        self.any(|operand| matches!(operand, Operand::Text(own) if own.as_bytes() == text))
    }

    fn number(&self, order: impl Fn(i64) -> Option<Ordering>) -> bool {
        match self {
            Self::Compare(operand, wanted, or_equal) => order(*operand)
                .is_some_and(|order| order == *wanted || (*or_equal && order == Ordering::Equal)),
            _ => self.any(
                |operand| matches!(operand, Operand::Integer(own) if order(*own) == Some(Ordering::Equal)),
            ),
        }
    }

    fn any(&self, same: impl Fn(&Operand) -> bool) -> bool {
        match self {
            Self::In(operands) => operands.iter().any(same),
            Self::NotIn(operands) => !operands.iter().any(same),
            Self::Compare(..) => false,
        }
    }
}

/// Takes one scalar and says whether it passes.
pub(crate) struct Verdict<'t> {
    test: &'t Test,
    pub(super) passed: bool,
}

impl<'t> Verdict<'t> {
    /// A list or a map tells nothing, and so it is what equals none.
    pub(super) fn new(test: &'t Test) -> Self {
        Self { test, passed: test.any(|_| false) }
    }
}

impl Sink for Verdict<'_> {
    fn null(&mut self) {
        self.passed = self.test.any(|operand| *operand == Operand::Null);
    }
    fn boolean(&mut self, value: bool) {
        self.passed = self.test.any(|operand| *operand == Operand::Boolean(value));
    }
    fn integer(&mut self, value: i64) {
        self.passed = self.test.number(|own| Some(value.cmp(&own)));
    }
    fn big(&mut self, value: &Integer) {
        self.passed = self.test.number(|own| match value {
            Integer::Small(value) => Some(value.cmp(&own)),
            Integer::Big(_) => Some(if value.is_negative() { Ordering::Less } else { Ordering::Greater }),
        });
    }
    fn float(&mut self, value: f64) {
        self.passed = self.test.number(|own| compare(value, own));
    }
    fn decimal(&mut self, _value: &Decimal) {}
    fn text(&mut self, value: Text<'_>) {
        self.passed = self.test.text(value.bytes);
    }
    fn bytes(&mut self, value: Text<'_>) {
        self.text(value);
    }
    fn temporal(&mut self, _value: Temporal) {}
    fn name(&mut self, _value: Name) {}
    fn end_list(&mut self, _count: usize) {}
    fn key(&mut self, _key: Text<'_>) {}
    fn field(&mut self, _name: Name) {}
    fn end_map(&mut self, _count: usize) -> Result<(), Duplicate> {
        Ok(())
    }
}

/// A float beside a whole number, exactly: a large whole number is no float, so it is not made one.
fn compare(float: f64, whole: i64) -> Option<Ordering> {
    const EDGE: f64 = 9_223_372_036_854_775_808.0;
    if float >= EDGE {
        return Some(Ordering::Greater);
    }
    if float < -EDGE {
        return Some(Ordering::Less);
    }
    let floor = float.floor();
    match (floor as i64).cmp(&whole) {
        Ordering::Equal if float > floor => Some(Ordering::Greater),
        order => (!float.is_nan()).then_some(order),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_compared_exactly() {
        let edge = 9_007_199_254_740_992_i64;
        for (float, whole, order) in [
            (1.5, 1, Some(Ordering::Greater)),
            (1.5, 2, Some(Ordering::Less)),
            (-1.5, -2, Some(Ordering::Greater)),
            (-1.5, -1, Some(Ordering::Less)),
            (2.0, 2, Some(Ordering::Equal)),
            // The nearest float of the whole number is this one, and yet it is less.
            (9_007_199_254_740_992.0, edge + 1, Some(Ordering::Less)),
            (1e300, i64::MAX, Some(Ordering::Greater)),
            (-1e300, i64::MIN, Some(Ordering::Less)),
            (9.223_372_036_854_776e18, i64::MAX, Some(Ordering::Greater)),
            (f64::NAN, 0, None),
        ] {
            assert_eq!(compare(float, whole), order, "{float} {whole}");
        }
    }
}
