//! JUnit's XML as CI servers read it: a test case for each file, `failure` for what is incompatible, `error` for what cannot
//! be read.

use std::fmt::Write as _;

use outrigger_watch::report::clean::xml as escape;

use crate::schema::outcome::{Outcome, Outcomes, Status};

pub(super) fn render(outcomes: &Outcomes) -> String {
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\"",
        outcomes.files.len(),
        outcomes.count(Status::Incompatible),
        outcomes.count(Status::Unreadable)
    );
    let name = format!("outrigger schema check, {} against {}", outcomes.level, outcomes.against);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites {counts}>");
    let _ = writeln!(out, "  <testsuite name=\"{}\" {counts} skipped=\"0\">", escape(&name));
    for file in &outcomes.files {
        case(&mut out, file);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(out: &mut String, file: &Outcome) {
    let class = file.format.map_or("schema", |format| format.text());
    let head = format!("    <testcase classname=\"schema.{class}\" name=\"{}\"", escape(&file.path));
    if let Some(problem) = &file.problem {
        let _ = writeln!(
            out,
            "{head}>\n      <error message=\"unreadable\">{}</error>\n    </testcase>",
            escape(problem)
        );
        return;
    }
    if file.status != Status::Incompatible {
        let _ = writeln!(out, "{head}/>");
        return;
    }
    let lines = file.findings.iter().map(|found| {
        format!("{} {}: {}: {} [{}]", found.direction, found.version, found.path, found.reason, found.kind)
    });
    let first = file.findings.first().map_or("", |found| found.kind.as_str());
    let text = lines.collect::<Vec<_>>().join("\n");
    let message = format!("{} findings", file.findings.len() + file.more);
    let _ = writeln!(
        out,
        "{head}>\n      <failure message=\"{message}\" type=\"{first}\">{}</failure>\n    </testcase>",
        escape(&text)
    );
}
