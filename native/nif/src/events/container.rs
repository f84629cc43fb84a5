//! Avro object container files: headers and blocks off the front of some bytes, and files written block by block.
//!
//! A block is as large as its writer has made it, so all of this is for dirty schedulers.

use outrigger_events::Limits;
use outrigger_events::avro::container::{Codec, Reader, Writer};
use parking_lot::Mutex;
use rustler::{
    Atom, Binary, Encoder, Env, ListIterator, NewBinary, NifResult, Resource, ResourceArc, Term, atoms,
};

use super::avro::{PlanResource, SchemaResource};
use super::effort::Effort;
use super::json::{Bounds, SCRATCH, answer, options, style};
use super::problem::refused;
use super::sink::{Style, TermSink};
use super::value;

atoms! { ok, more, null, deflate }

struct ReaderResource(Reader);

#[rustler::resource_impl]
impl Resource for ReaderResource {}

struct WriterResource(Mutex<Writer>);

#[rustler::resource_impl]
impl Resource for WriterResource {}

/// `{:ok, reader, schema, metadata, length}` of the header that the bytes begin with; `:more` bytes are wanted.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_container_open<'a>(env: Env<'a>, bytes: Binary<'a>, bounds: Bounds) -> Term<'a> {
    let opened = Reader::open(bytes.as_slice(), &options(0, bounds).limits).and_then(|opened| {
        let Some((reader, length)) = opened else { return Ok(more().encode(env)) };
        let schema = ResourceArc::new(SchemaResource(reader.schema()?));
        let pair = |(name, value): &(String, Vec<u8>)| (name, binary(env, value)).encode(env);
        let metadata: Vec<Term<'a>> = reader.metadata().iter().map(pair).collect();
        Ok((ok(), ResourceArc::new(ReaderResource(reader)), schema, metadata, length).encode(env))
    });
    opened.unwrap_or_else(|problem| refused(env, problem))
}

/// `{:ok, data, length}` of the block that the bytes begin with, or `:more`.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_container_block<'a>(
    env: Env<'a>,
    reader: ResourceArc<ReaderResource>,
    plan: ResourceArc<PlanResource>,
    bytes: Binary<'a>,
    flags: u32,
    bounds: Bounds,
) -> Term<'a> {
    let limits = options(flags, bounds).limits;
    let read = reader.0.block(bytes.as_slice(), &limits).and_then(|block| {
        let Some((mut block, length)) = block else { return Ok(more().encode(env)) };
        let mut data = Vec::new();
        SCRATCH.with_borrow_mut(|scratch| {
            // What is inflated is no binary of the VM: nothing refers to it.
            let mut sink =
                TermSink::new(env, Style { references: false, ..style(flags) }, Effort::DIRTY, scratch);
            sink.drop_told();
            sink.begin_names(plan.0.names().len());
            while block.next(&plan.0, &limits, &mut sink)? {
                data.push(sink.told());
            }
            Ok(match sink.unknown {
                Some(_) => answer(env, Ok(()), sink),
                None => (ok(), data, length).encode(env),
            })
        })
    });
    read.unwrap_or_else(|problem| refused(env, problem))
}

/// `{:ok, writer, header}`
#[rustler::nif(schedule = "DirtyCpu")]
fn events_container_writer<'a>(
    env: Env<'a>,
    schema: &str,
    codec: Atom,
    sync: Binary<'a>,
) -> NifResult<Term<'a>> {
    let sync = sync.as_slice().try_into().map_err(|_| rustler::Error::BadArg)?;
    let codec = match codec {
        _ if codec == null() => Codec::Null,
        _ if codec == deflate() => Codec::Deflate,
        _ => return Err(rustler::Error::BadArg),
    };
    let mut header = Vec::new();
    Ok(match Writer::new(schema, codec, sync, &mut header) {
        Ok(writer) => {
            let writer = ResourceArc::new(WriterResource(Mutex::new(writer)));
            (ok(), writer, binary(env, &header)).encode(env)
        }
        Err(problem) => refused(env, problem),
    })
}

/// `{:ok, bytes}`: those of the blocks that became full.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_container_append<'a>(
    env: Env<'a>,
    writer: ResourceArc<WriterResource>,
    data: ListIterator<'a>,
) -> Term<'a> {
    let mut writer = writer.0.lock();
    let (limits, mut out) = (Limits::default(), Vec::new());
    for datum in data {
        let appended =
            value::of(datum, &limits).and_then(|value| writer.append(value::Beam(&value), &limits, &mut out));
        if let Err(problem) = appended {
            return refused(env, problem);
        }
    }
    (ok(), binary(env, &out)).encode(env)
}

/// `{:ok, bytes}`: those of the block that is open.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_container_flush<'a>(env: Env<'a>, writer: ResourceArc<WriterResource>) -> Term<'a> {
    let mut writer = writer.0.lock();
    let mut out = Vec::new();
    match writer.flush(&mut out) {
        Ok(()) => (ok(), binary(env, &out)).encode(env),
        Err(problem) => refused(env, problem),
    }
}

fn binary<'a>(env: Env<'a>, bytes: &[u8]) -> Term<'a> {
    NewBinary::from_slice(env, bytes).into()
}
