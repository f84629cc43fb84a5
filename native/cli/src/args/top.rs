//! Options of `outrigger top`.

use std::time::Duration;

use clap::Args;

use super::LookArgs;
use super::percent::percent;
use super::span::span;

const EXAMPLES: &str = "\
Examples:
  One node:
      outrigger top app@10.0.0.5
  Three nodes, Tab goes from one to the next:
      outrigger top app1@10.0.0.5 app2@10.0.0.6 app3@10.0.0.7

Keys: q quit, Tab next node, w m b l sort by work, memory, binaries, length of mailbox, p pools, t tables, o ports, d durations,
a allocators, space hold, ? help.
For scripts there is `outrigger watch --json`.";

/// Look at running nodes in a terminal: schedulers, memory, the processes that stand out, pools and their holders.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TopArgs {
    /// Which nodes.
    #[command(flatten)]
    pub(crate) look: LookArgs,

    /// From one round to the next
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = span)]
    pub(crate) every: Duration,

    /// Per cent of one core that looking may cost a node
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0, value_parser = percent)]
    pub(crate) duty: f64,

    /// What threads do with their time, beside the allocators (key a): sets the node's flag microstate_accounting as long as somebody looks
    #[arg(long)]
    pub(crate) states: bool,
}
