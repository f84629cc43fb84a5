//! Is the file what was written? And if not, what of it is not.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::record::read;
use super::statement::{PREDICATE, TYPE};
use super::{PublicKey, sha256};

/// What is known from elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The key that is trusted. Without it, the key of the first line has to be that of all.
    pub key: Option<PublicKey>,
    /// The hash of a line that has to be there: the newest one that somebody has seen.
    pub head: Option<String>,
    /// The tree that the newest record has to be of, with nothing changed beside it.
    pub tree: Option<String>,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Verified {
    /// The records that can be read.
    pub records: Vec<Seen>,
    /// What was altered. Empty: nothing that can be seen.
    pub altered: Vec<Altered>,
}

/// A record that can be read.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Seen {
    /// Its line, from 1.
    pub line: usize,
    /// The number it gives itself.
    pub number: u64,
    /// The hash of its line.
    pub hash: String,
    /// Who signed it.
    pub key: String,
    /// When, in ms since the Unix epoch.
    pub at: u64,
    /// The repository's tree.
    pub tree: Option<String>,
    /// Whether there were changes beside it.
    pub dirty: bool,
    /// The SHA-256 of the configuration.
    pub config: Option<String>,
    /// What the gate found, as [`Outcome`](crate::gate::Outcome) is written.
    pub outcome: Value,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Altered {
    /// The line, from 1. `None`: the file as a whole.
    pub line: Option<usize>,
    /// What of it.
    pub field: Field,
    /// What is wrong.
    pub problem: String,
}

/// What of a line was altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Field {
    /// It cannot be read as a record.
    Line,
    /// The payload is not what was signed, or the signature is not the one that was made.
    Signature,
    /// Another key than the trusted one.
    Key,
    /// The line before is another one, or is missing.
    Chain,
    /// The record is of another tree.
    Tree,
    /// The line that has to be there is not.
    Head,
}

impl fmt::Display for Altered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(formatter, "line {line}, ")?;
        }
        let field = match self.field {
            Field::Line => "line",
            Field::Signature => "signature",
            Field::Key => "key",
            Field::Chain => "chain",
            Field::Tree => "tree",
            Field::Head => "head",
        };
        write!(formatter, "{field}: {}", self.problem)
    }
}

/// Verifies a file, line by line. It goes on behind what is altered, so that all of it is named.
#[must_use]
pub fn verify(file: &[u8], expected: &Expected) -> Verified {
    let mut verified = Verified { records: Vec::new(), altered: Vec::new() };
    let mut state = State { before: None, key: expected.key };
    let whole = file.strip_suffix(b"\n").unwrap_or(file);
    for (index, line) in whole.split(|byte| *byte == b'\n').enumerate() {
        if !file.is_empty() {
            verified.line(index + 1, line, &mut state);
        }
    }
    let lines = state.before.as_ref().map(|(line, ..)| *line);
    if !file.is_empty() && !file.ends_with(b"\n") {
        verified.say(lines, Field::Line, "it has no end: it was cut off");
    }
    if let Some(head) = &expected.head
        && !verified.records.iter().any(|record| record.hash == *head)
    {
        verified.say(
            None,
            Field::Head,
            format!("no line is {head}: the last lines are missing, or were altered"),
        );
    }
    if let Some(tree) = &expected.tree {
        verified.tree(tree);
    }
    verified
}

struct State {
    /// Of the line before: its place, the number it gives itself if it can be read, and its hash.
    before: Option<(usize, Option<u64>, String)>,
    key: Option<PublicKey>,
}

impl Verified {
    fn say(&mut self, line: Option<usize>, field: Field, problem: impl Into<String>) {
        self.altered.push(Altered { line, field, problem: problem.into() });
    }

    fn line(&mut self, number: usize, line: &[u8], state: &mut State) {
        let hash = sha256(line);
        let before = state.before.take();
        let (opened, statement) = match read(line) {
            Ok(read) => read,
            Err(problem) => {
                self.say(Some(number), Field::Line, problem);
                state.before = Some((number, None, hash));
                return;
            }
        };
        if (statement.kind.as_str(), statement.predicate_type.as_str()) != (TYPE, PREDICATE) {
            self.say(Some(number), Field::Line, "its payload is another kind of statement");
        }
        let trusted = *state.key.get_or_insert(opened.key);
        if opened.key != trusted {
            self.say(
                Some(number),
                Field::Key,
                format!("it is signed by {}, and {trusted} is trusted", opened.key),
            );
        } else if !opened.is_signed_by(&trusted) {
            self.say(Some(number), Field::Signature, "the payload is not what was signed");
        }
        let ours = statement.predicate.outrigger;
        self.chain(number, ours.number, ours.previous.as_deref(), before);
        self.records.push(Seen {
            line: number,
            number: ours.number,
            hash: hash.clone(),
            key: opened.key.to_string(),
            at: ours.at,
            tree: statement.subject.first().and_then(|subject| subject.digest.git_tree.clone()),
            dirty: ours.dirty,
            config: statement.predicate.configuration.first().and_then(|config| config.digest.sha256.clone()),
            outcome: ours.outcome,
        });
        state.before = Some((number, Some(ours.number), hash));
    }

    /// Whether a line stands behind the one that it names.
    fn chain(
        &mut self,
        line: usize,
        number: u64,
        previous: Option<&str>,
        before: Option<(usize, Option<u64>, String)>,
    ) {
        let problem = match (previous, before) {
            (None, None) if number == 1 => return,
            (Some(previous), Some((_, Some(last), hash)))
                if previous == hash && number == last.saturating_add(1) =>
            {
                return;
            }
            // What cannot be read has been named. That this line stands behind it is known by its hash alone.
            (Some(previous), Some((_, None, hash))) if previous == hash => return,
            (_, None) => {
                format!("it is number {number}, and no line stands before it: the first ones are missing")
            }
            (None, Some(_)) => "it says that it is the first line, and others stand before it".into(),
            (Some(_), Some((at, Some(last), _))) if number > last.saturating_add(1) => {
                format!("{} lines are missing behind line {at}", number - last - 1)
            }
            (Some(_), Some((at, ..))) => format!("line {at} is not the one that it was written behind"),
        };
        self.say(Some(line), Field::Chain, problem);
    }

    fn tree(&mut self, tree: &str) {
        let Some(newest) = self.records.last() else {
            return self.say(None, Field::Tree, format!("there is no record, so none is of {tree}"));
        };
        let (line, is, dirty) = (newest.line, newest.tree.clone(), newest.dirty);
        match is {
            Some(is) if is == tree && !dirty => {}
            Some(is) if is == tree => {
                self.say(Some(line), Field::Tree, format!("files had changes that {tree} does not have"));
            }
            Some(is) => self.say(Some(line), Field::Tree, format!("the record is of {is}, not of {tree}")),
            None => self.say(Some(line), Field::Tree, format!("the record is of no tree, so not of {tree}")),
        }
    }
}
