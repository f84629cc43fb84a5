//! `outrigger evidence`: what the records of gates say, and whether they are what was written.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use outrigger_watch::evidence::{Expected, PublicKey, Seen, Verified, verify};
use outrigger_watch::report::clean::line;

use crate::args::{EvidenceArgs, EvidenceCommand, ShowArgs, VerifyArgs};
use crate::exit::Exit;
use crate::gate::{MOST_EVIDENCE, read};
use crate::git::Git;
use crate::log::Utc;
use crate::out;

/// Runs a command of `outrigger evidence`.
pub(crate) fn run(args: &EvidenceArgs) -> Exit {
    let done = match &args.command {
        EvidenceCommand::Verify(args) => verified(args),
        EvidenceCommand::Show(args) => shown(args),
    };
    done.unwrap_or_else(|problem| {
        out::complain(&format!("error: {problem}\n"));
        Exit::Usage
    })
}

fn verified(args: &VerifyArgs) -> Result<Exit, String> {
    let bytes = bytes(&args.file)?;
    let expected = Expected { key: trusted(args)?, head: args.head.clone(), tree: tree(args)? };
    let verified = verify(&bytes, &expected);
    if args.json {
        out::print(&json(&verified));
    } else {
        out::print(&text(&verified, &expected));
    }
    Ok(if verified.altered.is_empty() { Exit::Ok } else { Exit::Failed })
}

fn shown(args: &ShowArgs) -> Result<Exit, String> {
    let mut verified = verify(&bytes(&args.file)?, &Expected::default());
    if let Some(last) = args.last {
        let skipped = verified.records.len().saturating_sub(last);
        verified.records.drain(..skipped);
    }
    if args.json {
        out::print(&json(&verified));
    } else {
        out::print(&verified.records.iter().map(one).collect::<String>());
    }
    Ok(Exit::Ok)
}

fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    read(file, MOST_EVIDENCE).map_err(|problem| format!("{}: {problem}", file.display()))
}

/// The key that is given, or the one beside the records.
fn trusted(args: &VerifyArgs) -> Result<Option<PublicKey>, String> {
    let beside = args.file.with_extension("pub");
    let key =
        |text: &str, from: &str| text.trim().parse::<PublicKey>().map_err(|error| format!("{from}: {error}"));
    let of_file = |file: &Path| {
        let shown = file.display().to_string();
        let bytes = read(file, 1_024).map_err(|problem| format!("{shown}: {problem}"))?;
        key(&String::from_utf8_lossy(&bytes), &shown)
    };
    match &args.key {
        Some(text) if text.starts_with("ed25519:") => key(text, "--key").map(Some),
        Some(file) => of_file(Path::new(file)).map(Some),
        None if beside.exists() => of_file(&beside).map(Some),
        None => Ok(None),
    }
}

/// The hash of the tree that is asked for. That of a tree needs no repository.
fn tree(args: &VerifyArgs) -> Result<Option<String>, String> {
    let Some(revision) = &args.tree else { return Ok(None) };
    let is_hash =
        matches!(revision.len(), 40 | 64) && revision.bytes().all(|digit| digit.is_ascii_hexdigit());
    match Git::of(Path::new(".")) {
        Ok(git) => match git.tree(revision) {
            // The tree of another repository, maybe: the records say.
            Err(_) if is_hash => Ok(Some(revision.clone())),
            tree => tree.map(Some),
        },
        Err(_) if is_hash => Ok(Some(revision.clone())),
        Err(problem) => Err(problem),
    }
}

fn json(verified: &Verified) -> String {
    // Strings, numbers and lists always serialize.
    serde_json::to_string_pretty(verified).unwrap_or_default() + "\n"
}

fn text(verified: &Verified, expected: &Expected) -> String {
    let mut out: String =
        verified.altered.iter().map(|altered| format!("ALTERED  {}\n", line(&altered.to_string()))).collect();
    let count = verified.records.len();
    let newest = verified.records.last();
    match (verified.altered.is_empty(), newest) {
        (true, Some(newest)) => {
            out.push_str(&format!("ok  {count} records are what was written, head {}\n", newest.hash));
            let key = newest.key.as_str();
            match expected.key {
                Some(_) => out.push_str(&format!("    signed by {key}\n")),
                None => {
                    out.push_str(&format!("    signed by {key}, which nobody has vouched for: see --key\n"))
                }
            }
            if expected.head.is_none() {
                out.push_str("    records behind the last one could be missing: see --head\n");
            }
        }
        (true, None) => out.push_str("ok  there are no records\n"),
        (false, _) => {
            out.push_str(&format!("{} alterations; {count} records can be read\n", verified.altered.len()))
        }
    }
    out
}

/// A record in two lines.
fn one(record: &Seen) -> String {
    let of = |member: &str| record.outcome[member].as_str().unwrap_or("?").to_owned();
    let at = UNIX_EPOCH
        .checked_add(Duration::from_millis(record.at))
        .map_or_else(|| "?".into(), |at| Utc(at).to_string());
    let tree = record.tree.as_deref().unwrap_or("no tree");
    let dirty = if record.dirty { " and changes beside it" } else { "" };
    line(&format!("{:>4}  {:12}  gate {}, {at}, of {tree}{dirty}", record.number, of("verdict"), of("gate")))
        + "\n"
        + &line(&format!("      {}", of("why")))
        + "\n"
}
