//! Protobuf by its public functions: bytes, files, plans.
#![allow(clippy::expect_used, clippy::unwrap_used)] // The helpers of tests are tests, too.

mod common;
mod decode;
#[path = "../schemas/dice.rs"]
#[allow(dead_code, reason = "a common helper")]
mod dice;
mod differential;
mod encode;
mod generate;
mod known;
mod wire;
