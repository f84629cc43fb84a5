//! Options of `outrigger tree`.

use std::path::PathBuf;

use clap::Args;
use outrigger_watch::tree::View;

use super::LookArgs;
use super::percent::percent;

const EXAMPLES: &str = "\
Examples:
  Applications, supervisors and workers of a node; those who belong to nobody are marked:
      outrigger tree app@10.0.0.5
  One application alone, three levels deep:
      outrigger tree app@10.0.0.5 --app shop --depth 3
  As a picture, for a browser:
      outrigger tree app@10.0.0.5 --html tree.html

Nothing is installed on the node and no process is asked: a supervisor that hangs holds up nothing. docs/tree.md says what cannot be known that way.";

/// Show who has started whom on running nodes: applications, supervisors, workers, and processes that belong to nobody.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TreeArgs {
    /// Which nodes.
    #[command(flatten)]
    pub(crate) look: LookArgs,

    /// One application alone
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,

    /// Levels below an application; what is deeper is summed up
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u8).range(1..=View::DEEPEST as i64))]
    pub(crate) depth: u8,

    /// Per cent of one core that reading may cost a node; it takes longer rather than cost more
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0, value_parser = percent)]
    pub(crate) duty: f64,

    /// One JSON object a line, for each node
    #[arg(long)]
    pub(crate) json: bool,

    /// Write it to a file as a picture, of one node
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Write it to a file for a browser, with tables, of one node
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}
