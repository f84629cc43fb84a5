//! Latencies: what `Outrigger.Watch` on a node has counted from one round to the next. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use outrigger_watch::catalogue::{self, Kind, Metric, Read};
use outrigger_watch::{LogLinear, Unit};
use serde::{Serialize, Serializer};

use crate::Figure;
use crate::answer::{Labels, Reading};

/// Series of one node: what is beyond them is not kept, and counted.
const SERIES: usize = 10_000;
/// Labels of one series, and bytes of a label's name and of its value.
const LABELS: usize = 8;
const NAME: usize = 64;
const VALUE: usize = 256;
/// Events that the application names itself: the labels are its own.
const OWN: &str = "app.event";
/// Labels that whoever shows a series adds to it.
const TAKEN: [&str; 2] = ["node", "le"];
const FAULTS: &str = "telemetry.faults";

/// What one series counted since the round before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency {
    /// The metric, of the catalogue.
    pub metric: &'static str,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The durations.
    pub histogram: LogLinear,
}

/// Durations in seconds.
impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Figures<'a> {
            metric: &'a str,
            labels: &'a BTreeMap<String, String>,
            count: u64,
            p50: Option<f64>,
            p90: Option<f64>,
            p99: Option<f64>,
            p999: Option<f64>,
            max: Option<f64>,
            clamped: u64,
        }
        let seconds = |nanos: Option<u64>| nanos.map(|nanos| nanos as f64 / 1e9);
        let quantile = |q| seconds(self.histogram.quantile(q));
        Figures {
            metric: self.metric,
            labels: &self.labels,
            count: self.histogram.total(),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: seconds(self.histogram.max()),
            clamped: self.histogram.clamped(),
        }
        .serialize(serializer)
    }
}

/// What a reading means after those before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counted {
    /// Series that counted something.
    pub(crate) latencies: Vec<Latency>,
    /// Counters, also those that counted nothing: since the round before.
    pub(crate) figures: Vec<Figure>,
    /// What is counted on the node. `None`: nothing, `Outrigger.Watch` does not run there.
    pub(crate) metrics: Option<BTreeSet<&'static str>>,
}

/// The counts as they were read last, of one node. They outlive a guest and a link, and know a VM that was started anew.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    /// Whether the node was ever read.
    read: bool,
    life: Option<u64>,
    series: HashMap<(u64, &'static str), Known>,
    counts: HashMap<u64, (&'static Metric, Labels, u64)>,
    faults: u64,
}

/// One series as it was read last.
#[derive(Debug, Default)]
struct Known {
    buckets: HashMap<u16, u64>,
    clamped: u64,
}

impl Latencies {
    /// Takes a reading. The first one of all is where counting begins; a life that begins later is counted from its beginning on.
    pub(crate) fn take(&mut self, reading: Option<Reading>) -> Counted {
        let first = !std::mem::replace(&mut self.read, true);
        let Some(reading) = reading else { return Counted::default() };
        if self.life.replace(reading.life) != Some(reading.life) {
            self.series.clear();
            self.counts.clear();
            self.faults = 0;
        }
        let metrics =
            reading.metrics.iter().filter_map(|name| known(name)).map(|metric| metric.name).collect();
        let mut latencies: BTreeMap<(&'static str, Labels), LogLinear> = BTreeMap::new();
        let mut unfit = 0;
        for (id, name, labels, buckets, clamped) in reading.series {
            let Some(metric) = fits(&name, Kind::Histogram, &labels) else {
                unfit += 1;
                continue;
            };
            let key = (id, metric.name);
            if self.series.len() >= SERIES && !self.series.contains_key(&key) {
                unfit += 1;
                continue;
            }
            let before = self.series.entry(key).or_default();
            let delta = grown(before, &buckets, clamped);
            if !first && delta.total() > 0 {
                latencies.entry((metric.name, labels)).or_default().merge(&delta);
            }
        }
        let mut grown_by: HashMap<u64, u64> = HashMap::new();
        for (id, name, labels, count) in reading.counts {
            let Some(metric) = fits(&name, Kind::Samples, &labels) else {
                unfit += 1;
                continue;
            };
            if self.counts.len() >= SERIES && !self.counts.contains_key(&id) {
                unfit += 1;
                continue;
            }
            let before = self.counts.entry(id).or_insert((metric, labels, 0));
            grown_by.insert(id, count.saturating_sub(before.2));
            before.2 = count;
        }
        let faults = reading.faults.saturating_sub(self.faults).saturating_add(unfit);
        self.faults = reading.faults;
        if first {
            return Counted { metrics: Some(metrics), ..Counted::default() };
        }
        let latencies = latencies
            .into_iter()
            .map(|((metric, labels), histogram)| Latency { metric, labels, histogram })
            .collect();
        Counted { latencies, figures: self.figures(&metrics, &grown_by, faults), metrics: Some(metrics) }
    }

    /// Of each counter what it counted; of a metric without any, that it counted nothing.
    fn figures(
        &self,
        metrics: &BTreeSet<&'static str>,
        grown: &HashMap<u64, u64>,
        faults: u64,
    ) -> Vec<Figure> {
        let mut sums: BTreeMap<(&'static str, BTreeMap<&'static str, String>), u64> = BTreeMap::new();
        for (id, (metric, labels, _)) in &self.counts {
            let labels = metric.labels.iter().filter_map(|name| Some((*name, labels.get(*name)?.clone())));
            let sum = sums.entry((metric.name, labels.collect())).or_default();
            *sum = sum.saturating_add(grown.get(id).copied().unwrap_or(0));
        }
        for metric in metrics.iter().filter_map(|name| catalogue::find(name)) {
            let none = sums
                .range((metric.name, BTreeMap::new())..)
                .next()
                .is_none_or(|(key, _)| key.0 != metric.name);
            if metric.kind == Kind::Samples && none {
                sums.insert((metric.name, BTreeMap::new()), 0);
            }
        }
        sums.insert((FAULTS, BTreeMap::new()), faults);
        sums.into_iter()
            .map(|((metric, labels), count)| Figure { metric, labels, value: count as f64 })
            .collect()
    }
}

/// The durations that are new; `before` becomes what was read. A count that has become less was read in a wrong order, and is none.
fn grown(before: &mut Known, buckets: &[(u16, u64)], clamped: u64) -> LogLinear {
    let mut delta = LogLinear::new();
    for (index, count) in buckets {
        let known = before.buckets.get(index).copied().unwrap_or(0);
        // An index that is none is not kept either.
        if *count > known && delta.add(*index, count - known).is_ok() {
            before.buckets.insert(*index, *count);
        }
    }
    delta.add_clamped(clamped.saturating_sub(before.clamped));
    before.clamped = before.clamped.max(clamped);
    delta
}

fn known(name: &str) -> Option<&'static Metric> {
    catalogue::find(name).filter(|metric| metric.read == Read::Package)
}

/// The metric, if what a node says of a series can be kept.
fn fits(name: &str, kind: Kind, labels: &Labels) -> Option<&'static Metric> {
    let metric = known(name).filter(|metric| {
        metric.kind == kind
            && metric.unit == if kind == Kind::Histogram { Unit::Seconds } else { Unit::Count }
    })?;
    let fit = labels.len() <= LABELS
        && labels.iter().all(|(label, value)| {
            let own = metric.name == OWN && label.len() <= NAME && is_name(label);
            (own || metric.labels.contains(&label.as_str())) && value.len() <= VALUE
        });
    fit.then_some(metric)
}

/// A name that every format of ours takes as a label.
fn is_name(label: &str) -> bool {
    !TAKEN.contains(&label)
        && label.starts_with(|first: char| first.is_ascii_lowercase())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests;
