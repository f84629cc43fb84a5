//! A Rust program in an Outrigger.PubSub of BEAM nodes (`outrigger-pubsub`): directly, and through `outrigger node`; and one that is a source of
//! event streams (`outrigger-stream`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod bounds;
mod direct;
mod example;
mod kills;
mod routed;
mod stage;
mod streams;
