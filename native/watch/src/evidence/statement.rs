//! The in-toto statement of a record.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::gate::{Outcome, Verdict};

pub(super) const TYPE: &str = "https://in-toto.io/Statement/v1";
pub(super) const PREDICATE: &str = "https://in-toto.io/attestation/test-result/v0.1";

#[derive(Serialize, Deserialize)]
pub(super) struct Statement {
    #[serde(rename = "_type")]
    pub(super) kind: String,
    pub(super) subject: Vec<Resource>,
    #[serde(rename = "predicateType")]
    pub(super) predicate_type: String,
    pub(super) predicate: TestResult,
}

/// A thing by its name and digest.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Resource {
    pub(super) name: String,
    pub(super) digest: Digest,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Digest {
    #[serde(default, rename = "gitTree", skip_serializing_if = "Option::is_none")]
    pub(super) git_tree: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct TestResult {
    pub(super) result: String,
    pub(super) configuration: Vec<Resource>,
    #[serde(rename = "passedTests")]
    pub(super) passed: Vec<String>,
    #[serde(rename = "warnedTests")]
    pub(super) warned: Vec<String>,
    #[serde(rename = "failedTests")]
    pub(super) failed: Vec<String>,
    pub(super) outrigger: Ours,
}

/// What in-toto has no member for.
#[derive(Serialize, Deserialize)]
pub(super) struct Ours {
    /// From 1.
    pub(super) number: u64,
    /// The SHA-256 of the line before; of the first line nothing.
    pub(super) previous: Option<String>,
    /// In ms since the Unix epoch.
    pub(super) at: u64,
    /// Whether the work tree had changes that its tree does not have.
    pub(super) dirty: bool,
    pub(super) outcome: Value,
    pub(super) windows: Vec<Value>,
    /// What they were compared with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) against: Vec<Value>,
}

impl TestResult {
    /// The three results of in-toto. What was not judged has not passed.
    pub(super) fn of(outcome: &Outcome, configuration: Resource, outrigger: Ours) -> Self {
        let names = |wanted: &dyn Fn(Verdict) -> bool| {
            let those = outcome.budgets.iter().filter(|budget| wanted(budget.verdict));
            those.map(|budget| budget.name.clone()).collect()
        };
        let result = match outcome.verdict {
            Verdict::Pass => "PASSED",
            Verdict::Warn => "WARNED",
            Verdict::Fail | Verdict::Inconclusive | Verdict::NotRun => "FAILED",
        };
        Self {
            result: result.to_owned(),
            configuration: vec![configuration],
            passed: names(&|verdict| verdict == Verdict::Pass),
            warned: names(&|verdict| verdict == Verdict::Warn),
            failed: names(&|verdict| !matches!(verdict, Verdict::Pass | Verdict::Warn)),
            outrigger,
        }
    }
}
