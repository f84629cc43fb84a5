//! Annotations of GitHub Actions: `::error file=…,line=…,title=…::…`, one line each
//! (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>).

use super::{mark, remark};
use crate::gate::{Outcome, Verdict};

/// For GitHub Actions: what did not pass, and a notice for each gate that did.
#[must_use]
pub fn github(outcomes: &[Outcome], config: &str) -> String {
    let mut out = String::new();
    for outcome in outcomes {
        for budget in &outcome.budgets {
            let command = match (budget.verdict, budget.required) {
                (Verdict::Pass, _) => continue,
                (Verdict::Fail, _) | (Verdict::NotRun | Verdict::Inconclusive, true) => "error",
                (Verdict::Warn, _) => "warning",
                (Verdict::NotRun | Verdict::Inconclusive, false) => "notice",
            };
            let title = format!("{}: {} {}", outcome.gate, mark(budget.verdict), budget.name);
            let place = (config, budget.line.unwrap_or(1));
            annotation(&mut out, command, place, &title, &format!("{}{}", budget.why, remark(budget)));
        }
        if outcome.verdict == Verdict::Pass {
            annotation(&mut out, "notice", (config, 1), &format!("{}: ok", outcome.gate), &outcome.why);
        }
    }
    out
}

fn annotation(out: &mut String, command: &str, (file, line): (&str, usize), title: &str, text: &str) {
    let (file, title, text) = (property(file), property(title), data(text));
    out.push_str(&format!("::{command} file={file},line={line},title={title}::{text}\n"));
}

/// As the runner's own toolkit escapes it (`actions/toolkit`, core/src/command.ts).
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
