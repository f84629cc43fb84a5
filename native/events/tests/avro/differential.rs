//! Beside the `apache-avro` crate, over schemas made by chance.
//!
//! A writer's own data must be the same in both. With a reader's schema what both can read must be the same; what only one
//! of the two can is in the list of [`Difference`]s, each with its reason, or the test fails.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Theirs;
use outrigger_events::avro::{Kind, Plan, Schema};
use outrigger_events::{Decimal, Error, Limits, Temporal, TreeSink, Value};

use crate::evolution::{Pair, cases, pair};

/// Where the crate is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Difference {
    /// It refuses what the specification lets be read: aliases of types, references by name, namespaces that changed,
    /// `null` and other promotions inside unions, logical types that only one of the two schemas has.
    TheyRefuse,
    /// It reads a record or enum of another name, or a default that is of another type, which the specification refuses.
    TheyAccept,
    /// Both read it, but it takes the first branch of a union to which the value can be promoted, where we take the
    /// writer's own type; it takes a time's unit from the reader, where the number is in the writer's; or it takes a
    /// field's default although the writer has the field under an alias.
    Choice,
}

fn decode(plan: &Plan, bytes: &[u8]) -> Result<Value, Error> {
    let mut sink = TreeSink::default();
    plan.decode(bytes, &Limits::default(), &mut sink)?;
    Ok(sink.finish().expect("one whole value"))
}

fn sorted(open: &str, mut parts: Vec<String>, close: &str) -> String {
    parts.sort();
    format!("{open}{}{close}", parts.join(","))
}

/// Both kinds of values as text. Keys are sorted: the order of fields is not part of a value. Scales are left out: a decimal
/// of theirs does not have one.
fn ours(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => format!("float {value:?}"),
        Value::Decimal(Decimal::Finite { coefficient, .. }) => format!("decimal {coefficient}"),
        Value::Text(text) => format!("{text:?}"),
        Value::Bytes(bytes) => format!("{bytes:?}"),
        Value::Temporal(Temporal::Duration { months, days, nanos }) => format!("{months} {days} {nanos}"),
        Value::Temporal(Temporal::Date(days)) => format!("date {days}"),
        Value::Temporal(Temporal::Time(nanos, _)) => format!("time {nanos}"),
        Value::Temporal(Temporal::Instant(nanos, _) | Temporal::Naive(nanos, _)) => format!("at {nanos}"),
        Value::List(items) => format!("[{}]", items.iter().map(ours).collect::<Vec<_>>().join(",")),
        Value::Map(pairs) => sorted(
            "{",
            pairs.iter().map(|(key, value)| format!("{}:{}", ours(key), ours(value))).collect(),
            "}",
        ),
        other => panic!("{other:?}"),
    }
}

fn theirs(value: &Theirs) -> String {
    let at = |count: i64, unit: i128| format!("at {}", i128::from(count) * unit);
    match value {
        Theirs::Null => "null".into(),
        Theirs::Boolean(value) => value.to_string(),
        Theirs::Int(value) => value.to_string(),
        Theirs::Long(value) => value.to_string(),
        Theirs::Float(value) => format!("float {:?}", f64::from(*value)),
        Theirs::Double(value) => format!("float {value:?}"),
        Theirs::Bytes(bytes) | Theirs::Fixed(_, bytes) => format!("{bytes:?}"),
        Theirs::String(text) | Theirs::Enum(_, text) => format!("{text:?}"),
        Theirs::Uuid(uuid) => format!("{:?}", uuid.to_string()),
        Theirs::Union(_, value) => theirs(value),
        Theirs::Array(items) => format!("[{}]", items.iter().map(theirs).collect::<Vec<_>>().join(",")),
        Theirs::Map(pairs) => {
            sorted("{", pairs.iter().map(|(key, value)| format!("{key:?}:{}", theirs(value))).collect(), "}")
        }
        Theirs::Record(fields) => {
            sorted("{", fields.iter().map(|(key, value)| format!("{key:?}:{}", theirs(value))).collect(), "}")
        }
        Theirs::Date(days) => format!("date {days}"),
        Theirs::TimeMillis(count) => format!("time {}", i64::from(*count) * 1_000_000),
        Theirs::TimeMicros(count) => format!("time {}", count * 1_000),
        Theirs::TimestampMillis(count) | Theirs::LocalTimestampMillis(count) => at(*count, 1_000_000),
        Theirs::TimestampMicros(count) | Theirs::LocalTimestampMicros(count) => at(*count, 1_000),
        Theirs::TimestampNanos(count) | Theirs::LocalTimestampNanos(count) => at(*count, 1),
        Theirs::Decimal(decimal) => {
            let bytes = Vec::<u8>::try_from(decimal).expect("bytes");
            format!("decimal {}", outrigger_events::Integer::from_be_bytes(&bytes))
        }
        Theirs::BigDecimal(decimal) => format!("decimal {}", decimal.as_bigint_and_exponent().0),
        Theirs::Duration(span) => {
            let [months, days] = [u32::from(span.months()), u32::from(span.days())];
            format!("{months} {days} {}", i64::from(u32::from(span.millis())) * 1_000_000)
        }
    }
}

/// What the crate itself says of a schema that we read.
fn parse(text: &str) -> Option<apache_avro::Schema> {
    apache_avro::Schema::parse_str(text).ok()
}

#[test]
fn own_data_is_what_apache_avro_reads() {
    let (mut compared, mut not_parsed, mut not_read) = (0, 0, 0);
    let cases = cases(2_000);
    for seed in 0..cases {
        let Pair { writer, texts: [text, _], data, .. } = pair(seed);
        let Some(schema) = parse(&text) else {
            not_parsed += 1;
            continue;
        };
        let plan = Plan::new(&writer, None).unwrap();
        let reader = GenericDatumReader::builder(&schema).build().unwrap();
        for datum in &data {
            let Ok(value) = reader.read_value(&mut datum.as_slice()) else {
                not_read += 1;
                continue;
            };
            compared += 1;
            let own = ours(&decode(&plan, datum).unwrap());
            assert_eq!(own, theirs(&value), "seed {seed}\n{text}\n{datum:?}");
        }
        // Its form keeps an object, precision and scale where a logical type was, against the rules [PRIMITIVES] and [STRIP].
        if !has_unit(&writer) {
            assert_eq!(writer.canonical_form(), schema.canonical_form(), "seed {seed}\n{text}");
        }
    }
    println!("{compared} data compared; not read by the crate: {not_read} data, {not_parsed} schemas");
    assert!(compared > cases && not_parsed < cases / 10 && not_read < compared / 10);
}

#[test]
fn resolved_data_is_what_apache_avro_reads() {
    let (mut same, mut both_refuse, mut differences) = (0, 0, [0; 3]);
    // It overflows its stack by pair 8,392: a default that is a record in a union of records.
    for seed in 0..cases(2_000).min(5_000) {
        let Pair { writer, reader, texts, data } = pair(seed);
        let (Some(their_writer), Some(their_reader)) = (parse(&texts[0]), parse(&texts[1])) else { continue };
        let plan = Plan::new(&writer, Some(&reader));
        let theirs_of = GenericDatumReader::builder(&their_writer).reader_schema(&their_reader).build();
        let Ok(their_plan) = theirs_of else { continue };
        for datum in &data {
            let own = plan.as_ref().map_err(Clone::clone).and_then(|plan| decode(plan, datum));
            let difference = match (own, their_plan.read_value(&mut datum.as_slice())) {
                (Ok(own), Ok(value)) if ours(&own) == theirs(&value) => {
                    same += 1;
                    continue;
                }
                (Err(_), Err(_)) => {
                    both_refuse += 1;
                    continue;
                }
                (Ok(_), Err(_)) => Difference::TheyRefuse,
                (Err(_), Ok(_)) => Difference::TheyAccept,
                (Ok(own), Ok(value)) => {
                    assert!(
                        has_choice(&reader) || has_unit(&writer) || has_alias(&reader),
                        "seed {seed}\nwriter {}\nreader {}\n{}\n{}",
                        texts[0],
                        texts[1],
                        ours(&own),
                        theirs(&value)
                    );
                    Difference::Choice
                }
            };
            differences[difference as usize] += 1;
        }
    }
    println!("same {same}, refused by both {both_refuse}, {differences:?} of refuse, accept, choice");
    assert!(same > 4 * differences.iter().sum::<usize>());
}

/// Whether a union of it has two branches that a number or text may go to, or two records: it holds values against
/// branches and not types, so a record goes to the first one that has no field beyond those.
fn has_choice(reader: &Schema) -> bool {
    let promoted = |kind: &Kind| {
        matches!(kind, Kind::Int | Kind::Long | Kind::Float | Kind::Double | Kind::Bytes | Kind::String)
    };
    reader.types().any(|node| match &node.kind {
        Kind::Union(branches) => {
            let count = |of: &dyn Fn(&Kind) -> bool| {
                branches.iter().filter(|branch| of(&reader.node(**branch).kind)).count()
            };
            count(&promoted) > 1 || count(&|kind| matches!(kind, Kind::Record(_) | Kind::Map(_))) > 1
        }
        _ => false,
    })
}

fn has_unit(writer: &Schema) -> bool {
    writer.types().any(|node| node.logical.is_some())
}

fn has_alias(reader: &Schema) -> bool {
    reader.types().any(|node| match &node.kind {
        Kind::Record(record) => record.fields.iter().any(|field| !field.aliases.is_empty()),
        _ => false,
    })
}
