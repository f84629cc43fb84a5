//! The result: a table for people, an object for programs, and each broken promise with what was near.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::conductor::Conductor;
use crate::journal::{Id, Micros, incarnation};
use crate::judge::{Loss, Misplaced, Verdict};

/// So many broken promises of a kind are named.
const NAMED: usize = 10;
/// What was done or seen so long before and after belongs to it.
const NEAR: Micros = 4_000_000;
/// What a node was told of a topic so long before and after belongs to its loss.
const TOLD: Micros = 30_000_000;
const UNUSUAL: [&str; 4] = ["stale messages dropped", "handovers given up", "failed dispatches", "crashes"];

/// What came of a run.
pub(crate) struct Report<'a> {
    pub(crate) conductor: &'a Conductor,
    pub(crate) verdict: &'a Verdict,
    /// Why it ended before its time.
    pub(crate) stopped: Option<String>,
    /// Faults that were left out, and why.
    pub(crate) skipped: Vec<String>,
}

impl Report<'_> {
    /// Whether every promise was kept.
    pub(crate) fn is_clean(&self) -> bool {
        let totals = self.conductor.judge.totals();
        self.verdict.is_clean() && self.stopped.is_none() && totals.unusual[3] == 0 && totals.delivered > 0
    }

    pub(crate) fn print(&self) {
        let (conductor, totals) = (self.conductor, self.conductor.judge.totals());
        let row = |what: &str, count: u64| println!("  {what:<44}{count:>12}");
        let options = &conductor.options;
        let seconds = conductor.elapsed().as_secs();
        println!(
            "\n{} BEAM nodes and {} Rust nodes, {seconds} s, seed {}\n",
            options.apps, options.routers, options.seed
        );
        for (fault, count) in &conductor.faults {
            row(fault, u64::from(*count));
        }
        for skipped in &self.skipped {
            println!("  SKIPPED: {skipped}");
        }
        println!();
        row("messages published", totals.published);
        row("deliveries", totals.delivered);
        row("subscriptions", totals.subscriptions);
        row("duplicates", self.verdict.duplicates.len() as u64);
        row("reorderings", self.verdict.reordered.len() as u64);
        row("behind others, to a new subscription", self.verdict.late);
        row("lost without a cause", self.verdict.unexplained.len() as u64);
        for (cause, count) in &self.verdict.explained {
            row(&format!("lost: {cause}"), *count);
        }
        row("announced by routers as lost", totals.announced);
        row("  of these missing at subscribers", self.verdict.announced_missing);
        row("told to be lost perhaps", totals.unconfirmed);
        row("topics told as gaps", totals.gaps);
        row("refused by broadcast", totals.refused);
        for (what, count) in UNUSUAL.iter().zip(totals.unusual) {
            row(what, count);
        }
        println!("  whole again after a fault within {:>27.1} s", conductor.slowest.as_secs_f64());
        self.complain();
    }

    fn complain(&self) {
        if self.is_clean() {
            return println!("\nHeld: none twice, none out of order, none lost without a cause.");
        }
        println!("\nBROKEN (seed {}):", self.conductor.options.seed);
        if let Some(stopped) = &self.stopped {
            println!("\n  {stopped}");
            self.near(crate::conductor::now());
        }
        self.misplaced("delivered twice", &self.verdict.duplicates);
        self.misplaced("behind a later one", &self.verdict.reordered);
        let mut groups: BTreeMap<(Id, Id, u8), Vec<&Loss>> = BTreeMap::new();
        for loss in &self.verdict.unexplained {
            groups
                .entry((loss.message.publisher, loss.subscriber, loss.message.topic))
                .or_default()
                .push(loss);
        }
        for losses in groups.values().take(NAMED) {
            self.lost(losses);
        }
        if groups.len() > NAMED {
            println!("\n  ... and {} more pairs of publisher and subscriber", groups.len() - NAMED);
        }
    }

    fn misplaced(&self, what: &str, all: &[Misplaced]) {
        for found in all.iter().take(NAMED) {
            let message = &found.message;
            println!(
                "\n  {what}: {} of {} at {}, topic {} ({} there), published at {}",
                message.number,
                self.name(message.publisher),
                self.name(found.subscriber),
                message.topic,
                message.of_topic,
                self.time(found.published),
            );
            self.near(found.published);
        }
        if all.len() > NAMED {
            println!("\n  ... and {} more {what}", all.len() - NAMED);
        }
    }

    fn lost(&self, losses: &[&Loss]) {
        let [first, ..] = losses else { return };
        let numbers: Vec<_> = losses.iter().take(20).map(|loss| loss.message.number.to_string()).collect();
        println!(
            "\n  lost: {} messages of {} at {}, topic {}: {}{}; the first published at {}, subscribed since {}",
            losses.len(),
            self.name(first.message.publisher),
            self.name(first.subscriber),
            first.message.topic,
            numbers.join(", "),
            if losses.len() > 20 { ", ..." } else { "" },
            self.time(first.published),
            self.time(first.subscribed),
        );
        for at in self.conductor.judge.gaps_told(incarnation(first.subscriber), first.message.topic) {
            if at.abs_diff(first.published) <= TOLD {
                println!("      {}", self.line(at, "told there: a gap on the topic"));
            }
        }
        self.near(first.published);
    }

    fn near(&self, at: Micros) {
        let mut log: Vec<_> = self.conductor.log.iter().collect();
        log.sort();
        for (_, text) in log
            .iter()
            .filter(|(when, _)| when.abs_diff(at) <= NEAR)
            .take(40)
            .map(|(w, t)| (w, self.line(*w, t)))
        {
            println!("      {text}");
        }
    }

    fn line(&self, at: Micros, text: &str) -> String {
        format!("{}  {text}", self.time(at))
    }

    fn time(&self, at: Micros) -> String {
        match at.checked_sub(self.conductor.began) {
            Some(since) => format!("{:.3} s", since as f64 / 1e6),
            None => "an unknown time".to_owned(),
        }
    }

    fn name(&self, id: Id) -> String {
        let node = incarnation(id);
        format!("app{}/{:x} (start {node})", self.conductor.judge.slot(node), id & 0xffff)
    }

    pub(crate) fn json(&self) -> Value {
        let (conductor, totals) = (self.conductor, self.conductor.judge.totals());
        json!({
            "clean": self.is_clean(),
            "stopped": self.stopped,
            "seed": conductor.options.seed,
            "seconds": conductor.elapsed().as_secs(),
            "apps": conductor.options.apps,
            "routers": conductor.options.routers,
            "faults": conductor.faults,
            "skipped": self.skipped,
            "published": totals.published,
            "delivered": totals.delivered,
            "subscriptions": totals.subscriptions,
            "duplicates": self.verdict.duplicates.len(),
            "reordered": self.verdict.reordered.len(),
            "late": self.verdict.late,
            "unexplained": self.verdict.unexplained.len(),
            "explained": self.verdict.explained,
            "announced": totals.announced,
            "announced_missing": self.verdict.announced_missing,
            "unconfirmed": totals.unconfirmed,
            "gaps": totals.gaps,
            "refused": totals.refused,
            "unusual": UNUSUAL.iter().copied().zip(totals.unusual).collect::<BTreeMap<_, _>>(),
            "slowest_recovery_seconds": conductor.slowest.as_secs_f64(),
        })
    }
}
