//! The order of the work: the tree, its history, each file's check, the answer.

use std::env;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use outrigger_events::compat::json_schema::Policy;
use outrigger_events::compat::{Incompatibility, Level, avro, json_schema, protobuf};

use super::format::Format;
use super::history::{History, Version};
use super::library::Schema;
use super::outcome::{Finding, Outcome, Outcomes, Status};
use super::render::render;
use super::tree::Tree;
use crate::args::{Against, CheckArgs, Deleted, PolicyArg, ReportFormat, SchemaArgs, SchemaCommand};
use crate::exit::Exit;
use crate::git::Git;
use crate::out;

/// Runs a command of `outrigger schema`.
pub(crate) fn run(args: &SchemaArgs) -> Exit {
    let SchemaCommand::Check(args) = &args.command;
    match check(args) {
        Ok(outcomes) => {
            let colour =
                args.format == ReportFormat::Text && io::stdout().is_terminal() && out::colours_wanted();
            out::print(&render(&outcomes, args.format, colour));
            outcomes.exit()
        }
        Err(problem) => {
            out::complain(&format!("error: {problem}\n"));
            Exit::Usage
        }
    }
}

fn check(args: &CheckArgs) -> Result<Outcomes, String> {
    let git = match &args.against {
        Against::Git(_) => {
            Some(Git::of(&folder_of(args.paths.first().map_or(Path::new("."), PathBuf::as_path)))?)
        }
        _ => None,
    };
    let here = env::current_dir().and_then(|here| here.canonicalize()).map_err(|error| error.to_string())?;
    let top = git.as_ref().map_or_else(|| PathBuf::from("/"), |git| git.top.clone());
    let tree = Tree::read(top, &args.paths, &args.include, args.every_json)?;
    let mut history = History::read(&tree, &args.against, git, args.level, args.every_json)?;
    if let Some(given) = args.paths.iter().zip(&tree.given).find(|(path, given)| {
        !path.exists()
            && !history.gone.iter().any(|gone| gone == *given || gone.starts_with(&format!("{given}/")))
    }) {
        return Err(format!("{}: there is no such file, and was none", given.0.display()));
    }
    let show = |path: &str| match tree.top == Path::new("/") {
        true => shorten(path, &here),
        false => path.to_owned(),
    };
    let mut progress = Progress::new(tree.targets.len());
    let mut files = Vec::new();
    for (path, format) in &tree.targets {
        progress.step(path);
        let outcome = one(&tree, &mut history, path, *format, args);
        files.push(Outcome { path: show(path), ..outcome });
    }
    if args.deleted != Deleted::Allow {
        files.extend(history.gone.iter().map(|path| gone(path, args.deleted)));
    }
    let bad = |file: &Outcome| matches!(file.status, Status::Incompatible | Status::Unreadable);
    Ok(Outcomes {
        compatible: !files.iter().any(bad),
        level: args.level,
        against: args.against.to_string(),
        files,
    })
}

fn gone(path: &str, deleted: Deleted) -> Outcome {
    let finding = Finding {
        version: String::new(),
        direction: "backward",
        path: String::new(),
        kind: "file_deleted".into(),
        reason: "the schema was there and is gone: who still reads or writes it has none".into(),
    };
    let status = if deleted == Deleted::Deny { Status::Incompatible } else { Status::Deleted };
    Outcome { findings: vec![finding], ..Outcome::new(path, Format::of_name(path), status) }
}

/// The check of one file against all its versions.
fn one(tree: &Tree, history: &mut History, path: &str, format: Format, args: &CheckArgs) -> Outcome {
    let bytes = tree.library.files.get(path).map_or(&[][..], Vec::as_slice);
    let new = match tree.library.parse(format, path, bytes) {
        Ok(new) => new,
        Err(problem) => return Outcome::unreadable(path, format, problem),
    };
    let versions = history.versions.remove(path).unwrap_or_default();
    if versions.is_empty() {
        return Outcome::new(path, Some(format), Status::New);
    }
    let mut earlier = Vec::with_capacity(versions.len());
    let mut labels = Vec::with_capacity(versions.len());
    for version in used(versions, args.level) {
        match history.parse(format, &version) {
            Ok(schema) => {
                earlier.push(schema);
                labels.push(version.label);
            }
            Err(problem) => {
                return Outcome::unreadable(path, format, format!("{}: {problem}", version.label));
            }
        }
    }
    let policy = match args.policy {
        PolicyArg::Strict => Policy::Strict,
        PolicyArg::Lenient => Policy::Lenient,
    };
    let report = args.level.check(&new, &earlier, |reader, writer| compare(reader, writer, policy));
    Outcome::of(path, format, report, &labels)
}

/// Versions that a level looks at.
fn used(mut versions: Vec<Version>, level: Level) -> Vec<Version> {
    if level.is_transitive() { versions } else { versions.split_off(versions.len().saturating_sub(1)) }
}

fn compare(reader: &Schema, writer: &Schema, policy: Policy) -> Vec<Incompatibility> {
    match (reader, writer) {
        (Schema::Avro(reader), Schema::Avro(writer)) => avro::check(reader, writer),
        (Schema::Json(reader), Schema::Json(writer)) => json_schema::check(reader, writer, policy),
        (Schema::Protobuf(reader), Schema::Protobuf(writer)) => protobuf::check(reader, writer),
        // Versions are read in the format of the file.
        _ => vec![],
    }
}

/// The folder that a path is in, or is.
fn folder_of(path: &Path) -> PathBuf {
    let mut folder = path;
    while !folder.is_dir() {
        match folder.parent().filter(|above| !above.as_os_str().is_empty()) {
            Some(above) => folder = above,
            None => return PathBuf::from("."),
        }
    }
    folder.to_owned()
}

/// A path from the root as one from here.
fn shorten(path: &str, here: &Path) -> String {
    let absolute = Path::new("/").join(path);
    absolute.strip_prefix(here).unwrap_or(&absolute).display().to_string()
}

/// Says on standard error how far a long check is.
struct Progress {
    files: usize,
    done: usize,
    said: Instant,
}

impl Progress {
    const EVERY: Duration = Duration::from_secs(2);

    fn new(files: usize) -> Self {
        Self { files, done: 0, said: Instant::now() }
    }

    fn step(&mut self, path: &str) {
        if self.said.elapsed() >= Self::EVERY {
            self.said = Instant::now();
            out::complain(&format!("{} of {} files checked, now {path}\n", self.done, self.files));
        }
        self.done += 1;
    }
}
