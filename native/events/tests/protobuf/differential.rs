//! Beside `prost-reflect`, over files and messages made by chance.
//!
//! What it reads we read, and it is the same; what it refuses we refuse, but for text of `proto2` that is not UTF-8. It does
//! not look for required fields.

use outrigger_events::protobuf::{Options, Plan, Schema};
use outrigger_events::{Error, Integer, Value};
use proptest::prelude::*;
use prost_reflect::prost::Message;
use prost_reflect::{DynamicMessage, Kind, MapKey, MessageDescriptor, ReflectMessage, Value as Theirs};

use crate::common::{decode, encode};
use crate::dice::Dice;
use crate::generate::{file, message};

const PLAIN: Options = Options { defaults: true, unknown: false, well_known: false };

/// What they have, as we tell it. With `all`, fields that are not there, too.
fn of_message(message: &DynamicMessage, all: bool) -> Value {
    let mut pairs = Vec::new();
    for field in message.descriptor().fields() {
        let there = message.has_field(&field);
        let real = field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic());
        let value = match (there, all) {
            (true, _) => of_value(&message.get_field(&field), &field.kind(), all),
            (false, true) if real => continue,
            (false, true) if field.supports_presence() => Value::Null,
            (false, true) => of_value(&field.default_value(), &field.kind(), all),
            (false, false) => continue,
        };
        pairs.push((field.number(), (Value::from(field.name()), value)));
    }
    for (extension, value) in message.extensions() {
        let name = format!("[{}]", extension.full_name());
        let value = of_value(value, &extension.kind(), all);
        pairs.push((extension.number(), (Value::Text(name), value)));
    }
    pairs.sort_by_key(|(number, _)| *number);
    Value::Map(pairs.into_iter().map(|(_, pair)| pair).collect())
}

fn of_value(value: &Theirs, kind: &Kind, all: bool) -> Value {
    let small = |value: i64| Value::Integer(Integer::Small(value));
    let wide = |value: u64| Value::Integer(Integer::from_digits(value.to_string().as_bytes()).unwrap());
    match value {
        Theirs::Bool(value) => Value::Boolean(*value),
        Theirs::I32(value) => small((*value).into()),
        Theirs::I64(value) => small(*value),
        Theirs::U32(value) => small((*value).into()),
        Theirs::U64(value) => wide(*value),
        Theirs::F32(value) => Value::Float(f64::from(*value)),
        Theirs::F64(value) => Value::Float(*value),
        Theirs::String(value) => Value::from(value.as_str()),
        Theirs::Bytes(value) => Value::Bytes(value.to_vec()),
        Theirs::EnumNumber(number) => match kind.as_enum().and_then(|of| of.get_value(*number)) {
            Some(known) => Value::from(known.name()),
            None => small((*number).into()),
        },
        Theirs::Message(message) => of_message(message, all),
        Theirs::List(items) => Value::List(items.iter().map(|item| of_value(item, kind, all)).collect()),
        Theirs::Map(entries) => {
            let of = kind.as_message().unwrap().map_entry_value_field().kind();
            let of_key = |key: &MapKey| match key {
                MapKey::Bool(value) => Value::Boolean(*value),
                MapKey::I32(value) => small((*value).into()),
                MapKey::I64(value) => small(*value),
                MapKey::U32(value) => small((*value).into()),
                MapKey::U64(value) => wide(*value),
                MapKey::String(value) => Value::from(value.as_str()),
            };
            Value::Map(entries.iter().map(|(key, value)| (of_key(key), of_value(value, &of, all))).collect())
        }
    }
}

/// As text, in which NaN is NaN. Entries of maps are in no order, and of equal keys the last one counts; so keys are sorted.
fn text(value: &Value) -> String {
    match value {
        Value::List(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(",")),
        Value::Map(pairs) => {
            let last: std::collections::BTreeMap<_, _> =
                pairs.iter().map(|(key, value)| (text(key), text(value))).collect();
            format!("{last:?}")
        }
        other => format!("{other:?}"),
    }
}

fn root(schema: &Schema) -> MessageDescriptor {
    schema.file().messages().next().unwrap()
}

/// Bytes of a message: its own, or those of several behind each other with their fields in any order.
fn bytes(dice: &mut Dice, of: &MessageDescriptor) -> Vec<u8> {
    let count = 1 + dice.below(3);
    let mut parts: Vec<Vec<u8>> = (0..count).map(|_| message(dice, of, 3).encode_to_vec()).collect();
    if dice.one_in(2) {
        let mut fields: Vec<Vec<u8>> = parts.iter().flat_map(|part| split(part)).collect();
        for place in (1..fields.len()).rev() {
            fields.swap(place, dice.below(place + 1));
        }
        parts = fields;
    }
    parts.concat()
}

/// The fields of a message, each with its tag. Messages of `prost` are read, whatever they hold.
fn split(message: &[u8]) -> Vec<Vec<u8>> {
    use prost_reflect::prost::encoding::{DecodeContext, decode_key, skip_field};
    let (mut rest, mut fields) = (message, Vec::new());
    while !rest.is_empty() {
        let before = rest;
        let (number, wire) = decode_key(&mut rest).unwrap();
        skip_field(wire, number, &mut rest, DecodeContext::default()).unwrap();
        fields.push(before[..before.len() - rest.len()].to_vec());
    }
    fields
}

fn damage(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..=dice.below(3) {
        let place = dice.below(bytes.len() + 1);
        match dice.below(4) {
            0 => bytes.truncate(place),
            1 => bytes.insert(place, dice.below(256) as u8),
            _ if place < bytes.len() => bytes[place] ^= 1 << dice.below(8),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_they_read_is_the_same(seed: u64) {
        let mut dice = Dice(seed);
        let schema = file(&mut dice);
        let of = root(&schema);
        let all = Plan::named(&schema, "M", PLAIN).unwrap();
        let set = Plan::named(&schema, "M", Options { defaults: false, ..PLAIN }).unwrap();
        for _ in 0..8 {
            let bytes = bytes(&mut dice, &of);
            let theirs = DynamicMessage::decode(of.clone(), &bytes[..]).unwrap();
            let ours = decode(&all, &bytes).unwrap();
            prop_assert_eq!(text(&ours), text(&of_message(&theirs, true)));
            // They do not write zeros, which are told if they are written.
            let written = theirs.encode_to_vec();
            let ours = decode(&set, &written).unwrap();
            prop_assert_eq!(text(&ours), text(&of_message(&theirs, false)));
            // What we write is what they read.
            let again = DynamicMessage::decode(of.clone(), &encode(&set, &ours).unwrap()[..]).unwrap();
            prop_assert_eq!(text(&of_message(&again, false)), text(&of_message(&theirs, false)));
        }
    }

    #[test]
    fn what_they_refuse_is_refused(seed: u64) {
        let mut dice = Dice(seed);
        let schema = file(&mut dice);
        let of = root(&schema);
        let all = Plan::named(&schema, "M", PLAIN).unwrap();
        for _ in 0..16 {
            let mut bytes = bytes(&mut dice, &of);
            damage(&mut dice, &mut bytes);
            let theirs = DynamicMessage::decode(of.clone(), &bytes[..]);
            match (decode(&all, &bytes), theirs) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(text(&ours), text(&of_message(&theirs, true))),
                (Err(_), Err(_)) => {}
                (Err(Error::Malformed { problem, .. }), Ok(_)) if problem.contains("is required") => {}
                (Ok(_), Err(error)) => {
                    let why = error.to_string();
                    let lenient = schema.file().syntax() == prost_reflect::Syntax::Proto2;
                    prop_assert!(lenient && why.contains("UTF-8"), "{} {:x?}", why, bytes);
                }
                // They take whatever stands there for the length of a message.
                (Err(Error::Malformed { problem, .. }), Ok(_))
                    if problem.starts_with("a message is a length and bytes") => {}
                (Err(error), Ok(_)) => prop_assert!(false, "{} {:x?}", error, bytes),
            }
        }
    }
}
