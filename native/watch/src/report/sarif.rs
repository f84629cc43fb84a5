//! SARIF 2.1.0, the form of static analysis results that code hosts take in.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>. A rule for each budget, and a result for each that did not
//! pass, at its line of the configuration: a measurement has no line of code. One of a preset is at the first line.

use serde_json::{Value, json};

use super::clean::{line, uri};
use crate::gate::{Judged, Outcome, Verdict};

/// For code scanning. `config` is the path of the configuration, from the top of the repository.
#[must_use]
pub fn sarif(outcomes: &[Outcome], config: &str) -> String {
    let all =
        || outcomes.iter().flat_map(|outcome| outcome.budgets.iter().map(move |budget| (outcome, budget)));
    let id = |outcome: &Outcome, budget: &Judged| line(&format!("{}/{}", outcome.gate, budget.name));
    let rules: Vec<Value> = all()
        .map(|(outcome, budget)| json!({"id": id(outcome, budget), "shortDescription": {"text": line(&budget.demand)}}))
        .collect();
    let results: Vec<Value> = all()
        .enumerate()
        .filter(|(_, (_, budget))| budget.verdict != Verdict::Pass)
        .map(|(index, (outcome, budget))| {
            json!({
                "ruleId": id(outcome, budget),
                "ruleIndex": index,
                "level": level(budget),
                "kind": if budget.verdict.is_decided() { "fail" } else { "open" },
                "message": {"text": line(&format!("{}: {}", budget.verdict, budget.why))},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": uri(config)},
                    "region": {"startLine": budget.line.unwrap_or(1)},
                }}],
            })
        })
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "outrigger", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "invocations": [{"executionSuccessful": true}],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    // A value always serializes.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// SARIF demands `none` of all that is no failure (3.27.10).
fn level(budget: &Judged) -> &'static str {
    match budget.verdict {
        Verdict::Fail => "error",
        Verdict::Warn => "warning",
        Verdict::Inconclusive | Verdict::NotRun | Verdict::Pass => "none",
    }
}
