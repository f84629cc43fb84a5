//! The report: one file of HTML.

use outrigger_watch::flame::{Chart, Page, Table};
use outrigger_watch::{NodeWindow, Window};

use super::summary::Summary;
use super::text;

/// Metrics whose charts stand in it, if the node has them.
const CHARTS: [&str; 9] = [
    "sched.util",
    "sched.util.each",
    "runq.total",
    "reductions",
    "gc.count",
    "memory.total",
    "process.count",
    "io.in",
    "pool.queue_len",
];

/// The file's text. `graphs`: titles and SVG.
pub(super) fn render(summary: &Summary, window: &Window, graphs: Vec<(&'static str, String)>) -> String {
    let none = NodeWindow::default();
    let node = window.nodes.get(&summary.node).unwrap_or(&none);
    let mut tables = vec![functions(summary), processes(summary)];
    tables.extend(changes(summary));
    tables.extend(events(summary));
    let page = Page {
        title: format!("Profile of {}", summary.node),
        facts: summary.facts(),
        graphs,
        charts: CHARTS.iter().filter_map(|metric| Chart::of(metric, node)).collect(),
        tables,
    };
    page.render()
}

fn functions(summary: &Summary) -> Table {
    let rows = summary.functions.iter().map(|spent| {
        let percent = |micros: u64| summary.percent(micros as f64);
        vec![percent(spent.own), percent(spent.total), spent.name.clone()]
    });
    Table {
        title: "Functions, by their own time".into(),
        columns: vec!["own", "with all they call", "function"],
        rows: rows.collect(),
    }
}

fn processes(summary: &Summary) -> Table {
    let rows = summary.processes.iter().map(|process| {
        let name = process.name.as_deref().unwrap_or("").trim_start_matches("Elixir.");
        vec![summary.percent(process.micros), process.pid.clone(), name.to_owned(), process.started.clone()]
    });
    Table {
        title: "Processes".into(),
        columns: vec!["time", "process", "name", "started as"],
        rows: rows.collect(),
    }
}

fn changes(summary: &Summary) -> Option<Table> {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let rows = summary.changes.as_ref()?.iter().map(|change| {
        vec![
            percent(change.own.0),
            percent(change.own.1),
            format!("{:+.1}", (change.own.1 - change.own.0) * 100.0),
            change.name.clone(),
        ]
    });
    Some(Table {
        title: "What has changed, by own time".into(),
        columns: vec!["before", "now", "points", "function"],
        rows: rows.collect(),
    })
}

fn events(summary: &Summary) -> Option<Table> {
    let events = summary.events.as_ref()?;
    let rows = events.last.iter().map(|event| vec![text::one(event)]);
    Some(Table { title: text::events(events), columns: vec!["the last of them"], rows: rows.collect() })
}
