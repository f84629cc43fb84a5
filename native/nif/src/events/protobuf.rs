//! Protobuf: files and messages of them as resources, messages both ways.

use outrigger_events::frame::Indexes;
use outrigger_events::protobuf::{Options, Plan, Schema};
use outrigger_events::{Error, Limits};
use rustler::{Binary, Encoder, Env, NewBinary, NifResult, Resource, ResourceArc, Term, atoms};

use super::effort::Effort;
use super::json::{Bounds, SCRATCH, answer, options, style};
use super::problem::refused;
use super::sink::TermSink;
use super::slice::{UNKNOWN, charge_made, charged};
use super::value;

atoms! { ok, dirty }

/// Fields that are not there and are told on a normal scheduler. Who sends more goes to a dirty one.
const ABSENT: usize = 8_192;
/// The same there, for each byte of the message, beside those of [`Limits`].
const ABSENT_PER_BYTE: usize = 4;

pub(super) struct SchemaResource(pub(super) Schema);

#[rustler::resource_impl]
impl Resource for SchemaResource {}

struct PlanResource(Plan);

#[rustler::resource_impl]
impl Resource for PlanResource {}

/// A file's text may be a megabyte, and is read once: no scheduler has to wait for it.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_protobuf_compile<'a>(env: Env<'a>, text: &str, name: &str, imports: Vec<(&str, &str)>) -> Term<'a> {
    schema(env, Schema::parse_with(text, name, &imports))
}

/// Of a descriptor set.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_protobuf_load<'a>(env: Env<'a>, set: Binary<'a>, file: Option<&str>) -> Term<'a> {
    schema(env, Schema::of_descriptor_set(set.as_slice(), file))
}

fn schema(env: Env<'_>, schema: Result<Schema, Error>) -> Term<'_> {
    match schema {
        Ok(schema) => (ok(), ResourceArc::new(SchemaResource(schema))).encode(env),
        Err(problem) => refused(env, problem),
    }
}

/// `{:ok, plan, name, indexes}` of a message by its name, or by its place in the file.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_protobuf_message<'a>(
    env: Env<'a>,
    schema: ResourceArc<SchemaResource>,
    which: Term<'a>,
    ways: (bool, bool, bool),
) -> NifResult<Term<'a>> {
    let (defaults, unknown, well_known) = ways;
    let options = Options { defaults, unknown, well_known };
    let plan = match which.decode::<&str>() {
        Ok(name) => Plan::named(&schema.0, name, options),
        Err(_) => {
            let indexes = Indexes::new(&which.decode::<Vec<u32>>()?).ok_or(rustler::Error::BadArg)?;
            Plan::at(&schema.0, &indexes, options)
        }
    };
    Ok(match plan {
        Ok(plan) => {
            let (name, indexes) = (plan.name().to_owned(), plan.indexes().map(Indexes::as_slice));
            let indexes = indexes.map(<[u32]>::to_vec);
            (ok(), ResourceArc::new(PlanResource(plan)), name, indexes).encode(env)
        }
        Err(problem) => refused(env, problem),
    })
}

/// `{:ok, indexes, length}` of what a registry's frame has in front of a message.
#[rustler::nif]
fn events_protobuf_indexes<'a>(env: Env<'a>, body: Binary<'a>) -> Term<'a> {
    match Indexes::read(body.as_slice()) {
        Ok((indexes, length)) => (ok(), indexes.as_slice(), length).encode(env),
        Err(problem) => refused(env, problem),
    }
}

/// The bytes of indexes; `nil` for those that are none.
#[rustler::nif]
fn events_protobuf_frame(env: Env<'_>, indexes: Vec<u32>) -> Option<Term<'_>> {
    let mut bytes = Vec::new();
    Indexes::new(&indexes)?.write(&mut bytes);
    Some(NewBinary::from_slice(env, &bytes).into())
}

/// `:dirty` if it is too much for this scheduler.
#[rustler::nif]
fn events_protobuf_decode<'a>(
    env: Env<'a>,
    plan: ResourceArc<PlanResource>,
    message: Binary<'a>,
    flags: u32,
    bounds: Bounds,
) -> Term<'a> {
    charged(env, message.len(), || decode(env, &plan.0, message, flags, bounds, (ABSENT, Effort::NORMAL)))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_protobuf_decode_dirty<'a>(
    env: Env<'a>,
    plan: ResourceArc<PlanResource>,
    message: Binary<'a>,
    flags: u32,
    bounds: Bounds,
) -> Term<'a> {
    let absent = Limits::default().items + ABSENT_PER_BYTE * message.len();
    decode(env, &plan.0, message, flags, bounds, (absent, Effort::DIRTY))
}

fn decode<'a>(
    env: Env<'a>,
    plan: &Plan,
    message: Binary<'a>,
    flags: u32,
    bounds: Bounds,
    (absent, effort): (usize, Effort),
) -> Term<'a> {
    let limits = Limits { items: absent, ..options(flags, bounds).limits };
    SCRATCH.with_borrow_mut(|scratch| {
        let mut sink = TermSink::new(env, style(flags), effort, scratch);
        sink.begin(message);
        sink.begin_names(plan.names().len());
        let decoded = plan.decode(message.as_slice(), &limits, &mut sink);
        charge_made(env, message.len(), sink.effort());
        match decoded {
            Err(Error::Limit { what: Plan::ABSENT, limit: ABSENT, .. }) => dirty().encode(env),
            decoded => answer(env, decoded, sink),
        }
    })
}

#[rustler::nif]
fn events_protobuf_encode<'a>(env: Env<'a>, plan: ResourceArc<PlanResource>, term: Term<'a>) -> Term<'a> {
    charged(env, UNKNOWN, || encode(env, &plan.0, term))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_protobuf_encode_dirty<'a>(
    env: Env<'a>,
    plan: ResourceArc<PlanResource>,
    term: Term<'a>,
) -> Term<'a> {
    encode(env, &plan.0, term)
}

fn encode<'a>(env: Env<'a>, plan: &Plan, term: Term<'a>) -> Term<'a> {
    let limits = Limits::default();
    let mut bytes = Vec::new();
    let encoded =
        value::of(term, &limits).and_then(|value| plan.encode(value::Beam(&value), &limits, &mut bytes));
    match encoded {
        Ok(()) => (ok(), Term::from(NewBinary::from_slice(env, &bytes))).encode(env),
        Err(problem) => refused(env, problem),
    }
}
