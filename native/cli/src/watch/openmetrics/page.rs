//! The page: what is kept of each node, as text.
//!
//! Of figures only the latest round is kept, of what `Outrigger.Watch` counts the sums of all rounds: nothing grows when nobody fetches. A
//! node that is lost has `outrigger_up 0`, and nothing else: old figures would look like new ones.
//!
//! A histogram has two bounds for each power of two ns from 16 us to 34 s, which are bounds of the buckets it was counted in: its counts are exact.

use std::collections::BTreeMap;
use std::fmt;

use outrigger_probe::{Figure, Round};
use outrigger_watch::catalogue::{self, Kind, Read};
use outrigger_watch::{LogLinear, Unit};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// Sums of one node. What comes beyond them is not kept.
const SUMS: usize = 10_000;
/// Powers of two of a histogram's bounds, in ns.
const POWERS: std::ops::RangeInclusive<u32> = 14..=35;

/// All nodes, by their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Page(BTreeMap<String, Kept>);

type Labels = BTreeMap<String, String>;
type Sums<T> = BTreeMap<(&'static str, Labels), T>;
/// A metric, labels, and the value that goes with them.
type Sample<'a, T> = (&'static str, Vec<(&'a str, &'a str)>, T);

#[derive(Clone, Debug, Default)]
struct Kept {
    up: bool,
    figures: Vec<Figure>,
    counters: Sums<u64>,
    histograms: Sums<LogLinear>,
}

impl Page {
    /// Takes a round.
    pub(super) fn round(&mut self, round: &Round) {
        let kept = self.0.entry(round.node.clone()).or_default();
        kept.up = true;
        kept.figures.clear();
        for figure in round.figures.iter().chain(&round.earlier) {
            if !is_counter(figure.metric) {
                kept.figures.push(figure.clone());
                continue;
            }
            let labels = figure.labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
            if let Some(sum) = sum(&mut kept.counters, (figure.metric, labels.collect())) {
                *sum = sum.saturating_add(figure.value as u64);
            }
        }
        for latency in &round.latencies {
            if let Some(sum) = sum(&mut kept.histograms, (latency.metric, latency.labels.clone())) {
                sum.merge(&latency.histogram);
            }
        }
    }

    /// A node is not seen any more. Its sums go on when it is seen again.
    pub(super) fn lost(&mut self, node: &str) {
        let kept = self.0.entry(node.to_owned()).or_default();
        kept.up = false;
        kept.figures.clear();
    }

    /// The text.
    pub(super) fn render(&self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self.clone()));
        let mut text = String::new();
        // A string takes all that is written.
        let _ = encode(&mut text, &registry);
        text
    }

    /// One family holds the samples of all nodes: the format allows each name once.
    fn families<'a, T>(
        &'a self,
        of: impl Fn(&'a Kept) -> Vec<Sample<'a, T>>,
    ) -> BTreeMap<&'static str, Vec<Sample<'a, T>>> {
        let mut families: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (node, kept) in self.0.iter().filter(|(_, kept)| kept.up) {
            for (metric, labels, value) in of(kept) {
                let labels = [("node", node.as_str())].into_iter().chain(labels).collect();
                families.entry(metric).or_default().push((metric, labels, value));
            }
        }
        families
    }
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut up =
            encoder.encode_descriptor("outrigger_up", "whether the node is seen", None, MetricType::Gauge)?;
        for (node, kept) in &self.0 {
            ConstGauge::new(i64::from(kept.up)).encode(up.encode_family(&[("node", node.as_str())])?)?;
        }
        for (metric, samples) in self.families(|kept| kept.figures.iter().map(of_figure).collect()) {
            let name = name(metric);
            let mut family = encoder.encode_descriptor(&name, help(metric), None, MetricType::Gauge)?;
            for (_, labels, value) in samples {
                ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
            }
        }
        for (metric, samples) in self.families(|kept| kept.counters.iter().map(of_sum).collect()) {
            let name = name(metric);
            let mut family = encoder.encode_descriptor(&name, help(metric), None, MetricType::Counter)?;
            for (_, labels, value) in samples {
                ConstCounter::new(*value).encode(family.encode_family(&labels)?)?;
            }
        }
        for (metric, samples) in self.families(|kept| kept.histograms.iter().map(of_sum).collect()) {
            let name = name(metric);
            let mut family = encoder.encode_descriptor(&name, help(metric), None, MetricType::Histogram)?;
            for (_, labels, histogram) in samples {
                let seconds = histogram.mean().unwrap_or(0.0) * histogram.total() as f64 / 1e9;
                let mut one = family.encode_family(&labels)?;
                one.encode_histogram::<NoLabelSet>(seconds, histogram.total(), &bounded(histogram), None)?;
            }
        }
        Ok(())
    }
}

fn sum<'a, T: Default>(sums: &'a mut Sums<T>, key: (&'static str, Labels)) -> Option<&'a mut T> {
    (sums.len() < SUMS || sums.contains_key(&key)).then(|| sums.entry(key).or_default())
}

/// What counts since the round before; everything else is a level.
fn is_counter(metric: &str) -> bool {
    catalogue::find(metric).is_some_and(|metric| {
        metric.read == Read::Package && metric.kind == Kind::Samples && metric.unit == Unit::Count
    })
}

fn of_figure(figure: &Figure) -> Sample<'_, f64> {
    let labels = figure.labels.iter().map(|(name, value)| (*name, value.as_str()));
    (figure.metric, labels.collect(), figure.value)
}

fn of_sum<'a, T>(((metric, labels), value): (&'a (&'static str, Labels), &'a T)) -> Sample<'a, &'a T> {
    let labels = labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    (metric, labels.collect(), value)
}

/// Counts up to each bound, in seconds. None is cumulative: the encoder adds them up.
fn bounded(histogram: &LogLinear) -> Vec<(f64, u64)> {
    let bounds: Vec<u64> = POWERS.flat_map(|power| [1 << power, 3 << (power - 1)]).collect();
    let mut counts = vec![0_u64; bounds.len() + 1];
    for bucket in histogram.buckets() {
        let place = bounds.partition_point(|bound| *bound <= bucket.high);
        counts[place] = counts[place].saturating_add(bucket.count);
    }
    let seconds = bounds.into_iter().map(|nanos| nanos as f64 / 1e9).chain([f64::INFINITY]);
    seconds.zip(counts).collect()
}

fn name(metric: &str) -> String {
    let unit = catalogue::find(metric).map_or("", |metric| match metric.unit {
        Unit::Seconds => "_seconds",
        Unit::Bytes => "_bytes",
        Unit::Ratio => "_ratio",
        _ => "",
    });
    format!("outrigger_{}{unit}", metric.replace('.', "_"))
}

fn help(metric: &str) -> &'static str {
    catalogue::find(metric).map_or("", |metric| metric.what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(metric: &'static str, labels: &[(&'static str, &str)], value: f64) -> Figure {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Figure { metric, labels, value }
    }

    fn up(figures: Vec<Figure>) -> Kept {
        Kept { up: true, figures, ..Kept::default() }
    }

    #[track_caller]
    fn has(text: &str, lines: &[&str]) {
        for line in lines {
            assert!(text.lines().any(|of| of == *line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn families_hold_the_samples_of_all_nodes() {
        let pool = figure("pool.head_age", &[("repo", "A \"b\"")], 0.25);
        let mut page = Page(BTreeMap::from([
            ("a@h".to_owned(), up(vec![pool, figure("memory.total", &[], 5.0)])),
            ("b@h".to_owned(), up(vec![figure("memory.total", &[], 7.0)])),
        ]));
        page.lost("c@h");
        let text = page.render();
        has(
            &text,
            &[
                "# TYPE outrigger_up gauge",
                "outrigger_up{node=\"a@h\"} 1",
                "outrigger_up{node=\"c@h\"} 0",
                "outrigger_memory_total_bytes{node=\"a@h\"} 5.0",
                "outrigger_memory_total_bytes{node=\"b@h\"} 7.0",
                "outrigger_pool_head_age_seconds{node=\"a@h\",repo=\"A \\\"b\\\"\"} 0.25",
            ],
        );
        assert_eq!(text.matches("# TYPE outrigger_memory_total_bytes").count(), 1);
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn histograms_have_few_bounds_and_exact_counts() {
        let mut histogram = LogLinear::new();
        // The last duration below 2^20 ns, the first one at it, one in the middle, one beyond all bounds.
        [(1 << 20) - 1, 1 << 20, 3 << 19, 1 << 39].iter().for_each(|nanos| histogram.record(*nanos));
        let kept = Kept {
            up: true,
            histograms: BTreeMap::from([(
                ("phoenix.endpoint", BTreeMap::from([("status".into(), "200".into())])),
                histogram,
            )]),
            counters: BTreeMap::from([(("oban.errors", BTreeMap::new()), 3)]),
            ..Kept::default()
        };
        let mut page = Page(BTreeMap::from([("a@h".to_owned(), kept)]));
        let text = page.render();
        has(
            &text,
            &[
                "# TYPE outrigger_phoenix_endpoint_seconds histogram",
                "outrigger_phoenix_endpoint_seconds_count{node=\"a@h\",status=\"200\"} 4",
                "outrigger_phoenix_endpoint_seconds_bucket{le=\"0.000786432\",node=\"a@h\",status=\"200\"} 0",
                "outrigger_phoenix_endpoint_seconds_bucket{le=\"0.001048576\",node=\"a@h\",status=\"200\"} 1",
                "outrigger_phoenix_endpoint_seconds_bucket{le=\"0.001572864\",node=\"a@h\",status=\"200\"} 2",
                "outrigger_phoenix_endpoint_seconds_bucket{le=\"0.002097152\",node=\"a@h\",status=\"200\"} 3",
                "outrigger_phoenix_endpoint_seconds_bucket{le=\"+Inf\",node=\"a@h\",status=\"200\"} 4",
                "outrigger_oban_errors_total{node=\"a@h\"} 3",
            ],
        );
        assert_eq!(text.matches("_bucket{").count(), 45);
        page.lost("a@h");
        assert!(!page.render().contains("phoenix"), "{}", page.render());
    }
}
