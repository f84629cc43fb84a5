//! Debezium's events: options as resources, and records decoded with them, one or a portion of a list.

use std::cell::RefCell;
use std::sync::OnceLock;

use outrigger_events::debezium::{
    self, Absent, DOCUMENT, Encoding, Meaning, Memory, Options, Shape, Unavailable, Untyped,
};
use outrigger_events::{Error, Limits, Sink as _};
use rustler::{Encoder, Env, NifResult, Resource, ResourceArc, Term, atoms};

use super::effort::Effort;
use super::json::{Bounds, SCRATCH, style};
use super::parts::Parts;
use super::problem::refused;
use super::sink::{Style, TermSink};
use super::slice::charged;
use super::writers::WritersResource;

atoms! { ok, dirty }

/// What a call on a normal scheduler reads: the worst of documents takes less than a millisecond.
const PORTION: usize = 32 << 10;
/// What data may be written out as there: it is written, and read once more.
const ROOM: usize = 16 << 10;
/// The same as a portion on a dirty one.
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
/// Shape, whether untyped columns are taken as they are, encoding of bytes, prefix, placeholder, whether payloads are expanded, what
/// absent columns are.
type Ways<'a> = (&'a str, bool, Option<&'a str>, &'a str, Option<&'a str>, bool, &'a str);

#[rustler::nif]
fn events_debezium_options(
    ways: Ways<'_>,
    columns: Vec<Column<'_>>,
    flags: u32,
    bounds: Bounds,
) -> NifResult<ResourceArc<OptionsResource>> {
    compile(ways, columns, flags, bounds)
}

/// For many columns.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_debezium_options_dirty(
    ways: Ways<'_>,
    columns: Vec<Column<'_>>,
    flags: u32,
    bounds: Bounds,
) -> NifResult<ResourceArc<OptionsResource>> {
    compile(ways, columns, flags, bounds)
}

fn compile(
    ways: Ways<'_>,
    columns: Vec<Column<'_>>,
    flags: u32,
    bounds: Bounds,
) -> NifResult<ResourceArc<OptionsResource>> {
    let (shape, as_is, binary, prefix, placeholder, expand, absent) = ways;
    let binary = match binary {
        Some(name) => Some(Encoding::named(name).ok_or(rustler::Error::BadArg)?),
        None => None,
    };
    let mut options = Options {
        shape: Shape::named(shape).ok_or(rustler::Error::BadArg)?,
        untyped: if as_is { Untyped::AsIs } else { Untyped::Refuse },
        absent: Absent::named(absent).ok_or(rustler::Error::BadArg)?,
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
        let meaning = Meaning::named(kind, detail).ok_or(rustler::Error::BadArg)?;
        let meaning = (0..lists.min(8)).fold(meaning, |items, _| Meaning::List(Box::new(items)));
        options = options.column(table, column, meaning);
    }
    Ok(ResourceArc::new(OptionsResource { options, style: style(flags) }))
}

/// Those of `decode/1`.
fn defaults() -> &'static OptionsResource {
    static DEFAULTS: OnceLock<OptionsResource> = OnceLock::new();
    DEFAULTS.get_or_init(|| OptionsResource { options: Options::default(), style: style(0) })
}

/// Who reads: with which options, schemas, and how much at most.
struct Call<'c> {
    of: &'c OptionsResource,
    writers: Option<&'c WritersResource>,
    /// Bytes of documents that data is written out as: more of them take longer than a call may.
    room: usize,
    /// What may be made of them.
    effort: Effort,
}

impl<'c> Call<'c> {
    fn new(
        options: Option<&'c ResourceArc<OptionsResource>>,
        writers: Option<&'c ResourceArc<WritersResource>>,
        dirty: bool,
    ) -> Self {
        let of = match options {
            Some(options) => options,
            None => defaults(),
        };
        let (room, effort) = if dirty { (usize::MAX, Effort::DIRTY) } else { (ROOM, Effort::NORMAL) };
        Self { of, writers: writers.map(|writers| &**writers), room, effort }
    }

    fn run<'a, T>(&self, env: Env<'a>, work: impl FnOnce(&mut TermSink<'a, '_>) -> T) -> T {
        SCRATCH.with_borrow_mut(|scratch| work(&mut TermSink::new(env, self.of.style, self.effort, scratch)))
    }

    /// The result of a record, and the bytes that were read for it. `None`: it is too long for a normal scheduler.
    fn record<'a>(
        &self,
        env: Env<'a>,
        parts: &Parts<'a>,
        sink: &mut TermSink<'a, '_>,
    ) -> Option<(Term<'a>, usize)> {
        let (told, written) = self.tell(parts, sink);
        let result = match told {
            _ if sink.full() => return None,
            Ok(()) => (ok(), sink.told()).encode(env),
            Err(Error::Limit { what: DOCUMENT, limit, .. }) if limit == self.room => return None,
            Err(problem) => refused(env, problem),
        };
        Some((result, parts.length() + written))
    }

    fn tell<'a>(&self, parts: &Parts<'a>, sink: &mut TermSink<'a, '_>) -> (Result<(), Error>, usize) {
        match parts.whole {
            Some(value) => sink.begin(value),
            None => sink.drop_told(),
        }
        let (value, key) = (parts.value(), parts.key());
        let writers = self.writers.map(|writers| &writers.0);
        MEMORY.with_borrow_mut(|memory| {
            memory.set_room(self.room);
            let told = debezium::decode_framed(writers, value, key, &self.of.options, memory, sink);
            (told.map(drop), memory.written())
        })
    }
}

/// A result, or `:dirty` for a record that takes too long here.
#[rustler::nif]
fn events_debezium<'a>(
    env: Env<'a>,
    record: Term<'a>,
    options: Option<ResourceArc<OptionsResource>>,
    writers: Option<ResourceArc<WritersResource>>,
) -> NifResult<Term<'a>> {
    let (call, parts) = (Call::new(options.as_ref(), writers.as_ref(), false), Parts::of(record)?);
    Ok(charged(env, parts.length(), || one(env, &call, &parts)))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_debezium_dirty<'a>(
    env: Env<'a>,
    record: Term<'a>,
    options: Option<ResourceArc<OptionsResource>>,
    writers: Option<ResourceArc<WritersResource>>,
) -> NifResult<Term<'a>> {
    let (call, parts) = (Call::new(options.as_ref(), writers.as_ref(), true), Parts::of(record)?);
    Ok(one(env, &call, &parts))
}

fn one<'a>(env: Env<'a>, call: &Call<'_>, parts: &Parts<'a>) -> Term<'a> {
    let record = call.run(env, |sink| call.record(env, parts, sink));
    record.map_or_else(|| dirty().encode(env), |(result, _)| result)
}

/// `{results, left}` of a list of records. No result: the first one takes too long here.
#[rustler::nif]
fn events_debezium_all<'a>(
    env: Env<'a>,
    records: Term<'a>,
    options: Option<ResourceArc<OptionsResource>>,
    writers: Option<ResourceArc<WritersResource>>,
) -> NifResult<Term<'a>> {
    let call = Call::new(options.as_ref(), writers.as_ref(), false);
    charged(env, PORTION, || portion(env, records, &call, PORTION))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_debezium_all_dirty<'a>(
    env: Env<'a>,
    records: Term<'a>,
    options: Option<ResourceArc<OptionsResource>>,
    writers: Option<ResourceArc<WritersResource>>,
) -> NifResult<Term<'a>> {
    portion(env, records, &Call::new(options.as_ref(), writers.as_ref(), true), DIRTY_PORTION)
}

fn portion<'a>(env: Env<'a>, records: Term<'a>, call: &Call<'_>, portion: usize) -> NifResult<Term<'a>> {
    /// What a record costs beside its bytes.
    const RECORD: usize = 64;
    call.run(env, |sink| {
        let (mut left, mut read, mut results) = (records, 0, Vec::new());
        while let Ok((record, rest)) = left.list_get_cell() {
            let parts = Parts::of(record)?;
            if read > 0 && read + parts.length() > portion {
                break;
            }
            let Some((result, bytes)) = call.record(env, &parts, sink) else { break };
            read += bytes + RECORD;
            results.push(result);
            left = rest;
        }
        Ok((results, left).encode(env))
    })
}
