//! The processes that stand out.

use outrigger_probe::{Busy, Round};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Cell, Row, Table};

use super::super::state::Order;
use crate::units::{bytes, short};

/// A table of them.
pub(super) fn draw(round: &Round, order: Order, scrolled: usize, frame: &mut Frame<'_>, area: Rect) {
    let columns = [
        ("pid", None, 11),
        ("work/s", Some(Order::Work), 7),
        ("mailbox", Some(Order::Mailbox), 7),
        ("+/s", None, 6),
        ("memory", Some(Order::Memory), 9),
        ("binaries", Some(Order::Binaries), 9),
        ("status", None, 8),
        ("name or start", None, 0),
        ("runs", None, 0),
    ];
    let title = |(title, of, _): &(&'static str, Option<Order>, u16)| {
        let sorted = *of == Some(order);
        let style = Style::new().add_modifier(if sorted { Modifier::REVERSED } else { Modifier::BOLD });
        Cell::new(*title).style(style)
    };
    let width = |(_, _, width): &(&str, Option<Order>, u16)| match width {
        0 => Constraint::Fill(1),
        width => Constraint::Length(*width),
    };
    let rows = order.sorted(round).into_iter().skip(scrolled).map(row);
    let table = Table::new(rows, columns.iter().map(width)).header(Row::new(columns.iter().map(title)));
    frame.render_widget(table, area);
}

fn row(busy: &Busy) -> Row<'static> {
    let process = &busy.process;
    let called = process.name.as_deref().map(|name| name.trim_start_matches("Elixir.").to_owned());
    Row::new([
        process.pid.clone(),
        short(busy.reductions_per_s),
        short(process.mailbox as f64),
        busy.mailbox_slope.map_or_else(String::new, signed),
        bytes(process.memory as f64),
        bytes(busy.binary as f64),
        process.status.clone(),
        called.unwrap_or_else(|| process.started.to_string()),
        process.current.as_ref().map(ToString::to_string).unwrap_or_default(),
    ])
}

/// `12`, `-1.2k`; nothing for what stands still.
fn signed(value: f64) -> String {
    match value {
        value if value.abs() < 0.5 => String::new(),
        value if value < 0.0 => format!("-{}", short(-value)),
        value => short(value),
    }
}
