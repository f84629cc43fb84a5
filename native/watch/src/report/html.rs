//! One file of HTML: the verdict, a table of the budgets, one of all readings, and charts of the metrics that they are about.

use super::mark;
use crate::Window;
use crate::flame::{Chart, Page, Table};
use crate::gate::{Judged, Outcome};

/// Charts of one report.
const MOST_CHARTS: usize = 12;

/// For people who were not there. The charts are of the windows.
#[must_use]
pub fn html(outcomes: &[Outcome], windows: &[Window]) -> String {
    let mut page = Page { title: title(outcomes), ..Page::default() };
    for outcome in outcomes {
        let seconds = outcome.until.saturating_sub(outcome.from) as f64 / 1_000.0;
        let score = outcome.score.map(|score| format!(", score {score:.1} %")).unwrap_or_default();
        page.facts.push(("gate", outcome.gate.clone()));
        page.facts.push(("verdict", format!("{}{score}: {}", outcome.verdict, outcome.why)));
        page.facts.push(("nodes", outcome.nodes.join(", ")));
        page.facts.push(("time", format!("{seconds} s")));
        page.tables.push(budgets(outcome));
        page.tables.push(readings(outcome));
    }
    page.charts = charts(outcomes, windows);
    page.render()
}

fn title(outcomes: &[Outcome]) -> String {
    let all: Vec<String> =
        outcomes.iter().map(|outcome| format!("{} {}", outcome.gate, outcome.verdict)).collect();
    format!("Gate {}", all.join(", "))
}

fn budgets(outcome: &Outcome) -> Table {
    let row = |budget: &Judged| {
        vec![
            mark(budget.verdict).to_owned(),
            budget.name.clone(),
            budget.demand.clone(),
            budget.why.clone(),
            budget.weight.to_string(),
            if budget.required { "yes" } else { "no" }.to_owned(),
        ]
    };
    Table {
        title: format!("Budgets of {}", outcome.gate),
        columns: vec!["", "budget", "demand", "found", "weight", "required"],
        rows: outcome.budgets.iter().map(row).collect(),
    }
}

fn readings(outcome: &Outcome) -> Table {
    let rows = outcome.budgets.iter().flat_map(|budget| {
        budget.readings.iter().map(|reading| {
            vec![
                mark(reading.verdict).to_owned(),
                budget.name.clone(),
                reading.node.clone().unwrap_or_default(),
                reading.labels.clone(),
                reading.shown.clone(),
                reading.shown_limit.clone(),
                reading.samples.to_string(),
            ]
        })
    });
    Table {
        title: format!("Readings of {}", outcome.gate),
        columns: vec!["", "budget", "node", "labels", "figure", "limit", "samples"],
        rows: rows.collect(),
    }
}

/// Of each metric that a demand names, on each node.
fn charts(outcomes: &[Outcome], windows: &[Window]) -> Vec<Chart> {
    let named = |metric: &str| {
        outcomes.iter().flat_map(|outcome| &outcome.budgets).any(|budget| budget.demand.contains(metric))
    };
    let metrics: Vec<&str> =
        crate::catalogue::METRICS.iter().map(|metric| metric.name).filter(|name| named(name)).collect();
    let nodes = windows.iter().flat_map(|window| &window.nodes);
    let of = |(name, node)| {
        let titled = move |chart: Chart| Chart { title: format!("{name}, {}", chart.title), ..chart };
        metrics.iter().filter_map(move |metric| Chart::of(metric, node)).map(titled).collect::<Vec<_>>()
    };
    nodes.flat_map(of).take(MOST_CHARTS).collect()
}
