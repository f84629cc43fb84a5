//! A figure against a kept baseline.
//!
//! Without a statistic all samples, or all durations, of both sides are compared. With one, the statistic of each window is
//! one value: several windows a side, best interleaved, are what the test takes for independent.
//!
//! | the shift is | and its interval | verdict |
//! |---|---|---|
//! | shown, and the floor or more | | fail |
//! | shown, and less | reaches beyond the floor | warn |
//! | not shown | reaches beyond the floor | inconclusive |
//! | | ends below the floor | pass |
//!
//! *Shown* is a two-sided probability of at most `1 - confidence`, in the direction that is worse. So where nothing has changed
//! a gate fails or warns in at most `1 - confidence` of all runs.

use super::evaluate::Place;
use super::material::Material;
use super::read::{self, End, Index, Labels, Notes, Value};
use super::{Lack, Reading, scopes};
use crate::gate::{Budget, Comparing, Floor, Gate, Verdict, Worse, show};
use crate::stats::{Shift, Weighted, hodges_lehmann, mann_whitney, smallest_p};
use crate::{Series, Window};

/// One reading: all nodes of a budget together.
pub(super) fn judge(
    gate: &Gate,
    budget: &Budget,
    comparing: &Comparing,
    now: &[Window],
    base: &[Window],
) -> Vec<Reading> {
    let reading = compare(gate, budget, comparing, now, base);
    vec![reading.unwrap_or_else(|lack| lack.reading(None, String::new()))]
}

/// The values of one side.
struct Side {
    values: Weighted,
    defects: Vec<String>,
}

fn compare(
    gate: &Gate,
    budget: &Budget,
    comparing: &Comparing,
    now: &[Window],
    base: &[Window],
) -> Result<Reading, Lack> {
    if base.is_empty() {
        return Err(Lack::not_run("there is no baseline: give one with against, or --against"));
    }
    let now = side(gate, budget, comparing, now)?;
    let base = side(gate, budget, comparing, base)
        .map_err(|lack| Lack { why: format!("of the baseline: {}", lack.why), ..lack })?;
    let (n, m) = (base.values.total(), now.values.total());
    let alpha = 1.0 - comparing.confidence;
    let percent = comparing.confidence * 100.0;
    let few = || {
        Lack::inconclusive(format!("{n} values against {m} cannot show anything with {percent} % confidence"))
    };
    if smallest_p(n, m) > alpha {
        return Err(few());
    }
    let shift = hodges_lehmann(&base.values, &now.values, comparing.confidence).ok_or_else(few)?;
    // All values alike: nothing to rank, and no shift.
    let p = mann_whitney(&base.values, &now.values).unwrap_or(1.0);
    let median = base.values.median().unwrap_or(0.0);
    let floor = match comparing.floor {
        Floor::Share(share) => share * median.abs(),
        Floor::Absolute(floor) => floor,
    };
    let verdict = weigh(comparing.worse, shift, floor, p <= alpha);
    let defects: Vec<String> = base.defects.into_iter().chain(now.defects).collect();
    let verdict = match (defects.is_empty(), verdict) {
        (false, Verdict::Pass | Verdict::Warn) => Verdict::Inconclusive,
        (_, verdict) => verdict,
    };
    let dimension = comparing.figure.dimension;
    let shown = |value: f64| show::figure(value, dimension);
    let share =
        if median == 0.0 { String::new() } else { format!(" ({:+.1} %)", 100.0 * shift.estimate / median) };
    let p = if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") };
    let mut why = format!(
        "{} is shifted by {}{share}, {percent} % confidence from {} to {}; the floor is {}, {p}, {m} values against {n}",
        comparing.text,
        shown(shift.estimate),
        shown(shift.low),
        shown(shift.high),
        shown(floor),
    );
    if !defects.is_empty() {
        why.push_str(&format!("; but {}", defects.join("; ")));
    }
    Ok(Reading {
        node: None,
        labels: String::new(),
        verdict,
        why,
        figure: Some(shift.estimate),
        limit: Some(floor),
        unit: dimension.unit().map_or_else(|| dimension.to_string(), |unit| unit.text().to_owned()),
        shown: shown(shift.estimate),
        shown_limit: format!("shift < {}", shown(floor)),
        samples: n.min(m),
    })
}

/// The table of the module.
fn weigh(worse: Worse, shift: Shift, floor: f64, shown: bool) -> Verdict {
    // As if more were worse.
    let (estimate, high) = match worse {
        Worse::Higher => (shift.estimate, shift.high),
        Worse::Lower => (-shift.estimate, -shift.low),
        Worse::Either => (shift.estimate.abs(), shift.high.abs().max(shift.low.abs())),
    };
    let shown = shown && estimate > 0.0;
    match (shown, estimate >= floor, high > floor) {
        (true, true, _) => Verdict::Fail,
        (_, _, false) => Verdict::Pass,
        (true, false, true) => Verdict::Warn,
        (false, _, true) => Verdict::Inconclusive,
    }
}

fn side(gate: &Gate, budget: &Budget, comparing: &Comparing, windows: &[Window]) -> Result<Side, Lack> {
    match comparing.figure.statistic {
        None => all_values(gate, budget, comparing, windows),
        Some(_) => of_each_window(gate, budget, comparing, windows),
    }
}

/// Every sample and every duration.
fn all_values(gate: &Gate, budget: &Budget, comparing: &Comparing, windows: &[Window]) -> Result<Side, Lack> {
    let material = Material::new(gate, windows);
    let figure = &comparing.figure;
    let mut side = Side { values: Weighted::default(), defects: Vec::new() };
    let mut values = Vec::new();
    for (name, node) in
        scopes(budget, &material).map_err(Lack::not_run)?.iter().flat_map(|scope| &scope.nodes)
    {
        node.fit()?;
        side.defects.extend(node.lost.clone());
        let before = values.len();
        let mut there = false;
        for (_, kept) in node.series.iter().filter(|(key, _)| read::is_meant(figure, key)) {
            there = true;
            side.defects.extend(kept.defects.iter().cloned());
            match &kept.series {
                Series::Samples(samples) => values.extend(samples.iter().map(|sample| (sample.value, 1))),
                Series::Histogram(histogram) => {
                    values.extend(
                        histogram.buckets().map(|bucket| (bucket.middle() as f64 / 1e9, bucket.count)),
                    );
                }
            }
        }
        if !there {
            return Err(Lack::not_run(format!("{figure} was not measured on {name}")));
        }
        if values.len() == before {
            return Err(Lack::inconclusive(format!("no traffic: there is nothing of {figure} on {name}")));
        }
    }
    side.values = Weighted::new(values);
    let (total, least) = (side.values.total(), budget.samples);
    if total < least {
        return Err(Lack::inconclusive(format!("too few of {figure}: {total}, and {least} are the least")));
    }
    Ok(side)
}

/// The statistic of each window, and of each node of it.
fn of_each_window(
    gate: &Gate,
    budget: &Budget,
    comparing: &Comparing,
    windows: &[Window],
) -> Result<Side, Lack> {
    let figure = &comparing.figure;
    let (mut values, mut defects) = (Vec::new(), Vec::new());
    for window in windows {
        let material = Material::new(gate, std::slice::from_ref(window));
        for scope in scopes(budget, &material).map_err(Lack::not_run)? {
            for (_, node) in &scope.nodes {
                node.fit()?;
            }
            let mut notes = Notes::default();
            let index = Index::new([figure], &scope);
            let none = Labels::new();
            let mut sets: Vec<&Labels> = index.groups().flat_map(|groups| groups.keys()).collect();
            if sets.is_empty() {
                // What is missing is said by who reads it.
                sets.push(&none);
            }
            let value_of = |name: &str| Err(Lack::not_run(format!("{name} is of no node")));
            for labels in sets {
                let place = Place {
                    scope: &scope,
                    index: &index,
                    labels,
                    least: budget.samples,
                    value_of: &value_of,
                };
                match read::figure(figure, &place, End::High, &mut notes)? {
                    Value::One(value) => values.push((value, 1)),
                    Value::Each(points) => values.extend(points.iter().map(|point| (point.value, 1))),
                }
            }
            defects.extend(notes.defects);
        }
    }
    Ok(Side { values: Weighted::new(values), defects })
}
