//! A report as text for people, as JSON, and as tab-separated lines for `mix outrigger.doctor`.
//!
//! Whatever a peer or a file put into a finding, a finding is one line (two in text, with its remedy) and
//! holds no control characters.

use std::fmt::Write as _;

use outrigger_watch::report::clean::line as clean;

use super::finding::{Finding, Report, Status};
use crate::args::Format;

/// The whole output. `colour` matters for text only.
pub(crate) fn render(report: &Report, format: Format, colour: bool) -> String {
    match format {
        Format::Text => text(report, colour),
        Format::Json => json(report),
        Format::Tsv => tsv(report),
    }
}

fn text(report: &Report, colour: bool) -> String {
    let width = report.checks.iter().map(|finding| finding.check.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for finding in &report.checks {
        let (mark, paint) = match finding.status {
            Status::Ok => ("ok  ", "\x1b[32m"),
            Status::Warn => ("warn", "\x1b[33m"),
            Status::Fail => ("FAIL", "\x1b[31m"),
        };
        let (on, off) = if colour { (paint, "\x1b[0m") } else { ("", "") };
        let (check, detail) = (clean(&finding.check), clean(&finding.detail));
        let _ = writeln!(out, "{on}{mark}{off}  {check:width$}  {detail}");
        if !finding.remedy.is_empty() {
            let _ = writeln!(out, "{:indent$}-> {}", "", clean(&finding.remedy), indent = width + 8);
        }
    }
    let (warnings, failures) = (report.count(Status::Warn), report.count(Status::Fail));
    let _ = match report.worst() {
        Status::Ok => writeln!(out, "\nAll {} checks are ok.", report.checks.len()),
        _ => writeln!(
            out,
            "\n{failures} failed, {warnings} with a warning, of {} checks.",
            report.checks.len()
        ),
    };
    out
}

fn json(report: &Report) -> String {
    #[derive(serde::Serialize)]
    struct Whole<'a> {
        status: &'static str,
        checks: &'a [Finding],
    }
    let whole = Whole { status: report.worst().as_str(), checks: &report.checks };
    // Strings and unit variants always serialize.
    let mut out = serde_json::to_string_pretty(&whole).unwrap_or_default();
    out.push('\n');
    out
}

fn tsv(report: &Report) -> String {
    let line = |finding: &Finding| {
        let Finding { status, check, detail, remedy } = finding;
        format!("{}\t{}\t{}\t{}\n", status.as_str(), clean(check), clean(detail), clean(remedy))
    };
    report.checks.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            checks: vec![
                Finding::ok("epmd", "answers at port 4369"),
                Finding::warn("name", "a\tb\x1b", "use\nanother"),
                Finding::fail("handshake app@h", "cookie refused", "same cookie"),
            ],
        }
    }

    #[test]
    fn text_is_aligned_and_plain() {
        let expected = "\
ok    epmd             answers at port 4369
warn  name             a b\u{20}
                       -> use another
FAIL  handshake app@h  cookie refused
                       -> same cookie

1 failed, 1 with a warning, of 3 checks.
";
        assert_eq!(render(&report(), Format::Text, false), expected);
    }

    #[test]
    fn colours_are_for_the_marks_only() {
        let out = render(&report(), Format::Text, true);
        assert!(out.contains("\x1b[32mok  \x1b[0m  epmd") && out.contains("\x1b[31mFAIL\x1b[0m"), "{out}");
    }

    #[test]
    fn all_ok() {
        let report = Report { checks: vec![Finding::ok("epmd", "answers")] };
        assert!(render(&report, Format::Text, false).ends_with("\nAll 1 checks are ok.\n"));
    }

    #[test]
    fn json_has_the_words_of_the_contract() {
        let value: serde_json::Value = serde_json::from_str(&render(&report(), Format::Json, true)).unwrap();
        assert_eq!(value["status"], "fail");
        assert_eq!(value["checks"][0]["status"], "ok");
        assert_eq!(value["checks"][1]["remedy"], "use\nanother");
        assert_eq!(value["checks"][2]["check"], "handshake app@h");
    }

    #[test]
    fn tsv_has_four_fields_per_line() {
        let out = render(&report(), Format::Tsv, true);
        let expected = "ok\tepmd\tanswers at port 4369\t\nwarn\tname\ta b \tuse another\n\
                        fail\thandshake app@h\tcookie refused\tsame cookie\n";
        assert_eq!(out, expected);
    }
}
