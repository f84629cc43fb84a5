//! Pools, those who hold their connections, and those who wait.

use outrigger_probe::{Function, Pool, ProcessInfo, Round};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::units::millis;

/// One pool below the other.
pub(super) fn draw(round: &Round, scrolled: usize, frame: &mut Frame<'_>, area: Rect) {
    let mut lines: Vec<Line<'static>> = round.pools.iter().flat_map(of_pool).collect();
    if lines.is_empty() {
        lines.push(Line::raw("no pool of DBConnection on this node"));
    }
    let lines: Vec<Line<'static>> = lines.into_iter().skip(scrolled).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn of_pool(pool: &Pool) -> Vec<Line<'static>> {
    let name = pool.name.trim_start_matches("Elixir.");
    let waits = match pool.head_age_ms {
        Some(age) => format!(", {} wait, the first for {}", pool.queue_len, millis(age)),
        None => String::new(),
    };
    let down = match pool.size.saturating_sub(pool.connections) {
        0 => String::new(),
        down => format!(", {down} not connected"),
    };
    let text =
        format!("{name}: {} of {} out, {} ready{down}{waits}", pool.checked_out, pool.size, pool.ready);
    let mut style = Style::new().add_modifier(Modifier::BOLD);
    if pool.queue_len > 0 {
        style = style.fg(Color::Red);
    }
    let mut lines = vec![Line::styled(text, style)];
    lines.extend(pool.holders.iter().map(|holder| {
        let left = holder
            .deadline_left_ms
            .map_or_else(|| "no deadline".to_owned(), |left| format!("{} left", millis(left)));
        let held = format!("{}, {left}", millis(holder.held_ms));
        client("holds", &holder.process, holder.runs.as_ref(), &held)
    }));
    lines.extend(
        pool.waiters
            .iter()
            .map(|waiter| client("waits", &waiter.process, waiter.runs.as_ref(), &millis(waiter.waits_ms))),
    );
    lines
}

fn client(does: &str, process: &ProcessInfo, runs: Option<&Function>, time: &str) -> Line<'static> {
    let runs = runs.map_or_else(|| "?".to_owned(), ToString::to_string);
    let called = process
        .name
        .as_deref()
        .map_or_else(|| process.started.to_string(), |name| name.trim_start_matches("Elixir.").to_owned());
    Line::raw(format!("  {does} {:<14} {time:<24} {runs}  ({called})", process.pid))
}
