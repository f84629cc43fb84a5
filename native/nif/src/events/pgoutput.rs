//! Frames of `pgoutput`. What is known of a stream goes in with a frame and comes out with its records.
//!
//! So a decoder is a value like any other: no lock, no owner, and none that is half a list ahead when a process dies in the middle of
//! one. Whoever still has the decoder from before decodes the same frames to the same records.

use std::collections::HashMap;

use outrigger_events::pgoutput::{Decoder, Json, Options, Told, Type};
use rustler::{Binary, Encoder, Env, NifResult, Resource, ResourceArc, Term, atoms};

use super::effort::Effort;
use super::json::{Bounds, SCRATCH, options, style};
use super::problem::refused;
use super::sink::{Style, TermSink};
use super::slice::charged;

atoms! { ok, error }

/// What a call on a normal scheduler reads, in bytes or what takes as long. The worst, arrays of small numerics, take less than a millisecond.
const PORTION: usize = 8 << 10;
/// The same on a dirty one.
const DIRTY_PORTION: usize = 8 << 20;

struct DecoderResource {
    decoder: Decoder,
    style: Style,
}

#[rustler::resource_impl]
impl Resource for DecoderResource {}

/// `{:ok, decoder}`, or `{:error, name}` of a type that is not built in.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_pgoutput_new<'a>(
    env: Env<'a>,
    version: u8,
    json: bool,
    flags: u32,
    bounds: Bounds,
    types: Vec<(&str, &str)>,
    keys: Vec<(&str, Vec<&str>)>,
) -> Term<'a> {
    let read = options(flags, bounds);
    let mut known = HashMap::new();
    for (name, built_in) in types {
        match Type::of_name(built_in) {
            Some(kind) => known.insert(name.into(), kind),
            None => return (error(), built_in).encode(env),
        };
    }
    let json = if json { Json::Decoded(read.floats) } else { Json::Text };
    let plain = Options { version, limits: read.limits, json, types: known, ..Options::default() };
    let options = keys.iter().fold(plain, |options, (table, columns)| options.key(table, columns));
    let decoder = DecoderResource { decoder: Decoder::new(options), style: style(flags) };
    (ok(), ResourceArc::new(decoder)).encode(env)
}

#[rustler::nif]
fn events_pgoutput<'a>(env: Env<'a>, decoder: ResourceArc<DecoderResource>, frame: Binary<'a>) -> Term<'a> {
    // A column that is nothing has one byte, a table of a truncate four.
    charged(env, 8 * frame.len(), || one(env, &decoder, frame))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_pgoutput_dirty<'a>(
    env: Env<'a>,
    decoder: ResourceArc<DecoderResource>,
    frame: Binary<'a>,
) -> Term<'a> {
    one(env, &decoder, frame)
}

/// `{result, decoder}`
fn one<'a>(env: Env<'a>, of: &DecoderResource, frame: Binary<'a>) -> Term<'a> {
    SCRATCH.with_borrow_mut(|scratch| {
        let mut decoder = of.decoder.clone();
        let mut sink = TermSink::new(env, of.style, Effort::DIRTY, scratch);
        // For one frame, keeping names costs more than making them.
        sink.begin_names(0);
        let (result, _) = told(env, &mut decoder, frame, &mut sink);
        (result, ResourceArc::new(DecoderResource { decoder, style: of.style })).encode(env)
    })
}

fn told<'a>(
    env: Env<'a>,
    decoder: &mut Decoder,
    frame: Binary<'a>,
    sink: &mut TermSink<'a, '_>,
) -> (Term<'a>, Told) {
    sink.begin(frame);
    match decoder.decode(frame.as_slice(), sink) {
        Ok(told) => ((ok(), sink.told()).encode(env), told),
        Err(problem) => (refused(env, problem), Told::default()),
    }
}

/// `{results, left, decoder}` of a list of frames.
#[rustler::nif]
fn events_pgoutput_all<'a>(
    env: Env<'a>,
    decoder: ResourceArc<DecoderResource>,
    frames: Term<'a>,
) -> NifResult<Term<'a>> {
    charged(env, PORTION, || portion(env, &decoder, frames, PORTION))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_pgoutput_all_dirty<'a>(
    env: Env<'a>,
    decoder: ResourceArc<DecoderResource>,
    frames: Term<'a>,
) -> NifResult<Term<'a>> {
    portion(env, &decoder, frames, DIRTY_PORTION)
}

fn portion<'a>(env: Env<'a>, of: &DecoderResource, frames: Term<'a>, portion: usize) -> NifResult<Term<'a>> {
    /// What a frame, a record and a column cost beside their bytes.
    const FRAME: usize = 64;
    const RECORD: usize = 128;
    const COLUMN: usize = 8;
    SCRATCH.with_borrow_mut(|scratch| {
        let mut decoder = of.decoder.clone();
        let mut sink = TermSink::new(env, of.style, Effort::DIRTY, scratch);
        sink.begin_names(decoder.names());
        let (mut left, mut read, mut results) = (frames, 0, Vec::new());
        while let Ok((frame, rest)) = left.list_get_cell() {
            let frame = Binary::from_term(frame)?;
            // A table of a truncate is four bytes, and a record.
            let weight = if frame.first() == Some(&b'T') { 32 } else { 1 };
            if read > 0 && read + weight * frame.len() > portion {
                break;
            }
            let (result, told) = told(env, &mut decoder, frame, &mut sink);
            read += frame.len() + FRAME + RECORD * told.records + COLUMN * told.columns;
            results.push(result);
            left = rest;
        }
        let decoder = ResourceArc::new(DecoderResource { decoder, style: of.style });
        Ok((results, left, decoder).encode(env))
    })
}
