//! A Rust program as a source of an event stream: it decodes each event once, and its publisher fans out what the stream's views take.
//!
//! ```no_run
#![cfg_attr(doc, doc = include_str!("../../../examples/rust/event_source.rs"))]
//! ```
//!
//! # Whose views
//!
//! - [`EventStream::follow`]: those of an `Outrigger.Events.Stream` that runs on BEAM nodes, declared or subscribed to, on whichever node. The program
//!   needs the stream's name and nothing else: it asks one of the nodes that run it for its text, and is told when that changes.
//! - [`EventStream::declare`]: its own, of a text as `outrigger_events::stream` describes it.
//!
//! # Invariants
//!
//! - The same bytes become the same messages as on a BEAM node or in `outrigger node`: one engine, one text.
//! - `Outrigger.Events.Stream.subscribe/2` returns when the sources that follow have the new view, as it does for BEAM nodes.
//! - Messages of one [`Source`] come in its order, exactly once while nodes live: they are broadcasts of its
//!   [`Publisher`](outrigger_pubsub::Publisher), with the promises of `docs/pubsub.md`.
//! - While no node that runs the stream is linked, the views are those of before.
//!
//! # Why it stands here
//!
//! A crate of its own: a program that only publishes terms need not build decoders, and the engine knows no sockets.
//!
//! # Limits
//!
//! What is behind a registry's frame needs its schema from the program ([`Source::set_schemas`]): nobody here asks a registry.

mod error;
mod follower;
mod made;
mod source;
mod stream;

pub use error::StreamError;
pub use source::Source;
pub use stream::EventStream;

pub use outrigger_events::stream::{Event, Schema, Schemas};
