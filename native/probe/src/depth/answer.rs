//! What `depths.erl` answers.

use serde::Deserialize;

use super::allocators::Allocator;
use super::ports::PortAnswer;
use super::states::Thread;
use super::tables::Table;

/// One of them, as it was asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DepthAnswer {
    Allocators(Vec<Allocator>),
    Tables(Tables),
    Ports(Ports),
    States(Vec<Thread>),
}

/// The largest of the walk so far.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Tables {
    /// Whether the walk has come to its end.
    pub(crate) whole: bool,
    pub(crate) tables: Vec<Table>,
}

/// The first of the walk so far.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Ports {
    /// Whether the walk has come to its end.
    pub(crate) whole: bool,
    pub(crate) ports: Vec<PortAnswer>,
}
