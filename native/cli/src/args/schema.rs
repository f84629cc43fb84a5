//! Options of `outrigger schema`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use outrigger_events::compat::Level;

const EXAMPLES: &str = "\
Examples:
  What this branch changes, against the main branch:
      outrigger schema check --against git:origin/main schemas/
  Every version the main branch ever had, in both directions:
      outrigger schema check --against git:main --level FULL_TRANSITIVE schemas/
  Against a folder with the versions of a registry (versions/order/1.avsc, 2.avsc, …):
      outrigger schema check --against dir:versions schemas/order.avsc
  For GitHub code scanning, and for a CI server that reads JUnit:
      outrigger schema check --against git:main --format sarif schemas/ > schemas.sarif
      outrigger schema check --against git:main --format junit schemas/ > schemas.xml

Files are Avro (.avsc), Protobuf (.proto) and JSON Schemas (.json with a \"$schema\"; see --every-json).
New files are fine. Exit codes: 0 compatible, 1 incompatible, 2 wrong usage or a file that cannot be read.";

/// Rules about schemas.
#[derive(Args, Clone, Debug)]
pub(crate) struct SchemaArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: SchemaCommand,
}

/// The commands of `outrigger schema`.
#[derive(Subcommand, Clone, Debug)]
pub(crate) enum SchemaCommand {
    /// Say whether schemas are compatible with their earlier versions, and what is in the way
    Check(CheckArgs),
}

/// Say whether schemas are compatible with their earlier versions, and what is in the way.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Schemas, or folders of them
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Earlier versions: git:REVISION, dir:FOLDER or file:FILE
    #[arg(long, value_name = "WHAT")]
    pub(crate) against: Against,

    /// NONE, BACKWARD, FORWARD, FULL, or one of these with _TRANSITIVE: all earlier versions, not only the last
    #[arg(long, value_name = "LEVEL", default_value = "BACKWARD", value_parser = level)]
    pub(crate) level: Level,

    /// For JSON Schemas: whether changes are forgiven that hurt only data which no schema mentions
    #[arg(long, value_enum, default_value_t = PolicyArg::Strict)]
    pub(crate) policy: PolicyArg,

    /// Form of the answer
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,

    /// What a file is that was there and is gone
    #[arg(long, value_enum, default_value_t = Deleted::Allow)]
    pub(crate) deleted: Deleted,

    /// Folder that imports and references are looked up in, beside those given; may be repeated
    #[arg(long, short = 'I', value_name = "FOLDER")]
    pub(crate) include: Vec<PathBuf>,

    /// Take every .json file for a JSON Schema, also without "$schema"
    #[arg(long)]
    pub(crate) every_json: bool,
}

/// Where the earlier versions are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Against {
    /// A revision of the repository that the files are in.
    Git(String),
    /// A folder with a file of the same path, or a folder of versions in its place.
    Dir(PathBuf),
    /// One file.
    File(PathBuf),
}

impl FromStr for Against {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((_, "")) => Err("nothing stands behind the colon".into()),
            Some(("git", revision)) => Ok(Self::Git(revision.into())),
            Some(("dir", path)) => Ok(Self::Dir(path.into())),
            Some(("file", path)) => Ok(Self::File(path.into())),
            _ => Err("it is git:REVISION, dir:FOLDER or file:FILE".into()),
        }
    }
}

impl std::fmt::Display for Against {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Git(revision) => write!(formatter, "git:{revision}"),
            Self::Dir(path) => write!(formatter, "dir:{}", path.display()),
            Self::File(path) => write!(formatter, "file:{}", path.display()),
        }
    }
}

fn level(text: &str) -> Result<Level, String> {
    let names = || Level::ALL.map(Level::text).join(", ");
    text.replace('-', "_").parse().map_err(|()| format!("it is one of {}", names()))
}

/// See [`outrigger_events::compat::json_schema::Policy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyArg {
    /// Nothing that was valid may become invalid
    Strict,
    /// But for properties that were not mentioned, or are not any more
    Lenient,
}

/// What a deleted file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deleted {
    /// Nothing to speak of
    Allow,
    /// Worth a line
    Warn,
    /// Incompatible
    Deny,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Lines for people
    Text,
    /// One object
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit's XML, a test case for each file
    Junit,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, Command};
    use super::*;

    fn check(line: &str) -> Result<CheckArgs, String> {
        match Cli::try_parse_from(line.split_whitespace()).map_err(|error| error.to_string())?.command {
            Command::Schema(args) => {
                let SchemaCommand::Check(args) = args.command;
                Ok(args)
            }
            _ => Err("another command".into()),
        }
    }

    #[test]
    fn defaults_and_words() {
        let args = check("outrigger schema check --against git:main schemas").unwrap();
        assert_eq!(
            (args.level, args.policy, args.deleted),
            (Level::Backward, PolicyArg::Strict, Deleted::Allow)
        );
        assert_eq!(args.against, Against::Git("main".into()));
        let args = check("outrigger schema check --against dir:a:b --level full-transitive x").unwrap();
        assert_eq!((args.level, args.against.to_string()), (Level::FullTransitive, "dir:a:b".into()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, part) in [
            ("outrigger schema check schemas", "--against"),
            ("outrigger schema check --against git:main", "<PATH>"),
            ("outrigger schema check --against main schemas", "git:REVISION"),
            ("outrigger schema check --against git: schemas", "colon"),
            ("outrigger schema check --against git:main --level BOTH schemas", "FULL_TRANSITIVE"),
        ] {
            let error = check(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
