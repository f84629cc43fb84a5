//! Options of `outrigger profile`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use outrigger_probe::By;

use super::LookArgs;
use super::percent::percent;
use super::span::span;

const EXAMPLES: &str = "\
Examples:
  Where a node spends its time, for half a minute; writes app.folded, app.svg and app.html:
      outrigger profile app@10.0.0.5 --for 30s
  Each process by itself, with files and lines:
      outrigger profile app@10.0.0.5 --by pid --lines
  Before a change and after it: after.changes.svg is red where more is spent and blue where less:
      outrigger profile app@10.0.0.5 --out before
      outrigger profile app@10.0.0.5 --out after --compare before.folded

Nothing is installed on the node and nothing is traced. docs/profiling.md says how it is done, and what it cannot see.";

/// Sample what the processes of a node run: a flame graph, from outside.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ProfileArgs {
    /// Which node: one.
    #[command(flatten)]
    pub(crate) look: LookArgs,

    /// How long; Ctrl-C ends it sooner, and writes what there is
    #[arg(long = "for", value_name = "TIME", default_value = "30s", value_parser = span)]
    pub(crate) during: Duration,

    /// What the names of the files begin with: FILE.folded, FILE.svg, FILE.html [default: the node's name]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Folded stacks of an earlier profile: what has changed since, in FILE.changes.svg and in the report
    #[arg(long, value_name = "FOLDED")]
    pub(crate) compare: Option<PathBuf>,

    /// What stacks stand on: name (registered, else what the process was started as), start, pid or nothing
    #[arg(long, value_name = "WHAT", default_value = "name")]
    pub(crate) by: By,

    /// Frames with file and line
    #[arg(long)]
    pub(crate) lines: bool,

    /// Processes of the virtual machine and of the distribution too
    #[arg(long)]
    pub(crate) all: bool,

    /// Ticks in a second, at most; each takes the stacks of all that runs
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) rate: u16,

    /// Per cent of one core that it may cost the node; ticks come later rather than cost more
    #[arg(long, value_name = "PERCENT", default_value_t = 2.0, value_parser = percent)]
    pub(crate) duty: f64,

    /// Frames of a stack: the node's flag backtrace_depth is raised to it, and put back at the end; 0 leaves it as it is
    #[arg(long, value_name = "COUNT", default_value_t = 64, value_parser = clap::value_parser!(u32).range(0..=250))]
    pub(crate) depth: u32,

    /// Do not ask the virtual machine for its events: long collections and time slices, large heaps, busy ports
    #[arg(long)]
    pub(crate) no_events: bool,

    /// The summary as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
