//! A figure of nodes against that of others that were looked at in the same time: both are cut into the same blocks.
//!
//! Of each block there is one value a side: the statistic of the budget, or the median if it names none, of samples as of
//! histograms; of several nodes or sets of labels the median of theirs. The two values of a block are a pair, so a slow minute,
//! which hits both, is not in their difference; nor does it harm that one is slow while the other one is busy. What the test takes
//! for independent are the differences of one block and the next.
//!
//! A block that one of them has no value in is left out, and a gate does not pass without it.

use std::collections::BTreeSet;

use super::baseline::of_window;
use super::material::Material;
use super::shifted::{Found, few};
use super::{Lack, Reading, scopes};
use crate::Window;
use crate::gate::{Budget, Comparing, Figure, Gate, Pattern, Statistic};
use crate::stats::{Weighted, paired_shift, signed_rank, smallest_paired_p};

/// One reading: all blocks together.
pub(super) fn compare(
    gate: &Gate,
    budget: &Budget,
    comparing: &Comparing,
    now: &[Window],
    beside: &[Window],
) -> Result<Reading, Lack> {
    let statistic = comparing.figure.statistic.unwrap_or(Statistic::Quantile(500));
    let figure = Figure { statistic: Some(statistic), ..comparing.figure.clone() };
    let now = Side::new(gate, budget, &figure, now);
    // Whoever they are: the patterns are for the nodes that are judged.
    let any = Budget { nodes: vec![Pattern::new("*")], ..budget.clone() };
    let beside = Side::new(gate, &any, &figure, beside).map_err(Lack::of_baseline);
    let (now, beside) = match (now, beside) {
        (Ok(now), Ok(beside)) => (now, beside),
        (Err(lack), Err(other)) if other.verdict > lack.verdict => return Err(other),
        (Err(lack), _) | (_, Err(lack)) => return Err(lack),
    };
    let blocks = now.values.len().max(beside.values.len());
    let both = now.values.iter().zip(&beside.values);
    let pairs: Vec<(f64, f64)> = both.filter_map(|(now, beside)| Some(((*now)?, (*beside)?))).collect();
    let differences: Vec<f64> = pairs.iter().map(|(now, beside)| now - beside).collect();
    let missing = blocks - pairs.len();
    let mut defects: BTreeSet<String> = now.defects.into_iter().chain(beside.defects).collect();
    if let (1.., Some(why)) = (missing, now.lack.or(beside.lack)) {
        defects.insert(format!("{missing} of {blocks} blocks have no value: {why}"));
    }
    let few = || {
        let lack = few(comparing, &format!("{} blocks", pairs.len()));
        let why = defects.iter().fold(lack.why, |why, defect| format!("{why}; {defect}"));
        Lack { why, ..lack }
    };
    if smallest_paired_p(pairs.len() as u64) > 1.0 - comparing.confidence {
        return Err(few());
    }
    let found = Found {
        shift: paired_shift(&differences, comparing.confidence).ok_or_else(few)?,
        // All differences are 0: no shift.
        p: signed_rank(&differences).unwrap_or(1.0),
        median: Weighted::new(pairs.iter().map(|(_, beside)| (*beside, 1))).median().unwrap_or(0.0),
        values: format!("{} blocks beside {}", pairs.len(), beside.nodes),
        samples: now.samples.min(beside.samples),
        defects: defects.into_iter().collect(),
    };
    Ok(found.reading(comparing))
}

/// The values of one side.
struct Side {
    /// Of each block, if there is one.
    values: Vec<Option<f64>>,
    /// Why the first block that has none has none.
    lack: Option<String>,
    samples: u64,
    defects: BTreeSet<String>,
    nodes: String,
}

impl Side {
    fn new(gate: &Gate, budget: &Budget, figure: &Figure, windows: &[Window]) -> Result<Self, Lack> {
        let whole = Material::new(gate, windows);
        let mut defects = BTreeSet::new();
        for (_, node) in scopes(budget, &whole).map_err(Lack::not_run)?.iter().flat_map(|scope| &scope.nodes)
        {
            node.fit()?;
            defects.extend(node.lost.clone());
        }
        // The gate's time is that of all blocks.
        let block = Gate { window: 0, ..gate.clone() };
        let (mut values, mut samples, mut lacks) = (Vec::new(), 0_u64, Vec::new());
        for window in windows {
            let value = of_window(&block, budget, figure, window, 1).map(|(values, notes)| {
                samples = samples.saturating_add(notes.samples);
                defects.extend(notes.defects);
                Weighted::new(values.into_iter().map(|value| (value, 1))).median()
            });
            values.push(value.unwrap_or_else(|lack| {
                lacks.push(lack);
                None
            }));
        }
        if values.iter().all(Option::is_none) {
            let none = || Lack::inconclusive(format!("{figure} has no figure"));
            return Err(lacks.into_iter().next().unwrap_or_else(none));
        }
        let least = budget.samples;
        if samples < least {
            let why = format!("too few of {figure}: {samples} in all blocks, and {least} are the least");
            return Err(Lack::inconclusive(why));
        }
        let lack = lacks.into_iter().next().map(|lack| lack.why);
        let nodes = whole.nodes.into_keys().collect::<Vec<_>>().join(", ");
        Ok(Self { values, lack, samples, defects, nodes })
    }
}
