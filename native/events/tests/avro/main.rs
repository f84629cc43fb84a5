//! Avro by its public functions: schemas, resolution, bytes, compatibility.
#![allow(clippy::expect_used, clippy::unwrap_used)] // The helpers of tests are tests, too.

mod common;
mod compat;
mod container;
mod decode;
mod differential;
mod encode;
mod evolution;
mod generate;
mod schema;
