//! Figures of metrics: which series are meant, and what the statistic of them is.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::Place;
use super::material::{Kept, Node};
use super::{Lack, Scope};
use crate::gate::expr::Statistic;
use crate::gate::{Figure, Shape};
use crate::{Key, LogLinear, Sample, Series};

/// Names and values of labels.
pub(super) type Labels = BTreeMap<String, String>;

/// A figure: one, or one for each moment.
#[derive(Clone, Debug)]
pub(super) enum Value {
    One(f64),
    /// In the order of node and time.
    Each(Vec<Point>),
}

/// A figure of a node at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) node: usize,
    pub(super) at: u64,
    pub(super) value: f64,
}

/// What a reading is made of, besides its figure.
pub(super) struct Notes {
    /// The fewest samples of all that were used.
    pub(super) samples: u64,
    pub(super) defects: BTreeSet<String>,
}

impl Default for Notes {
    fn default() -> Self {
        Self { samples: u64::MAX, defects: BTreeSet::new() }
    }
}

/// Which end of a histogram without a statistic is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Low,
    High,
}

/// Whether a series is one that a figure means.
pub(super) fn is_meant(figure: &Figure, key: &Key) -> bool {
    let has = |(label, pattern): (&String, &crate::gate::Pattern)| {
        key.labels.get(label).is_some_and(|value| pattern.matches(value))
    };
    key.metric == figure.metric && figure.labels.iter().all(has)
}

/// The series of a node that a figure means. Keys of one metric stand beside each other.
fn meant<'a>(figure: &'a Figure, node: &'a Node) -> impl Iterator<Item = (&'a Key, &'a Kept)> {
    let first = Key::new(figure.metric.clone());
    node.series
        .range(first..)
        .take_while(|(key, _)| key.metric == figure.metric)
        .filter(|(key, _)| is_meant(figure, key))
}

/// What tells the results of a figure apart. Histograms are added up over the labels that a budget does not name; samples
/// cannot be, so each series of them stands by itself.
fn group(figure: &Figure, key: &Key) -> Labels {
    let named = |(label, _): &(&String, &String)| {
        figure.shape == Shape::Samples || figure.labels.contains_key(*label)
    };
    key.labels.iter().filter(named).map(|(label, value)| (label.clone(), value.clone())).collect()
}

/// The series that a figure means, by what tells its results apart, with the node of each.
pub(super) type Groups<'a> = BTreeMap<Labels, Vec<(usize, &'a Key, &'a Kept)>>;

/// The series of each figure of a comparison, found once: there may be many.
pub(super) struct Index<'a> {
    groups: Vec<(&'a Figure, Groups<'a>)>,
}

impl<'a> Index<'a> {
    pub(super) fn new(figures: impl IntoIterator<Item = &'a Figure>, scope: &Scope<'a>) -> Self {
        let one = |figure: &'a Figure| {
            let mut groups = Groups::new();
            for (index, (_, node)) in scope.nodes.iter().enumerate() {
                for (key, kept) in meant(figure, node) {
                    groups.entry(group(figure, key)).or_default().push((index, key, kept));
                }
            }
            (figure, groups)
        };
        Self { groups: figures.into_iter().map(one).collect() }
    }

    /// Those of all figures.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Groups<'a>> {
        self.groups.iter().map(|(_, groups)| groups)
    }

    /// What of a figure goes with these labels. A series that is alone goes with all of them.
    fn of(&self, figure: &Figure, labels: &Labels) -> Option<&[(usize, &'a Key, &'a Kept)]> {
        let (_, groups) = self.groups.iter().find(|(known, _)| std::ptr::eq(*known, figure))?;
        let alone = groups.values().next().filter(|_| groups.len() == 1);
        alone.or_else(|| groups.get(labels)).map(Vec::as_slice)
    }
}

/// Reads a figure of a metric of nodes.
pub(super) fn figure(figure: &Figure, place: &Place<'_>, end: End, notes: &mut Notes) -> Result<Value, Lack> {
    let Place { scope, index, labels, least, .. } = *place;
    let Some(found) = index.of(figure, labels) else { return Err(missing(figure, scope, labels)) };
    let mut samples: Vec<(usize, &[Sample])> = Vec::new();
    let mut histogram = LogLinear::new();
    let mut rate = 0.0;
    let mut has = vec![false; scope.nodes.len()];
    for (node, key, kept) in found {
        has[*node] = true;
        let (name, of) = scope.nodes[*node];
        notes.defects.extend(kept.defects.iter().cloned());
        match (&kept.series, figure.shape) {
            (Series::Samples(one), Shape::Samples) => samples.push((*node, one)),
            (Series::Histogram(one), Shape::Histogram) => {
                histogram.merge(one);
                rate += one.total() as f64 / of.seconds;
            }
            _ => {
                return Err(Lack::not_run(format!(
                    "{key} of {name} is recorded in another form than it has"
                )));
            }
        }
    }
    for ((name, node), has) in scope.nodes.iter().zip(has) {
        // A node that counts the metric, but not with these labels, has had nothing of them.
        if !has && !measures(node, &figure.metric) {
            return Err(missing(figure, &Scope { nodes: vec![(*name, *node)] }, labels));
        }
        notes.defects.extend(node.lost.clone());
    }
    let value = match figure.shape {
        Shape::Histogram => of_histogram(figure, &histogram, rate, end, least, notes),
        _ => of_samples(figure, &samples, least, notes),
    };
    value.map_err(|lack| Lack { why: format!("{} on {}", lack.why, names(scope)), ..lack })
}

fn names(scope: &Scope<'_>) -> String {
    scope.nodes.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// Whether a node has any series of a metric. Keys of one metric stand beside each other, the one without labels first.
fn measures(node: &Node, metric: &str) -> bool {
    let first = Key::new(metric);
    node.series.range(&first..).next().is_some_and(|(key, _)| key.metric == metric)
}

fn missing(figure: &Figure, scope: &Scope<'_>, labels: &Labels) -> Lack {
    let names = names(scope);
    let reason = scope.nodes.iter().find_map(|(_, node)| node.absent.get(&figure.metric));
    let others = scope.nodes.iter().any(|(_, node)| measures(node, &figure.metric));
    let key = Key { metric: figure.metric.clone(), labels: labels.clone() };
    Lack::not_run(match (reason, others) {
        (Some(reason), _) => format!("{} of {names} could not be read: {reason}", figure.metric),
        (None, false) => format!("{} was not measured on {names}", figure.metric),
        (None, true) if labels.is_empty() => format!("no series of {names} is {figure}"),
        (None, true) => format!("{names} has no {key}"),
    })
}

fn of_histogram(
    figure: &Figure,
    histogram: &LogLinear,
    rate: f64,
    end: End,
    least: u64,
    notes: &mut Notes,
) -> Result<Value, Lack> {
    let total = histogram.total();
    notes.samples = notes.samples.min(total);
    let nanos = match figure.statistic {
        Some(Statistic::Count) => return Ok(Value::One(total as f64)),
        Some(Statistic::Rate) => return Ok(Value::One(rate)),
        _ if total == 0 => {
            return Err(Lack::inconclusive(format!("no traffic: {} counted nothing", figure.metric)));
        }
        _ if total < least => return Err(too_few(figure, total, least)),
        Some(Statistic::Quantile(thousandths)) => {
            histogram.quantile(f64::from(thousandths) / 1_000.0).map(as_float)
        }
        Some(Statistic::Mean) => histogram.mean(),
        Some(Statistic::Min) => histogram.min().map(as_float),
        Some(Statistic::Max) => histogram.max().map(as_float),
        Some(Statistic::Last) => None,
        None if end == End::Low => histogram.min().map(as_float),
        None => histogram.max().map(as_float),
    };
    let nanos = nanos.ok_or_else(|| Lack::inconclusive(format!("{figure} has no figure")))?;
    Ok(Value::One(nanos / 1e9))
}

fn of_samples(
    figure: &Figure,
    series: &[(usize, &[Sample])],
    least: u64,
    notes: &mut Notes,
) -> Result<Value, Lack> {
    let total = series.iter().map(|(_, samples)| samples.len() as u64).sum::<u64>();
    notes.samples = notes.samples.min(total);
    if figure.statistic == Some(Statistic::Count) {
        return Ok(Value::One(total as f64));
    }
    if total == 0 {
        return Err(Lack::inconclusive(format!(
            "there is no sample of {} behind the warm-up",
            figure.metric
        )));
    }
    let points = || series.iter().flat_map(|(_, samples)| samples.iter());
    if figure.statistic == Some(Statistic::Last) {
        return points()
            .next_back()
            .map(|sample| Value::One(sample.value))
            .ok_or_else(|| Lack::inconclusive(""));
    }
    if total < least {
        return Err(too_few(figure, total, least));
    }
    let values = || points().map(|sample| sample.value);
    Ok(Value::One(match figure.statistic {
        None => {
            let point =
                |node: usize| move |sample: &Sample| Point { node, at: sample.at, value: sample.value };
            let each = series.iter().flat_map(|(node, samples)| samples.iter().map(point(*node)));
            return Ok(Value::Each(each.collect()));
        }
        Some(Statistic::Min) => values().fold(f64::INFINITY, f64::min),
        Some(Statistic::Max) => values().fold(f64::NEG_INFINITY, f64::max),
        Some(Statistic::Mean) => values().sum::<f64>() / total as f64,
        Some(Statistic::Quantile(thousandths)) => {
            let mut sorted: Vec<f64> = values().collect();
            sorted.sort_by(f64::total_cmp);
            let rank = crate::log_linear::rank(f64::from(thousandths) / 1_000.0, total).unwrap_or(1);
            sorted.get(rank as usize - 1).copied().unwrap_or(f64::NAN)
        }
        Some(Statistic::Rate) => slope(points())
            .ok_or_else(|| Lack::inconclusive(format!("{figure} needs two samples of different moments")))?,
        Some(Statistic::Last | Statistic::Count) => f64::NAN,
    }))
}

/// How fast it grows a second, from the first sample to the last.
fn slope<'a>(mut points: impl DoubleEndedIterator<Item = &'a Sample>) -> Option<f64> {
    let (first, last) = (points.next()?, points.next_back()?);
    let seconds = last.at.checked_sub(first.at).filter(|millis| *millis > 0)? as f64 / 1_000.0;
    Some((last.value - first.value) / seconds)
}

fn too_few(figure: &Figure, total: u64, least: u64) -> Lack {
    let what = if figure.shape == Shape::Histogram { "durations" } else { "samples" };
    Lack::inconclusive(format!("too few: {total} {what} of {}, where {least} are the least,", figure.metric))
}

fn as_float(nanos: u64) -> f64 {
    nanos as f64
}
