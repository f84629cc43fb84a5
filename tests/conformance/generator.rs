//! `scripts/conformance`: the document follows from rows and results, and it fails when it must.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const ROWS: &str = "# comment\n1\tFirst\t\n2\tSecond\tno node does it\n";
const RESULTS: &str = "running 2 tests\ntest row_01_a ... ok\ntest inner::row_01_b_and_row_02_c ... ok\n";

/// Three releases that ran the same tests.
struct Results(TempDir);

impl Results {
    fn new() -> Self {
        let results = Self(TempDir::new().unwrap());
        for release in ["25", "27", "29"] {
            results.ran(release, RESULTS);
        }
        results.file("rows", ROWS);
        results
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn ran(&self, release: &str, log: &str) {
        self.file(&format!("r{release}.versions"), &format!("OTP {release}.1.2\tElixir 1.18.0\n"));
        self.file(&format!("r{release}.live"), log);
    }

    fn did_not_run(&self, release: &str) {
        fs::remove_file(self.0.path().join(format!("r{release}.versions"))).unwrap();
    }

    /// Runs the script: whether it was content, and what it said.
    fn script(&self, command: &str) -> (bool, String) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/conformance");
        let Output { status, stderr, .. } = Command::new(script)
            .arg(command)
            .arg(self.0.path())
            .env("OUTRIGGER_CONFORMANCE", self.0.path().join("document.md"))
            .env("OUTRIGGER_CONFORMANCE_ROWS", self.0.path().join("rows"))
            .output()
            .unwrap();
        (status.success(), String::from_utf8(stderr).unwrap())
    }

    fn document(&self) -> String {
        fs::read_to_string(self.0.path().join("document.md")).unwrap()
    }
}

#[test]
fn a_line_per_row_with_its_tests_and_releases() {
    let results = Results::new();
    assert!(results.script("write").0);
    let document = results.document();
    let both = "| 1 | First | `row_01_a`<br>`row_01_b_and_row_02_c` | ok | ok | ok |\n";
    assert!(document.contains(both), "{document}");
    let limited = "| 2 | Second | `row_01_b_and_row_02_c`<br>limit: no node does it | ok | ok | ok |\n";
    assert!(document.contains(limited), "{document}");
    assert!(document.contains("| 2 of 2 | 2 | 2 | 2 |"), "{document}");
    assert_eq!(results.script("check"), (true, String::new()));
}

#[test]
fn a_row_that_lost_its_proof_is_found() {
    let results = Results::new();
    assert!(results.script("write").0);
    for release in ["25", "27", "29"] {
        results.ran(release, "test row_02_c ... ok\n");
    }
    let (content, said) = results.script("check");
    assert!(!content && said.contains("row 1: no test and no reason"), "{said}");
}

#[test]
fn a_failed_test_is_found_on_its_release() {
    let results = Results::new();
    assert!(results.script("write").0);
    results.ran("27", &RESULTS.replace("row_01_a ... ok", "row_01_a ... FAILED"));
    let (content, said) = results.script("check");
    assert!(!content && said.contains("row 1: a test failed on OTP 27"), "{said}");
    results.ran("27", "");
    let (content, said) = results.script("check");
    assert!(!content && said.contains("row 1: no test of it came to an end on OTP 27"), "{said}");
}

#[test]
fn a_document_of_other_results_is_found() {
    let results = Results::new();
    assert!(results.script("write").0);
    for release in ["25", "27", "29"] {
        results.ran(release, &RESULTS.replace("row_01_a", "row_01_another"));
    }
    let (content, said) = results.script("check");
    assert!(!content && said.contains("row_01_another"), "{said}");
}

#[test]
fn a_test_of_a_row_that_is_not_there_is_found() {
    let results = Results::new();
    results.ran("25", &format!("{RESULTS}test row_47_x ... ok\n"));
    let (content, said) = results.script("write");
    assert!(!content && said.contains("row 47"), "{said}");
}

#[test]
fn a_release_that_was_not_run_is_left_out_of_the_check_and_not_written() {
    let results = Results::new();
    assert!(results.script("write").0);
    results.did_not_run("29");
    assert_eq!(results.script("check"), (true, String::new()));
    let (content, said) = results.script("write");
    assert!(!content && said.contains("no results of OTP 29"), "{said}");
}

#[test]
fn the_rows_are_all_there() {
    let rows = include_str!("rows.tsv");
    let numbers: Vec<u32> = rows
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<_> = line.split('\t').collect();
            assert_eq!(fields.len(), 3, "number, text, reason: {line}");
            fields[0].parse().unwrap()
        })
        .collect();
    assert_eq!(numbers, (1..=46).collect::<Vec<_>>());
}
