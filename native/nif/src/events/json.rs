//! JSON documents. Flags and bounds come from `Outrigger.Events.JSON`, which checks them.

use std::cell::RefCell;

use outrigger_events::json::{self, Floats, Options, Portion};
use outrigger_events::{Error, Limits, Sink as _};
use rustler::{Binary, Encoder, Env, NifResult, Term, atoms};

use super::effort::Effort;
use super::problem::refused;
use super::sink::{Duplicates, KeyKind, Scratch, Style, TermSink, UnknownKey};
use super::slice::charged;

atoms! { ok, error, unknown_key, more, done, whole, dirty }

const EXISTING_ATOMS: u32 = 1;
const ATOMS: u32 = 2;
const DECIMALS: u32 = 4;
const REFERENCES: u32 = 8;
const FIRST: u32 = 16;
const NO_DUPLICATES: u32 = 32;

/// Bytes, levels and digits, or those that are the default.
pub(super) type Bounds = Option<(usize, usize, usize)>;

thread_local! {
    pub(super) static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// `:dirty` if what it is made into takes too long here; so do all that run on a normal scheduler.
#[rustler::nif]
fn events_json<'a>(env: Env<'a>, document: Binary<'a>, flags: u32, bounds: Bounds) -> NifResult<Term<'a>> {
    Ok(charged(env, document.len(), || decode(env, document, flags, bounds, Effort::NORMAL)))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_json_dirty<'a>(
    env: Env<'a>,
    document: Binary<'a>,
    flags: u32,
    bounds: Bounds,
) -> NifResult<Term<'a>> {
    Ok(decode(env, document, flags, bounds, Effort::DIRTY))
}

/// What one call reads of a list.
const PORTION: usize = 16 << 10;

/// `{:more, elements, from}`, `{:done, elements}` or `:whole` of a document that is a list.
#[rustler::nif]
fn events_json_portion<'a>(
    env: Env<'a>,
    document: Binary<'a>,
    flags: u32,
    bounds: Bounds,
    from: Option<usize>,
) -> Term<'a> {
    charged(env, PORTION, || {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut sink = TermSink::new(env, style(flags), Effort::NORMAL, scratch);
            sink.begin(document);
            let read = json::portion(document.as_slice(), from, PORTION, &options(flags, bounds), &mut sink);
            if let Some(UnknownKey { at }) = sink.unknown {
                return (error(), (unknown_key(), at)).encode(env);
            }
            match read {
                Ok(Portion::More(count, at)) => (more(), sink.first_told(count), at).encode(env),
                Ok(Portion::Done(count)) => (done(), sink.first_told(count)).encode(env),
                Ok(Portion::Whole) => whole().encode(env),
                Err(problem) => refused(env, problem),
            }
        })
    })
}

/// Flags and bounds as `Outrigger.Events` gives them.
pub(super) fn options(flags: u32, bounds: Bounds) -> Options {
    let limits = bounds.map_or_else(Limits::default, |(bytes, depth, digits)| Limits {
        bytes,
        depth,
        digits,
        ..Limits::default()
    });
    Options { limits, floats: if flags & DECIMALS == 0 { Floats::Binary } else { Floats::Decimals } }
}

fn decode<'a>(env: Env<'a>, document: Binary<'a>, flags: u32, bounds: Bounds, effort: Effort) -> Term<'a> {
    SCRATCH.with_borrow_mut(|scratch| {
        let mut sink = TermSink::new(env, style(flags), effort, scratch);
        sink.begin(document);
        let decoded = json::decode(document.as_slice(), &options(flags, bounds), &mut sink);
        answer(env, decoded, sink)
    })
}

/// What became of a decoding: the value that a sink was told, unless it has a key that is no atom and was to be one.
pub(super) fn answer<'a>(env: Env<'a>, decoded: Result<(), Error>, mut sink: TermSink<'a, '_>) -> Term<'a> {
    match (decoded, sink.unknown) {
        _ if sink.full() => dirty().encode(env),
        (Err(problem), _) => refused(env, problem),
        (Ok(()), Some(UnknownKey { at })) => (error(), (unknown_key(), at)).encode(env),
        (Ok(()), None) => (ok(), sink.told()).encode(env),
    }
}

pub(super) const fn style(flags: u32) -> Style {
    Style {
        keys: match flags & (EXISTING_ATOMS | ATOMS) {
            EXISTING_ATOMS => KeyKind::ExistingAtoms,
            ATOMS => KeyKind::Atoms,
            _ => KeyKind::Strings,
        },
        duplicates: match flags & (FIRST | NO_DUPLICATES) {
            FIRST => Duplicates::First,
            NO_DUPLICATES => Duplicates::Error,
            _ => Duplicates::Last,
        },
        references: flags & REFERENCES != 0,
    }
}
