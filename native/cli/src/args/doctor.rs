//! Options of `outrigger doctor`.

use clap::{Args, ValueEnum};

use super::{ClusterArgs, CookieArgs, NameArgs, TlsArgs};

const EXAMPLES: &str = "\
Examples:
  This machine only:
      outrigger doctor
  This machine and two nodes of a cluster:
      outrigger doctor --join app1@10.0.0.5,app2@10.0.0.6 --cookie-file /etc/cookie
  For a script:
      outrigger doctor --join app1@10.0.0.5 --json | jq '.checks[] | select(.status == \"fail\")'

Exit code 0 only if every check is ok: a warning counts as not well.";

/// Say what stops this machine and cluster from working, line by line, with the remedy.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// The name that the node is going to have.
    #[command(flatten)]
    pub(crate) name: NameArgs,

    /// Whom to examine.
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,

    /// The cookie's source.
    #[command(flatten)]
    pub(crate) cookie: CookieArgs,

    /// TLS, or not.
    #[command(flatten)]
    pub(crate) tls: TlsArgs,

    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,

    /// Seconds to wait for each step of each check
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=60))]
    pub(crate) timeout: u16,
}

impl DoctorArgs {
    /// The form asked for by either option.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned lines for people
    Text,
    /// One object
    Json,
    /// STATUS, CHECK, DETAIL and REMEDY, separated by tabs, one check per line
    Tsv,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, Command};
    use super::*;

    fn format(line: &str) -> Option<Format> {
        match Cli::try_parse_from(line.split_whitespace()).ok()?.command {
            Command::Doctor(args) => Some(args.format()),
            _ => None,
        }
    }

    #[test]
    fn formats() {
        assert_eq!(format("outrigger doctor"), Some(Format::Text));
        assert_eq!(format("outrigger doctor --json"), Some(Format::Json));
        assert_eq!(format("outrigger doctor --format tsv"), Some(Format::Tsv));
        assert_eq!(format("outrigger doctor --json --format tsv"), None);
    }
}
