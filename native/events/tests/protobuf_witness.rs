//! What the check of Protobuf files calls compatible is read: messages are written with one version and read with the other,
//! by `prost-reflect`. Nothing fails, nothing required is missing, and what did not change has the value it had.
//!
//! `SCHEMA_PAIRS` sets how many pairs of files are tried, `SCHEMA_SEED` which.
#![allow(clippy::unwrap_used, missing_docs)] // A test.

#[path = "schemas/dice.rs"]
mod dice;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use dice::Dice;
use outrigger_events::compat::protobuf::{Schema, check};
use prost_reflect::bytes::Bytes;
use prost_reflect::prost::Message;
use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value,
};

const TYPES: [&str; 16] = [
    "int32", "int64", "uint32", "uint64", "bool", "E", "sint32", "sint64", "string", "bytes", "fixed32",
    "sfixed32", "fixed64", "float", "double", "N",
];

/// A field of the message `M` by its number: type, label, and whether it is in the oneof.
type Fields = BTreeMap<usize, (String, &'static str, bool)>;

fn field(dice: &mut Dice) -> (String, &'static str, bool) {
    let typed = dice.pick(&TYPES).to_owned();
    let label = dice.pick(&["optional ", "optional ", "repeated ", "required "]);
    let label = ["optional ", "repeated ", "required "].into_iter().find(|one| *one == label).unwrap();
    (typed, label, dice.one_in(3))
}

fn change(dice: &mut Dice, fields: &mut Fields) {
    let number = 1 + dice.below(6);
    match (dice.below(5), fields.get_mut(&number)) {
        (0, _) => {
            fields.remove(&number);
        }
        (1, Some(field)) => field.0 = dice.pick(&TYPES).to_owned(),
        (2, Some(field)) => field.2 = !field.2,
        (3, Some(field)) => field.1 = if field.1 == "optional " { "repeated " } else { "optional " },
        _ => {
            fields.insert(number, field(dice));
        }
    }
}

fn text(fields: &Fields, inner: &str) -> String {
    let mut out = format!(
        "syntax = \"proto2\"; enum E {{ A = 0; B = 1; }} message N {{ optional {inner} n = 1; }} message M {{\n"
    );
    let (one, rest): (Vec<_>, Vec<_>) = fields.iter().partition(|(_, field)| field.2);
    for (number, (typed, label, _)) in rest {
        let _ = writeln!(out, "{label}{typed} f{number} = {number};");
    }
    if !one.is_empty() {
        out.push_str("oneof o {\n");
        for (number, (typed, _, _)) in one {
            let _ = writeln!(out, "{typed} f{number} = {number};");
        }
        out.push_str("}\n");
    }
    out + "}\n"
}

fn message(schema: &Schema) -> MessageDescriptor {
    schema.file().messages().find(|message| message.name() == "M").unwrap()
}

fn value(dice: &mut Dice, kind: &Kind) -> Value {
    let n = dice.below(5) as i32 - 1;
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(n),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(n.into()),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(n.unsigned_abs()),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(n.unsigned_abs().into()),
        Kind::Bool => Value::Bool(n > 0),
        Kind::Enum(_) => Value::EnumNumber(i32::from(n > 0)),
        Kind::String => Value::String("t".repeat(dice.below(4))),
        Kind::Bytes => Value::Bytes(Bytes::from("b".repeat(dice.below(4)))),
        Kind::Float => Value::F32(1.5),
        Kind::Double => Value::F64(-0.5),
        Kind::Message(inner) => {
            let mut message = DynamicMessage::new(inner.clone());
            let field = inner.get_field(1).unwrap();
            message.set_field(&field, value(dice, &field.kind()));
            Value::Message(message)
        }
    }
}

fn written(dice: &mut Dice, of: &MessageDescriptor) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields() {
        let required = field.cardinality() == Cardinality::Required;
        if !required && dice.one_in(2) {
            continue;
        }
        let set = if field.is_list() {
            Value::List((0..dice.below(3)).map(|_| value(dice, &field.kind())).collect())
        } else {
            value(dice, &field.kind())
        };
        message.set_field(&field, set);
    }
    message
}

/// What is wrong with how a message was read, if anything is.
fn witness(message: &DynamicMessage, reader: &MessageDescriptor) -> Option<String> {
    let read = match DynamicMessage::decode(reader.clone(), &message.encode_to_vec()[..]) {
        Ok(read) => read,
        Err(error) => return Some(error.to_string()),
    };
    let missing =
        |field: &FieldDescriptor| field.cardinality() == Cardinality::Required && !read.has_field(field);
    if let Some(field) = reader.fields().find(missing) {
        return Some(format!("{} is missing", field.name()));
    }
    let plain = |kind: &Kind| !matches!(kind, Kind::Message(_) | Kind::Enum(_));
    message.descriptor().fields().find_map(|old| {
        let new = reader.get_field(old.number())?;
        let same = old.kind() == new.kind() && plain(&old.kind()) && old.is_list() == new.is_list();
        let changed = same && message.has_field(&old) && read.get_field(&new) != message.get_field(&old);
        changed.then(|| format!("{} is {:?}", new.name(), read.get_field(&new)))
    })
}

#[test]
fn what_is_compatible_is_read() {
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let pairs = setting("SCHEMA_PAIRS").unwrap_or(1_500);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_nanos() as u64);
    let seed = setting("SCHEMA_SEED").unwrap_or(now);
    println!("SCHEMA_SEED={seed}");
    let (mut compatible, mut witnessed, mut refused) = (0, 0, 0);
    for pair in 0..pairs {
        let mut dice = Dice(seed.wrapping_add(u64::wrapping_mul(pair, 0x1234_5678_9abc_def1)));
        let mut fields: Fields = (0..dice.below(5)).map(|_| (1 + dice.below(6), field(&mut dice))).collect();
        let inner = dice.pick(&["int32", "int64", "string"]).to_owned();
        let old = text(&fields, &inner);
        for _ in 0..=dice.below(2) {
            change(&mut dice, &mut fields);
        }
        let new = text(&fields, if dice.one_in(8) { "string" } else { &inner });
        let (old_schema, new_schema) = (Schema::parse(&old).unwrap(), Schema::parse(&new).unwrap());
        let found = check(&new_schema, &old_schema);
        let (writer, reader) = (message(&old_schema), message(&new_schema));
        let witness = (0..20).find_map(|_| witness(&written(&mut dice, &writer), &reader));
        match (found.is_empty(), witness) {
            (true, Some(witness)) => panic!("SCHEMA_SEED={seed}, pair {pair}\n{old}\n{new}\n{witness}"),
            (true, None) => compatible += 1,
            (false, Some(_)) => witnessed += 1,
            (false, None) => refused += 1,
        }
    }
    println!("{compatible} compatible, {witnessed} incompatible with a witness, {refused} without one found");
    assert!(compatible * 5 > pairs && witnessed * 10 > pairs, "the dice do not say much");
}
