//! What each key means.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::state::{Order, Panel};

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Quit,
    NextNode,
    PreviousNode,
    Sort(Order),
    /// A panel, or processes again.
    Show(Panel),
    Hold,
    Help,
    Up,
    Down,
}

/// The keys and what they do, for the help.
pub(super) const HELP: &[(&str, &str)] = &[
    ("Tab, S-Tab", "next, previous node"),
    ("w", "sort by work: reductions in a second"),
    ("m", "sort by memory"),
    ("b", "sort by binaries outside of the heap"),
    ("l", "sort by length of the mailbox"),
    ("↑ ↓", "scroll"),
    ("p", "pools with those who hold and wait, or processes"),
    ("t", "the largest tables of ETS, or processes"),
    ("o", "ports that move most and hold most back, or processes"),
    ("d", "durations that Outrigger.Watch counts, or processes"),
    ("a", "allocators and states of threads, or processes"),
    ("space", "hold the picture, and let it go"),
    ("?", "this help"),
    ("q, Esc, ^C", "quit"),
];

/// The wish behind a key. `None`: it means nothing.
pub(super) fn wish(key: KeyEvent) -> Option<Wish> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Wish::Quit);
    }
    Some(match key.code {
        KeyCode::Char('q') | KeyCode::Esc => Wish::Quit,
        KeyCode::Tab => Wish::NextNode,
        KeyCode::BackTab => Wish::PreviousNode,
        KeyCode::Char('w') => Wish::Sort(Order::Work),
        KeyCode::Char('m') => Wish::Sort(Order::Memory),
        KeyCode::Char('b') => Wish::Sort(Order::Binaries),
        KeyCode::Char('l') => Wish::Sort(Order::Mailbox),
        KeyCode::Char('p') => Wish::Show(Panel::Pools),
        KeyCode::Char('t') => Wish::Show(Panel::Tables),
        KeyCode::Char('o') => Wish::Show(Panel::Ports),
        KeyCode::Char('d') => Wish::Show(Panel::Durations),
        KeyCode::Char('a') => Wish::Show(Panel::Allocators),
        KeyCode::Char(' ') => Wish::Hold,
        KeyCode::Char('?') | KeyCode::Char('h') => Wish::Help,
        KeyCode::Up => Wish::Up,
        KeyCode::Down => Wish::Down,
        _ => return None,
    })
}
