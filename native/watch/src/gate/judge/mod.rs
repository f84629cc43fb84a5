//! From windows to a verdict.
//!
//! 1. What was recorded is prepared: samples of the warm-up are left out, and what is no number, of another time or of a lost
//!    node is noted ([`material`]).
//! 2. Each budget is judged on each node, or on all as one, for each set of labels ([`limit`]), or against what was kept
//!    ([`baseline`]) or is looked at beside it ([`beside`]): a [`Reading`]. The worst decides.
//! 3. The budgets are put together ([`score`]).
//!
//! # Invariants
//!
//! - Missing data never passes. A metric, file or node that is not there is `not_run`; too few samples, no traffic, a clock that
//!   is off and a time that is too short are `inconclusive`.
//! - What is lost or is no number turns a pass or a warning into `inconclusive`. A failure it leaves: what was seen was beyond.
//! - The same windows give the same outcome, to the letter.

mod baseline;
mod beside;
mod evaluate;
mod limit;
mod material;
mod read;
mod score;
mod shifted;

use std::collections::BTreeSet;

use super::{Budget, Check, Comparing, Gate, Judged, Outcome, Per, Reading, Verdict};
use crate::Window;
use material::{Material, Node};

/// Judges a gate over one or several windows, and for `compare` over those of a baseline.
///
/// ```
/// use outrigger_watch::gate::{Config, Verdict, judge};
/// use outrigger_watch::{Key, NodeWindow, Sample, Window};
///
/// let config = Config::read(
///     "[gate.ship]\nwindow = \"2s\"\nwarm_up = \"0s\"\nsamples = 2\n[[gate.ship.budget]]\npass = 'runq.total.max < 2'\n",
/// )?;
/// let mut node = NodeWindow::new(0);
/// node.sample(Key::new("runq.total"), Sample { at: 1_000, value: 0.0 });
/// node.sample(Key::new("runq.total"), Sample { at: 2_000, value: 3.0 });
/// let mut window = Window::new(0, 2_000);
/// window.nodes.insert("app@host".into(), node);
///
/// let outcome = judge(&config.gates["ship"], &[window], &[]);
/// assert_eq!(outcome.verdict, Verdict::Fail);
/// assert_eq!(outcome.budgets[0].why, "runq.total.max is 3 on app@host: not < 2");
/// # Ok::<(), outrigger_watch::WatchError>(())
/// ```
#[must_use]
pub fn judge(gate: &Gate, now: &[Window], base: &[Window]) -> Outcome {
    all(gate, now, base, baseline::compare)
}

/// Judges a gate over the blocks of a look, and for `compare` against those of other nodes that were looked at in the same time:
/// the first block of one side and the first of the other are a pair, and so on.
///
/// ```
/// use outrigger_watch::gate::{Config, Verdict, judge_beside};
/// use outrigger_watch::{Key, NodeWindow, Sample, Window};
///
/// let config = Config::read(
///     "[gate.ship]\nwindow = \"8s\"\nwarm_up = \"0s\"\nsamples = 8\n[[gate.ship.budget]]\ncompare = 'runq.total'\n",
/// )?;
/// let blocks = |name: &str, more: f64| -> Vec<Window> {
///     let block = |at: u64| {
///         let mut node = NodeWindow::new(0);
///         node.sample(Key::new("runq.total"), Sample { at: at * 1_000, value: at as f64 + more });
///         let mut window = Window::new(at * 1_000, at * 1_000 + 1_000);
///         window.nodes.insert(name.into(), node);
///         window
///     };
///     (0..8).map(block).collect()
/// };
/// let outcome = judge_beside(&config.gates["ship"], &blocks("new@host", 2.0), &blocks("old@host", 0.0));
/// assert_eq!((outcome.verdict, outcome.against), (Verdict::Fail, vec!["old@host".to_owned()]));
/// # Ok::<(), outrigger_watch::WatchError>(())
/// ```
#[must_use]
pub fn judge_beside(gate: &Gate, now: &[Window], beside: &[Window]) -> Outcome {
    all(gate, now, beside, beside::compare)
}

type Compare = fn(&Gate, &Budget, &Comparing, &[Window], &[Window]) -> Result<Reading, Lack>;

fn all(gate: &Gate, now: &[Window], base: &[Window], compare: Compare) -> Outcome {
    let material = Material::new(gate, now);
    let budgets: Vec<Judged> = gate
        .budgets
        .iter()
        .map(|budget| {
            let readings = match &budget.check {
                Check::Limit { pass, warn } => limit::judge(budget, pass, warn.as_ref(), &material),
                Check::Compare(comparing) => {
                    let reading = compare(gate, budget, comparing, now, base);
                    vec![reading.unwrap_or_else(|lack| lack.reading(None, String::new()))]
                }
            };
            put_together(budget, readings)
        })
        .collect();
    let (verdict, score, why) = score::of(gate.levels, &budgets);
    let nodes = material.nodes.keys().filter(|name| gate.nodes.iter().any(|pattern| pattern.matches(name)));
    let against: BTreeSet<&String> = base.iter().flat_map(|window| window.nodes.keys()).collect();
    Outcome {
        gate: gate.name.clone(),
        verdict,
        why,
        score,
        from: material.from,
        until: material.until,
        nodes: nodes.cloned().collect(),
        against: against.into_iter().cloned().collect(),
        budgets,
    }
}

fn put_together(budget: &Budget, readings: Vec<Reading>) -> Judged {
    let (readings, more) = Judged::keep(readings);
    // There is always one: what has no node says so.
    let worst = readings.first();
    Judged {
        name: budget.name.clone(),
        demand: budget.check.text().to_owned(),
        verdict: worst.map_or(Verdict::NotRun, |reading| reading.verdict),
        why: worst.map_or_else(String::new, |reading| reading.why.clone()),
        weight: budget.weight,
        veto: budget.veto,
        required: budget.required,
        line: budget.line,
        readings,
        more,
    }
}

impl Check {
    /// What it demands, as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Limit { pass, .. } => &pass.text,
            Self::Compare(comparing) => &comparing.text,
        }
    }
}

/// Nodes that are judged as one.
struct Scope<'a> {
    nodes: Vec<(&'a str, &'a Node)>,
}

/// What a budget judges by itself. An error says why there is nothing.
fn scopes<'a>(budget: &Budget, material: &'a Material) -> Result<Vec<Scope<'a>>, String> {
    let wanted = |name: &str| budget.nodes.iter().any(|pattern| pattern.matches(name));
    let nodes: Vec<(&str, &Node)> = material
        .nodes
        .iter()
        .map(|(name, node)| (name.as_str(), node))
        .filter(|(name, _)| wanted(name))
        .collect();
    if nodes.is_empty() {
        let patterns = budget.nodes.iter().map(|pattern| pattern.text()).collect::<Vec<_>>().join(", ");
        let there = material.nodes.keys().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(match there.is_empty() {
            true => "no node was looked at".into(),
            false => format!("no node is {patterns}: there are {there}"),
        });
    }
    Ok(match budget.per {
        Per::Node => nodes.into_iter().map(|node| Scope { nodes: vec![node] }).collect(),
        Per::Cluster => vec![Scope { nodes }],
    })
}

impl Scope<'_> {
    /// The node, if it is one by itself.
    fn node(&self, per: Per) -> Option<String> {
        match (per, &self.nodes[..]) {
            (Per::Node, [(name, _)]) => Some((*name).to_owned()),
            _ => None,
        }
    }
}

/// Why there is no figure.
struct Lack {
    verdict: Verdict,
    why: String,
}

impl Lack {
    fn inconclusive(why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Inconclusive, why: why.into() }
    }

    fn not_run(why: impl Into<String>) -> Self {
        Self { verdict: Verdict::NotRun, why: why.into() }
    }

    /// Of the side that is compared with.
    fn of_baseline(self) -> Self {
        Self { why: format!("of the baseline: {}", self.why), ..self }
    }

    /// As a reading without figures.
    fn reading(self, node: Option<String>, labels: String) -> Reading {
        Reading {
            node,
            labels,
            verdict: self.verdict,
            why: self.why,
            figure: None,
            limit: None,
            unit: String::new(),
            shown: String::new(),
            shown_limit: String::new(),
            samples: 0,
        }
    }
}
