//! Recordings: read back as they were written, and nothing else taken for one.

#![allow(clippy::unwrap_used, reason = "a panic with its context is how a test reports")]

use outrigger_watch::window::Limits;
use outrigger_watch::{Key, LogLinear, NodeWindow, Number, Sample, Series, Unit, WatchError, Window};
use proptest::prelude::*;

fn read(json: &str) -> Result<Window, WatchError> {
    Window::from_json(json.as_bytes(), &Limits::default())
}

fn problem(json: &str) -> String {
    read(json).unwrap_err().to_string()
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z.]{1,12}", ".{0,8}"]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![prop::num::f64::NORMAL, Just(0.0), Just(-0.0), 0.0..1.0f64]
}

fn series() -> impl Strategy<Value = Series> {
    let samples =
        prop::collection::vec((any::<u64>(), value()).prop_map(|(at, value)| Sample { at, value }), 0..6);
    let counts = prop::collection::vec((any::<u64>(), 0..u64::MAX / 8), 0..6);
    prop_oneof![
        samples.prop_map(Series::Samples),
        counts.prop_map(|counts| {
            let mut histogram = LogLinear::new();
            counts.iter().for_each(|(nanos, n)| histogram.record_n(*nanos, *n));
            Series::Histogram(histogram)
        }),
    ]
}

prop_compose! {
    fn node()(
        joined in any::<u64>(), gone in any::<Option<u64>>(), clock_offset_ms in any::<Option<i64>>(),
        series in prop::collection::btree_map(
            (name(), prop::collection::btree_map(name(), name(), 0..3)).prop_map(|(metric, labels)| Key { metric, labels }),
            series(), 0..5),
        absent in prop::collection::btree_map(name(), name(), 0..3),
    ) -> NodeWindow {
        let mut node = NodeWindow::new(joined);
        (node.gone, node.clock_offset_ms, node.series, node.absent) = (gone, clock_offset_ms, series, absent);
        node
    }
}

prop_compose! {
    fn window()(
        ends in (any::<u64>(), any::<u64>()), nodes in prop::collection::btree_map(name(), node(), 0..4),
        values in prop::collection::btree_map(name(), (value(), 0..4usize), 0..4),
        absent in prop::collection::btree_map(name(), name(), 0..3),
    ) -> Window {
        let mut window = Window::new(ends.0.min(ends.1), ends.0.max(ends.1));
        let number = |(value, unit): (f64, usize)| Number { value, unit: Unit::ALL[unit] };
        window.values = values.into_iter().map(|(name, pair)| (name, number(pair))).collect();
        (window.nodes, window.absent) = (nodes, absent);
        window
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(window in window()) {
        prop_assert_eq!(read(&window.to_json()).unwrap(), window);
    }

    #[test]
    fn bytes_are_a_window_or_an_error(window in window(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = window.to_json().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Window::from_json(&bytes, &Limits::default()) {
            prop_assert_eq!(Window::from_json(read.to_json().as_bytes(), &Limits::default()).unwrap(), read);
        }
    }
}

#[test]
fn what_is_no_number_stays_none() {
    let mut window = Window::new(0, 10);
    let mut node = NodeWindow::new(0);
    for value in [f64::NAN, f64::INFINITY, 1.5] {
        node.sample(Key::new("sched.util"), Sample { at: 1, value });
    }
    window.nodes.insert("a@h".into(), node);
    let json = window.to_json();
    assert!(json.contains(r#""samples":[[1,null],[1,null],[1,1.5]]"#), "{json}");
    let Series::Samples(samples) = read(&json).unwrap().nodes["a@h"].series[&Key::new("sched.util")].clone()
    else {
        panic!("not samples")
    };
    assert!(samples[0].value.is_nan() && samples[1].value.is_nan());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let node = |inside: &str| {
        format!(
            r#"{{"format":"outrigger-window/1","from":0,"until":1,"nodes":{{"a@h":{{"joined":0,"series":[{inside}]}}}}}}"#
        )
    };
    for (json, part) in [
        ("{".to_owned(), "line 1 column 1"),
        (r#"{"format":"outrigger-window/2","from":0,"until":1,"nodes":{}}"#.into(), "outrigger-window/2"),
        (r#"{"format":"outrigger-window/1","from":2,"until":1,"nodes":{}}"#.into(), "ends (1) before it begins (2)"),
        (r#"{"format":"outrigger-window/1","from":0,"until":1,"nodes":{},"node":{}}"#.into(), "unknown field `node`"),
        (
            r#"{"format":"outrigger-window/1","from":0,"until":1,"nodes":{"a":{"joined":0,"series":[]},"a":{"joined":0,"series":[]}}}"#
                .into(),
            r#""a" stands twice"#,
        ),
        (node(r#"{"metric":"m"}"#), "a@h: not a window: m has to have either samples or a histogram"),
        (node(r#"{"metric":"m","samples":[]},{"metric":"m","samples":[]}"#), "m stands there twice"),
        (node(r#"{"metric":"m","histogram":{"buckets":[[1152,1]]}}"#), "no bucket 1152"),
        (node(r#"{"metric":"m","histogram":{"buckets":[[2,1],[2,1]]}}"#), "order of their indexes"),
        (node(r#"{"metric":"m","samples":[[0,1e999]]}"#), "number out of range"),
        (node(&"[".repeat(100_000)), "line 1 column"),
    ] {
        let problem = problem(&json);
        assert!(problem.contains(part), "{problem} lacks {part}");
    }
}

#[test]
fn what_is_too_large_is_refused() {
    type Change = fn(&mut Limits);
    let mut window = Window::new(0, 1);
    let mut node = NodeWindow::new(0);
    node.sample(Key::new("sched.util").with("a", "b"), Sample { at: 0, value: 1.0 });
    node.sample(Key::new("sched.util").with("a", "b"), Sample { at: 1, value: 1.0 });
    window.nodes.insert("app@h".into(), node);
    let json = window.to_json();
    let with = |change: Change| {
        let mut limits = Limits::default();
        change(&mut limits);
        Window::from_json(json.as_bytes(), &limits).map_err(|error| error.to_string())
    };
    assert!(with(|_| {}).is_ok());
    let refused: [(Change, &str); 6] = [
        (|limits| limits.bytes = 20, "bytes"),
        (|limits| limits.nodes = 0, "nodes"),
        (|limits| limits.series = 0, "series"),
        (|limits| limits.samples = 1, "samples"),
        (|limits| limits.labels = 0, "labels"),
        (|limits| limits.text = 4, "bytes of a name"),
    ];
    for (change, what) in refused {
        let problem = with(change).unwrap_err();
        assert!(problem.contains(what) && problem.contains("more than"), "{problem}");
    }
}

#[test]
fn a_window_takes_in_another() {
    let of = |from: u64, gone, offset, samples: &[(u64, f64)], nanos: &[u64]| {
        let mut node = NodeWindow::new(from);
        (node.gone, node.clock_offset_ms) = (gone, Some(offset));
        samples
            .iter()
            .for_each(|(at, value)| node.sample(Key::new("runq.total"), Sample { at: *at, value: *value }));
        let mut histogram = LogLinear::new();
        nanos.iter().for_each(|nanos| histogram.record(*nanos));
        node.series.insert(Key::new("phoenix.endpoint"), Series::Histogram(histogram));
        let mut window = Window::new(from, from + 10);
        window.nodes.insert("a@h".into(), node);
        window
    };
    let mut window = of(10, None, 3, &[(12, 1.0)], &[5, 70]);
    window.merge(of(0, Some(4), -9, &[(2, 2.0), (3, 3.0)], &[5]));
    assert_eq!(
        window,
        of(0, Some(4), -9, &[(2, 2.0), (3, 3.0), (12, 1.0)], &[5, 5, 70]).tap(|window| window.until = 20)
    );
}

trait Tap: Sized {
    fn tap(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl Tap for Window {}
