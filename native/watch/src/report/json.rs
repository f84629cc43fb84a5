//! JSON: the outcomes as they are, and the worst verdict with its exit code.

use serde::Serialize;

use crate::gate::{Outcome, Verdict};

/// For scripts: `{"verdict": …, "exit": …, "gates": […]}`.
#[must_use]
pub fn json(outcomes: &[Outcome]) -> String {
    #[derive(Serialize)]
    struct Whole<'a> {
        verdict: Verdict,
        exit: u8,
        gates: &'a [Outcome],
    }
    let verdict = outcomes.iter().map(|outcome| outcome.verdict).max().unwrap_or(Verdict::NotRun);
    let whole = Whole { verdict, exit: verdict.exit_code(), gates: outcomes };
    // Strings, numbers and lists always serialize.
    serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
}
