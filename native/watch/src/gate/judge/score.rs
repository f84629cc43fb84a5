//! The budgets of a gate put together.

use crate::gate::{Judged, Levels, Verdict};

/// Verdict, score in percent, and why.
///
/// A pass counts its weight, a warning half of it, a failure nothing. In this order:
///
/// 1. A failure with a veto is that of the gate.
/// 2. So is a score that would not be enough if all that is open had passed.
/// 3. What is required and could not be judged leaves the gate open: `not_run` before `inconclusive`.
/// 4. The score decides.
pub(super) fn of(levels: Levels, budgets: &[Judged]) -> (Verdict, Option<f64>, String) {
    let weight = |wanted: &dyn Fn(&Judged) -> bool| {
        budgets.iter().filter(|budget| wanted(budget)).map(|budget| f64::from(budget.weight)).sum::<f64>()
    };
    let points = weight(&|budget| budget.verdict == Verdict::Pass)
        + weight(&|budget| budget.verdict == Verdict::Warn) / 2.0;
    let decided = weight(&|budget| budget.verdict.is_decided());
    let open = |budget: &Judged| budget.required && !budget.verdict.is_decided();
    let still_open = weight(&open);
    let score = (decided > 0.0).then(|| 100.0 * points / decided);
    let best = (decided + still_open > 0.0).then(|| 100.0 * (points + still_open) / (decided + still_open));
    let names = |wanted: &dyn Fn(&Judged) -> bool| {
        let all: Vec<&str> =
            budgets.iter().filter(|budget| wanted(budget)).map(|budget| budget.name.as_str()).collect();
        let more = if all.len() > 3 { format!(" and {} more", all.len() - 3) } else { String::new() };
        format!("{}{more}", all[..all.len().min(3)].join(", "))
    };
    let beyond = |budget: &Judged| matches!(budget.verdict, Verdict::Warn | Verdict::Fail);
    let vetoed = |budget: &Judged| budget.veto && budget.verdict == Verdict::Fail;
    if budgets.iter().any(vetoed) {
        return (Verdict::Fail, score, format!("beyond their limits: {}", names(&vetoed)));
    }
    if best.is_some_and(|best| best < levels.warn) {
        let failed = |budget: &Judged| budget.verdict == Verdict::Fail;
        let why =
            format!("the score cannot reach {} %; beyond their limits: {}", levels.warn, names(&failed));
        return (Verdict::Fail, score, why);
    }
    let worst_open = budgets.iter().filter(|budget| open(budget)).map(|budget| budget.verdict).max();
    if let Some(verdict) = worst_open {
        let such = |budget: &Judged| open(budget) && budget.verdict == verdict;
        let word = if verdict == Verdict::NotRun { "not measured" } else { "too little was seen of" };
        return (verdict, score, format!("{word}: {}", names(&such)));
    }
    let Some(score) = score else {
        let verdict = budgets.iter().map(|budget| budget.verdict).max().unwrap_or(Verdict::NotRun);
        return (verdict, None, "none of its budgets could be judged".into());
    };
    let (verdict, why) = if score >= levels.pass {
        (Verdict::Pass, "all that was judged is within its limits".to_owned())
    } else {
        let verdict = if score >= levels.warn { Verdict::Warn } else { Verdict::Fail };
        (verdict, format!("the score is {score:.1} %; not within their limits: {}", names(&beyond)))
    };
    (verdict, Some(score), why)
}
