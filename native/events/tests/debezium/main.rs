//! Debezium, from the outside: the golden corpus in JSON and in Avro, hostile bytes, what changed, and PostgreSQL's own values.
#![allow(clippy::expect_used, clippy::unwrap_used)] // The helpers of tests are tests, too.

mod avro_form;
mod avro_values;
mod changed;
mod corpus;
mod framed;
mod hostile;
mod postgres;
mod server;
mod tagged;
