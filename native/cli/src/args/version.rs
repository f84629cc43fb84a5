//! Options of `outrigger version`.

use clap::Args;

/// Print the version.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  outrigger version\n  outrigger version --json")]
pub(crate) struct VersionArgs {
    /// One JSON object: version, protocol (of the PubSub service), target
    #[arg(long)]
    pub(crate) json: bool,
}
