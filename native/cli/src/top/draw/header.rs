//! The nodes, the schedulers, and the figures of the one that is shown.

use outrigger_probe::Round;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Sparkline};

use super::super::state::{Seen, State};
use crate::units::{bytes, short};

/// Columns of one scheduler's bar, with its number and its share.
const BAR: u16 = 24;
/// Lines of bars, at most: with more schedulers only the first are shown.
const MOST: u16 = 8;

/// Lines of the head: two of figures, one of the past, and the bars.
pub(super) fn height(schedulers: u64, width: u16) -> u16 {
    let beside = u64::from((width / BAR).max(1));
    3 + u16::try_from(schedulers.div_ceil(beside)).unwrap_or(MOST).min(MOST)
}

/// One name beside the other.
pub(super) fn tabs(state: &State, frame: &mut Frame<'_>, area: Rect) {
    let name = |(place, seen): (usize, &Seen)| {
        let mut style = Style::new();
        if seen.problem.is_some() {
            style = style.fg(Color::Red);
        }
        if place == state.node {
            style = style.add_modifier(Modifier::REVERSED);
        }
        [Span::styled(format!(" {} ", seen.name), style), Span::raw(" ")]
    };
    let names: Vec<Span<'_>> = state.nodes.iter().enumerate().flat_map(name).collect();
    frame.render_widget(Paragraph::new(Line::from(names)), area);
}

/// Figures, the past, and a bar of each scheduler.
pub(super) fn head(seen: &Seen, round: &Round, frame: &mut Frame<'_>, area: Rect) {
    let [figures, past, bars] =
        Layout::vertical([Constraint::Length(2), Constraint::Length(1), Constraint::Min(0)]).areas(area);
    frame.render_widget(Paragraph::new(lines(seen, round)), figures);
    let data: Vec<u64> = seen.past.iter().copied().rev().take(usize::from(past.width)).collect();
    let data: Vec<u64> = data.into_iter().rev().collect();
    frame
        .render_widget(Sparkline::default().data(&data).max(1_000).style(Style::new().fg(Color::Cyan)), past);
    let shares = round.figures.iter().filter(|figure| figure.metric == "sched.util.each");
    let beside = usize::from((bars.width / BAR).max(1));
    let shares: Vec<(String, f64)> = shares
        .map(|figure| (figure.labels.values().next().cloned().unwrap_or_default(), figure.value))
        .collect();
    let text: Vec<Line<'_>> = shares.chunks(beside).map(|row| row.iter().flat_map(bar).collect()).collect();
    frame.render_widget(Paragraph::new(text), bars);
}

/// ` 1 ██████     75%  `
fn bar((scheduler, share): &(String, f64)) -> [Span<'static>; 3] {
    const CELLS: usize = 12;
    let full = (share * CELLS as f64).round().clamp(0.0, CELLS as f64) as usize;
    let colour = match share {
        share if *share > 0.9 => Color::Red,
        share if *share > 0.7 => Color::Yellow,
        _ => Color::Green,
    };
    [
        Span::raw(format!("{scheduler:>3} ")),
        Span::styled(format!("{}{}", "█".repeat(full), "░".repeat(CELLS - full)), Style::new().fg(colour)),
        Span::raw(format!("{:>5.0}%  ", share * 100.0)),
    ]
}

fn lines(seen: &Seen, round: &Round) -> Vec<Line<'static>> {
    let figure = |metric| round.value(metric).unwrap_or(0.0);
    let release = seen.hello.as_ref().map_or_else(String::new, |hello| format!("OTP {}, ", hello.release));
    let share =
        round.value("sched.util").map_or_else(|| "-".to_owned(), |share| format!("{:.1}%", share * 100.0));
    vec![
        Line::raw(format!(
            "{release}schedulers {share}, dirty {:.1}%, run queue {}, {} reductions/s, {} switches/s, {} collections/s",
            figure("sched.util.dirty_cpu") * 100.0,
            figure("runq.total"),
            short(figure("reductions")),
            short(figure("context_switches")),
            short(figure("gc.count")),
        )),
        Line::raw(format!(
            "memory {} (processes {}, binaries {}, ETS {}, code {}), {} processes, {} orphans, {} ports, {:.1}% of atoms, cost {:.2}%",
            bytes(figure("memory.total")),
            bytes(figure("memory.processes")),
            bytes(figure("memory.binary")),
            bytes(figure("memory.ets")),
            bytes(figure("memory.code")),
            figure("process.count"),
            figure("process.orphans"),
            figure("port.count"),
            figure("atom.usage") * 100.0,
            figure("probe.cpu") * 100.0,
        )),
    ]
}
