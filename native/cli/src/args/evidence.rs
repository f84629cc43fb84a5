//! Options of `outrigger evidence`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  Are all records what was written, by the key whose public half lies beside them?
      outrigger evidence verify
  By a key that is known from elsewhere, and with the newest record that somebody has seen:
      outrigger evidence verify --key ed25519:3d40… --head 5f0c…
  Was the tree of this commit judged, with nothing changed beside it?
      outrigger evidence verify --tree HEAD
  What do they say?
      outrigger evidence show --last 3

It works offline. Last records that are missing cannot be seen without --head: keep the hash that `outrigger gate` prints.
Exit codes: 0 nothing was altered, 1 something was, 2 wrong usage.";

/// The signed records of gates: are they what was written, and what do they say?
#[derive(Args, Clone, Debug)]
pub(crate) struct EvidenceArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: EvidenceCommand,
}

/// The commands of `outrigger evidence`.
#[derive(Subcommand, Clone, Debug)]
pub(crate) enum EvidenceCommand {
    /// Say whether the records are what was written, and name what was altered
    Verify(VerifyArgs),
    /// Say what the records say
    Show(ShowArgs),
}

/// Say whether the records are what was written, and name what was altered.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// The records
    #[arg(value_name = "FILE", default_value = ".outrigger/evidence.jsonl")]
    pub(crate) file: PathBuf,

    /// The key that is trusted, ed25519:HEX or a file with it; otherwise that of evidence.pub beside the records
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,

    /// The hash of a record that has to be there
    #[arg(long, value_name = "SHA-256")]
    pub(crate) head: Option<String>,

    /// A revision, or the hash of a tree, that the newest record has to be of
    #[arg(long, value_name = "REVISION")]
    pub(crate) tree: Option<String>,

    /// One object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Say what the records say.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ShowArgs {
    /// The records
    #[arg(value_name = "FILE", default_value = ".outrigger/evidence.jsonl")]
    pub(crate) file: PathBuf,

    /// Only the newest so many
    #[arg(long, value_name = "COUNT")]
    pub(crate) last: Option<usize>,

    /// One object
    #[arg(long)]
    pub(crate) json: bool,
}
