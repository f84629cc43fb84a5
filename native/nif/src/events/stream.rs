//! Streams in the VM: texts compiled as resources, and the messages of events, for publishers that reach others without a Rust node.

use std::cell::RefCell;
use std::sync::Arc;

use outrigger_events::stream::{Event, Schema, Schemas, Stream, Work};
use rustler::{Binary, Encoder, Env, NewBinary, NifResult, Resource, ResourceArc, Term, atoms};

use super::parts::Parts;
use super::problem::refused;
use super::slice::charged;

atoms! { ok, dirty }

/// What a call on a normal scheduler reads, or what takes as long: each view writes its own message of what is read.
const PORTION: usize = 16 << 10;
/// The same on a dirty one.
const DIRTY_PORTION: usize = 8 << 20;
/// What messages may have there: an instant of two bytes takes a hundred and fifty in one.
const MESSAGES: usize = 64 << 10;
/// What an event costs beside its bytes.
const EVENT: usize = 64;
/// Before a term in the external format.
const VERSION: u8 = 131;

thread_local! {
    static WORK: RefCell<(Work, Vec<u8>)> = RefCell::default();
}

struct StreamResource(Stream);

#[rustler::resource_impl]
impl Resource for StreamResource {}

struct SchemaResource(Arc<Schema>);

#[rustler::resource_impl]
impl Resource for SchemaResource {}

/// Those that come with a list of events.
type Given = Vec<ResourceArc<SchemaResource>>;

#[rustler::nif(schedule = "DirtyCpu")]
fn events_stream<'a>(env: Env<'a>, text: Binary<'a>) -> Term<'a> {
    match Stream::parse(text.as_slice()) {
        Ok(stream) => (ok(), ResourceArc::new(StreamResource(stream))).encode(env),
        Err(problem) => refused(env, problem),
    }
}

/// Of a registry's schema, with the frame of its events in front.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_stream_schema<'a>(env: Env<'a>, text: Binary<'a>) -> Term<'a> {
    match Schema::parse(text.as_slice()) {
        Ok(schema) => (ok(), ResourceArc::new(SchemaResource(Arc::new(schema)))).encode(env),
        Err(problem) => refused(env, problem),
    }
}

/// `{[{topic, message}], left}` of a list of events, of a format whose events take so long as they have bytes; `:dirty` if the first one
/// takes too long here.
#[rustler::nif]
fn events_stream_take<'a>(
    env: Env<'a>,
    stream: ResourceArc<StreamResource>,
    events: Term<'a>,
) -> NifResult<Term<'a>> {
    charged(env, PORTION, || portion(env, &stream.0, &Schemas::default(), events, PORTION))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_stream_take_dirty<'a>(
    env: Env<'a>,
    stream: ResourceArc<StreamResource>,
    schemas: Given,
    events: Term<'a>,
) -> NifResult<Term<'a>> {
    let schemas = schemas.iter().map(|schema| schema.0.clone()).collect();
    portion(env, &stream.0, &schemas, events, DIRTY_PORTION)
}

fn portion<'a>(
    env: Env<'a>,
    stream: &Stream,
    schemas: &Schemas,
    events: Term<'a>,
    portion: usize,
) -> NifResult<Term<'a>> {
    WORK.with_borrow_mut(|(room, external)| {
        let (mut left, mut read, mut messages) = (events, 0, Vec::new());
        let mut room_left = if portion == PORTION { MESSAGES } else { usize::MAX };
        while let Ok((event, rest)) = left.list_get_cell() {
            let parts = Parts::of(event)?;
            let work = stream.work(parts.length());
            if read + work > portion && (read > 0 || portion == PORTION) {
                break;
            }
            let (before, mut whole) = (messages.len(), true);
            let event = Event { key: parts.key(), value: parts.value() };
            stream.take(&event, schemas, room, |topic, message| {
                match room_left.checked_sub(message.len()) {
                    Some(left) => room_left = left,
                    None => return whole = false,
                }
                external.clear();
                external.push(VERSION);
                external.extend_from_slice(message);
                // Written by us; the VM refuses what it has no memory for.
                if let Some((message, _)) = env.binary_to_term(external) {
                    let mut name = NewBinary::new(env, topic.len());
                    name.as_mut_slice().copy_from_slice(topic);
                    messages.push((Term::from(name), message).encode(env));
                }
            });
            if !whole {
                messages.truncate(before);
                break;
            }
            read += work + EVENT;
            left = rest;
        }
        match read == 0 && portion == PORTION && !events.is_empty_list() {
            true => Ok(dirty().encode(env)),
            false => Ok((messages, left).encode(env)),
        }
    })
}
