//! Records as lines: for people on stderr, for a BEAM port on stdout.

use std::fmt::Write as _;
use std::time::SystemTime;

use super::clock::Utc;
use super::record::{Level, Record};

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `2026-11-21T01:22:03.045Z warning text`.
    Human {
        /// Whether the level is coloured.
        colour: bool,
    },
    /// `LEVEL<TAB>EVENT<TAB>TEXT`, EVENT `-` for a mere log line. `Outrigger.Node` reads it.
    Port,
}

impl Style {
    /// One line with its line feed. Whatever is in the text, there is no other line feed and no other tab.
    pub(crate) fn line(self, now: SystemTime, record: &Record) -> String {
        let mut line = String::with_capacity(record.text.len() + 48);
        match self {
            Self::Port => {
                line.push_str(record.level.as_str());
                line.push('\t');
                match &record.event {
                    Some(event) => escape(&mut line, &event.to_string()),
                    None => line.push('-'),
                }
                line.push('\t');
                escape(&mut line, &record.text);
            }
            Self::Human { colour } => {
                let (on, off) = if colour { (paint(record.level), "\x1b[0m") } else { ("", "") };
                let _ = write!(line, "{} {on}{:7}{off} ", Utc(now), record.level.as_str());
                if let Some(event) = &record.event {
                    escape(&mut line, &event.to_string());
                    line.push_str(if record.text.is_empty() { "" } else { ": " });
                }
                escape(&mut line, &record.text);
            }
        }
        line.push('\n');
        line
    }

    /// The line that owns up to dropped lines.
    pub(super) fn dropped(self, now: SystemTime, count: u64) -> String {
        let text = format!("{count} log lines dropped: nobody read them in time");
        self.line(now, &Record { level: Level::Warning, event: None, text })
    }
}

fn paint(level: Level) -> &'static str {
    match level {
        Level::Debug => "\x1b[2m",
        Level::Info => "\x1b[32m",
        Level::Warning => "\x1b[33m",
        Level::Error => "\x1b[31m",
    }
}

/// Appends text on one line: `\n`, `\r`, `\t` and `\\` by name, other control characters as `\x1b`, so that no
/// peer can forge a line or drive a terminal.
fn escape(line: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            '\\' => line.push_str("\\\\"),
            other if other.is_control() => {
                let _ = write!(line, "\\x{:02x}", u32::from(other));
            }
            other => line.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Event;

    fn record(level: Level, event: Option<Event>, text: &str) -> Record {
        Record { level, event, text: text.to_owned() }
    }

    fn port(level: Level, event: Option<Event>, text: &str) -> String {
        Style::Port.line(SystemTime::UNIX_EPOCH, &record(level, event, text))
    }

    #[test]
    fn port_lines() {
        assert_eq!(port(Level::Warning, None, "slow"), "warning\t-\tslow\n");
        assert_eq!(port(Level::Info, Some(Event::Ready), ""), "info\tready\t\n");
        assert_eq!(port(Level::Info, Some(Event::Joined("a@h".into())), "x"), "info\tjoined a@h\tx\n");
        assert_eq!(port(Level::Info, Some(Event::Left("a@h".into())), "x"), "info\tleft a@h\tx\n");
        assert_eq!(port(Level::Error, Some(Event::Fatal("timeout")), "x"), "error\tfatal timeout\tx\n");
    }

    #[test]
    fn one_record_is_one_line_of_three_fields() {
        let line = port(Level::Debug, Some(Event::Left("a\nb\t".into())), "c\nd\te\\f\rg\x1b[2J");
        assert_eq!(line, "debug\tleft a\\nb\\t\tc\\nd\\te\\\\f\\rg\\x1b[2J\n");
    }

    #[test]
    fn human_lines() {
        let now = SystemTime::UNIX_EPOCH;
        let ready = record(Level::Info, Some(Event::Ready), "as r@h");
        let plain = Style::Human { colour: false }.line(now, &ready);
        assert_eq!(plain, "1970-01-01T00:00:00.000Z info    ready: as r@h\n");
        let coloured = Style::Human { colour: true }.line(now, &record(Level::Error, None, "no"));
        assert_eq!(coloured, "1970-01-01T00:00:00.000Z \x1b[31merror  \x1b[0m no\n");
    }
}
