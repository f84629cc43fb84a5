//! Avro: schemas and plans as resources, data both ways.

use outrigger_events::avro::{Plan, Schema};
use outrigger_events::{Error, Limits};
use rustler::{Binary, Encoder, Env, NewBinary, Resource, ResourceArc, Term, atoms};

use super::effort::Effort;
use super::json::{Bounds, SCRATCH, answer, options, style};
use super::problem::refused;
use super::sink::TermSink;
use super::slice::{UNKNOWN, charge_made, charged};
use super::value;

atoms! { ok, dirty }

/// Elements of no bytes that are read on a normal scheduler.
const EMPTY: usize = 2_048;
/// Steps of encoding on one.
const STEPS: usize = 16_384;

pub(super) struct SchemaResource(pub(super) Schema);

#[rustler::resource_impl]
impl Resource for SchemaResource {}

pub(super) struct PlanResource(pub(super) Plan);

#[rustler::resource_impl]
impl Resource for PlanResource {}

/// A schema's text may be a megabyte, and is read once: no scheduler has to wait for it.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_avro_schema<'a>(
    env: Env<'a>,
    text: &str,
    references: Vec<ResourceArc<SchemaResource>>,
) -> Term<'a> {
    let references: Vec<&Schema> = references.iter().map(|reference| &reference.0).collect();
    match Schema::parse(text, &references) {
        Ok(schema) => (ok(), ResourceArc::new(SchemaResource(schema))).encode(env),
        Err(problem) => refused(env, problem),
    }
}

/// Canonical form, CRC-64-AVRO and SHA-256.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_avro_identity<'a>(env: Env<'a>, schema: ResourceArc<SchemaResource>) -> Term<'a> {
    let schema = &schema.0;
    let mut sha256 = NewBinary::new(env, 32);
    sha256.as_mut_slice().copy_from_slice(&schema.sha256());
    (schema.canonical_form(), schema.fingerprint(), Term::from(sha256)).encode(env)
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_avro_plan<'a>(
    env: Env<'a>,
    writer: ResourceArc<SchemaResource>,
    reader: Option<ResourceArc<SchemaResource>>,
) -> Term<'a> {
    match Plan::new(&writer.0, reader.as_ref().map(|reader| &reader.0)) {
        Ok(plan) => (ok(), ResourceArc::new(PlanResource(plan))).encode(env),
        Err(problem) => refused(env, problem),
    }
}

#[rustler::nif]
fn events_avro_decode<'a>(
    env: Env<'a>,
    plan: ResourceArc<PlanResource>,
    datum: Binary<'a>,
    flags: u32,
    bounds: Bounds,
) -> Term<'a> {
    let limits = Limits { items: EMPTY, ..options(flags, bounds).limits };
    charged(env, datum.len(), || decode(env, &plan.0, datum, flags, &limits, Effort::NORMAL))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_avro_decode_dirty<'a>(
    env: Env<'a>,
    plan: ResourceArc<PlanResource>,
    datum: Binary<'a>,
    flags: u32,
    bounds: Bounds,
) -> Term<'a> {
    decode(env, &plan.0, datum, flags, &options(flags, bounds).limits, Effort::DIRTY)
}

fn decode<'a>(
    env: Env<'a>,
    plan: &Plan,
    datum: Binary<'a>,
    flags: u32,
    limits: &Limits,
    effort: Effort,
) -> Term<'a> {
    SCRATCH.with_borrow_mut(|scratch| {
        let mut sink = TermSink::new(env, style(flags), effort, scratch);
        sink.begin(datum);
        sink.begin_names(plan.names().len());
        let decoded = plan.decode(datum.as_slice(), limits, &mut sink);
        charge_made(env, datum.len(), sink.effort());
        match decoded {
            Err(Error::Limit { what: Plan::EMPTY, limit: EMPTY, .. }) => dirty().encode(env),
            decoded => answer(env, decoded, sink),
        }
    })
}

#[rustler::nif]
fn events_avro_encode<'a>(env: Env<'a>, schema: ResourceArc<SchemaResource>, term: Term<'a>) -> Term<'a> {
    charged(env, UNKNOWN, || encode(env, &schema.0, term, STEPS))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_avro_encode_dirty<'a>(
    env: Env<'a>,
    schema: ResourceArc<SchemaResource>,
    term: Term<'a>,
) -> Term<'a> {
    encode(env, &schema.0, term, usize::MAX)
}

fn encode<'a>(env: Env<'a>, schema: &Schema, term: Term<'a>, steps: usize) -> Term<'a> {
    let limits = Limits::default();
    let mut bytes = Vec::new();
    let encoded = value::of(term, &limits)
        .and_then(|value| schema.encode_within(value::Beam(&value), &limits, steps, &mut bytes));
    match encoded {
        Ok(()) => (ok(), Term::from(NewBinary::from_slice(env, &bytes))).encode(env),
        Err(Error::Limit { what: Schema::WORK, .. }) => dirty().encode(env),
        Err(problem) => refused(env, problem),
    }
}
