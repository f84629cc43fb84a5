//! Values that PostgreSQL makes, in text and in binary, against what PostgreSQL itself says of them.

use outrigger_events::pgoutput::{Json, Options, Type};
use outrigger_events::{Decimal, Integer, Temporal, Value, json};
use serde_json::Value as Document;

use crate::server::Server;
use crate::support::{at, is_change, peek, records, slot};

const ROWS: usize = 400;

/// Type, what PostgreSQL says of `v`, and a random value; `g` is the row's number, and the first rows are special ones.
const KINDS: [(&str, &str, &str); 42] = [
    ("bool", "v::text", "random() < 0.5"),
    ("int2", "v::text", "(array[-32768, 32767])[g], ((random() - 0.5) * 65000)::int2"),
    ("int4", "v::text", "(array[-2147483648, 2147483647])[g], ((random() - 0.5) * 4e9)::int4"),
    (
        "int8",
        "v::text",
        "(array[-9223372036854775808, 9223372036854775807])[g], ((random() - 0.5) * 1e18)::int8",
    ),
    ("oid", "v::text", "4294967295::oid"),
    (
        "float4",
        "encode(float4send(v), 'hex')",
        "(array['NaN', 'Infinity', '-Infinity', '-0', '1e-45']::float4[])[g], exp((random() - 0.5) * 170)::float4",
    ),
    (
        "float8",
        "encode(float8send(v), 'hex')",
        "(array['NaN', 'Infinity', '-Infinity', '-0', '5e-324', '1.7976931348623157e308']::float8[])[g], -exp((random() - 0.5) * 1400)",
    ),
    (
        "numeric",
        "v::text",
        "(array['NaN', 'Infinity', '-Infinity', '0', '0.000', '10000', '0.0001', '1e900', '-1e-900']::numeric[])[g], \
       ((random() - 0.5)::numeric * 10 ^ (random() * 60)::int)::numeric",
    ),
    (
        "numeric",
        "v::text",
        "(trunc((random() - 0.5)::numeric * 10 ^ 18) * 10 ^ (random() * 30)::int)::numeric",
    ),
    ("numeric(20, 6)", "v::text", "(random() - 0.5) * 1e12"),
    ("numeric(7, 0)", "v::text", "(random() - 0.5) * 1e6"),
    (
        "date",
        "case when isfinite(v) then (v - date '1970-01-01')::text else v::text end",
        "(array['infinity', '-infinity', '4713-01-01 BC', '0001-12-31 BC', '5874897-12-31']::date[])[g], date '0500-01-01 BC' + (random() * 4000000)::int",
    ),
    (
        "time",
        "trunc(extract(epoch from v) * 1000000)::text",
        "(array['24:00', '00:00']::time[])[g], time '00:00' + random() * interval '24 hours'",
    ),
    (
        "time(3)",
        "trunc(extract(epoch from v) * 1000000)::text",
        "time '00:00' + random() * interval '24 hours'",
    ),
    (
        "timetz",
        "(extract(epoch from (v at time zone 'UTC')::time) * 1000000)::bigint::text",
        "((time '00:00' + random() * interval '24 hours')::text || (array['+00', '-08', '+05:30', '-15:59:59'])[1 + (random() * 3)::int])::timetz",
    ),
    (
        "timestamp",
        "case when isfinite(v) then trunc(extract(epoch from v) * 1000000)::text else v::text end",
        "(array['infinity', '-infinity', '4713-01-01 BC', '294246-12-31 23:59:59.999999']::timestamp[])[g], \
       timestamp '0500-01-01 BC' + random() * interval '4000000 days'",
    ),
    (
        "timestamp(0)",
        "trunc(extract(epoch from v) * 1000000)::text",
        "timestamp '1700-01-01' + random() * interval '180000 days'",
    ),
    (
        "timestamptz",
        "case when isfinite(v) then trunc(extract(epoch from v) * 1000000)::text else v::text end",
        "(array['infinity', '-infinity', '4713-01-03 BC', '294246-12-30 23:59:59.999999', '294247-01-10 04:00:25.2+00']::timestamptz[])[g], \
       timestamptz '0500-01-01 BC' + random() * interval '4000000 days'",
    ),
    (
        "interval",
        "(extract(year from v) * 12 + extract(month from v))::bigint || ' ' || extract(day from v)::bigint || ' ' || \
       ((extract(hour from v) * 3600 + extract(minute from v) * 60) * 1000000 + extract(microseconds from v))::bigint",
        "(array['0', '-1 mon', '1 day -1 us', '2562047788:00:54.775807', '-1 year 11 mons -4 days']::interval[])[g], \
       make_interval(months => (random() * 900 - 450)::int, days => (random() * 90 - 45)::int, secs => trunc((random() - 0.5) * 1e12) / 1e6)",
    ),
    (
        "bytea",
        "encode(v, 'hex')",
        "(array['', '\\x5c', '\\x275c00ff']::bytea[])[g], decode(md5(random()::text), 'hex')",
    ),
    ("uuid", "v::text", "gen_random_uuid()"),
    (
        "json",
        "v::text",
        "(array['{\"a\" : [1, 2.50]}', 'null', '\"\\u0041\"']::json[])[g], to_json(random())",
    ),
    (
        "jsonb",
        "v::text",
        "(array['{\"a\" : [1, 2.50]}', 'null', '123456789012345678901234567890']::jsonb[])[g], to_jsonb(md5(random()::text))",
    ),
    ("bit(1)", "v::text", "(g % 2)::bit(1)"),
    ("bit(3)", "v::text", "(g % 8)::bit(3)"),
    ("bit(100)", "v::text", "(random() * 1e9)::int::bit(100) || (random() * 1e9)::int::bit(30)"),
    (
        "varbit",
        "ltrim(v::text, '0')",
        "(array['', '0', '1', '00000001', '101010101']::varbit[])[g], (random() * 1e9)::int::bit(31)",
    ),
    ("text", "v", "(array['', E'\\n\\t\\\\', 'NULL', 'é😀']::text[])[g], md5(random()::text)"),
    ("varchar(40)", "v", "md5(random()::text)"),
    ("char(9)", "v::text || repeat(' ', 9 - length(v))", "left(md5(random()::text), 7)"),
    ("name", "v::text", "'a name'"),
    ("\"char\"", "v::text", "'x'"),
    ("xml", "v::text", "'<a>b</a>'::xml"),
    (
        "int4[]",
        "array_to_json(v)",
        "case g when 1 then '{}' when 2 then '{{1,2},{3,null}}' when 3 then '[-2:-1][0:0]={{1},{2}}' else \
       array[g, null, -g] end::int4[]",
    ),
    (
        "text[]",
        "array_to_json(v)",
        "case g when 1 then array['', 'NULL', null, 'a\"b\\c,{}', ' '] when 2 then '{}' else array[[md5(g::text), 'x'], [null, 'é']] end",
    ),
    (
        "numeric[]",
        "(select json_agg(e::text order by n) from unnest(v) with ordinality u(e, n))",
        "array['NaN', random(), null, g]::numeric[]",
    ),
    (
        "date[]",
        "(select json_agg((e - date '1970-01-01')::text order by n) from unnest(v) with ordinality u(e, n))",
        "array['2024-02-29', date '1970-01-01' + g]",
    ),
    (
        "timestamptz[]",
        "(select json_agg((extract(epoch from e) * 1000000)::bigint::text order by n) from unnest(v) with ordinality u(e, n))",
        "array['2024-02-29 10:15:30.5+02', timestamptz '1970-01-01 00:00+00' + random() * interval '9000 days']",
    ),
    (
        "bytea[]",
        "(select json_agg(encode(e, 'hex') order by n) from unnest(v) with ordinality u(e, n))",
        "array['', decode(md5(g::text), 'hex'), '\\x225c00']::bytea[]",
    ),
    ("bool[]", "array_to_json(v)", "array[true, null, g % 2 = 0]"),
    ("uuid[]", "array_to_json(v)", "array[gen_random_uuid(), null]"),
    (
        "jsonb[]",
        "(select json_agg(e::text order by n) from unnest(v) with ordinality u(e, n))",
        "array['{\"a\": \"b\\\"\"}', '[1, null]']::jsonb[]",
    ),
];

#[test]
fn values_are_what_postgresql_says() {
    let server = Server::start();
    let columns: Vec<String> =
        KINDS.iter().enumerate().map(|(place, (kind, ..))| format!("c{place} {kind}")).collect();
    let values: Vec<String> = KINDS
        .iter()
        .map(|(kind, _, random)| {
            let random = if random.starts_with("(array") {
                format!("coalesce({random})")
            } else {
                (*random).to_owned()
            };
            format!("case when g > 9 and random() < 0.05 then null else ({random}) end::{kind}")
        })
        .collect();
    let said: Vec<String> = KINDS
        .iter()
        .enumerate()
        .map(|(place, (_, said, _))| format!("(select {said} from (select c{place} as v) v)"))
        .collect();
    server.query(&format!("create table v (id int primary key, {})", columns.join(", ")));
    server.query("create publication everything for all tables");
    slot(&server, "values", false);
    server.query(&format!(
        "select setseed(0.5); insert into v select g, {} from generate_series(1, {ROWS}) g",
        values.join(", ")
    ));
    let said: Vec<Vec<Document>> = server
        .query(&format!("select json_build_array({})::text from v order by id", said.join(", ")))
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(said.len(), ROWS);

    let text = "'proto_version', '1'";
    let elsewhere = "set timezone = 'Asia/Kolkata'; set intervalstyle = 'iso_8601'; set bytea_output = 'escape'; set datestyle = 'ISO, DMY'";
    for (setup, options) in [
        ("set timezone = 'UTC'", text),
        (elsewhere, text),
        ("set timezone = 'America/St_Johns'", text),
        ("set timezone = 'UTC'", "'proto_version', '1', 'binary', 'true'"),
    ] {
        let told = records(Options::default(), &peek(&server, "values", setup, options));
        let changes: Vec<&Value> = told.iter().filter(|record| is_change(record)).collect();
        assert_eq!(changes.len(), ROWS);
        for (change, said) in changes.iter().zip(&said) {
            for (place, (said, (kind, ..))) in said.iter().zip(&KINDS).enumerate() {
                let value = at(change, &format!("after.c{place}"));
                let plain = plain(value, kind);
                assert_eq!(&plain, said, "{kind}, {options}, {setup}: {value:?}");
            }
        }
    }

    // In other styles nobody knows what 01/02/2024 is.
    for (setup, hint) in
        [("set datestyle = 'SQL, DMY'", "DateStyle"), ("set intervalstyle = 'sql_standard'", "IntervalStyle")]
    {
        let frames = peek(&server, "values", setup, text);
        let mut decoder = outrigger_events::pgoutput::Decoder::new(Options::default());
        let refused =
            frames.iter().find_map(|frame| crate::support::decode(&mut decoder, frame).err()).unwrap();
        assert!(refused.to_string().contains(hint), "{refused}");
    }
}

/// What PostgreSQL is asked for, of a value that was told.
fn plain(value: &Value, kind: &str) -> Document {
    let text = match value {
        Value::Null => return Document::Null,
        Value::List(items) => return items.iter().map(|item| listed(plain(item, kind), kind)).collect(),
        Value::Boolean(bit) if kind == "bit(1)" => i32::from(*bit).to_string(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(number) if kind.contains("bit") => {
            let digits = number.to_big().to_str_radix(2);
            let width = match kind {
                "bit(3)" => 3,
                "bit(100)" => 100,
                // Nobody says how many bits there were: those in front are of no account.
                _ => return Document::from(if digits == "0" { String::new() } else { digits }),
            };
            format!("{digits:0>width$}")
        }
        Value::Integer(number) => number.to_string(),
        Value::Float(float) if kind == "float4" => format!("{:08x}", (*float as f32).to_bits()),
        Value::Float(float) => format!("{:016x}", float.to_bits()),
        Value::Decimal(decimal) => digits(decimal),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Value::Temporal(Temporal::Date(days)) => days.to_string(),
        Value::Temporal(Temporal::Time(nanos, digits)) => {
            assert_eq!(*digits, if kind == "time(3)" { 3 } else { 6 });
            micros((*nanos).into())
        }
        Value::Temporal(Temporal::Naive(nanos, digits)) => {
            assert_eq!(*digits, if kind == "timestamp(0)" { 3 } else { 6 });
            micros(*nanos)
        }
        Value::Temporal(Temporal::Instant(nanos, 6)) => micros(*nanos),
        Value::Temporal(Temporal::Duration { months, days, nanos }) => {
            format!("{months} {days} {}", micros(*nanos))
        }
        Value::Temporal(Temporal::Infinity) => "infinity".to_owned(),
        Value::Temporal(Temporal::MinusInfinity) => "-infinity".to_owned(),
        other => panic!("{kind}: {other:?}"),
    };
    Document::from(text)
}

/// Elements of `array_to_json` are numbers and booleans where JSON has them.
fn listed(item: Document, kind: &str) -> Document {
    match (kind, item) {
        ("int4[]", Document::String(number)) => Document::from(number.parse::<i64>().unwrap()),
        ("bool[]", Document::String(value)) => Document::from(value == "true"),
        (_, item) => item,
    }
}

fn micros(nanos: i128) -> String {
    assert_eq!(nanos % 1_000, 0);
    (nanos / 1_000).to_string()
}

fn digits(decimal: &Decimal) -> String {
    let (coefficient, exponent) = match decimal {
        Decimal::NaN => return "NaN".to_owned(),
        Decimal::Infinity(negative) => return if *negative { "-Infinity" } else { "Infinity" }.to_owned(),
        Decimal::Finite { coefficient, exponent, .. } => (coefficient.to_string(), *exponent),
    };
    let places = usize::try_from(-exponent).unwrap();
    let (sign, digits) = coefficient.strip_prefix('-').map_or(("", &*coefficient), |digits| ("-", digits));
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[test]
fn the_catalog_has_the_types_that_are_known_and_domains_are_what_they_are_made_of() {
    let server = Server::start();
    server.query("create type mood as enum ('sad', 'happy')");
    server.query("create domain cents as numeric(12, 2) check (value >= 0)");
    server.query("create domain days as date[]");
    server.query("create table t (id int primary key, price cents, holidays days, mood mood, moods mood[], doc jsonb, at inet, ats inet[])");
    server.query("create publication everything for all tables");
    slot(&server, "s", false);
    server.query(r#"insert into t values (1, 12.5, '{2024-02-29}', 'sad', '{sad,happy}', '{"a": 1.10}', '10.0.0.1', '{10.0.0.1}')"#);
    let options = || {
        let types = [("public._mood".into(), Type::of_name("_text").unwrap())].into();
        Options { json: Json::Decoded(json::Floats::Decimals), types, ..Options::default() }
    };
    let list = |items: &[&str]| Value::List(items.iter().map(|&item| Value::from(item)).collect());
    for wire in ["'proto_version', '1'", "'proto_version', '1', 'binary', 'true'"] {
        let told = records(options(), &peek(&server, "s", "set client_min_messages = error", wire));
        let after = at(told.iter().find(|record| is_change(record)).unwrap(), "after");
        assert_eq!(at(after, "price"), &Value::Decimal(Decimal::new(Integer::Small(1_250), 2)));
        assert_eq!(at(after, "holidays"), &Value::List(vec![Value::Temporal(Temporal::Date(19_782))]));
        assert_eq!(at(after, "moods"), &list(&["sad", "happy"]));
        assert_eq!(at(after, "doc.a"), &Value::Decimal(Decimal::new(Integer::Small(110), 2)));
        if wire.contains("binary") {
            // An enum is its label in both formats; nothing says that these bytes are text.
            assert_eq!(at(after, "mood"), &Value::Bytes(b"sad".to_vec()));
            assert!(matches!(at(after, "at"), Value::Bytes(bytes) if bytes.ends_with(&[10, 0, 0, 1])));
        } else {
            assert_eq!(at(after, "mood"), &Value::from("sad"));
            assert_eq!((at(after, "at"), at(after, "ats")), (&Value::from("10.0.0.1"), &list(&["10.0.0.1"])));
        }
    }
    // Without the option the array of a type that is not known is its text.
    let told = records(
        Options::default(),
        &peek(&server, "s", "set client_min_messages = error", "'proto_version', '1'"),
    );
    let after = at(told.iter().find(|record| is_change(record)).unwrap(), "after");
    assert_eq!(
        (at(after, "moods"), at(after, "doc")),
        (&Value::from("{sad,happy}"), &Value::from(r#"{"a": 1.10}"#))
    );
    assert_eq!(Type::of_name("no_such_type"), None);
}
