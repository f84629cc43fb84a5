//! The golden corpus, which the Elixir tests read as well: `tests/vectors/events/README.md`.

use std::path::Path;

use outrigger_events::json::Floats;
use outrigger_events::pgoutput::{Decoder, Json, Options, Type};
use outrigger_events::{Error, Name, Value};
use serde_json::Value as Document;

use crate::support::{at, bytes, decode};
use crate::tagged::same;

/// Every case of every file: its options, and its frames.
pub(crate) fn cases() -> Vec<Document> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/events");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("pgoutput-"));
    files
        .flat_map(|path| {
            let mut file: Document = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            std::mem::take(file["cases"].as_array_mut().unwrap())
        })
        .collect()
}

pub(crate) fn frames(case: &Document) -> Vec<Vec<u8>> {
    case["frames"].as_array().unwrap().iter().map(|frame| bytes(frame["hex"].as_str().unwrap())).collect()
}

pub(crate) fn options(json: &Document) -> Options {
    let floats = if json["floats"] == "decimals" { Floats::Decimals } else { Floats::Binary };
    let mut options = Options {
        version: json["version"].as_u64().map_or(4, |version| version.try_into().unwrap()),
        json: if json["json"] == "decode" { Json::Decoded(floats) } else { Json::Text },
        ..Options::default()
    };
    for (name, built_in) in json["types"].as_object().into_iter().flatten() {
        options.types.insert(name.as_str().into(), Type::of_name(built_in.as_str().unwrap()).unwrap());
    }
    for (table, columns) in json["keys"].as_object().into_iter().flatten() {
        let columns: Vec<&str> =
            columns.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        options = options.key(table, &columns);
    }
    options
}

#[test]
fn every_case_decodes_as_it_says() {
    let cases = cases();
    assert!(cases.len() >= 25, "{}", cases.len());
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let mut decoder = Decoder::new(options(&case["options"]));
        for (place, frame) in case["frames"].as_array().unwrap().iter().enumerate() {
            let told = decode(&mut decoder, &bytes(frame["hex"].as_str().unwrap()));
            check(&format!("{name}, frame {place}"), frame, told);
        }
    }
}

fn check(name: &str, frame: &Document, told: Result<Vec<Value>, Error>) {
    if let Some(error) = frame.get("error") {
        let (reason, path) = match told {
            Err(Error::Malformed { path, .. }) => ("malformed", Some(path)),
            Err(Error::Limit { .. }) => ("too_large", None),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(
            (error["reason"].as_str(), error["path"].as_str()),
            (Some(reason), path.as_deref()),
            "{name}"
        );
        return;
    }
    let records = told.unwrap_or_else(|error| panic!("{name}: {error}"));
    let expected = frame["records"].as_array().unwrap();
    assert_eq!(records.len(), expected.len(), "{name}");
    for (record, expected) in records.iter().zip(expected) {
        let kind = if expected["record"] == "change" { Name::Change } else { Name::TransactionRecord };
        assert_eq!(at(record, "__struct__"), &Value::Name(kind), "{name}");
        for (path, expected) in expected["expect"].as_object().unwrap() {
            let found = at(record, path);
            assert!(same(found, expected), "{name}: {path} is {found:?}, not {expected}");
        }
    }
}
