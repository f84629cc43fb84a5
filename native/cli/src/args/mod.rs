//! The low phase of the command line: text to typed options, nothing else.
//!
//! Parsing here never touches the system: no file, no host name, no socket, only `argv` and the two variables
//! that name ports. What the options *mean* is decided in [`crate::settings`]. A cookie is never an argument:
//! everybody on a machine can read the arguments of every process.
//!
//! Limits: clap reports the first wrong option only.

mod cluster;
mod discover;
mod doctor;
mod evidence;
mod gate;
mod log_level;
mod look;
mod node;
mod percent;
mod profile;
mod schema;
mod size;
mod span;
mod tls;
mod top;
mod tree;
mod version;
mod watch;

use clap::{Parser, Subcommand};

pub(crate) use cluster::{ClusterArgs, CookieArgs, CookieFor, NameArgs, PeerAddress};
pub(crate) use discover::Discover;
pub(crate) use doctor::{DoctorArgs, Format};
pub(crate) use evidence::{EvidenceArgs, EvidenceCommand, ShowArgs, VerifyArgs};
pub(crate) use gate::{GateArgs, GateFormat};
pub(crate) use log_level::LogLevel;
pub(crate) use look::LookArgs;
pub(crate) use node::{Listen, NodeArgs};
pub(crate) use profile::ProfileArgs;
pub(crate) use schema::{Against, CheckArgs, Deleted, PolicyArg, ReportFormat, SchemaArgs, SchemaCommand};
pub(crate) use tls::TlsArgs;
pub(crate) use top::TopArgs;
pub(crate) use tree::TreeArgs;
pub(crate) use version::VersionArgs;
pub(crate) use watch::WatchArgs;

/// A Rust node beside a BEAM cluster, and its tools.
#[derive(Debug, Parser)]
#[command(name = "outrigger", version, arg_required_else_help = true, subcommand_required = true)]
#[command(after_help = "Exit codes: 0 all well, 1 something failed, 2 wrong usage.\n\
    Start with `outrigger doctor --join app@host` to see what stands in the way on this machine.")]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands of the binary.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a hidden node that joins a cluster and fans out its PubSub messages
    Node(Box<NodeArgs>),
    /// Say what stops this machine and cluster from working, line by line, with the remedy
    Doctor(Box<DoctorArgs>),
    /// Look at running nodes: schedulers, memory, processes, pools; nothing is installed there
    Watch(Box<WatchArgs>),
    /// The same in a terminal, as it happens
    Top(Box<TopArgs>),
    /// Show who has started whom: applications, supervisors, workers, and processes that belong to nobody
    Tree(Box<TreeArgs>),
    /// Sample what the processes of a node run: a flame graph, without tracing and without anything installed there
    Profile(Box<ProfileArgs>),
    /// Judge what was seen of nodes, and result files, by the budgets of outrigger.toml
    Gate(Box<GateArgs>),
    /// The signed records of gates: are they what was written, and what do they say?
    Evidence(EvidenceArgs),
    /// Rules about schemas: are they compatible with their earlier versions?
    Schema(Box<SchemaArgs>),
    /// Print the version
    Version(VersionArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_has_a_help_text() {
        for command in Cli::command().get_subcommands() {
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{} --{} has no help", command.get_name(), arg.get_id());
            }
        }
    }

    #[test]
    fn help_shows_examples_and_units() {
        let mut command = Cli::command();
        let node = command.find_subcommand_mut("node").unwrap().render_long_help().to_string();
        assert!(node.contains("Examples:"), "{node}");
        assert!(node.contains("<SECONDS>"), "{node}");
        let doctor = command.find_subcommand_mut("doctor").unwrap().render_long_help().to_string();
        assert!(doctor.contains("Examples:"), "{doctor}");
    }

    #[test]
    fn no_option_takes_a_cookie() {
        let error =
            Cli::try_parse_from(["outrigger", "node", "--name", "a@h.d", "--cookie=sesame"]).unwrap_err();
        assert!(!error.to_string().contains("sesame"), "{error}");
    }
}
