//! Reports to the letter, of one window of the corpus, and what hostile names make of them: nothing.

#![allow(clippy::unwrap_used, reason = "a panic with its context is how a test reports")]

use std::fs;
use std::path::Path;

use outrigger_watch::gate::{Config, Outcome, judge};
use outrigger_watch::window::Limits;
use outrigger_watch::{Window, report};
use serde_json::Value;

const CONFIG: &str = "\
[gate.ship]
window = \"25s\"
samples = 3
[[gate.ship.budget]]
name = \"http\"
pass = 'p99(phoenix.endpoint) < 50ms'
[[gate.ship.budget]]
name = \"run queue\"
pass = 'runq.total.max < 2'
warn = 'runq.total.max < 20'
[[gate.ship.budget]]
name = \"pool\"
pass = 'pool.queue_len == 0'
veto = false
[[gate.ship.budget]]
name = \"jobs\"
pass = 'oban.job.p99 < 1s'
required = false
[[gate.ship.budget]]
name = \"many\"
pass = 'sched.util.max < 1'
samples = 50
";

fn window() -> Window {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/gate/windows/two.json");
    Window::from_json(&fs::read(path).unwrap(), &Limits::default()).unwrap()
}

fn outcomes() -> Vec<Outcome> {
    vec![judge(&Config::read(CONFIG).unwrap().gates["ship"], &[window()], &[])]
}

/// Compares with a file of `tests/golden`; `OUTRIGGER_GOLDEN=1` writes it.
fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("OUTRIGGER_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap(), "{name}");
}

#[test]
fn each_form_to_the_letter() {
    let outcomes = outcomes();
    golden("gate.txt", &report::text(&outcomes, false));
    golden("gate.json", &report::json(&outcomes));
    golden("gate.xml", &report::junit(&outcomes));
    golden("gate.sarif", &report::sarif(&outcomes, "apps/my app/outrigger.toml"));
    golden("gate.github", &report::github(&outcomes, "outrigger.toml"));
}

#[test]
fn html_has_all_of_it_and_loads_nothing() {
    let html = report::html(&outcomes(), &[window()]);
    for part in ["Gate ship inconclusive", "p99(phoenix.endpoint) &lt; 50ms", "app@b", "<svg class=\"chart\""]
    {
        assert!(html.contains(part), "{part}");
    }
    assert!(!html.contains("src=\"http") && !html.contains("href=") && !html.contains("<script"));
}

#[test]
fn a_name_writes_no_line_and_no_element_of_its_own() {
    let mut outcomes = outcomes();
    let evil = "x\n::error::y\r\n\x1b[31m<script>\"&\u{fffe}]]>";
    outcomes[0].gate = evil.into();
    let budget = &mut outcomes[0].budgets[0];
    (budget.name, budget.why, budget.demand) = (evil.into(), evil.into(), evil.into());
    budget.verdict = outrigger_watch::gate::Verdict::Fail;
    budget.readings[0].node = Some(evil.into());
    let text = report::text(&outcomes, false);
    assert!(!text.contains('\x1b') && !text.contains("\n::"), "{text}");
    let github = report::github(&outcomes, "a,b:c.toml");
    assert!(
        github.lines().all(|line| line.starts_with("::error file=a%2Cb%3Ac.toml,")
            || line.starts_with("::warning ")
            || line.starts_with("::notice ")),
        "{github}"
    );
    assert_eq!(github.lines().count(), 5, "{github}");
    for markup in [report::junit(&outcomes), report::html(&outcomes, &[])] {
        assert!(!markup.contains("<script>") && !markup.contains('\x1b'), "{markup}");
    }
    let mut xml = quick_xml::Reader::from_str(Box::leak(report::junit(&outcomes).into_boxed_str()));
    while xml.read_event().unwrap() != quick_xml::events::Event::Eof {}
    let sarif: Value = serde_json::from_str(&report::sarif(&outcomes, "outrigger.toml")).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["level"], "error");
}

#[test]
fn colours_are_for_the_marks_only() {
    let text = report::text(&outcomes(), true);
    assert!(
        text.contains("\x1b[31mFAIL   \x1b[0m  pool") && text.contains("\x1b[32mok     \x1b[0m  http"),
        "{text}"
    );
}
