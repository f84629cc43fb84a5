//! Avro: schemas and plans as resources, data both ways.

use outrigger_events::Limits;
use outrigger_events::avro::{Plan, Schema};
use rustler::{Binary, Encoder, Env, NewBinary, NifResult, Resource, ResourceArc, Term, atoms};

use super::json::{Bounds, SCRATCH, options, style, told};
use super::problem::refused;
use super::sink::TermSink;
use super::slice::charged;
use super::value;

atoms! { ok }

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
    charged(env, datum.len(), || decode(env, &plan.0, datum, flags, bounds))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_avro_decode_dirty<'a>(
    env: Env<'a>,
    plan: ResourceArc<PlanResource>,
    datum: Binary<'a>,
    flags: u32,
    bounds: Bounds,
) -> Term<'a> {
    decode(env, &plan.0, datum, flags, bounds)
}

fn decode<'a>(env: Env<'a>, plan: &Plan, datum: Binary<'a>, flags: u32, bounds: Bounds) -> Term<'a> {
    SCRATCH.with_borrow_mut(|scratch| {
        let mut sink = TermSink::new(env, style(flags), scratch);
        sink.begin(datum);
        sink.begin_names(plan.names().len());
        match plan.decode(datum.as_slice(), &options(flags, bounds).limits, &mut sink) {
            Ok(()) => told(env, sink),
            Err(problem) => refused(env, problem),
        }
    })
}

#[rustler::nif]
fn events_avro_encode<'a>(
    env: Env<'a>,
    schema: ResourceArc<SchemaResource>,
    term: Term<'a>,
) -> NifResult<Term<'a>> {
    encode(env, &schema.0, term)
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_avro_encode_dirty<'a>(
    env: Env<'a>,
    schema: ResourceArc<SchemaResource>,
    term: Term<'a>,
) -> NifResult<Term<'a>> {
    encode(env, &schema.0, term)
}

fn encode<'a>(env: Env<'a>, schema: &Schema, term: Term<'a>) -> NifResult<Term<'a>> {
    let limits = Limits::default();
    let mut bytes = Vec::new();
    let encoded =
        value::of(term, &limits).and_then(|value| schema.encode(value::Beam(&value), &limits, &mut bytes));
    Ok(match encoded {
        Ok(()) => (ok(), Term::from(NewBinary::from_slice(env, &bytes))).encode(env),
        Err(problem) => refused(env, problem),
    })
}
