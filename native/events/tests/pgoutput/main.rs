//! pgoutput, from the outside: values, changes and transactions of a real PostgreSQL, the golden corpus, hostile frames.
#![allow(clippy::expect_used, clippy::unwrap_used)] // The helpers of tests are tests, too.

mod changes;
mod corpus;
mod frames;
mod hostile;
#[path = "../debezium/server.rs"]
mod server;
mod streamed;
mod support;
#[path = "../debezium/tagged.rs"]
mod tagged;
mod values;
