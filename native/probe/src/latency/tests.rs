use proptest::prelude::*;

use super::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A node that counts, and reads as `Outrigger.Watch.Reading` does: what has grown since a state.
#[derive(Clone, Default)]
struct Target {
    life: u64,
    counts: BTreeMap<u16, u64>,
}

impl Target {
    fn record(&mut self, nanos: u64) {
        *self.counts.entry(LogLinear::index(nanos)).or_default() += 1;
    }

    fn read(&self, known: &BTreeMap<u16, u64>) -> Reading {
        let grown = self.counts.iter().filter(|(index, count)| known.get(index) != Some(count));
        let buckets: Vec<_> = grown.map(|(index, count)| (*index, *count)).collect();
        let series = vec![(7, "phoenix.endpoint".into(), labels(&[("method", "GET")]), buckets, 0)];
        Reading { life: self.life, metrics: vec!["phoenix.endpoint".into()], series, ..Reading::default() }
    }
}

fn counts(counts: Vec<(u64, String, Labels, u64)>) -> Reading {
    Reading {
        life: 1,
        metrics: vec!["ecto.refused".into(), "oban.errors".into()],
        counts,
        ..Reading::default()
    }
}

fn total(counted: &Counted) -> u64 {
    counted.latencies.iter().map(|latency| latency.histogram.total()).sum()
}

#[derive(Clone, Debug)]
enum Step {
    Record(u64),
    Read,
    /// The answer came too late: the next reading is whole.
    Lose,
    /// The VM is started anew.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..LogLinear::LIMIT).prop_map(Step::Record),
        3 => Just(Step::Read),
        1 => Just(Step::Lose),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    /// All that was counted after the first reading comes out once, but for what a VM took with it that was never read again.
    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(steps in prop::collection::vec(step(), 0..120)) {
        let (mut target, mut latencies) = (Target { life: 1, ..Target::default() }, Latencies::default());
        (0..5).for_each(|nanos| target.record(nanos));
        latencies.take(Some(target.read(&BTreeMap::new())));
        let mut state = target.counts.clone();
        let (mut seen, mut expected, mut unread) = (LogLinear::new(), LogLinear::new(), LogLinear::new());
        for step in steps.into_iter().chain([Step::Read]) {
            match step {
                Step::Record(nanos) => {
                    target.record(nanos);
                    unread.record(nanos);
                }
                Step::Read => {
                    let counted = latencies.take(Some(target.read(&state)));
                    counted.latencies.iter().for_each(|latency| seen.merge(&latency.histogram));
                    state = target.counts.clone();
                    expected.merge(&std::mem::take(&mut unread));
                }
                Step::Lose => state.clear(),
                Step::Restart => {
                    target = Target { life: target.life + 1, ..Target::default() };
                    state.clear();
                    unread = LogLinear::new();
                }
            }
        }
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn whatever_a_node_says_is_taken_or_left(
        series in prop::collection::vec((any::<u64>(), "[a-z.]{0,20}", prop::collection::btree_map(".{0,9}", ".{0,300}", 0..10),
            prop::collection::vec((any::<u16>(), any::<u64>()), 0..20), any::<u64>()), 0..20),
        life in any::<u64>(), faults in any::<u64>(),
    ) {
        let mut latencies = Latencies::default();
        for life in [life, life, life ^ 1] {
            let series = series.iter().cloned().map(|mut one| {
                if one.0 % 2 == 0 { one.1 = "app.event".into(); }
                one
            });
            let reading = Reading { life, faults, series: series.collect(), ..Reading::default() };
            for latency in latencies.take(Some(reading)).latencies {
                prop_assert!(latency.labels.iter().all(|(name, value)| is_name(name) && value.len() <= VALUE));
            }
        }
    }
}

#[test]
fn what_begins_while_we_look_is_counted_from_its_beginning() {
    let mut target = Target { life: 3, ..Target::default() };
    target.record(5);
    let mut latencies = Latencies::default();
    assert_eq!(latencies.take(None), Counted::default(), "it does not run yet");
    assert_eq!(total(&latencies.take(Some(target.read(&BTreeMap::new())))), 1);
    assert_eq!(latencies.take(None), Counted::default(), "it is stopped");
}

#[test]
fn series_of_the_same_labels_are_one() {
    let mut latencies = Latencies::default();
    latencies.take(None);
    let one = |id| (id, "ecto.query_time".to_owned(), labels(&[("repo", "R")]), vec![(100, 2)], 1);
    let counted = latencies.take(Some(Reading { series: vec![one(1), one(2)], ..Reading::default() }));
    assert_eq!(counted.latencies.len(), 1);
    assert_eq!((counted.latencies[0].histogram.total(), counted.latencies[0].histogram.clamped()), (4, 2));
}

#[test]
fn counters_say_what_they_counted_in_this_round_also_nothing() {
    let mut latencies = Latencies::default();
    let refused =
        |n| (4, "ecto.refused".to_owned(), labels(&[("repo", "R"), ("reason", "queue_timeout")]), n);
    assert_eq!(latencies.take(Some(counts(vec![refused(3)]))).figures, []);
    let values = |counted: Counted| -> Vec<(String, f64)> {
        counted.figures.into_iter().map(|figure| (figure.to_string(), figure.value)).collect()
    };
    let expected = |n: u64| {
        vec![
            (format!("ecto.refused{{reason=\"queue_timeout\",repo=\"R\"}} {n}"), n as f64),
            ("oban.errors 0".to_owned(), 0.0),
            ("telemetry.faults 0".to_owned(), 0.0),
        ]
    };
    assert_eq!(values(latencies.take(Some(counts(vec![refused(5)])))), expected(2));
    assert_eq!(values(latencies.take(Some(counts(vec![])))), expected(0));
}

#[test]
fn what_does_not_fit_is_counted_as_a_fault() {
    let mut latencies = Latencies::default();
    latencies.take(None);
    let series = [
        ("sched.util", labels(&[])),
        ("ecto.refused", labels(&[])),
        ("phoenix.endpoint", labels(&[("password", "x")])),
        ("app.event", labels(&[("A-b", "x")])),
        ("app.event", labels(&[("node", "x")])),
        ("app.event", labels(&[("event", &"x".repeat(300))])),
    ];
    let series =
        series.into_iter().map(|(name, labels)| (1, name.to_owned(), labels, vec![(1, 1)], 0)).collect();
    let counted = latencies.take(Some(Reading { series, ..Reading::default() }));
    assert_eq!((counted.latencies.len(), counted.figures[0].value), (0, 6.0));
}

#[test]
fn as_json_in_seconds() {
    let mut histogram = LogLinear::new();
    histogram.record_n(1_000_000, 99);
    histogram.record_n(2_000_000_000, 1);
    let latency = Latency { metric: "oban.job", labels: labels(&[("queue", "q")]), histogram };
    let json = serde_json::to_value(&latency).unwrap();
    assert_eq!((json["count"].as_u64(), json["labels"]["queue"].as_str()), (Some(100), Some("q")));
    assert!((json["p99"].as_f64().unwrap() - 0.001).abs() < 0.000_016);
    assert!((json["p999"].as_f64().unwrap() - 2.0).abs() < 0.03);
}
