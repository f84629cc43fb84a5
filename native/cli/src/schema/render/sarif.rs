//! SARIF 2.1.0, the form of static analysis results that code hosts take in.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>. One run, a rule for each kind that was found, a result
//! for each finding, at the file and its path inside the schema.

use std::collections::BTreeSet;

use outrigger_watch::report::clean::{line as clean, uri};
use serde_json::{Value, json};

use crate::schema::outcome::{Finding, Outcome, Outcomes, Status};

pub(super) fn render(outcomes: &Outcomes) -> String {
    let kinds: BTreeSet<&str> =
        outcomes.files.iter().flat_map(|file| &file.findings).map(|found| found.kind.as_str()).collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let rules: Vec<Value> = kinds
        .iter()
        .map(|kind| json!({"id": kind, "shortDescription": {"text": kind.replace('_', " ")}}))
        .collect();
    let results: Vec<Value> = outcomes
        .files
        .iter()
        .flat_map(|file| file.findings.iter().map(|found| result(file, found, &kinds)))
        .collect();
    let unreadable: Vec<Value> = outcomes
        .files
        .iter()
        .filter_map(|file| Some((file, file.problem.as_ref()?)))
        .map(|(file, problem)| json!({"level": "error", "message": {"text": clean(problem)}, "locations": [place(&file.path, "")]}))
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "outrigger", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "invocations": [{
                "executionSuccessful": unreadable.is_empty(),
                "toolExecutionNotifications": unreadable,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    // A value always serializes.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn result(file: &Outcome, found: &Finding, kinds: &[&str]) -> Value {
    let level = if file.status == Status::Deleted { "warning" } else { "error" };
    let whom = match (found.version.as_str(), found.direction) {
        ("", _) => String::new(),
        (version, "backward") => format!("cannot read what {version} wrote: "),
        (version, _) => format!("{version} cannot read what this writes: "),
    };
    json!({
        "ruleId": found.kind,
        "ruleIndex": kinds.iter().position(|kind| *kind == found.kind),
        "level": level,
        "message": {"text": clean(&format!("{whom}{}", found.reason))},
        "locations": [place(&file.path, &found.path)],
    })
}

/// A file, and where in its schema. Schemas have no lines: the first stands for all.
fn place(file: &str, path: &str) -> Value {
    let mut place =
        json!({"physicalLocation": {"artifactLocation": {"uri": uri(file)}, "region": {"startLine": 1}}});
    if let (false, Some(members)) = (path.is_empty(), place.as_object_mut()) {
        members.insert("logicalLocations".into(), json!([{"fullyQualifiedName": clean(path)}]));
    }
    place
}
