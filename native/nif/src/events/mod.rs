//! Event decoding (`outrigger-events`) for `Outrigger.Events`.
//!
//! A decoder says what it reads to a sink that makes terms at once. Small documents are decoded on the scheduler that asks, large
//! ones on a dirty one: the Elixir side chooses by size, since going there costs as much as decoding some kilobytes.

mod avro;
mod compatibility;
mod container;
mod debezium;
mod effort;
mod json;
mod keys;
mod names;
mod number;
mod parts;
mod pgoutput;
mod problem;
mod project;
mod protobuf;
mod raw;
mod rows;
mod sink;
mod slice;
mod stream;
mod temporal;
mod value;
mod writers;

pub(crate) use names::load;
