//! Text: a line for each gate, and one for each budget, with those beside it that did not pass.

use std::fmt::Write as _;

use super::clean::line;
use super::{mark, remark};
use crate::gate::{Outcome, Verdict};

/// Readings below a budget that are shown.
const MOST_READINGS: usize = 5;

/// For people. `colour` is for the marks only.
#[must_use]
pub fn text(outcomes: &[Outcome], colour: bool) -> String {
    let mut out = String::new();
    for outcome in outcomes {
        one(&mut out, outcome, colour);
    }
    out
}

fn one(out: &mut String, outcome: &Outcome, colour: bool) {
    let width =
        outcome.budgets.iter().map(|budget| line(&budget.name).chars().count()).max().unwrap_or(0).min(48);
    for budget in &outcome.budgets {
        let name = line(&budget.name);
        let _ = writeln!(
            out,
            "{}  {name:width$}  {}{}",
            painted(budget.verdict, colour),
            line(&budget.why),
            remark(budget)
        );
        // The worst of them is the line above.
        let others = budget.readings.iter().skip(1).filter(|reading| reading.verdict != Verdict::Pass);
        let more = others.clone().count().saturating_sub(MOST_READINGS - 1) + budget.more;
        for reading in others.take(MOST_READINGS - 1) {
            let _ =
                writeln!(out, "{:7}  {:width$}  {}: {}", "", "", mark(reading.verdict), line(&reading.why));
        }
        if more > 0 {
            let _ = writeln!(out, "{:7}  {:width$}  and {more} more", "", "");
        }
    }
    let score = outcome.score.map(|score| format!(", score {score:.1} %")).unwrap_or_default();
    let _ = writeln!(
        out,
        "{}  gate {}: {}{score} ({} nodes, {:.1} s)",
        painted(outcome.verdict, colour),
        line(&outcome.gate),
        line(&outcome.why),
        outcome.nodes.len(),
        outcome.until.saturating_sub(outcome.from) as f64 / 1_000.0
    );
}

fn painted(verdict: Verdict, colour: bool) -> String {
    let paint = match verdict {
        Verdict::Pass => "\x1b[32m",
        Verdict::Warn | Verdict::Inconclusive => "\x1b[33m",
        Verdict::NotRun | Verdict::Fail => "\x1b[31m",
    };
    let (on, off) = if colour { (paint, "\x1b[0m") } else { ("", "") };
    format!("{on}{:7}{off}", mark(verdict))
}
