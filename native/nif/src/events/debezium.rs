//! Debezium's events: options as resources, and records decoded with them, one or a portion of a list.

use std::cell::RefCell;
use std::sync::OnceLock;

use outrigger_events::Limits;
use outrigger_events::debezium::{self, Encoding, Meaning, Memory, Options, Shape, Unavailable, Untyped};
use outrigger_events::project::Unit;
use rustler::{Binary, Encoder, Env, NifResult, Resource, ResourceArc, Term, atoms};

use super::json::{Bounds, SCRATCH, style};
use super::problem::refused;
use super::sink::{Style, TermSink};
use super::slice::charged;

atoms! { ok, nil, auto, envelope, row, outbox, cloud_event }

/// What a call on a normal scheduler reads: the worst of documents takes less than a millisecond.
const PORTION: usize = 32 << 10;
/// The same on a dirty one.
const DIRTY_PORTION: usize = 8 << 20;

thread_local! {
    /// Schemas that this thread has seen. What they say depends on no options.
    static MEMORY: RefCell<Memory> = RefCell::default();
}

struct OptionsResource {
    options: Options,
    style: Style,
}

#[rustler::resource_impl]
impl Resource for OptionsResource {}

/// A column: table, name, lists around its type, type, and the type's scale or unit.
type Column<'a> = (&'a str, &'a str, usize, &'a str, i32);
/// Shape, whether untyped columns are taken as they are, encoding of bytes, prefix, placeholder, whether payloads are expanded.
type Ways<'a> = (rustler::Atom, bool, Option<&'a str>, &'a str, Option<&'a str>, bool);

#[rustler::nif]
fn events_debezium_options(
    ways: Ways<'_>,
    columns: Vec<Column<'_>>,
    flags: u32,
    bounds: Bounds,
) -> NifResult<ResourceArc<OptionsResource>> {
    let (shape, as_is, binary, prefix, placeholder, expand) = ways;
    let binary = match binary {
        Some(name) => Some(encoding(name).ok_or(rustler::Error::BadArg)?),
        None => None,
    };
    let mut options = Options {
        shape: match shape {
            _ if shape == envelope() => Shape::Envelope,
            _ if shape == row() => Shape::Row,
            _ if shape == outbox() => Shape::Outbox,
            _ if shape == cloud_event() => Shape::CloudEvent,
            _ => Shape::Auto,
        },
        untyped: if as_is { Untyped::AsIs } else { Untyped::Refuse },
        binary,
        prefix: prefix.into(),
        expand,
        ..Options::default()
    };
    if let Some((bytes, depth, digits)) = bounds {
        options.limits = Limits { bytes, depth, digits, ..Limits::default() };
    }
    if let Some(placeholder) = placeholder {
        options.unavailable = Unavailable::new(placeholder);
    }
    for (table, column, lists, kind, detail) in columns {
        let meaning = meaning(kind, detail).ok_or(rustler::Error::BadArg)?;
        let meaning = (0..lists.min(8)).fold(meaning, |items, _| Meaning::List(Box::new(items)));
        options = options.column(table, column, meaning);
    }
    Ok(ResourceArc::new(OptionsResource { options, style: style(flags) }))
}

fn encoding(name: &str) -> Option<Encoding> {
    Some(match name {
        "base64" => Encoding::Base64,
        "base64_url" => Encoding::Base64Url,
        "hex" => Encoding::Hex,
        _ => return None,
    })
}

fn meaning(kind: &str, detail: i32) -> Option<Meaning> {
    let unit = || match detail {
        0 => Unit::Seconds,
        3 => Unit::Millis,
        6 => Unit::Micros,
        _ => Unit::Nanos,
    };
    Some(match kind {
        "as_is" => Meaning::Raw,
        "string" => Meaning::Text,
        "boolean" => Meaning::Boolean,
        "integer" => Meaning::Whole,
        "float" => Meaning::Real,
        "decimal" => Meaning::Number,
        "unscaled" => Meaning::Decimal(detail),
        "variable_decimal" => Meaning::VariableDecimal,
        "date" => Meaning::Date,
        "time" => Meaning::Time(unit()),
        "naive" => Meaning::Naive(unit()),
        "instant" => Meaning::Instant(unit()),
        "duration" => Meaning::Span(unit()),
        "iso_date" => Meaning::IsoDate,
        "iso_time" => Meaning::IsoTime,
        "iso_naive" => Meaning::IsoNaive,
        "iso_instant" => Meaning::IsoInstant,
        "iso_duration" => Meaning::IsoSpan,
        "bits" => Meaning::Bits,
        "enum_set" => Meaning::EnumSet,
        _ => Meaning::Bytes(encoding(kind)?),
    })
}

/// Those of `decode/1`.
fn defaults() -> &'static OptionsResource {
    static DEFAULTS: OnceLock<OptionsResource> = OnceLock::new();
    DEFAULTS.get_or_init(|| OptionsResource { options: Options::default(), style: style(0) })
}

/// A record: its value, or its key and value. `nil` is none.
struct Parts<'a> {
    key: Option<Binary<'a>>,
    value: Option<Binary<'a>>,
}

impl<'a> Parts<'a> {
    fn of(term: Term<'a>) -> NifResult<Self> {
        let part = |term: Term<'a>| if nil() == term { Ok(None) } else { Binary::from_term(term).map(Some) };
        match rustler::types::tuple::get_tuple(term) {
            Ok(pair) => match pair.as_slice() {
                [key, value] => Ok(Self { key: part(*key)?, value: part(*value)? }),
                _ => Err(rustler::Error::BadArg),
            },
            Err(_) => Ok(Self { key: None, value: part(term)? }),
        }
    }

    fn length(&self) -> usize {
        [self.key, self.value].iter().flatten().map(|part| part.len()).sum()
    }
}

#[rustler::nif]
fn events_debezium<'a>(
    env: Env<'a>,
    record: Term<'a>,
    options: Option<ResourceArc<OptionsResource>>,
) -> NifResult<Term<'a>> {
    one(env, record, options.as_deref())
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_debezium_dirty<'a>(
    env: Env<'a>,
    record: Term<'a>,
    options: Option<ResourceArc<OptionsResource>>,
) -> NifResult<Term<'a>> {
    one(env, record, options.as_deref())
}

fn one<'a>(env: Env<'a>, record: Term<'a>, options: Option<&OptionsResource>) -> NifResult<Term<'a>> {
    let of = options.unwrap_or_else(|| defaults());
    let parts = Parts::of(record)?;
    charged(env, parts.length(), || {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut sink = TermSink::new(env, of.style, scratch);
            let told = told(&parts, of, &mut sink);
            Ok(match told {
                Ok(()) => (ok(), sink.finish()).encode(env),
                Err(problem) => refused(env, problem),
            })
        })
    })
}

fn told<'a>(
    parts: &Parts<'a>,
    of: &OptionsResource,
    sink: &mut TermSink<'a, '_>,
) -> Result<(), outrigger_events::Error> {
    match parts.value {
        Some(value) => sink.begin(value),
        None => sink.drop_told(),
    }
    let value = parts.value.as_ref().map(|value| value.as_slice());
    let key = parts.key.as_ref().map(|key| key.as_slice());
    MEMORY.with_borrow_mut(|memory| debezium::decode(value, key, &of.options, memory, sink).map(drop))
}

/// `{results, left}` of a list of records.
#[rustler::nif]
fn events_debezium_all<'a>(
    env: Env<'a>,
    records: Term<'a>,
    options: Option<ResourceArc<OptionsResource>>,
) -> NifResult<Term<'a>> {
    charged(env, PORTION, || portion(env, records, options.as_deref(), PORTION))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_debezium_all_dirty<'a>(
    env: Env<'a>,
    records: Term<'a>,
    options: Option<ResourceArc<OptionsResource>>,
) -> NifResult<Term<'a>> {
    portion(env, records, options.as_deref(), DIRTY_PORTION)
}

fn portion<'a>(
    env: Env<'a>,
    records: Term<'a>,
    options: Option<&OptionsResource>,
    portion: usize,
) -> NifResult<Term<'a>> {
    /// What a record costs beside its bytes.
    const RECORD: usize = 64;
    let of = options.unwrap_or_else(|| defaults());
    SCRATCH.with_borrow_mut(|scratch| {
        let (mut left, mut read, mut results) = (records, 0, Vec::new());
        while let Ok((record, rest)) = left.list_get_cell() {
            let parts = Parts::of(record)?;
            if read > 0 && read + parts.length() > portion {
                break;
            }
            read += parts.length() + RECORD;
            let mut sink = TermSink::new(env, of.style, scratch);
            results.push(match told(&parts, of, &mut sink) {
                Ok(()) => (ok(), sink.finish()).encode(env),
                Err(problem) => refused(env, problem),
            });
            left = rest;
        }
        Ok((results, left).encode(env))
    })
}
