//! Debezium, from the outside: the golden corpus, hostile bytes, what changed, and PostgreSQL's own values.
#![allow(clippy::expect_used, clippy::unwrap_used)] // The helpers of tests are tests, too.

mod changed;
mod corpus;
mod hostile;
mod postgres;
mod server;
