//! A gate's configuration, a budget, a recording and a file of evidence from hostile bytes. The first byte says which.
//!
//! - A configuration is taken, or every problem has a place within the text. What is taken can be judged over an empty window.
//! - A budget is taken as it was written, or the column is one of the text.
//! - A recording that is taken is written and read again as the same, and the preset's gate judges it twice alike; beside itself
//!   it is not shifted; memory grows with the bytes at most.
//! - Evidence that nobody signed has no record that is not altered.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::within;
use outrigger_watch::evidence::{Expected, Key, last, verify};
use outrigger_watch::gate::{
    Comparison, Config, FileForm, JunitCount, LcovKind, Names, Verdict, judge, judge_beside,
};
use outrigger_watch::window::Limits;
use outrigger_watch::{WatchError, Window};

/// A series' node in a tree, for a few bytes of JSON.
const PER_BYTE: usize = 1024;

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    match which % 5 {
        0 => within(PER_BYTE * rest.len() + (1 << 20), || config(rest)),
        1 => within(PER_BYTE * rest.len() + (1 << 16), || budget(rest)),
        2 => within(PER_BYTE * rest.len() + (1 << 20), || window(rest)),
        3 => evidence(rest),
        _ => files(rest),
    }
});

fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Config::read(text) {
        Ok(config) => {
            for gate in config.gates.values() {
                let outcome = judge(gate, &[Window::new(0, 60_000)], &[]);
                assert_eq!(outcome.budgets.len(), gate.budgets.len());
                assert_ne!(outcome.verdict.exit_code(), 0, "nothing was measured");
            }
        }
        Err(WatchError::BadConfig { problems }) => {
            assert!(!problems.is_empty());
            let lines = text.matches('\n').count() + 1;
            assert!(problems.iter().all(|problem| problem.line <= lines && problem.column <= text.len() + 1));
        }
        Err(error) => panic!("another error: {error}"),
    }
}

fn budget(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Comparison::parse(text, &Names::default()) {
        Ok(comparison) => assert_eq!(comparison.to_string(), text.trim()),
        Err(WatchError::BadBudget { column, .. }) => assert!(column <= text.chars().count() + 1),
        Err(error) => panic!("another error: {error}"),
    }
}

fn window(bytes: &[u8]) {
    let Ok(window) = Window::from_json(bytes, &Limits::default()) else { return };
    let json = window.to_json();
    let again = Window::from_json(json.as_bytes(), &Limits::default()).expect("what was written");
    assert_eq!(again.to_json(), json);
    let config = Config::read("preset = \"phoenix\"").expect("ours");
    let gate = &config.gates["phoenix"];
    let of = |window: &Window| {
        format!("{:?}", judge(gate, std::slice::from_ref(window), std::slice::from_ref(window)))
    };
    assert_eq!(of(&window), of(&again));
    let same = Config::read(
        "[gate.same]\nwindow = \"0s\"\nwarm_up = \"0s\"\n[[gate.same.budget]]\ncompare = 'runq.total'\n",
    );
    let blocks = vec![window.clone(); 6];
    let verdict = judge_beside(&same.expect("ours").gates["same"], &blocks, &blocks).verdict;
    assert!(!matches!(verdict, Verdict::Fail | Verdict::Warn), "nothing is shifted against itself");
    let mut merged = window;
    merged.merge(again);
    let _ = merged.to_json();
}

fn evidence(bytes: &[u8]) {
    let expected = Expected { key: Some(Key::from_seed([7; 32]).public()), ..Expected::default() };
    let verified = verify(bytes, &expected);
    assert!(bytes.is_empty() || !verified.altered.is_empty(), "nobody has signed this");
    let _ = last(bytes);
}

fn files(bytes: &[u8]) {
    for form in [
        FileForm::Json { pointer: "/a".into(), unit: "%".into() },
        FileForm::Criterion { estimate: "mean".into() },
        FileForm::Lcov(LcovKind::Lines),
        FileForm::Junit(JunitCount::Failures),
    ] {
        let _ = form.figure(bytes);
    }
}
