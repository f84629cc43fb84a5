//! The Outrigger engines as NIFs of the Elixir module `Outrigger.Native`.
//!
//! One thin file per engine: it turns terms into plain values, calls the engine and turns the answer into a term. No
//! logic of an engine lives here.
//!
//! # Invariants
//!
//! - A call takes well under 1 ms on a normal scheduler; what may take longer is declared dirty.
//! - No lock is held while terms are built.
//! - A panic does not cross into the VM: rustler catches it and raises `:nif_panicked` in the caller.
//!
//! # Limits
//!
//! Built for NIF 2.16 (OTP 24), which every later VM loads. A loaded library cannot be replaced in a running VM.

mod events;
mod info;
mod limit;
mod watch;

rustler::init!("Elixir.Outrigger.Native", load = load);

fn load(env: rustler::Env<'_>, _: rustler::Term<'_>) -> bool {
    events::load(env) && limit::register(env)
}
