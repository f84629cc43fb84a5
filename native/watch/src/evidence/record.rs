//! A run of a gate, and the line that is made of it.

use serde_json::Value;

use super::envelope::Envelope;
use super::statement::{Digest, Ours, PREDICATE, Resource, Statement, TYPE, TestResult};
use super::{Key, MOST_LINE, sha256};
use crate::gate::Outcome;
use crate::{WatchError, Window};

/// What is recorded of a run.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    at: u64,
    tree: Option<(String, bool)>,
    config: (String, String),
    outcome: &'a Outcome,
    windows: &'a [Window],
    against: &'a [Window],
}

/// A line, as the next one names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number, from 1.
    pub number: u64,
    /// The SHA-256 of its bytes without its end.
    pub hash: String,
}

impl<'a> Record<'a> {
    /// Of a run at `at` (ms since the Unix epoch), with the name and the bytes of its configuration.
    #[must_use]
    pub fn new(at: u64, config: &str, bytes: &[u8], outcome: &'a Outcome, windows: &'a [Window]) -> Self {
        Self { at, tree: None, config: (config.to_owned(), sha256(bytes)), outcome, windows, against: &[] }
    }

    /// With the hash of the repository's tree, and whether the files had changes that are not in it.
    #[must_use]
    pub fn of_tree(mut self, tree: &str, dirty: bool) -> Self {
        self.tree = Some((tree.to_owned(), dirty));
        self
    }

    /// With the windows that were compared with.
    #[must_use]
    pub fn against(mut self, windows: &'a [Window]) -> Self {
        self.against = windows;
        self
    }

    /// The line, with its end, that stands behind another one, or is the first.
    #[must_use]
    pub fn sign(&self, key: &Key, before: Option<&Link>) -> String {
        let (name, hash) = &self.config;
        let configuration = Resource {
            name: name.clone(),
            digest: Digest { sha256: Some(hash.clone()), ..Digest::default() },
        };
        let subject = self.tree.as_ref().map(|(tree, _)| Resource {
            name: "git tree".to_owned(),
            digest: Digest { git_tree: Some(tree.clone()), ..Digest::default() },
        });
        // What we write ourselves is always read again: a window writes JSON, an outcome is strings and numbers.
        let window = |window: &Window| serde_json::from_str(&window.to_json()).unwrap_or(Value::Null);
        let ours = Ours {
            number: before.map_or(1, |link| link.number.saturating_add(1)),
            previous: before.map(|link| link.hash.clone()),
            at: self.at,
            dirty: self.tree.as_ref().is_some_and(|(_, dirty)| *dirty),
            outcome: serde_json::to_value(self.outcome).unwrap_or(Value::Null),
            windows: self.windows.iter().map(window).collect(),
            against: self.against.iter().map(window).collect(),
        };
        let statement = Statement {
            kind: TYPE.to_owned(),
            subject: vec![subject.unwrap_or_else(|| configuration.clone())],
            predicate_type: PREDICATE.to_owned(),
            predicate: TestResult::of(self.outcome, configuration, ours),
        };
        Envelope::seal(&serde_json::to_vec(&statement).unwrap_or_default(), key).line()
    }
}

/// The last line of a file, which the next one has to name. `None` of an empty file.
///
/// # Errors
///
/// [`WatchError::BadEvidence`] if it has no end or is no record: nothing is chained to what cannot be verified.
pub fn last(file: &[u8]) -> Result<Option<Link>, WatchError> {
    if file.is_empty() {
        return Ok(None);
    }
    let bad = |problem: String| WatchError::BadEvidence { problem };
    let whole =
        file.strip_suffix(b"\n").ok_or_else(|| bad("its last line has no end: it was cut off".into()))?;
    let line = whole.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(Some(Link { number: read(line).map_err(bad)?.1.predicate.outrigger.number, hash: sha256(line) }))
}

/// What a line says, without a word about whether it is true.
pub(super) fn read(line: &[u8]) -> Result<(super::envelope::Opened, Statement), String> {
    if line.len() > MOST_LINE {
        return Err(format!("{} bytes are more than a line has", line.len()));
    }
    let opened = Envelope::read(line)?;
    let statement: Statement = serde_json::from_slice(&opened.payload)
        .map_err(|error| format!("its payload is no statement: {error}"))?;
    Ok((opened, statement))
}
