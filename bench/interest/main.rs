//! What interest costs a router: memory for each topic, looking up who wants a message, changes, and being late: `make bench-interest`.
//!
//! The engine alone, one thread, no socket. 8 members; each topic is wanted by one of them, as with a topic for each user. Beside it what a program
//! would do at first: a `HashMap` from topic to a `HashSet` of members.
//!
//! Prints a table, and keeps the run where `BENCH_OUT` names a folder.
#![allow(clippy::expect_used, clippy::print_stdout, missing_docs)]

#[path = "../support/cpu.rs"]
mod cpu;
#[path = "../support/report.rs"]
mod report;

use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use std::sync::Arc;

use outrigger_fanout::PeerId;
use outrigger_fanout::interest::{Entry, InterestBounds, Pattern, RingBounds, Slots, Topics};
use report::{Metric, Report};

const MEMBERS: u64 = 8;
const REPEATS: usize = 9;
const REMARKS: &str = "Median of 9 repeats (middle half), CPU time of the thread. Topics are like `user:1234567`, each wanted by one of 8 members. \
    Memory is what the process holds more, divided; its text (12 bytes) included. `late`: a change of one topic, or of 1,000, that looks back over \
    a ring of 100,000 messages.";

type Message = Arc<[u8]>;

fn topic(number: usize) -> String {
    format!("user:{number:07}")
}

fn member(number: usize) -> PeerId {
    PeerId(number as u64 % MEMBERS)
}

fn topics(count: usize) -> Topics<Message> {
    let mut topics = Topics::new(InterestBounds::default(), RingBounds::default());
    (0..MEMBERS).for_each(|peer| {
        topics.join(PeerId(peer));
        topics.listed(PeerId(peer), Default::default()).expect("nothing is wanted yet");
    });
    for number in 0..count {
        want(&mut topics, number);
    }
    topics
}

fn want(topics: &mut Topics<Message>, number: usize) {
    let stamp = topics.stamp();
    let topic = topic(number);
    topics.change(member(number), stamp, &[Pattern::Topic(topic.as_bytes())], &[]).expect("a member");
}

fn naive(count: usize) -> HashMap<String, HashSet<u64>> {
    (0..count).map(|number| (topic(number), HashSet::from([member(number).0]))).collect()
}

/// Bytes of memory that the process has.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("pages");
    pages * 4096
}

/// Nanoseconds for each of so many.
fn each(count: usize, mut once: impl FnMut(usize)) -> f64 {
    let start = cpu::of_this_thread();
    (0..count).for_each(&mut once);
    (cpu::of_this_thread() - start) as f64 / count as f64
}

/// The numbers below `count` in an order that no cache foresees.
fn scattered(count: usize, index: usize) -> usize {
    index.wrapping_mul(7_919_999) % count
}

fn main() {
    let lower = |name, unit, goal| Metric { name, unit, lower_is_better: true, goal };
    let mut report = Report::new(
        "interest",
        vec![lower("memory", "B", ""), lower("CPU", "ns", ""), lower("late", "us", "")],
    );
    for count in [1_000, 1_000_000] {
        let before = resident();
        let mut ours = topics(count);
        let with_ours = resident();
        let rival = naive(count);
        let with_rival = resident();
        if count > 100_000 {
            let per_topic = |bytes: usize| bytes as f64 / count as f64;
            let case = format!("{count} topics, a topic");
            report.add(&case, "memory", "ours", per_topic(with_ours - before));
            report.add(&case, "memory", "naive", per_topic(with_rival - with_ours));
        }
        for _ in 0..REPEATS {
            look_up(&mut report, &ours, &rival, count);
            change(&mut report, &mut ours, count);
        }
    }
    for _ in 0..REPEATS {
        late(&mut report);
    }
    report.finish(REMARKS);
}

fn look_up(report: &mut Report, ours: &Topics<Message>, rival: &HashMap<String, HashSet<u64>>, count: usize) {
    let names: Vec<_> = (0..20_000).map(|index| topic(scattered(count, index))).collect();
    let mut slots = Slots::default();
    let mut found = 0;
    let nanos = each(names.len(), |index| {
        ours.targets(names[index].as_bytes(), &mut slots);
        found += ours.peers(black_box(&slots)).count();
    });
    report.add(&format!("{count} topics, who wants a message"), "CPU", "ours", nanos);
    let nanos = each(names.len(), |index| {
        found += rival
            .get(&names[index])
            .map(|peers| peers.iter().copied().collect::<Vec<_>>())
            .map_or(0, |all| all.len());
    });
    report.add(&format!("{count} topics, who wants a message"), "CPU", "naive", nanos);
    assert_eq!(found, 2 * names.len(), "one of them wants each");
}

/// Topics that come and go again.
fn change(report: &mut Report, ours: &mut Topics<Message>, count: usize) {
    const MANY: usize = 10_000;
    let names: Vec<_> = (count..count + MANY).map(topic).collect();
    let nanos = each(MANY, |index| {
        let pattern = [Pattern::Topic(names[index].as_bytes())];
        ours.change(member(index), 0, &pattern, &[]).expect("a member");
    });
    report.add(&format!("{count} topics, one more, told alone"), "CPU", "ours", nanos);
    let nanos = each(MANY, |index| {
        let pattern = [Pattern::Topic(names[index].as_bytes())];
        ours.change(member(index), 0, &[], &pattern).expect("a member");
    });
    report.add(&format!("{count} topics, one less, told alone"), "CPU", "ours", nanos);
    let patterns: Vec<_> = names.iter().map(|name| Pattern::Topic(name.as_bytes())).collect();
    let nanos = each(MANY / 1_000, |index| {
        let portion = &patterns[index * 1_000..][..1_000];
        ours.change(PeerId(1), 0, portion, &[]).expect("a member");
        ours.change(PeerId(1), 0, &[], portion).expect("a member");
    });
    report.add(
        &format!("{count} topics, one more and less, of 1,000 told together"),
        "CPU",
        "ours",
        nanos / 2_000.0,
    );
}

fn late(report: &mut Report) {
    const MESSAGES: usize = 100_000;
    let mut ours = topics(1_000);
    for number in 0..MESSAGES {
        let message: Message = [topic(5_000 + number % 3_000).as_bytes(), &[7; 100]].concat().into();
        let had = Slots::from_iter([0]);
        ours.keep(0, Entry { message, topic: 0..12, publisher: 12..30, from: PeerId(0), had });
    }
    let names: Vec<_> = (5_000..6_000).map(topic).collect();
    let nanos = each(1, |_| {
        let pattern = [Pattern::Topic(names[0].as_bytes())];
        let (late, _) = ours.change(PeerId(1), 0, &pattern, &[]).expect("a member");
        assert_eq!((late.messages.len(), late.complete), (MESSAGES / 3_000 + 1, true));
    });
    report.add("one topic", "late", "ours", nanos / 1e3);
    let patterns: Vec<_> = names.iter().map(|name| Pattern::Topic(name.as_bytes())).collect();
    let nanos = each(1, |_| {
        let (late, _) = ours.change(PeerId(2), 0, &patterns, &[]).expect("a member");
        assert!(late.messages.len() > MESSAGES / 4 && late.complete);
    });
    report.add("1,000 topics", "late", "ours", nanos / 1e3);
}
