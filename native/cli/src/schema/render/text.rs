//! Text: a line for each file, and below it what is in the way.

use std::fmt::Write as _;

use outrigger_watch::report::clean::line as clean;

use crate::schema::outcome::{Outcome, Outcomes, Status};

pub(super) fn render(outcomes: &Outcomes, colour: bool) -> String {
    let mut out = String::new();
    for file in &outcomes.files {
        one(&mut out, file, colour);
    }
    let counts = [
        (Status::Compatible, "compatible"),
        (Status::Incompatible, "incompatible"),
        (Status::New, "new"),
        (Status::Deleted, "deleted"),
        (Status::Unreadable, "unreadable"),
    ];
    let counts = counts.map(|(status, word)| (outcomes.count(status), word));
    let counts: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let counts = if counts.is_empty() { "no schemas".into() } else { counts.join(", ") };
    let _ = writeln!(out, "{counts} ({} against {})", outcomes.level, clean(&outcomes.against));
    out
}

fn one(out: &mut String, file: &Outcome, colour: bool) {
    let (mark, paint) = match file.status {
        Status::Compatible => ("ok  ", "\x1b[32m"),
        Status::Incompatible => ("FAIL", "\x1b[31m"),
        Status::New => ("new ", "\x1b[32m"),
        Status::Deleted => ("gone", "\x1b[33m"),
        Status::Unreadable => ("ERR ", "\x1b[31m"),
    };
    let (on, off) = if colour { (paint, "\x1b[0m") } else { ("", "") };
    let format = file.format.map_or("", |format| format.text());
    let _ = writeln!(out, "{on}{mark}{off}  {}  ({format})", clean(&file.path));
    if let Some(problem) = &file.problem {
        for line in problem.lines() {
            let _ = writeln!(out, "      {}", clean(line));
        }
    }
    let mut said = None;
    for finding in &file.findings {
        let pair = (finding.version.as_str(), finding.direction);
        if said != Some(pair) && !finding.version.is_empty() {
            let version = clean(&finding.version);
            let _ = match finding.direction {
                "backward" => writeln!(out, "      cannot read what {version} wrote:"),
                _ => writeln!(out, "      {version} cannot read what this writes:"),
            };
            said = Some(pair);
        }
        let before =
            if finding.path.is_empty() { String::new() } else { format!("{}: ", clean(&finding.path)) };
        let _ = writeln!(out, "        {before}{}  [{}]", clean(&finding.reason), finding.kind);
    }
    if file.more > 0 {
        let _ = writeln!(out, "        and {} more", file.more);
    }
}
