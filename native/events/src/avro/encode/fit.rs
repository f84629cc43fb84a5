//! Which branch of a union a value goes to.

use super::scalar::{self, Scalar};
use crate::avro::schema::{Kind, Schema, TypeId};
use crate::{Datum, View};

/// How well a value fits a type; the better, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    No,
    Loose,
    Exact,
}

/// The place and type of the branch that takes a value.
pub(super) fn branch<'a, D: Datum<'a>>(
    schema: &Schema,
    branches: &[TypeId],
    datum: D,
) -> Option<(usize, TypeId)> {
    let mut best = (Fit::No, None);
    for (place, &id) in branches.iter().enumerate() {
        let fit = fit(schema, id, datum);
        if fit == Fit::Exact || D::FIRST_BRANCH && fit == Fit::Loose {
            return Some((place, id));
        }
        if fit > best.0 {
            best = (fit, Some((place, id)));
        }
    }
    best.1
}

fn fit<'a, D: Datum<'a>>(schema: &Schema, id: TypeId, datum: D) -> Fit {
    let (node, view) = (schema.node(id), datum.view());
    match (&node.kind, &view) {
        (Kind::Array(_), View::List(_)) => Fit::Exact,
        (Kind::Map(_), View::Map(_)) => Fit::Loose,
        (Kind::Record(record), View::Map(count)) => {
            let mut found = 0;
            for field in &record.fields {
                match datum.field(&field.name) {
                    Some(_) => found += 1,
                    None if field.default.is_none() => return Fit::No,
                    None => {}
                }
            }
            if found == *count { Fit::Exact } else { Fit::No }
        }
        (Kind::Array(_) | Kind::Map(_) | Kind::Record(_) | Kind::Union(_), _) => Fit::No,
        _ => match scalar::of(node, &view) {
            Ok(Scalar { exact: true, .. }) => Fit::Exact,
            Ok(_) => Fit::Loose,
            Err(_) => Fit::No,
        },
    }
}
