//! Whether versions of a schema can live beside each other: `outrigger_events::compat`.

use outrigger_events::Error;
use outrigger_events::avro;
use outrigger_events::compat::json_schema::Policy;
use outrigger_events::compat::{self, Direction, Finding, Level, Report};
use rustler::{Atom, Encoder, Env, NifResult, Term, atoms};

use super::problem::refused;

atoms! { ok, avro_format = "avro", json, protobuf, strict, lenient, backward, forward }

/// A schema's text, and those that it refers to with the names that it has for them.
type Text<'a> = (&'a str, Vec<(&'a str, &'a str)>);

/// Reading schemas and proving takes as long as they are large.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_compatible<'a>(
    env: Env<'a>,
    ways: (Atom, &'a str, Atom),
    new: Text<'a>,
    earlier: Vec<Text<'a>>,
) -> NifResult<Term<'a>> {
    let (format, level, policy) = ways;
    let level: Level = level.parse().map_err(|()| rustler::Error::BadArg)?;
    let policy = if policy == lenient() { Policy::Lenient } else { Policy::Strict };
    let report = match format {
        _ if format == avro_format() => checked(level, &new, &earlier, read_avro, compat::avro::check),
        _ if format == protobuf() => checked(level, &new, &earlier, read_protobuf, compat::protobuf::check),
        _ if format == json() => checked(level, &new, &earlier, read_json, |reader, writer| {
            compat::json_schema::check(reader, writer, policy)
        }),
        _ => return Err(rustler::Error::BadArg),
    };
    Ok(match report {
        Ok(report) => (ok(), findings(env, &report), report.more).encode(env),
        Err(problem) => refused(env, problem),
    })
}

fn checked<S>(
    level: Level,
    new: &Text<'_>,
    earlier: &[Text<'_>],
    read: impl Fn(&Text<'_>) -> Result<S, Error>,
    check: impl FnMut(&S, &S) -> Vec<compat::Incompatibility>,
) -> Result<Report, Error> {
    let new = read(new)?;
    let mut read_all = Vec::with_capacity(earlier.len());
    for (version, text) in earlier.iter().enumerate() {
        read_all.push(read(text).map_err(|error| in_version(error, version))?);
    }
    Ok(level.check(&new, &read_all, check))
}

/// Says that it is an earlier version which is wrong.
fn in_version(mut error: Error, version: usize) -> Error {
    if let Error::Schema { path, .. } = &mut error {
        path.insert_str(0, &format!("version {version} "));
    }
    error
}

fn read_avro((text, references): &Text<'_>) -> Result<avro::Schema, Error> {
    let mut known: Vec<avro::Schema> = Vec::with_capacity(references.len());
    for (_, text) in references {
        let read = avro::Schema::parse(text, &known.iter().collect::<Vec<_>>())?;
        known.push(read);
    }
    avro::Schema::parse(text, &known.iter().collect::<Vec<_>>())
}

fn read_json((text, references): &Text<'_>) -> Result<compat::json_schema::Schema, Error> {
    let references: Vec<(&str, &[u8])> =
        references.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    compat::json_schema::Schema::parse_with(text.as_bytes(), "", &references)
}

fn read_protobuf((text, references): &Text<'_>) -> Result<compat::protobuf::Schema, Error> {
    compat::protobuf::Schema::parse_with(text, "schema.proto", references)
}

/// `{version, direction, path, kind, reason}`
fn findings<'a>(env: Env<'a>, report: &Report) -> Vec<Term<'a>> {
    let told = |Finding { version, direction, incompatibility: found }: &Finding| {
        let direction = match direction {
            Direction::Backward => backward(),
            Direction::Forward => forward(),
        };
        (version, direction, &found.path, found.kind, &found.reason).encode(env)
    };
    report.findings.iter().map(told).collect()
}
