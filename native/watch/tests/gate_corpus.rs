//! The gate corpus, `tests/vectors/gate`: exact verdicts, sentences and exit codes. Its README says what is in a file.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a panic with its context is how a test reports"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use outrigger_watch::gate::{Config, Outcome, Verdict, judge, judge_beside};
use outrigger_watch::window::Limits;
use outrigger_watch::{Series, Window};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Begins every configuration.
    gate: String,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    window: String,
    #[serde(default)]
    against: Vec<String>,
    /// In place of `against`: both are cut into so many blocks.
    #[serde(default)]
    beside: Option<(String, u64)>,
    config: String,
    verdict: Verdict,
    exit: u8,
    why: String,
    budgets: Vec<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/gate")
}

fn window(name: &str) -> Window {
    let bytes = fs::read(folder().join(format!("windows/{name}.json"))).unwrap();
    Window::from_json(&bytes, &Limits::default()).unwrap()
}

/// The time behind the warm-up, cut. Histograms know no time: each block has them whole.
fn blocks(whole: &Window, count: u64) -> Vec<Window> {
    let from = whole.from + 5_000;
    let end = |at: u64| from + (whole.until - from) * at / count;
    let block = |at: u64| {
        let mut block = Window { from: end(at), until: end(at + 1), ..whole.clone() };
        block.nodes.retain(|_, node| node.gone.is_none_or(|gone| gone > block.from));
        for node in block.nodes.values_mut() {
            node.gone = node.gone.filter(|gone| *gone <= block.until);
            for series in node.series.values_mut() {
                if let Series::Samples(samples) = series {
                    let last = at + 1 == count;
                    samples.retain(|sample| {
                        sample.at >= block.from
                            && (sample.at < block.until || last && sample.at == block.until)
                    });
                }
            }
        }
        block
    };
    (0..count).map(block).collect()
}

fn files() -> Vec<(String, File)> {
    let paths = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let tables = paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    tables.map(|path| (name(&path), toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap())).collect()
}

fn run(head: &str, case: &Case) -> Outcome {
    // Settings of the gate stand before its files and budgets.
    let (settings, tables) = head.split_at(head.find("[gate.g.files]").unwrap_or(head.len()));
    let (more, budgets) = case.config.split_at(case.config.find("[[").unwrap());
    // What a case sets stands in place of what the file sets.
    let overridden = |line: &&str| {
        let key = |line: &str| line.split(" = ").next().unwrap().to_owned();
        !more.lines().any(|other| key(other) == key(line))
    };
    let settings: Vec<&str> = settings.lines().filter(overridden).collect();
    let text = format!("{}\n{more}{tables}{budgets}", settings.join("\n"));
    let config = Config::read(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", case.name));
    if let Some((beside, count)) = &case.beside {
        let [now, beside] = [&case.window, beside].map(|name| blocks(&window(name), *count));
        return judge_beside(&config.gates["g"], &now, &beside);
    }
    let against: Vec<Window> = case.against.iter().map(|name| window(name)).collect();
    judge(&config.gates["g"], &[window(&case.window)], &against)
}

#[test]
fn every_case_is_judged_as_it_says() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, File { gate, case }) in files() {
        for case in case {
            let outcome = run(&gate, &case);
            let budgets: Vec<String> =
                outcome.budgets.iter().map(|budget| format!("{}: {}", budget.verdict, budget.why)).collect();
            seen.insert(outcome.verdict);
            let exit = outcome.verdict.exit_code();
            let is = (outcome.verdict, exit, &outcome.why, &budgets);
            if is != (case.verdict, case.exit, &case.why, &case.budgets) {
                wrong.push(format!(
                    "{file}/{}\n  is {} ({exit}), has to be {} ({})\n  {}\n  {budgets:#?}\n",
                    case.name, outcome.verdict, case.verdict, case.exit, outcome.why
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.concat());
    assert_eq!(seen.len(), 5, "every verdict has a case");
}
