//! What looks at nodes and needs more of a machine than an Erlang: a terminal, and RabbitMQ, whose release is for the Erlang that Debian ships it with.
//!
//! Not named `live_*`, of which the matrix runs all in roots that have neither.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod broker;
mod mix;
mod terminal;
#[path = "../live_watch/watcher.rs"]
#[expect(dead_code, reason = "the tests of live_watch use all of it")]
mod watcher;
