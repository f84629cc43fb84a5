//! The fields of a message, by number, whatever oneof they stand in.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{Cardinality, FieldDescriptor, Kind as Type, MessageDescriptor};

use super::check::Check;
use super::kind::Kind;

/// Compares the fields of two messages of one name.
pub(super) fn compare_fields(
    check: &mut Check<'_>,
    path: &str,
    old: &MessageDescriptor,
    new: &MessageDescriptor,
) {
    let (was, is) = (Fields::of(old), Fields::of(new));
    exclusions(check, path, &was, &is);
    for name in was.oneofs.keys().chain(is.oneofs.keys()).collect::<BTreeSet<_>>() {
        match (was.oneofs.contains_key(name), is.oneofs.contains_key(name)) {
            (true, false) => check.add(Kind::OneofRemoved, format!("{path}/{name}"), ""),
            (false, true) => check.add(Kind::OneofAdded, format!("{path}/{name}"), ""),
            _ => {}
        }
    }
    for number in was.by_number.keys().chain(is.by_number.keys()).collect::<BTreeSet<_>>() {
        let place = |fields: &Fields| match fields.by_number.get(number).and_then(oneof) {
            Some(oneof) => format!("{path}/{oneof}/{number}"),
            None => format!("{path}/{number}"),
        };
        match (was.by_number.get(number), is.by_number.get(number)) {
            (Some(old), None) => removed(check, place(&was), old, &was, &is),
            (None, Some(field)) => {
                let reserved = old.reserved_ranges().any(|range| range.contains(number));
                if reserved {
                    check.add(Kind::ReservedNumberReused, place(&is), field.name());
                }
                let kind = match (oneof(field), field.cardinality()) {
                    (Some(_), _) => Kind::OneofFieldAdded,
                    (None, Cardinality::Required) => Kind::RequiredFieldAdded,
                    _ => Kind::FieldAdded,
                };
                check.add(kind, place(&is), field.name());
            }
            (Some(old), Some(new)) => {
                if oneof(old).is_some() && oneof(new).is_none() {
                    check.add(Kind::OneofFieldMovedToTopLevel, place(&is), new.name());
                }
                field(check, &place(&is), old, new);
            }
            (None, None) => {}
        }
    }
}

fn removed(check: &mut Check<'_>, path: String, old: &FieldDescriptor, was: &Fields, is: &Fields) {
    let kind = match oneof(old) {
        // A oneof of which nothing is left is removed as a whole.
        Some(name) => {
            let left = was
                .oneofs
                .get(&name)
                .is_some_and(|numbers| numbers.iter().any(|one| is.by_number.contains_key(one)));
            if left || is.oneofs.contains_key(&name) { Kind::OneofFieldRemoved } else { return }
        }
        None if old.cardinality() == Cardinality::Required => Kind::RequiredFieldRemoved,
        None => Kind::FieldRemoved,
    };
    check.add(kind, path, old.name());
}

/// Fields of the reader's oneofs that the writer may set together.
fn exclusions(check: &mut Check<'_>, path: &str, was: &Fields, is: &Fields) {
    for (name, numbers) in &is.oneofs {
        let known: Vec<_> = numbers.iter().filter_map(|number| was.by_number.get(number)).collect();
        let alone = known.iter().filter(|field| oneof(field).is_none()).count();
        let origins: BTreeSet<String> = known
            .iter()
            .map(|field| oneof(field).unwrap_or_else(|| format!("/{}", field.number())))
            .collect();
        if origins.len() > 1 {
            let kind =
                if alone > 1 { Kind::MultipleFieldsMovedToOneof } else { Kind::FieldMovedToExistingOneof };
            let names: Vec<_> = known.iter().map(|field| field.name().to_owned()).collect();
            check.add(kind, format!("{path}/{name}"), names.join(", "));
        }
    }
}

/// One field that both have.
fn field(check: &mut Check<'_>, path: &str, old: &FieldDescriptor, new: &FieldDescriptor) {
    if old.name() != new.name() {
        check.add(Kind::FieldNameChanged, path, format!("{} -> {}", old.name(), new.name()));
    }
    match (old.cardinality(), new.cardinality()) {
        (Cardinality::Required, Cardinality::Optional) => {
            check.add(Kind::RequiredLabelRemoved, path, new.name())
        }
        (Cardinality::Optional | Cardinality::Repeated, Cardinality::Required) => {
            check.add(Kind::RequiredFieldAdded, path, new.name());
        }
        _ => {}
    }
    let (was, is) = (Form::of(old), Form::of(new));
    let note = || format!("{} {}: {} -> {}", old.parent_message().name(), new.name(), text(old), text(new));
    if was != is {
        check.add(Kind::FieldKindChanged, path, note());
        return;
    }
    match (old.kind(), new.kind()) {
        (Type::Message(old), Type::Message(new)) if is == Form::Map => {
            field(check, path, &old.map_entry_key_field(), &new.map_entry_key_field());
            field(check, path, &old.map_entry_value_field(), &new.map_entry_value_field());
        }
        (Type::Message(was), Type::Message(is)) => {
            check.held(path, &was, &is);
            if old.is_list() != new.is_list() {
                check.add(Kind::FieldMessageLabelChanged, path, note());
            }
        }
        (was, is) if wire(&was) != wire(&is) => check.add(Kind::FieldScalarKindChanged, path, note()),
        (was, _) if old.is_list() != new.is_list() => {
            let kind = match wire(&was) {
                Wire::Text => Kind::FieldStringOrBytesLabelChanged,
                _ => Kind::FieldNumericLabelChanged,
            };
            check.add(kind, path, note());
        }
        _ => {}
    }
}

/// What stands on the wire for a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Scalar,
    Message,
    Group,
    Map,
}

impl Form {
    fn of(field: &FieldDescriptor) -> Self {
        match field.kind() {
            Type::Message(_) if field.is_map() => Self::Map,
            Type::Message(_) if field.is_group() => Self::Group,
            Type::Message(_) => Self::Message,
            _ => Self::Scalar,
        }
    }
}

/// Scalar types that read each other's bytes. Numbers are cut off where the reader's type is smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Varint,
    ZigZag,
    Text,
    Fixed32,
    Fixed64,
    Float,
    Double,
    None,
}

fn wire(kind: &Type) -> Wire {
    match kind {
        Type::Int32 | Type::Int64 | Type::Uint32 | Type::Uint64 | Type::Bool | Type::Enum(_) => Wire::Varint,
        Type::Sint32 | Type::Sint64 => Wire::ZigZag,
        Type::String | Type::Bytes => Wire::Text,
        Type::Fixed32 | Type::Sfixed32 => Wire::Fixed32,
        Type::Fixed64 | Type::Sfixed64 => Wire::Fixed64,
        Type::Float => Wire::Float,
        Type::Double => Wire::Double,
        Type::Message(_) => Wire::None,
    }
}

/// `repeated int32`.
fn text(field: &FieldDescriptor) -> String {
    let label = if field.is_list() { "repeated " } else { "" };
    if field.is_map() {
        return "map".into();
    }
    match field.kind() {
        Type::Message(message) => format!("{label}{}", message.full_name()),
        Type::Enum(one) => format!("{label}{}", one.full_name()),
        kind => format!("{label}{}", format!("{kind:?}").to_lowercase()),
    }
}

/// Its oneof, unless that only stands for `optional`.
fn oneof(field: &FieldDescriptor) -> Option<String> {
    field.containing_oneof().filter(|oneof| !oneof.is_synthetic()).map(|oneof| oneof.name().to_owned())
}

/// A message's fields by number, and the numbers of its oneofs.
struct Fields {
    by_number: BTreeMap<u32, FieldDescriptor>,
    oneofs: BTreeMap<String, Vec<u32>>,
}

impl Fields {
    fn of(message: &MessageDescriptor) -> Self {
        let by_number: BTreeMap<_, _> = message.fields().map(|field| (field.number(), field)).collect();
        let mut oneofs = BTreeMap::<_, Vec<_>>::new();
        for (number, field) in &by_number {
            if let Some(name) = oneof(field) {
                oneofs.entry(name).or_default().push(*number);
            }
        }
        Self { by_number, oneofs }
    }
}
