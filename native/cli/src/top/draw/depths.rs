//! Tables, ports, durations, allocators: one row each.

use std::collections::BTreeMap;

use outrigger_probe::Round;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Paragraph, Row, Table};

use super::super::state::Lately;
use crate::units::{bytes, nanos, short};

/// A panel as rows below titles.
struct Rows<const COLUMNS: usize> {
    /// Of each column, and its width; 0 takes what is left.
    columns: [(&'static str, u16); COLUMNS],
    rows: Vec<[String; COLUMNS]>,
    /// What is said when there are none.
    none: &'static str,
}

impl<const COLUMNS: usize> Rows<COLUMNS> {
    fn draw(self, scrolled: usize, frame: &mut Frame<'_>, area: Rect) {
        if self.rows.is_empty() {
            frame.render_widget(Paragraph::new(self.none), area);
            return;
        }
        let widths = self.columns.map(|(_, width)| match width {
            0 => Constraint::Fill(1),
            width => Constraint::Length(width),
        });
        let titles = Row::new(self.columns.map(|(title, _)| title));
        let rows = self.rows.into_iter().skip(scrolled).map(Row::new);
        let bold = Style::new().add_modifier(Modifier::BOLD);
        frame.render_widget(Table::new(rows, widths).header(titles.style(bold)), area);
    }
}

/// The largest tables.
pub(super) fn tables(round: &Round, scrolled: usize, frame: &mut Frame<'_>, area: Rect) {
    let row = |table: &outrigger_probe::Table| {
        [
            bytes(table.bytes as f64),
            short(table.objects as f64),
            table.kind.clone(),
            table.name.trim_start_matches("Elixir.").to_owned(),
            table.owner.to_string(),
        ]
    };
    Rows {
        columns: [("memory", 10), ("objects", 8), ("type", 13), ("name", 0), ("owner", 0)],
        rows: round.tables.iter().map(row).collect(),
        none: "no table was read yet",
    }
    .draw(scrolled, frame, area);
}

/// Ports that stand out.
pub(super) fn ports(round: &Round, scrolled: usize, frame: &mut Frame<'_>, area: Rect) {
    let row = |port: &outrigger_probe::Port| {
        [
            port.port.clone(),
            bytes(port.in_per_s),
            bytes(port.out_per_s),
            bytes(port.queue as f64),
            port.driver.clone(),
            port.owner.to_string(),
        ]
    };
    Rows {
        columns: [("port", 14), ("in/s", 10), ("out/s", 10), ("queue", 10), ("driver", 16), ("owner", 0)],
        rows: round.ports.iter().map(row).collect(),
        none: "no port was read yet",
    }
    .draw(scrolled, frame, area);
}

/// Durations of the last rounds.
pub(super) fn durations(lately: &Lately, scrolled: usize, frame: &mut Frame<'_>, area: Rect) {
    let row = |(metric, histogram): (&&str, &outrigger_watch::LogLinear)| {
        let at = |q| nanos(histogram.quantile(q).unwrap_or(0));
        let rate = if lately.seconds > 0.0 { histogram.total() as f64 / lately.seconds } else { 0.0 };
        let max = nanos(histogram.max().unwrap_or(0));
        [(*metric).to_owned(), format!("{rate:.1}"), at(0.5), at(0.99), at(0.999), max]
    };
    Rows {
        columns: [("duration", 30), ("count/s", 10), ("p50", 10), ("p99", 10), ("p99.9", 10), ("max", 10)],
        rows: lately.durations.iter().map(row).collect(),
        none: "nothing was counted: Outrigger.Watch of the Hex package counts requests and queries on the node",
    }
    .draw(scrolled, frame, area);
}

/// What allocators hold and use, then what threads do.
pub(super) fn allocators(round: &Round, scrolled: usize, frame: &mut Frame<'_>, area: Rect) {
    let by = |metric: &str, label: &str| -> BTreeMap<String, f64> {
        let figures = round.labelled(metric);
        figures.filter_map(|figure| Some((figure.labels.get(label)?.clone(), figure.value))).collect()
    };
    let (carriers, blocks) = (by("memory.carriers", "allocator"), by("memory.blocks", "allocator"));
    let mut rows: Vec<[String; 4]> = carriers
        .into_iter()
        .map(|(name, carriers)| {
            let blocks = blocks.get(&name).copied().unwrap_or(0.0);
            let share = if carriers > 0.0 { blocks / carriers * 100.0 } else { 100.0 };
            [name, bytes(carriers), bytes(blocks), format!("{share:.0}%")]
        })
        .collect();
    let mut threads: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for figure in round.labelled("sched.state").filter(|figure| figure.value >= 0.001) {
        if let (Some(thread), Some(state)) = (figure.labels.get("thread"), figure.labels.get("state")) {
            threads.entry(thread).or_default().push(format!("{state} {:.1}%", figure.value * 100.0));
        }
    }
    rows.extend(
        threads
            .into_iter()
            .map(|(thread, states)| [thread.to_owned(), String::new(), String::new(), states.join(", ")]),
    );
    Rows {
        columns: [("allocator", 20), ("carriers", 10), ("blocks", 10), ("in use", 0)],
        rows,
        none: "no allocator was read yet",
    }
    .draw(scrolled, frame, area);
}
