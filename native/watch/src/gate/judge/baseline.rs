//! A figure against a kept baseline.
//!
//! Without a statistic all samples, or all durations, of both sides are compared. With one, the statistic of each window is
//! one value: several windows a side, best interleaved, are what the test takes for independent.

use super::evaluate::Place;
use super::material::Material;
use super::read::{self, End, Index, Labels, Notes, Value};
use super::shifted::{Found, few};
use super::{Lack, Reading, scopes};
use crate::gate::{Budget, Comparing, Figure, Gate};
use crate::stats::{Weighted, hodges_lehmann, mann_whitney, smallest_p};
use crate::{Series, Window};

/// The values of one side.
struct Side {
    values: Weighted,
    defects: Vec<String>,
}

/// One reading: all nodes of a budget together.
pub(super) fn compare(
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
    let base = side(gate, budget, comparing, base).map_err(Lack::of_baseline)?;
    let (n, m) = (base.values.total(), now.values.total());
    let few = || few(comparing, &format!("{n} values against {m}"));
    if smallest_p(n, m) > 1.0 - comparing.confidence {
        return Err(few());
    }
    let found = Found {
        shift: hodges_lehmann(&base.values, &now.values, comparing.confidence).ok_or_else(few)?,
        // All values alike: nothing to rank, and no shift.
        p: mann_whitney(&base.values, &now.values).unwrap_or(1.0),
        median: base.values.median().unwrap_or(0.0),
        values: format!("{m} values against {n}"),
        samples: n.min(m),
        defects: base.defects.into_iter().chain(now.defects).collect(),
    };
    Ok(found.reading(comparing))
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
    let (mut values, mut defects) = (Vec::new(), Vec::new());
    for window in windows {
        let (of_window, notes) = of_window(gate, budget, &comparing.figure, window, budget.samples)?;
        values.extend(of_window.into_iter().map(|value| (value, 1)));
        defects.extend(notes.defects);
    }
    Ok(Side { values: Weighted::new(values), defects })
}

/// A figure of one window: of each node, and of each set of labels.
pub(super) fn of_window(
    gate: &Gate,
    budget: &Budget,
    figure: &Figure,
    window: &Window,
    least: u64,
) -> Result<(Vec<f64>, Notes), Lack> {
    let material = Material::new(gate, std::slice::from_ref(window));
    let (mut values, mut notes) = (Vec::new(), Notes::default());
    for scope in scopes(budget, &material).map_err(Lack::not_run)? {
        for (_, node) in &scope.nodes {
            node.fit()?;
        }
        let index = Index::new([figure], &scope);
        let none = Labels::new();
        let mut sets: Vec<&Labels> = index.groups().flat_map(|groups| groups.keys()).collect();
        if sets.is_empty() {
            // What is missing is said by who reads it.
            sets.push(&none);
        }
        let value_of = |name: &str| Err(Lack::not_run(format!("{name} is of no node")));
        for labels in sets {
            let place = Place { scope: &scope, index: &index, labels, least, value_of: &value_of };
            match read::figure(figure, &place, End::High, &mut notes)? {
                Value::One(value) => values.push(value),
                Value::Each(points) => values.extend(points.iter().map(|point| point.value)),
            }
        }
    }
    Ok((values, notes))
}
