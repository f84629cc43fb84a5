//! JUnit's XML as CI servers read it: a suite for each gate, a test case for each budget.
//!
//! `failure` is what is beyond its limits, and what is open or was not run and is required, as `error`; what is not required is
//! `skipped`. A warning passes, and says so in `system-out`: JUnit knows no warnings.

use std::fmt::Write as _;

use super::clean::xml;
use crate::gate::{Judged, Outcome, Verdict};

/// For CI servers.
#[must_use]
pub fn junit(outcomes: &[Outcome]) -> String {
    let all = || outcomes.iter().flat_map(|outcome| &outcome.budgets);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites {}>", counts(all()));
    for outcome in outcomes {
        let seconds = outcome.until.saturating_sub(outcome.from) as f64 / 1_000.0;
        let name = xml(&outcome.gate);
        let _ = writeln!(
            out,
            "  <testsuite name=\"gate {name}\" {} time=\"{seconds}\">",
            counts(outcome.budgets.iter())
        );
        for budget in &outcome.budgets {
            case(&mut out, &name, budget);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// How JUnit would call it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Passed,
    Failed,
    Error,
    Skipped,
}

fn kind(budget: &Judged) -> Case {
    match (budget.verdict, budget.required) {
        (Verdict::Pass | Verdict::Warn, _) => Case::Passed,
        (Verdict::Fail, _) => Case::Failed,
        (Verdict::Inconclusive | Verdict::NotRun, true) => Case::Error,
        (Verdict::Inconclusive | Verdict::NotRun, false) => Case::Skipped,
    }
}

fn counts<'a>(budgets: impl Iterator<Item = &'a Judged> + Clone) -> String {
    let count = |wanted| budgets.clone().filter(|budget| kind(budget) == wanted).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        budgets.clone().count(),
        count(Case::Failed),
        count(Case::Error),
        count(Case::Skipped)
    )
}

fn case(out: &mut String, gate: &str, budget: &Judged) {
    let head = format!("    <testcase classname=\"gate.{gate}\" name=\"{}\"", xml(&budget.name));
    let (why, verdict) = (xml(&budget.why), budget.verdict);
    let readings = budget.readings.iter().filter(|reading| reading.verdict == verdict);
    let text = xml(&readings.map(|reading| reading.why.as_str()).collect::<Vec<_>>().join("\n"));
    let inside = match kind(budget) {
        Case::Passed if verdict == Verdict::Warn => format!("<system-out>warning: {text}</system-out>"),
        Case::Passed => {
            let _ = writeln!(out, "{head}/>");
            return;
        }
        Case::Failed => format!("<failure message=\"{why}\" type=\"{verdict}\">{text}</failure>"),
        Case::Error => format!("<error message=\"{why}\" type=\"{verdict}\">{text}</error>"),
        Case::Skipped => format!("<skipped message=\"{verdict}: {why}\"/>"),
    };
    let _ = writeln!(out, "{head}>\n      {inside}\n    </testcase>");
}
