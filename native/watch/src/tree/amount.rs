//! Amounts and names as all of the forms show them.

use super::{Branch, Kind, Mark, Sum};

/// The longest name that is shown, in characters. Two atoms have 255 each.
const LONGEST: usize = 100;

/// `1,000,000`
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 line`, `2 lines`
pub(super) fn of(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `43.1 MiB`
pub(super) fn bytes(number: u64) -> String {
    let mut left = number as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if left < 1024.0 {
            let digits = usize::from(unit != "B");
            return format!("{left:.digits$} {unit}");
        }
        left /= 1024.0;
    }
    format!("{left:.1} TiB")
}

/// `12 processes, 1.0 MiB, 3 messages`: what there is nothing of is left out.
pub(super) fn sum(sum: Sum) -> String {
    let mut out = match sum.processes {
        1 => String::new(),
        many => format!("{} processes, ", count(many)),
    };
    out.push_str(&bytes(sum.memory));
    if sum.mailbox > 0 {
        out.push_str(&format!(", {}", of(sum.mailbox, "message")));
    }
    out
}

/// The name of a line, and how many processes it stands for.
pub(super) fn title(branch: &Branch) -> String {
    let label = short(&branch.label);
    match branch.kind {
        Kind::Alike => format!("{label} × {}", count(branch.own.processes)),
        _ => label,
    }
}

/// What stands behind the name: which process, and what it is.
pub(super) fn about(branch: &Branch) -> String {
    let mut out = branch.pid.map(|pid| pid.to_string()).unwrap_or_default();
    let what = match (branch.kind, &branch.started) {
        (Kind::Supervisor, Some(module)) => format!("supervisor {}", short(module)),
        (Kind::Supervisor, None) => "supervisor".to_owned(),
        (_, Some(started)) => short(started),
        (_, None) => String::new(),
    };
    if !what.is_empty() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&what);
    }
    out
}

/// What is to be noticed, in words.
pub(super) fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Orphan => "ORPHAN",
        Mark::ParentEnded => "parent ended",
        Mark::NotLinked => "not linked",
    }
}

/// On one line, and not too long.
pub(super) fn short(text: &str) -> String {
    let text = crate::report::clean::line(text);
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_well() {
        assert_eq!(
            [0, 999, 1_000, 99_812, 1_234_567].map(count),
            ["0", "999", "1,000", "99,812", "1,234,567"]
        );
        assert_eq!([0, 1_023, 1_024, 45_195_706].map(bytes), ["0 B", "1023 B", "1.0 KiB", "43.1 MiB"]);
        let sums = [(1, 0), (2, 1), (3, 1_000)]
            .map(|(processes, mailbox)| sum(Sum { processes, memory: 2_048, mailbox }));
        assert_eq!(
            sums,
            ["2.0 KiB", "2 processes, 2.0 KiB, 1 message", "3 processes, 2.0 KiB, 1,000 messages"]
        );
        assert_eq!(short(&"ü".repeat(300)).chars().count(), LONGEST + 1);
    }
}
