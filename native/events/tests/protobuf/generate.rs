//! Files and messages made by chance.

use std::fmt::Write as _;

use outrigger_events::protobuf::Schema;
use prost_reflect::bytes::Bytes;
use prost_reflect::{Cardinality, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};

use crate::dice::Dice;

const SCALARS: [&str; 15] = [
    "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64",
    "float", "double", "bool", "string", "bytes",
];
const KEYS: [&str; 6] = ["string", "int32", "uint64", "sint64", "fixed32", "bool"];
const MESSAGES: [&str; 3] = ["M", "N", "O"];

/// A file of the messages `M`, `N` and `O`, which hold each other, and an enum.
pub(crate) fn file(dice: &mut Dice) -> Schema {
    let syntax = 2 + dice.below(2);
    let mut text =
        format!("syntax = \"proto{syntax}\"; package p; enum E {{ ZERO = 0; ONE = 1; FAR = -5; }}\n");
    for message in MESSAGES {
        let _ = writeln!(text, "message {message} {{ {} }}", fields(dice, syntax));
    }
    if syntax == 2 {
        let _ = writeln!(text, "extend M {{ optional {} e1 = 1001; repeated N e2 = 1002; }}", any(dice));
    }
    Schema::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn any(dice: &mut Dice) -> String {
    match dice.below(5) {
        0 => dice.pick(&MESSAGES).to_owned(),
        1 => "E".to_owned(),
        _ => dice.pick(&SCALARS).to_owned(),
    }
}

fn fields(dice: &mut Dice, syntax: usize) -> String {
    let mut text = String::new();
    let mut number = 0;
    for place in 0..dice.below(7) {
        number += 1 + if dice.one_in(4) { dice.below(40) } else { 0 };
        let kind = any(dice);
        let _ = match dice.below(10) {
            0 => write!(text, "map<{}, {kind}> f{place} = {number}; ", dice.pick(&KEYS)),
            1 | 2 => {
                let packable = !MESSAGES.contains(&&*kind) && kind != "string" && kind != "bytes";
                let option = if packable && dice.one_in(3) { " [packed = false]" } else { "" };
                write!(text, "repeated {kind} f{place} = {number}{option}; ")
            }
            3 => {
                let other = any(dice);
                number += 1;
                let first = number - 1;
                write!(
                    text,
                    "oneof o{place} {{ {kind} f{place}a = {first}; {other} f{place}b = {number}; }} "
                )
            }
            4 if syntax == 2 => {
                write!(
                    text,
                    "repeated group G{place} = {number} {{ optional {kind} g = 1; optional M m = 2; }} "
                )
            }
            5 if syntax == 2 => write!(text, "required {} f{place} = {number}; ", dice.pick(&SCALARS)),
            6 | 7 if syntax == 3 => write!(text, "{kind} f{place} = {number}; "),
            _ => write!(text, "optional {kind} f{place} = {number}; "),
        };
    }
    if syntax == 2 {
        text.push_str("extensions 1000 to 2000;");
    }
    text
}

/// A message with all that is required.
pub(crate) fn message(dice: &mut Dice, of: &MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields() {
        if field.cardinality() != Cardinality::Required && dice.one_in(3) {
            continue;
        }
        if let Some(value) = field_value(dice, &field, depth) {
            message.set_field(&field, value);
        }
    }
    for extension in of.extensions() {
        if dice.one_in(2) {
            let value = one(dice, &extension.kind(), depth);
            let value = value.map(|value| if extension.is_list() { Value::List(vec![value]) } else { value });
            value.into_iter().for_each(|value| message.set_extension(&extension, value));
        }
    }
    message
}

fn field_value(dice: &mut Dice, field: &FieldDescriptor, depth: usize) -> Option<Value> {
    let count = dice.below(4);
    if field.is_map() {
        let Kind::Message(entry) = field.kind() else { return None };
        let (of_key, of_value) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
        let pairs = (0..count).filter_map(|_| Some((key(dice, &of_key), one(dice, &of_value, depth)?)));
        return Some(Value::Map(pairs.collect()));
    }
    if field.is_list() {
        return Some(Value::List((0..count).filter_map(|_| one(dice, &field.kind(), depth)).collect()));
    }
    one(dice, &field.kind(), depth)
}

fn key(dice: &mut Dice, kind: &Kind) -> MapKey {
    match one(dice, kind, 0) {
        Some(Value::Bool(value)) => MapKey::Bool(value),
        Some(Value::I32(value)) => MapKey::I32(value),
        Some(Value::I64(value)) => MapKey::I64(value),
        Some(Value::U32(value)) => MapKey::U32(value),
        Some(Value::U64(value)) => MapKey::U64(value),
        Some(Value::String(value)) => MapKey::String(value),
        other => panic!("{other:?} is no key"),
    }
}

fn one(dice: &mut Dice, kind: &Kind, depth: usize) -> Option<Value> {
    let bits = [0, 1, 127, 128, u64::MAX, i64::MAX as u64, 1 << 31, (1 << 63) + 1, 300][dice.below(9)];
    Some(match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(bits as i32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(bits as i64),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(bits as u32),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(bits),
        Kind::Float => Value::F32([0.0, -0.0, 1.5, f32::INFINITY, f32::NAN][dice.below(5)]),
        Kind::Double => Value::F64([0.0, -0.0, 0.1, f64::NEG_INFINITY, f64::NAN][dice.below(5)]),
        Kind::Bool => Value::Bool(dice.one_in(2)),
        Kind::String => Value::String(
            dice.pick(&["", "a", "grüß", "long enough for two bytes of length"])
                .repeat(1 + 4 * dice.below(2)),
        ),
        Kind::Bytes => Value::Bytes(Bytes::from(vec![0xff; dice.below(3)])),
        Kind::Enum(_) => Value::EnumNumber([0, 1, -5, 7][dice.below(4)]),
        Kind::Message(_) if depth == 0 => return None,
        Kind::Message(of) => Value::Message(message(dice, of, depth - 1)),
    })
}
