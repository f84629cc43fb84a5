//! The chain of evidence: what is written is verified, and whatever is altered is found and named.

#![allow(clippy::unwrap_used, reason = "a panic with its context is how a test reports")]

use outrigger_watch::evidence::{Expected, Field, Key, Record, last, sha256, verify};
use outrigger_watch::gate::{Config, Outcome, judge};
use outrigger_watch::{Key as Series, NodeWindow, Sample, Window};
use proptest::prelude::*;

const TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

fn key() -> Key {
    Key::from_seed([7; 32])
}

fn windows() -> [Window; 1] {
    let mut node = NodeWindow::new(0);
    (1..4).for_each(|at| node.sample(Series::new("runq.total"), Sample { at: at * 1_000, value: at as f64 }));
    let mut window = Window::new(0, 3_000);
    window.nodes.insert("app@host".into(), node);
    [window]
}

fn outcome() -> Outcome {
    let text = "[gate.g]\nwindow = \"3s\"\nwarm_up = \"0s\"\nsamples = 2\n[[gate.g.budget]]\npass = 'runq.total < 4'\n";
    judge(&Config::read(text).unwrap().gates["g"], &windows(), &[])
}

fn file(lines: u64) -> Vec<u8> {
    let (outcome, windows) = (outcome(), windows());
    (0..lines).fold(Vec::new(), |mut file, number| {
        let record =
            Record::new(number * 1_000, "outrigger.toml", b"config", &outcome, &windows).of_tree(TREE, false);
        let line = record.sign(&key(), last(&file).unwrap().as_ref());
        file.extend_from_slice(line.as_bytes());
        file
    })
}

fn trusted() -> Expected {
    Expected { key: Some(key().public()), ..Expected::default() }
}

/// What is altered, as a line and a field each.
fn altered(file: &[u8], expected: &Expected) -> Vec<(Option<usize>, Field)> {
    verify(file, expected).altered.iter().map(|altered| (altered.line, altered.field)).collect()
}

fn lines(file: &[u8]) -> Vec<Vec<u8>> {
    file.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

#[test]
fn what_was_written_is_verified() {
    let file = file(3);
    for expected in [Expected::default(), trusted()] {
        let verified = verify(&file, &expected);
        assert!(verified.altered.is_empty(), "{:?}", verified.altered);
        let numbers: Vec<u64> = verified.records.iter().map(|record| record.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
        assert_eq!(verified.records[1].outcome["verdict"], "pass");
        assert_eq!(verified.records[1].config, Some(sha256(b"config")));
    }
    assert_eq!(altered(b"", &trusted()), []);
    assert_eq!(last(b"").unwrap(), None);
    let link = last(&file).unwrap().unwrap();
    assert_eq!((link.number, link.hash), (3, verify(&file, &trusted()).records[2].hash.clone()));
}

/// A statement as others read it: <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>.
#[test]
fn the_statement_is_in_totos() {
    use base64::Engine as _;
    let envelope: serde_json::Value = serde_json::from_slice(&file(1)).unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    let payload =
        base64::engine::general_purpose::STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let statement: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://in-toto.io/attestation/test-result/v0.1");
    assert_eq!(statement["subject"][0]["digest"]["gitTree"], TREE);
    let predicate = &statement["predicate"];
    assert_eq!(
        (predicate["result"].as_str(), predicate["passedTests"][0].as_str()),
        (Some("PASSED"), Some("runq.total < 4"))
    );
    assert_eq!(predicate["configuration"][0]["digest"]["sha256"], sha256(b"config"));
    assert_eq!(predicate["outrigger"]["windows"][0]["nodes"]["app@host"]["series"][0]["samples"][2][1], 3.0);
}

#[test]
fn what_was_compared_with_is_in_the_record_and_cannot_be_altered() {
    let (outcome, windows) = (outcome(), windows());
    let line =
        Record::new(1, "outrigger.toml", b"config", &outcome, &windows).against(&windows).sign(&key(), None);
    assert_eq!(altered(line.as_bytes(), &trusted()), []);
    let other = Record::new(1, "outrigger.toml", b"config", &outcome, &windows).sign(&key(), None);
    assert_ne!(line, other);
    use base64::Engine as _;
    let envelope: serde_json::Value = serde_json::from_str(&line).unwrap();
    let payload =
        base64::engine::general_purpose::STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let statement: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    let ours = &statement["predicate"]["outrigger"];
    assert_eq!(ours["against"][0], ours["windows"][0]);
}

#[test]
fn lines_that_are_removed_moved_or_doubled_are_named() {
    let lines = lines(&file(4));
    let of = |order: &[usize]| order.iter().flat_map(|index| lines[*index].clone()).collect::<Vec<u8>>();
    let chain = |line| (Some(line), Field::Chain);
    assert_eq!(altered(&of(&[1, 2, 3]), &trusted()), [chain(1)]);
    assert_eq!(altered(&of(&[0, 2, 3]), &trusted()), [chain(2)]);
    assert_eq!(altered(&of(&[0, 2, 1, 3]), &trusted()), [chain(2), chain(3), chain(4)]);
    assert_eq!(altered(&of(&[0, 1, 1, 2, 3]), &trusted()), [chain(3)]);
    let said = verify(&of(&[0, 3]), &trusted()).altered[0].to_string();
    assert_eq!(said, "line 2, chain: 2 lines are missing behind line 1");
}

#[test]
fn missing_last_lines_are_seen_by_their_hash_only() {
    let whole = file(3);
    let head = last(&whole).unwrap().unwrap().hash;
    let lines = lines(&whole);
    let cut = lines[..2].concat();
    assert_eq!(altered(&cut, &trusted()), []);
    let expected = Expected { head: Some(head), ..trusted() };
    assert_eq!(altered(&cut, &expected), [(None, Field::Head)]);
    assert_eq!(altered(&whole, &expected), []);
    let mut torn = whole.clone();
    torn.pop();
    assert_eq!(altered(&torn, &trusted()), [(Some(3), Field::Line)]);
    assert!(last(&torn).unwrap_err().to_string().contains("cut off"));
}

#[test]
fn another_key_and_another_tree_are_named() {
    let file = file(2);
    let other = Key::from_seed([8; 32]);
    let expected = Expected { key: Some(other.public()), ..Expected::default() };
    assert_eq!(altered(&file, &expected), [(Some(1), Field::Key), (Some(2), Field::Key)]);
    // A file that goes on with another key, where none is trusted from elsewhere.
    let (outcome, windows) = (outcome(), windows());
    let record = Record::new(9, "outrigger.toml", b"config", &outcome, &windows).of_tree(TREE, true);
    let line = record.sign(&other, last(&file).unwrap().as_ref());
    let mixed = [file.as_slice(), line.as_bytes()].concat();
    assert_eq!(altered(&mixed, &Expected::default()), [(Some(3), Field::Key)]);
    let of_tree = |tree: &str| Expected { tree: Some(tree.to_owned()), ..trusted() };
    assert_eq!(altered(&file, &of_tree(TREE)), []);
    assert_eq!(altered(&file, &of_tree("00")), [(Some(2), Field::Tree)]);
    assert_eq!(altered(b"", &of_tree(TREE)), [(None, Field::Tree)]);
    let dirty = record.sign(&key(), None);
    let said = verify(dirty.as_bytes(), &of_tree(TREE)).altered[0].to_string();
    assert_eq!(said, format!("line 1, tree: files had changes that {TREE} does not have"));
}

/// Nothing stands behind the last line, so its hash is nowhere: what it means is signed, and there is one way to write that.
#[test]
fn the_last_line_cannot_be_written_in_another_way() {
    let text = String::from_utf8(file(1)).unwrap();
    for (part, other) in [
        ("{\"payload\"", "{ \"payload\""),
        ("\"sig\":", "\"\\u0073ig\":"),
        ("\"payloadType\":\"application/", "\"payloadType\":\"application\\/"),
    ] {
        let written = text.replacen(part, other, 1);
        assert_ne!(written, text);
        let verified = verify(written.as_bytes(), &trusted());
        assert_eq!(
            verified.altered[0].to_string(),
            "line 1, line: not written as an envelope is written here"
        );
    }
}

#[test]
fn a_flipped_bit_of_any_byte_is_found() {
    let file = file(1);
    for at in 0..file.len() {
        let mut flipped = file.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(!verify(&flipped, &trusted()).altered.is_empty(), "byte {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_other_byte_is_found_also_without_a_trusted_key(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let file = file(3);
        let at = at.index(file.len());
        prop_assume!(file[at] != byte);
        let mut other = file.clone();
        other[at] = byte;
        let line = file[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        for expected in [Expected::default(), trusted()] {
            let altered = altered(&other, &expected);
            prop_assert!(altered.iter().any(|(at, _)| at.is_some_and(|at| at.abs_diff(line) <= 1)), "{altered:?}, not {line}");
        }
    }

    #[test]
    fn bytes_that_are_cut_out_or_put_in_are_found(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), put in prop::collection::vec(any::<u8>(), 0..4)) {
        let file = file(3);
        let (from, to) = (from.index(file.len()), to.index(file.len()));
        let (from, to) = (from.min(to), from.max(to));
        let other = [&file[..from], &put, &file[to..]].concat();
        let head = last(&file).unwrap().unwrap().hash;
        prop_assume!(other != file);
        let expected = Expected { head: Some(head), ..trusted() };
        prop_assert!(!verify(&other, &expected).altered.is_empty());
    }

    #[test]
    fn any_bytes_are_verified_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = verify(&bytes, &trusted());
        let _ = last(&bytes);
    }
}
