//! `outrigger watch` beside real BEAM nodes: what it reads is what the nodes say themselves, and nothing of it is left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod depths;
mod gates;
mod openmetrics;
mod pools;
mod records;
mod schedulers;
mod trace;
mod tree;
mod watcher;
