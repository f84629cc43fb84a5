//! Debezium, from the outside: the golden corpus in JSON, in Avro and in Protobuf, hostile bytes, what changed, and PostgreSQL's own values.
#![allow(clippy::expect_used, clippy::unwrap_used)] // The helpers of tests are tests, too.

mod avro_form;
mod avro_values;
mod changed;
mod corpus;
mod framed;
mod hostile;
mod postgres;
mod protobuf;
mod protobuf_form;
mod protobuf_values;
mod server;
mod tagged;
