//! Options of `outrigger gate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ClusterArgs, CookieArgs, LookArgs, TlsArgs};

const EXAMPLES: &str = "\
Examples:
  Look at two nodes for as long as the gates of outrigger.toml say, and judge what was seen:
      outrigger gate --join app1@10.0.0.5,app2@10.0.0.6
  The same in two steps:
      outrigger watch app1@10.0.0.5 app2@10.0.0.6 --for 35s --record window.json
      outrigger gate --from window.json
  One gate, against ten windows that were kept, beside ten new ones:
      outrigger gate ship --from now-*.json --against baseline-*.json
  The new release beside the old one, both looked at in the same half minute:
      outrigger gate ship --join app@new --against-node app@old
  For a CI server, for code scanning, for GitHub Actions, for people who were not there:
      outrigger gate --from window.json --format junit > gate.xml
      outrigger gate --from window.json --format sarif > gate.sarif
      outrigger gate --from window.json --format github
      outrigger gate --from window.json --format html > gate.html

The smallest outrigger.toml is `preset = \"phoenix\"`. docs/gates.md says what a budget can be.
Each run is recorded and signed in .outrigger/evidence.jsonl; see `outrigger evidence`.
Exit codes: 0 pass, 1 fail, 2 wrong usage or configuration, 3 warn, 4 inconclusive, 5 not run; of several gates the worst,
which is fail, then not run, inconclusive, warn.";

/// Judge what was seen of nodes, and result files, by the budgets of outrigger.toml.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GateArgs {
    /// The gate; without it, all of the configuration
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Recordings to judge, as `outrigger watch --record` writes them; without any and without --join, only result files can be
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) from: Vec<PathBuf>,

    /// Nodes to look at now, for as long as the gates' windows and warm-up times say.
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,

    /// The cookie's source.
    #[command(flatten)]
    pub(crate) cookie: CookieArgs,

    /// TLS, or not.
    #[command(flatten)]
    pub(crate) tls: TlsArgs,

    /// Recordings of the baseline, in place of those that the configuration names
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) against: Vec<PathBuf>,

    /// Nodes to compare with, looked at in the same time as those of --join
    #[arg(long, value_name = "NODE@HOST,...", value_delimiter = ',', requires = "join", conflicts_with_all = ["against", "from"])]
    pub(crate) against_node: Vec<String>,

    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "outrigger.toml")]
    pub(crate) config: PathBuf,

    /// Form of the answer
    #[arg(long, value_enum, default_value_t = GateFormat::Text)]
    pub(crate) format: GateFormat,

    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,

    /// Where the run is recorded, signed with the key beside it, which is made if there is none
    #[arg(long, value_name = "FILE", default_value = ".outrigger/evidence.jsonl")]
    pub(crate) evidence: PathBuf,

    /// Do not record the run
    #[arg(long, conflicts_with = "evidence")]
    pub(crate) no_evidence: bool,
}

impl GateArgs {
    /// The nodes to look at now, if there are any: those to judge, and those to compare with.
    pub(crate) fn look(&self) -> Option<LookArgs> {
        let nodes = &self.cluster;
        (!nodes.join.is_empty() || !nodes.peer.is_empty()).then(|| LookArgs {
            nodes: nodes.join.iter().chain(&self.against_node).cloned().collect(),
            peer: nodes.peer.clone(),
            epmd_port: nodes.epmd_port,
            cookie: self.cookie.clone(),
            tls: self.tls.clone(),
        })
    }
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GateFormat {
    /// Lines for people
    Text,
    /// One object
    Json,
    /// JUnit's XML, a test case for each budget
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// One file of HTML, with charts
    Html,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, Command};
    use super::*;

    fn gate(line: &str) -> Result<GateArgs, String> {
        match Cli::try_parse_from(line.split_whitespace()).map_err(|error| error.to_string())?.command {
            Command::Gate(args) => Ok(*args),
            _ => Err("another command".into()),
        }
    }

    #[test]
    fn defaults_and_lists() {
        let args = gate("outrigger gate").unwrap();
        assert_eq!((args.name, args.config), (None, "outrigger.toml".into()));
        assert_eq!((args.format, args.evidence), (GateFormat::Text, ".outrigger/evidence.jsonl".into()));
        let args = gate("outrigger gate ship --from a b --against c --from d").unwrap();
        assert_eq!((args.name.as_deref(), args.from.len(), args.against.len()), (Some("ship"), 3, 1));
    }

    #[test]
    fn what_excludes_each_other() {
        for line in [
            "outrigger gate --json --format sarif",
            "outrigger gate --no-evidence --evidence x",
            "outrigger gate --join a --against-node b --against c.json",
            "outrigger gate --join a --against-node b --from c.json",
        ] {
            assert!(gate(line).unwrap_err().contains("cannot be used with"), "{line}");
        }
        assert!(gate("outrigger gate --against-node b").unwrap_err().contains("--join"));
        let look = gate("outrigger gate --join a,b --against-node c").unwrap().look().unwrap();
        assert_eq!(look.nodes, ["a", "b", "c"]);
    }
}
