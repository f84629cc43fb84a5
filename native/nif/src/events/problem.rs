//! Errors as `Outrigger.Events` reads them: `{:error, {kind, …}}`.

use outrigger_events::Error;
use rustler::{Encoder, Env, Term, atoms};

use super::writers::written;

atoms! { error, malformed, limit, needs_option, bad_schema, bad_plan, incompatible, bad_value, unsupported, unknown_schema, failed }

#[cold]
pub(super) fn refused(env: Env<'_>, problem: Error) -> Term<'_> {
    let problem = match problem {
        Error::Malformed { format, at, path, problem } => {
            (malformed(), format, at, path, problem).encode(env)
        }
        Error::Limit { what, limit: most, at } => (limit(), what, most, at).encode(env),
        Error::NeedsOption { path, why, option } => (needs_option(), path, why, option).encode(env),
        Error::Schema { path, problem } => (bad_schema(), path, problem).encode(env),
        Error::Resolution { path, problem } => (incompatible(), path, problem).encode(env),
        Error::Value { path, problem } => (bad_value(), path, problem).encode(env),
        Error::Unsupported { what, remedy } => (unsupported(), what, remedy).encode(env),
        Error::UnknownSchema { key } => (unknown_schema(), written(env, key)).encode(env),
        Error::Plan { .. } => (bad_plan(), problem.to_string()).encode(env),
        _ => (failed(), problem.to_string()).encode(env),
    };
    (error(), problem).encode(env)
}
