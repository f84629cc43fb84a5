//! Options of `outrigger watch`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::LookArgs;
use super::percent::percent;
use super::span::span;

const EXAMPLES: &str = "\
Examples:
  Schedulers, memory and pools of a node, a line each second:
      outrigger watch app@10.0.0.5
  Two nodes for a minute, as JSON, and what was seen as a window for `outrigger gate`:
      outrigger watch app1@10.0.0.5 app2@10.0.0.6 --for 1min --json --record window.json
  For Prometheus:
      outrigger watch app@10.0.0.5 --prometheus 127.0.0.1:9568

Nothing is installed on the nodes. docs/watch.md says what is read, how, and what it costs.";

/// Look at running nodes: schedulers, memory, processes, links, and who holds the connections of each Ecto pool.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WatchArgs {
    /// Which nodes.
    #[command(flatten)]
    pub(crate) look: LookArgs,

    /// From one round to the next
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = span)]
    pub(crate) every: Duration,

    /// Stop after this time; without it, on Ctrl-C
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    pub(crate) during: Option<Duration>,

    /// Per cent of one core that looking may cost a node; rounds come later rather than cost more
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0, value_parser = percent)]
    pub(crate) duty: f64,

    /// Processes to show, of each order (work, mailbox, memory); 0 leaves them alone
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=200))]
    pub(crate) processes: u16,

    /// Tables of ETS to show, the largest of all; 0 leaves them alone
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=200))]
    pub(crate) tables: u16,

    /// Ports to show, those that move most and those that hold most back; 0 leaves them alone
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=200))]
    pub(crate) ports: u16,

    /// What threads do with their time, as sched.state: sets the node's flag microstate_accounting as long as somebody looks
    #[arg(long)]
    pub(crate) states: bool,

    /// Ask the virtual machine for its events, as sys.*: long collections and time slices, large heaps, busy ports
    #[arg(long)]
    pub(crate) events: bool,

    /// One JSON object a line, for each round of each node
    #[arg(long)]
    pub(crate) json: bool,

    /// Write what was seen to a file, as a window that `outrigger gate --from` reads
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Serve OpenMetrics at http://ADDRESS/metrics instead of printing
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "json")]
    pub(crate) prometheus: Option<SocketAddr>,
}
