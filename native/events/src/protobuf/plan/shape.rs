//! The messages that mean something more than their fields.
//!
//! They go by their names, and only if their fields are those that are known: anybody may write a file that calls a message
//! `google.protobuf.Timestamp`.

use super::table::{Field, Kind, Label, Shape};

pub(super) fn of(name: &str, fields: &[Field]) -> Shape {
    use Label::{List, Map, Single};
    let are = |wanted: &[(Kind, Label)]| {
        let same = |(field, (place, (kind, label))): (&Field, (usize, &(Kind, Label)))| {
            field.number as usize == place + 1 && field.kind == *kind && field.label == *label
        };
        fields.len() == wanted.len() && fields.iter().zip(wanted.iter().enumerate()).all(same)
    };
    let only = |label: Label| {
        matches!(fields, [field] if field.number == 1 && field.label == label
            && matches!(field.kind, Kind::Message(_)))
    };
    let (shape, right) = match name {
        "google.protobuf.Timestamp" => {
            (Shape::Timestamp, are(&[(Kind::Int64, Single), (Kind::Int32, Single)]))
        }
        "google.protobuf.Duration" => (Shape::Duration, are(&[(Kind::Int64, Single), (Kind::Int32, Single)])),
        "google.type.Date" => (Shape::Date, are(&[(Kind::Int32, Single); 3])),
        "google.type.TimeOfDay" => (Shape::TimeOfDay, are(&[(Kind::Int32, Single); 4])),
        "confluent.type.Decimal" => {
            (Shape::Decimal, are(&[(Kind::Bytes, Single), (Kind::Uint32, Single), (Kind::Int32, Single)]))
        }
        "google.protobuf.Struct" => (Shape::Only, only(Map)),
        "google.protobuf.ListValue" => (Shape::Only, only(List(false))),
        "google.protobuf.Value" => {
            let choice = fields.iter().all(|field| field.oneof == Some(0)) && fields.len() == 6;
            (Shape::Choice, choice)
        }
        _ => (Shape::Only, wrapped(name).is_some_and(|kind| are(&[(kind, Single)]))),
    };
    if right { shape } else { Shape::Record }
}

/// What a wrapper holds.
fn wrapped(name: &str) -> Option<Kind> {
    Some(match name.strip_prefix("google.protobuf.")? {
        "DoubleValue" => Kind::Double,
        "FloatValue" => Kind::Float,
        "Int64Value" => Kind::Int64,
        "UInt64Value" => Kind::Uint64,
        "Int32Value" => Kind::Int32,
        "UInt32Value" => Kind::Uint32,
        "BoolValue" => Kind::Bool,
        "StringValue" => Kind::Text(true),
        "BytesValue" => Kind::Bytes,
        _ => return None,
    })
}
