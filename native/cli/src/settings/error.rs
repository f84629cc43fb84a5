//! Why options do not make settings. Always the caller's doing, or that of the machine it runs on.

use std::path::PathBuf;

use outrigger_node::{NodeError, NodeName};

use super::CookieError;
use crate::exit::Exit;
use crate::run::Reason;

/// What is wrong with the options, with the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SettingsError {
    /// Neither `--name` nor `--sname`.
    #[error("a node needs a name: --name or --sname")]
    NoName,
    /// `--status` alone.
    #[error(
        "--status needs the name of a running node: --status NAME@HOST, or --name or --sname as it was started"
    )]
    NoStatusName,
    /// The file of the gates.
    #[error("{}: {problem}", .file.display())]
    Gates {
        /// Its path.
        file: PathBuf,
        /// What is wrong with it, with the line.
        problem: String,
    },
    /// No node was named.
    #[error("no node to look at: name one, as in `outrigger watch app@host`")]
    NobodyToLookAt,
    /// More than one where there can be only one.
    #[error("one node at a time: start the command once for each of them")]
    ManyToLookAt,
    /// A name is not a node name.
    #[error(
        "{option} {name}: {why}; a node name is name@host, of letters, digits, `-`, `_` and, in the host, `.` or `:`"
    )]
    BadName {
        /// The option that holds it.
        option: &'static str,
        /// The name as given.
        name: String,
        /// What the parser says.
        why: String,
    },
    /// `--name a@host` where the host has no dot.
    #[error("--name {name} is not a long name: its host has no dot; use --sname {name}, or a full host name")]
    NotLong {
        /// The name as given.
        name: String,
    },
    /// `--sname a@host.domain`.
    #[error(
        "--sname {name} is not a short name: its host has a dot; use --name {name}, or the host without its domain"
    )]
    NotShort {
        /// The name as given.
        name: String,
    },
    /// `--name a` on a machine without a domain.
    #[error(
        "this machine has no full host name for --name {name}; give the host as well: --name {name}@127.0.0.1"
    )]
    NoFullHostName {
        /// The name as given.
        name: String,
    },
    /// Long and short names do not see each other.
    #[error(
        "{own} has a {own_kind} name and {target} a {target_kind} one: Erlang nodes of different kinds never connect; use {remedy}"
    )]
    NameMismatch {
        /// Our name.
        own: NodeName,
        /// `long` or `short`.
        own_kind: &'static str,
        /// The node to join.
        target: NodeName,
        /// `long` or `short`.
        target_kind: &'static str,
        /// The option that would fit.
        remedy: &'static str,
    },
    /// A node that should join itself.
    #[error("{0} is our own name: a node does not join itself")]
    JoinsItself(NodeName),
    /// `--no-epmd --join a@h`.
    #[error("--no-epmd leaves no way to find {0}; give its address: --peer {0}=ADDRESS:PORT")]
    NoAddress(NodeName),
    /// `--no-epmd --discover nodes`.
    #[error(
        "--no-epmd leaves no way to find the port of what --discover {0} names; leave one of the two out"
    )]
    DiscoverNeedsEpmd(String),
    /// `--sname r --discover dns:…`.
    #[error("{0}")]
    Discover(#[source] NodeError),
    /// The cookie is missing or not fit for use.
    #[error(transparent)]
    Cookie(#[from] CookieError),
}

impl SettingsError {
    /// The reason in a supervisor's `fatal` line.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::NameMismatch { .. } => Reason::NameMismatch,
            Self::Cookie(CookieError::NoLine) => Reason::Timeout,
            _ => Reason::BadOption,
        }
    }

    /// The exit code: wrong usage, except where the machine and not the command line is at fault.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Cookie(_) | Self::NoFullHostName { .. } => Exit::Failed,
            _ => Exit::Usage,
        }
    }
}
