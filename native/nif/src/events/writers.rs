//! What is known of the schemas behind a registry's frames: one table for each registry, which all calls read.

use outrigger_events::avro::Schema;
use outrigger_events::debezium::{Writer, Writers};
use outrigger_events::frame::SchemaKey;
use rustler::{Binary, Encoder, Env, NifResult, Resource, ResourceArc, Term, atoms};

use super::avro::SchemaResource;
use super::problem::refused;
use super::protobuf;

atoms! { ok, id, guid }

pub(super) struct WritersResource(pub(super) Writers);

#[rustler::resource_impl]
impl Resource for WritersResource {}

#[rustler::nif]
fn events_writers() -> ResourceArc<WritersResource> {
    ResourceArc::new(WritersResource(Writers::default()))
}

/// Enters the Avro schema that a key names. A schema is read once, so no scheduler has to wait for it.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_writers_avro<'a>(
    env: Env<'a>,
    writers: ResourceArc<WritersResource>,
    key: Term<'a>,
    schema: ResourceArc<SchemaResource>,
) -> NifResult<Term<'a>> {
    let (key, schema): (SchemaKey, &Schema) = (read(key)?, &schema.0);
    Ok(match Writer::avro(schema) {
        Ok(writer) => {
            writers.0.insert(key, writer);
            ok().encode(env)
        }
        Err(problem) => refused(env, problem),
    })
}

/// Enters the Protobuf file that a key names.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_writers_protobuf<'a>(
    env: Env<'a>,
    writers: ResourceArc<WritersResource>,
    key: Term<'a>,
    schema: ResourceArc<protobuf::SchemaResource>,
) -> NifResult<Term<'a>> {
    writers.0.insert(read(key)?, Writer::protobuf(&schema.0));
    Ok(ok().encode(env))
}

/// Enters that documents in JSON stand behind a key.
#[rustler::nif]
fn events_writers_json<'a>(
    env: Env<'a>,
    writers: ResourceArc<WritersResource>,
    key: Term<'a>,
) -> NifResult<Term<'a>> {
    writers.0.insert(read(key)?, Writer::json());
    Ok(ok().encode(env))
}

/// `{:id, number}`, or `{:guid, bytes}`.
fn read(term: Term<'_>) -> NifResult<SchemaKey> {
    if let Ok((kind, number)) = term.decode::<(rustler::Atom, u32)>()
        && kind == id()
    {
        return Ok(SchemaKey::Id(number));
    }
    let (kind, bytes): (rustler::Atom, Binary<'_>) = term.decode()?;
    match bytes.as_slice().try_into() {
        Ok(bytes) if kind == guid() => Ok(SchemaKey::Guid(bytes)),
        _ => Err(rustler::Error::BadArg),
    }
}

/// The same the other way round.
pub(super) fn written<'a>(env: Env<'a>, key: SchemaKey) -> Term<'a> {
    match key {
        SchemaKey::Id(number) => (id(), number).encode(env),
        SchemaKey::Guid(bytes) => {
            let mut binary = rustler::NewBinary::new(env, bytes.len());
            binary.as_mut_slice().copy_from_slice(&bytes);
            (guid(), Term::from(binary)).encode(env)
        }
    }
}
