//! Bytes that no connector writes: an error or a record, and never a panic.

use outrigger_events::debezium::{self, Memory, Options, Shape, Untyped};
use outrigger_events::{Error, Limits, TreeSink};
use serde_json::Value as Json;

fn documents() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/events");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("debezium-"));
    files
        .flat_map(|path| {
            let file: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            let cases = file["cases"].as_array().unwrap().clone();
            cases.into_iter().filter_map(|case| case["value"].as_str().map(|text| text.as_bytes().to_vec()))
        })
        .collect()
}

fn try_all(document: &[u8], memory: &mut Memory) {
    for shape in [Shape::Auto, Shape::Envelope, Shape::Row, Shape::Outbox] {
        let options = Options { shape, untyped: Untyped::AsIs, expand: true, ..Options::default() };
        let _ = debezium::decode(Some(document), Some(document), &options, memory, &mut TreeSink::default());
    }
}

#[test]
fn every_part_of_a_document_is_no_panic() {
    let mut memory = Memory::default();
    for document in documents() {
        for end in 0..document.len() {
            let options = Options { untyped: Untyped::AsIs, ..Options::default() };
            let part =
                debezium::decode(document.get(..end), None, &options, &mut memory, &mut TreeSink::default());
            assert!(part.is_err(), "{}", String::from_utf8_lossy(&document[..end]));
        }
    }
}

#[test]
fn a_byte_that_is_another_one_is_no_panic() {
    let mut memory = Memory::default();
    for document in documents() {
        for place in (0..document.len()).step_by(17) {
            for byte in *b"\"{}[],:0n\\\xff" {
                let mut document = document.clone();
                document[place] = byte;
                if place % (17 * 8) == 0 {
                    try_all(&document, &mut memory);
                } else {
                    let options = Options::default();
                    let _ = debezium::decode(
                        Some(&document),
                        None,
                        &options,
                        &mut memory,
                        &mut TreeSink::default(),
                    );
                }
            }
        }
    }
}

#[test]
fn depth_is_bounded_in_schemas_and_in_data() {
    let nested = |count: usize| {
        let open = r#"{"type":"array","items":"#.repeat(count);
        let schema = format!("{open}{}{}", r#"{"type":"int32"}"#, "}".repeat(count));
        format!(r#"{{"schema":{schema},"payload":{}1{}}}"#, "[".repeat(count), "]".repeat(count))
    };
    let options = Options::default();
    let decode = |text: &str, options: &Options| {
        debezium::decode(
            Some(text.as_bytes()),
            None,
            options,
            &mut Memory::default(),
            &mut TreeSink::default(),
        )
    };
    assert!(matches!(decode(&nested(100), &options), Err(Error::Malformed { .. })));
    assert!(matches!(decode(&nested(1_000), &options), Err(Error::Limit { what: "levels", .. })));
    let deep =
        format!(r#"{{"after":{{"a":{}1{}}},"source":{{}},"op":"c"}}"#, "[".repeat(600), "]".repeat(600));
    let as_is = Options { untyped: Untyped::AsIs, ..Options::default() };
    assert!(matches!(decode(&deep, &as_is), Err(Error::Limit { what: "levels", limit: 512, .. })));
    let small = Options { limits: Limits { bytes: 10, ..Limits::default() }, ..Options::default() };
    assert!(matches!(decode(&deep, &small), Err(Error::Limit { what: "bytes", .. })));
}
