//! The summary as text for people.

use std::fmt::Write as _;

use outrigger_node::Printable;
use outrigger_probe::{Event, Events, Standing};

use super::summary::Summary;

/// Lines of each list.
const LINES: usize = 12;

/// The lines of a summary.
pub(super) fn render(summary: &Summary) -> String {
    let mut out = String::new();
    for (name, value) in summary.facts() {
        let _ = writeln!(out, "{name:<19} {}", Printable::text(&value));
    }
    let _ = writeln!(out, "\n     own    total  function");
    for spent in summary.functions.iter().filter(|spent| spent.own > 0).take(LINES) {
        let percent = |micros: u64| summary.percent(micros as f64);
        let (own, total) = (percent(spent.own), percent(spent.total));
        let _ = writeln!(out, "{own:>8} {total:>8}  {}", Printable::text(&spent.name));
    }
    if let Some(changes) = &summary.changes {
        let _ = writeln!(out, "\n  before      now  function");
        for change in changes.iter().take(LINES) {
            let percent = |share: f64| format!("{:.1} %", share * 100.0);
            let (then, now) = (percent(change.own.0), percent(change.own.1));
            let _ = writeln!(out, "{then:>8} {now:>8}  {}", Printable::text(&change.name));
        }
    }
    if let Some(line) = summary.events.as_ref().map(events) {
        let _ = writeln!(out, "\n{line}");
    }
    for event in summary.events.iter().flat_map(|events| &events.last).take(LINES) {
        let _ = writeln!(out, "  {}", Printable::text(&one(event)));
    }
    out.push('\n');
    for file in &summary.files {
        let _ = writeln!(out, "{}", file.display());
    }
    out
}

/// How many there were, or why there are none.
pub(super) fn events(events: &Events) -> String {
    match &events.held {
        Standing::Held if events.counts.is_empty() => "events of the virtual machine: none".to_owned(),
        Standing::Held => {
            let counts = events.counts.iter().map(|(kind, count)| format!("{count} {}", kind.name()));
            format!("events of the virtual machine: {}", counts.collect::<Vec<_>>().join(", "))
        }
        Standing::Taken(by) => {
            format!(
                "no events of the virtual machine: {by} has asked for them, and it tells one process alone"
            )
        }
        Standing::Lost => "no events of the virtual machine: somebody has asked for them after us".to_owned(),
        _ => "no events of the virtual machine: the helper that counts them does not answer".to_owned(),
    }
}

/// What happened, to whom, and where.
pub(super) fn one(event: &Event) -> String {
    let mut text = format!("{} {}", event.kind.name(), event.who);
    if let Some(process) = &event.process {
        match &process.name {
            Some(name) => {
                let _ = write!(text, " {}", name.trim_start_matches("Elixir."));
            }
            None => {
                let _ = write!(text, " {}", process.started);
            }
        }
    }
    for (name, value) in event.figures.iter().filter(|(name, _)| name == "timeout" || name == "heap_size") {
        let _ = match name.as_str() {
            "timeout" => write!(text, ", {value} ms"),
            _ => write!(text, ", heap of {value} words"),
        };
    }
    match (&event.into, &event.out) {
        (Some(into), Some(out)) => {
            let _ = write!(text, ", from {into} to {out}");
        }
        (None, Some(at)) | (Some(at), None) => {
            let _ = write!(text, ", at {at}");
        }
        (None, None) => {}
    }
    text
}
