//! Figures of a round: what two answers say together. Pure.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::answer::{Answer, Hello, System};
use crate::busiest::Busy;
use crate::events::EventKind;
use crate::pools::Pool;

/// One figure: a metric of the catalogue, its labels, its value in the metric's unit (seconds, bytes, a ratio, a count).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The metric.
    pub metric: &'static str,
    /// Its labels, by name.
    pub labels: BTreeMap<&'static str, String>,
    /// Its value.
    pub value: f64,
}

impl Figure {
    /// Without labels.
    pub(crate) fn plain(metric: &'static str, value: f64) -> Self {
        Self { metric, labels: BTreeMap::new(), value }
    }

    /// With one label.
    pub(crate) fn labelled(metric: &'static str, name: &'static str, label: &str, value: f64) -> Self {
        Self { metric, labels: BTreeMap::from([(name, label.to_owned())]), value }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.metric)?;
        for (place, (name, value)) in self.labels.iter().enumerate() {
            write!(f, "{}{name}={value:?}", if place == 0 { "{" } else { "," })?;
        }
        write!(f, "{} {}", if self.labels.is_empty() { "" } else { "}" }, self.value)
    }
}

/// The list that is being made.
#[derive(Default)]
struct Out(Vec<Figure>);

impl Out {
    fn push(&mut self, metric: &'static str, value: f64) {
        self.0.push(Figure::plain(metric, value));
    }

    fn labelled(&mut self, metric: &'static str, name: &'static str, label: &str, value: f64) {
        self.0.push(Figure::labelled(metric, name, label, value));
    }

    fn pair(&mut self, count: &'static str, usage: &'static str, (number, limit): (u64, u64)) {
        self.push(count, number as f64);
        if limit > 0 {
            self.push(usage, number as f64 / limit as f64);
        }
    }
}

/// What an answer says, with the one before it for all that grows.
pub(crate) fn figures(
    hello: &Hello,
    before: Option<&Answer>,
    now: &Answer,
    pools: &[Pool],
    busiest: &[Busy],
) -> Vec<Figure> {
    let mut out = Out::default();
    out.push("schedulers", hello.schedulers as f64);
    if let Some(before) = before {
        rates(hello, before, now, &mut out);
    }
    levels(hello, &now.system, &mut out);
    for pool in pools {
        of_pool(pool, &mut out);
    }
    of_processes(busiest, &mut out);
    if let Some(events) = now.events.as_ref().filter(|events| events.is_heard()) {
        for kind in EventKind::ALL {
            out.push(kind.metric(), events.count(kind) as f64);
        }
    }
    out.0
}

fn rates(hello: &Hello, before: &Answer, now: &Answer, out: &mut Out) {
    let seconds = now.at.saturating_sub(before.at) as f64 / 1e6;
    if seconds <= 0.0 {
        return;
    }
    if let (Some(before), Some(now)) = (&before.system.wall, &now.system.wall) {
        utilisation(hello, before, now, out);
    }
    let (a, b) = (&before.system, &now.system);
    let mut rate = |metric, a: u64, b: u64| out.push(metric, b.saturating_sub(a) as f64 / seconds);
    rate("reductions", a.reductions, b.reductions);
    rate("context_switches", a.context_switches, b.context_switches);
    rate("gc.count", a.collections, b.collections);
    rate("gc.reclaimed", a.reclaimed, b.reclaimed);
    rate("io.in", a.io.0, b.io.0);
    rate("io.out", a.io.1, b.io.1);
}

/// As `scheduler:utilization/2`: active time by whole time, of each scheduler and of each kind of them.
fn utilisation(hello: &Hello, before: &[(u64, u64, u64)], now: &[(u64, u64, u64)], out: &mut Out) {
    let before: BTreeMap<u64, (u64, u64)> =
        before.iter().map(|(id, active, total)| (*id, (*active, *total))).collect();
    let kinds = [
        ("sched.util", hello.all_schedulers),
        ("sched.util.dirty_cpu", hello.all_schedulers.saturating_add(hello.dirty_cpu)),
        ("sched.util.dirty_io", u64::MAX),
    ];
    let mut sums = [(0.0, 0.0); 3];
    let mut of_each: Vec<(u64, f64)> = Vec::new();
    for (id, active, total) in now {
        let Some((active_before, total_before)) = before.get(id) else { continue };
        let (active, total) = (active.saturating_sub(*active_before), total.saturating_sub(*total_before));
        let kind = kinds.iter().position(|(_, last)| id <= last).unwrap_or(2);
        sums[kind].0 += active as f64;
        sums[kind].1 += total as f64;
        if kind == 0 && total > 0 {
            of_each.push((*id, active as f64 / total as f64));
        }
    }
    for ((metric, _), (active, total)) in kinds.iter().zip(sums) {
        if total > 0.0 {
            out.push(metric, active / total);
        }
    }
    of_each.sort_by_key(|(id, _)| *id);
    for (id, value) in of_each {
        out.labelled("sched.util.each", "scheduler", &id.to_string(), value);
    }
}

fn levels(hello: &Hello, system: &System, out: &mut Out) {
    let normal = usize::try_from(hello.all_schedulers).unwrap_or(usize::MAX).min(system.queues.len());
    let (normal, dirty) = system.queues.split_at(normal);
    out.push("runq.total", normal.iter().map(|length| *length as f64).sum());
    for (place, length) in normal.iter().enumerate() {
        out.labelled("runq.each", "queue", &(place + 1).to_string(), *length as f64);
    }
    for (queue, length) in ["dirty_cpu", "dirty_io"].into_iter().zip(dirty) {
        out.labelled("runq.each", "queue", queue, *length as f64);
    }
    out.push("tasks.active", system.active as f64);
    for (class, metric) in [
        ("total", "memory.total"),
        ("processes", "memory.processes"),
        ("system", "memory.system"),
        ("atom", "memory.atom"),
        ("binary", "memory.binary"),
        ("code", "memory.code"),
        ("ets", "memory.ets"),
    ] {
        if let Some(bytes) = system.memory.get(class) {
            out.push(metric, *bytes as f64);
        }
    }
    out.pair("process.count", "process.usage", system.processes);
    out.pair("port.count", "port.usage", system.ports);
    out.pair("atom.count", "atom.usage", system.atoms);
    out.pair("ets.count", "ets.usage", system.tables);
    out.push("uptime", system.uptime as f64 / 1e3);
    for (peer, bytes) in &system.links {
        out.labelled("dist.queue", "peer", peer, *bytes as f64);
    }
}

fn of_pool(pool: &Pool, out: &mut Out) {
    let mut push = |metric, value: f64| {
        let labels = BTreeMap::from([
            ("pool", pool.pid.clone()),
            ("repo", pool.name.trim_start_matches("Elixir.").to_owned()),
        ]);
        out.0.push(Figure { metric, labels, value });
    };
    push("pool.size", pool.size as f64);
    push("pool.connections", pool.connections as f64);
    push("pool.ready", pool.ready as f64);
    push("pool.checked_out", pool.checked_out as f64);
    push("pool.queue_len", pool.queue_len as f64);
    // Nobody waits: the oldest waiter has waited for no time.
    push("pool.head_age", pool.head_age_ms.unwrap_or(0) as f64 / 1e3);
    push("pool.mailbox", pool.mailbox as f64);
    push("pool.longest_held", pool.holders.first().map_or(0, |holder| holder.held_ms) as f64 / 1e3);
}

fn of_processes(busiest: &[Busy], out: &mut Out) {
    let most = |of: fn(&Busy) -> f64| busiest.iter().map(of).reduce(f64::max);
    for (metric, value) in [
        ("process.top_mailbox", most(|busy| busy.process.mailbox as f64)),
        ("process.top_memory", most(|busy| busy.process.memory as f64)),
        ("process.top_reductions", most(|busy| busy.reductions_per_s)),
        ("process.top_binary", most(|busy| busy.binary as f64)),
        ("process.top_mailbox_slope", busiest.iter().filter_map(|busy| busy.mailbox_slope).reduce(f64::max)),
    ] {
        if let Some(value) = value {
            out.push(metric, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use outrigger_watch::catalogue;

    use super::*;
    use crate::answer::{Function, PoolAnswer, ProcessInfo};
    use crate::events::{Events, Standing};
    use crate::pools::Holds;

    fn answer(at: i64, wall: Vec<(u64, u64, u64)>, reductions: u64) -> Answer {
        let system = System {
            clock: 0,
            uptime: 1_500,
            wall: Some(wall),
            queues: vec![3, 1, 2, 0],
            active: 4,
            context_switches: 0,
            collections: 0,
            reclaimed: 0,
            reductions,
            io: (0, 0),
            memory: ["total", "processes", "system", "atom", "binary", "code", "ets", "atom_used"]
                .map(|class| (class.to_owned(), 7))
                .into(),
            processes: (50, 100),
            ports: (1, 10),
            atoms: (1, 10),
            tables: (1, 10),
            view: Vec::new(),
            links: vec![("b@h".into(), 9)],
        };
        Answer {
            at,
            took: 10,
            system,
            top: None,
            latency: None,
            pools: Vec::new(),
            events: None,
            depth: None,
            depth_took: 0,
        }
    }

    fn hello() -> Hello {
        Hello { release: "25".into(), schedulers: 2, all_schedulers: 2, dirty_cpu: 1, dirty_io: 1 }
    }

    fn value(figures: &[Figure], metric: &str) -> Option<f64> {
        figures.iter().find(|figure| figure.metric == metric).map(|figure| figure.value)
    }

    #[test]
    fn schedulers_are_read_by_their_kind_and_in_any_order() {
        let before = answer(0, vec![(1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 5, 10)], 0);
        let now = answer(2_000_000, vec![(4, 6, 20), (2, 30, 100), (3, 80, 100), (1, 90, 100)], 600);
        let figures = figures(&hello(), Some(&before), &now, &[], &[]);
        assert_eq!(value(&figures, "sched.util"), Some(0.6));
        assert_eq!(value(&figures, "sched.util.dirty_cpu"), Some(0.8));
        assert_eq!(value(&figures, "sched.util.dirty_io"), Some(0.1));
        assert_eq!(value(&figures, "sched.util.each"), Some(0.9), "the first is scheduler 1");
        assert_eq!(value(&figures, "reductions"), Some(300.0), "in a second");
        assert_eq!(value(&figures, "runq.total"), Some(4.0), "of normal schedulers");
    }

    #[test]
    fn a_first_answer_has_no_rates_and_a_clock_that_stands_gives_none() {
        let now = answer(5, vec![(1, 1, 1)], 0);
        assert_eq!(value(&figures(&hello(), None, &now, &[], &[]), "sched.util"), None);
        assert_eq!(value(&figures(&hello(), Some(&now), &now, &[], &[]), "reductions"), None);
    }

    #[test]
    fn all_figures_are_in_the_catalogue_with_their_labels() {
        let pool = PoolAnswer {
            pool: "<0.1.0>".into(),
            name: None,
            size: None,
            target: None,
            interval: None,
            connections: 1,
            out: 0,
            queue: 0,
            head_age: None,
            mailbox: 0,
            holders: Vec::new(),
            waiters: Vec::new(),
        };
        let process = ProcessInfo {
            pid: "<0.2.0>".into(),
            name: None,
            started: Function("m".into(), "f".into(), 0),
            current: None,
            status: "waiting".into(),
            mailbox: 1,
            memory: 1,
            reductions: 1,
        };
        let busy = Busy { process, reductions_per_s: 1.0, mailbox_slope: Some(1.0), binary: 0 };
        let before = answer(0, vec![(1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0)], 0);
        let mut now = answer(1, vec![(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1)], 0);
        now.events = Some(Events { held: Standing::Held, counts: Vec::new(), last: Vec::new() });
        let pools = Holds::default().take(vec![pool], 0);
        let figures = figures(&hello(), Some(&before), &now, &pools, &[busy]);
        assert!(figures.len() > 30);
        for figure in &figures {
            let metric = catalogue::find(figure.metric)
                .unwrap_or_else(|| panic!("{} is not in the catalogue", figure.metric));
            assert!(figure.labels.keys().all(|label| metric.labels.contains(label)), "{figure}");
        }
    }
}
