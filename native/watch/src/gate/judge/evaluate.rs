//! Both sides of a comparison, from figures to numbers.

use super::read::{self, End, Index, Labels, Notes, Point, Value};
use super::{Lack, Scope};
use crate::Number;
use crate::gate::expr::{Arithmetic, Comparison, Expr};
use crate::gate::{Figure, Relation, Shape};

/// What an expression is evaluated over.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) index: &'a Index<'a>,
    pub(super) labels: &'a Labels,
    pub(super) least: u64,
    pub(super) value_of: &'a dyn Fn(&str) -> Result<Number, Lack>,
}

/// The two sides where they stand worst to each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides {
    pub(super) left: f64,
    pub(super) right: f64,
}

/// Evaluates a comparison at its worst moment.
pub(super) fn worst(comparison: &Comparison, place: &Place<'_>, notes: &mut Notes) -> Result<Sides, Lack> {
    let ends = [End::High, End::Low];
    let is_open = |figure: &&Figure| figure.shape == Shape::Histogram && figure.statistic.is_none();
    let open = comparison.figures().iter().any(is_open);
    let mut worst: Option<(f64, Sides)> = None;
    for end in &ends[..if open { 2 } else { 1 }] {
        let left = evaluate(&comparison.left, place, *end, notes)?;
        let right = evaluate(&comparison.right, place, *end, notes)?;
        for (left, right) in joined(&left, &right) {
            if !(left.is_finite() && right.is_finite()) {
                return Err(Lack::inconclusive(format!(
                    "{} has no number: something is divided by 0",
                    comparison.text
                )));
            }
            let bad = badness(comparison.relation, left, right);
            if worst.as_ref().is_none_or(|(worst, _)| bad > *worst) {
                worst = Some((bad, Sides { left, right }));
            }
        }
    }
    let none = || Lack::inconclusive(format!("the samples of {} are of different moments", comparison.text));
    worst.map(|(_, sides)| sides).ok_or_else(none)
}

/// How far the sides are beyond each other: the larger, the worse.
fn badness(relation: Relation, left: f64, right: f64) -> f64 {
    match relation {
        Relation::Below | Relation::AtMost => left - right,
        Relation::Above | Relation::AtLeast => right - left,
        Relation::Equal => (left - right).abs(),
        Relation::Unequal => -(left - right).abs(),
    }
}

fn evaluate(expr: &Expr, place: &Place<'_>, end: End, notes: &mut Notes) -> Result<Value, Lack> {
    match expr {
        Expr::Number(literal) => Ok(Value::One(literal.value)),
        Expr::Figure(figure) if figure.shape == Shape::Value => {
            notes.samples = notes.samples.min(1);
            (place.value_of)(&figure.metric).map(|number| Value::One(number.value))
        }
        Expr::Figure(figure) => read::figure(figure, place, end, notes),
        Expr::Negative(inside) => Ok(match evaluate(inside, place, end, notes)? {
            Value::One(value) => Value::One(-value),
            Value::Each(points) => {
                Value::Each(points.into_iter().map(|point| Point { value: -point.value, ..point }).collect())
            }
        }),
        Expr::Both(left, how, right) => {
            let left = evaluate(left, place, end, notes)?;
            let right = evaluate(right, place, end, notes)?;
            Ok(both(&left, *how, &right))
        }
    }
}

fn both(left: &Value, how: Arithmetic, right: &Value) -> Value {
    let of = |a: f64, b: f64| match how {
        Arithmetic::Plus => a + b,
        Arithmetic::Minus => a - b,
        Arithmetic::Times => a * b,
        Arithmetic::By => a / b,
    };
    match (left, right) {
        (Value::One(a), Value::One(b)) => Value::One(of(*a, *b)),
        (Value::Each(points), Value::One(b)) => {
            Value::Each(points.iter().map(|point| Point { value: of(point.value, *b), ..*point }).collect())
        }
        (Value::One(a), Value::Each(points)) => {
            Value::Each(points.iter().map(|point| Point { value: of(*a, point.value), ..*point }).collect())
        }
        (Value::Each(a), Value::Each(b)) => {
            Value::Each(same_moments(a, b).map(|(a, b)| Point { value: of(a.value, b.value), ..a }).collect())
        }
    }
}

/// What is of one node and one moment in both. Both are in the order of node and time.
fn same_moments<'a>(a: &'a [Point], b: &'a [Point]) -> impl Iterator<Item = (Point, Point)> + 'a {
    let mut rest = b;
    a.iter().filter_map(move |a| {
        let earlier = rest.iter().take_while(|b| (b.node, b.at) < (a.node, a.at)).count();
        rest = &rest[earlier..];
        rest.first().filter(|b| (b.node, b.at) == (a.node, a.at)).map(|b| (*a, *b))
    })
}

/// The pairs of both sides that are compared.
fn joined(left: &Value, right: &Value) -> Vec<(f64, f64)> {
    match (left, right) {
        (Value::One(a), Value::One(b)) => vec![(*a, *b)],
        (Value::Each(points), Value::One(b)) => points.iter().map(|point| (point.value, *b)).collect(),
        (Value::One(a), Value::Each(points)) => points.iter().map(|point| (*a, point.value)).collect(),
        (Value::Each(a), Value::Each(b)) => same_moments(a, b).map(|(a, b)| (a.value, b.value)).collect(),
    }
}
