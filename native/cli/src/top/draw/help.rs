//! The keys, over everything else.

use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout};
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph};

use super::super::keys::HELP;

/// A box in the middle.
pub(super) fn draw(frame: &mut Frame<'_>) {
    let height = u16::try_from(HELP.len()).unwrap_or(u16::MAX).saturating_add(2);
    let [row] = Layout::vertical([Constraint::Length(height)]).flex(Flex::Center).areas(frame.area());
    let [area] = Layout::horizontal([Constraint::Length(70)]).flex(Flex::Center).areas(row);
    let lines: Vec<Line<'_>> =
        HELP.iter().map(|(key, what)| Line::raw(format!(" {key:<12} {what}"))).collect();
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" keys ")), area);
}
