//! Values that PostgreSQL makes, in the forms in which Debezium writes them, against PostgreSQL's own text of them.

use outrigger_events::debezium::{self, Memory, Options, Writers};
use outrigger_events::frame::SchemaKey;
use outrigger_events::{Decimal, Integer, Temporal, TreeSink, Value};

use crate::framed;
use crate::server::Server;

const ROWS: usize = 2_000;

#[test]
fn values_are_what_postgresql_says() {
    let server = Server::start();
    let mut memory = Memory::default();
    let mut checked = 0;
    for (kind, schema, wire, text, from) in KINDS {
        let sql = format!(
            "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'iso_8601'; \
             select setseed(0.5); \
             with v as materialized (select {from} as v from generate_series(1, {ROWS})) \
             select {wire}, {text} from v"
        );
        let writers = Writers::default();
        // The first line is the seed's.
        for line in server.query(&sql).iter().skip_while(|line| !line.contains('|')) {
            let (wire, text) = line.split_once('|').unwrap();
            let event = event(schema, wire);
            let found = decode(&writers, event.as_bytes(), &mut memory);
            let expected = match kind {
                Kind::Decimal => Value::Decimal(Decimal::parse(text).unwrap()),
                Kind::Date => Value::Temporal(point(text, |nanos| Temporal::Date(days(nanos)))),
                Kind::Time => Value::Temporal(Temporal::Time(time(text), 6)),
                Kind::Naive => Value::Temporal(point(text, |nanos| Temporal::Naive(nanos, digits(text)))),
                Kind::Instant => {
                    Value::Temporal(point(text.trim_end_matches("+00"), |nanos| Temporal::Instant(nanos, 6)))
                }
                Kind::Span => span(text),
                Kind::Bits => Value::Integer(Integer::from(
                    num_bigint::BigInt::parse_bytes(text.as_bytes(), 2).unwrap(),
                )),
            };
            assert_eq!(found, expected, "{schema} {wire} {text}");
            // The same as Kafka Connect's Avro converter writes it.
            let document = serde_json::from_str(&event).unwrap();
            if checked % ROWS == 0 {
                writers.insert(SchemaKey::Id(1), framed::writer(&document).unwrap());
            }
            let datum = framed::avro(&document, 1).unwrap();
            assert_eq!(decode(&writers, &datum, &mut memory), expected, "{schema} {wire} {text} in Avro");
            checked += 1;
        }
    }
    assert!(checked >= KINDS.len() * ROWS, "{checked}");
}

#[derive(Clone, Copy)]
enum Kind {
    Decimal,
    Date,
    Time,
    Naive,
    Instant,
    Span,
    Bits,
}

/// Kind, schema, the form on the wire, PostgreSQL's text, and a random value.
const KINDS: [(Kind, &str, &str, &str, &str); 9] = [
    (
        Kind::Decimal,
        r#"{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"9"}}"#,
        // 16 bytes of two's complement.
        "(select '\"' || encode(decode(string_agg(lpad(to_hex((div(u, 256::numeric ^ i) % 256)::int), 2, '0'), '' \
         order by i desc), 'hex'), 'base64') || '\"' from (select trunc(v * 1e9) + case when v < 0 then \
         2::numeric ^ 128 else 0 end as u) x, generate_series(0, 15) i)",
        "v::text",
        "(((random() - 0.5) * 1e9)::numeric(20, 6) * (random() * 1e9)::bigint + (random() * 1e9)::bigint / 1e9)::numeric(36, 9)",
    ),
    (
        Kind::Date,
        r#"{"type":"int32","name":"io.debezium.time.Date"}"#,
        "v - date '1970-01-01'",
        "to_char(v, 'YYYY-MM-DD')",
        "date '0001-01-01' + (random() * 3652058)::int",
    ),
    (
        Kind::Time,
        r#"{"type":"int64","name":"io.debezium.time.MicroTime"}"#,
        "(extract(epoch from v) * 1000000)::bigint",
        "to_char(v, 'HH24:MI:SS.US')",
        "time '00:00' + random() * interval '24 hours'",
    ),
    (
        Kind::Naive,
        r#"{"type":"int64","name":"io.debezium.time.MicroTimestamp"}"#,
        "(extract(epoch from v) * 1000000)::bigint",
        "to_char(v, 'YYYY-MM-DD HH24:MI:SS.US')",
        "timestamp '0001-01-01' + random() * interval '3652058 days'",
    ),
    (
        Kind::Naive,
        r#"{"type":"int64","name":"io.debezium.time.NanoTimestamp"}"#,
        "(extract(epoch from v) * 1000000)::bigint || '000'",
        r#"to_char(v, 'YYYY-MM-DD HH24:MI:SS.US"000"')"#,
        "timestamp '1700-01-01' + random() * interval '180000 days'",
    ),
    (
        Kind::Instant,
        r#"{"type":"string","name":"io.debezium.time.ZonedTimestamp"}"#,
        "to_char(v at time zone 'UTC', '\"\\\"\"YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\\\"\"')",
        "to_char(v, 'YYYY-MM-DD HH24:MI:SS.US')",
        "timestamptz '0001-01-01 00:00+00' + random() * interval '3652058 days'",
    ),
    (
        Kind::Instant,
        r#"{"type":"string","name":"io.debezium.time.ZonedTimestamp"}"#,
        // The same instants on a clock that is 5:30 ahead.
        "to_char((v at time zone 'UTC') + interval '5 hours 30 minutes', '\"\\\"\"YYYY-MM-DD\"T\"HH24:MI:SS.US\"+05:30\\\"\"')",
        "to_char(v, 'YYYY-MM-DD HH24:MI:SS.US')",
        "timestamptz '0002-01-01 00:00+00' + random() * interval '3650000 days'",
    ),
    (
        Kind::Span,
        r#"{"type":"string","name":"io.debezium.time.Interval"}"#,
        "'\"' || v::text || '\"'",
        "(extract(year from v) * 12 + extract(month from v))::bigint || ' ' || extract(day from v)::bigint || ' ' || \
         ((extract(hour from v) * 3600 + extract(minute from v) * 60) * 1000000 + extract(microseconds from v))::bigint",
        "make_interval(months => (random() * 900 - 450)::int, days => (random() * 90 - 45)::int, \
         secs => trunc((random() - 0.5) * 1e12) / 1e6)",
    ),
    (
        Kind::Bits,
        r#"{"type":"bytes","name":"io.debezium.data.Bits","parameters":{"length":"56"}}"#,
        // The least significant byte first.
        "'\"' || encode(decode((select string_agg(substr(lpad(to_hex(v), 14, '0'), 13 - 2 * i, 2), '' order by i) \
         from generate_series(0, 6) i), 'hex'), 'base64') || '\"'",
        "v::bit(56)::text",
        "(random() * 9007199254740992)::bigint",
    ),
];

fn event(schema: &str, wire: &str) -> String {
    let field = schema.replacen('{', r#"{"field":"v","optional":true,"#, 1);
    format!(
        r#"{{"schema":{{"type":"struct","name":"s.t.Envelope","fields":[{{"type":"struct","field":"after","fields":[{field}]}},{{"type":"struct","field":"source","fields":[]}},{{"type":"string","field":"op"}}]}},"payload":{{"after":{{"v":{wire}}},"source":{{}},"op":"c"}}}}"#
    )
}

fn decode(writers: &Writers, event: &[u8], memory: &mut Memory) -> Value {
    let mut sink = TreeSink::default();
    let options = Options::default();
    debezium::decode_framed(Some(writers), Some(event), None, &options, memory, &mut sink)
        .unwrap_or_else(|error| panic!("{event:?}: {error}"));
    let Some(Value::Map(fields)) = sink.finish() else { panic!("a struct") };
    let after =
        fields.into_iter().find(|(key, _)| matches!(key, Value::Name(name) if name.text() == "after"));
    let Some((_, Value::Map(mut row))) = after else { panic!("a row") };
    row.pop().unwrap().1
}

/// The slow model of a calendar: one year, one month after the other.
fn point(text: &str, of: impl Fn(i128) -> Temporal) -> Temporal {
    let (date, clock) = text.split_once(' ').unwrap_or((text, "00:00:00.000000"));
    let parts: Vec<i64> = date.split('-').map(|part| part.parse().unwrap()).collect();
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = |year: i64| if leap(year) { 366 } else { 365 };
    let mut days: i64 = (1970..parts[0]).map(length).sum::<i64>() - (parts[0]..1970).map(length).sum::<i64>();
    let february = if leap(parts[0]) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += months.iter().take(usize::try_from(parts[1] - 1).unwrap()).sum::<i64>() + parts[2] - 1;
    of(i128::from(days) * 86_400_000_000_000 + i128::from(time(clock)))
}

fn days(nanos: i128) -> i64 {
    i64::try_from(nanos.div_euclid(86_400_000_000_000)).unwrap()
}

fn time(text: &str) -> i64 {
    let (clock, fraction) = text.split_once('.').unwrap();
    let seconds = clock.split(':').fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap());
    let unit = 10_i64.pow(9 - u32::from(digits(text)));
    seconds * 1_000_000_000 + fraction.parse::<i64>().unwrap() * unit
}

/// Digits of a second.
fn digits(text: &str) -> u8 {
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len().try_into().unwrap())
}

fn span(text: &str) -> Value {
    let parts: Vec<i64> = text.split(' ').map(|part| part.parse().unwrap()).collect();
    Value::Temporal(Temporal::Duration {
        months: parts[0],
        days: parts[1],
        nanos: i128::from(parts[2]) * 1_000,
    })
}
