//! Figures of result files: which there are, and how one is read from the bytes of a file.

use std::collections::BTreeMap;

use quick_xml::Reader as Xml;
use quick_xml::events::Event;
use serde_json::Value;

use super::read::add;
use super::table::{Reader, Table};
use crate::gate::expr::{Dimension, Literal, Names, Shape};
use crate::{Number, Unit};

const MOST_FILES: usize = 1_000;

/// A figure of a result file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileValue {
    /// The file, from the folder of the configuration.
    pub file: String,
    /// What of it.
    pub form: FileForm,
}

/// What of a file, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileForm {
    /// A number of a JSON document, by its pointer (RFC 6901) and what it is measured in: a unit of budgets, or `count` or `ratio`.
    Json {
        /// Where.
        pointer: String,
        /// In what.
        unit: String,
    },
    /// A share of LCOV's records.
    Lcov(LcovKind),
    /// A count of JUnit's XML.
    Junit(JunitCount),
    /// The mean of criterion's `estimates.json`, or its median.
    Criterion {
        /// The member: `mean` or `median`.
        estimate: String,
    },
}

/// What of LCOV's records is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LcovKind {
    /// `LH` of `LF`.
    Lines,
    /// `FNH` of `FNF`.
    Functions,
    /// `BRH` of `BRF`.
    Branches,
}

/// What of JUnit's XML is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JunitCount {
    /// All test cases.
    Tests,
    /// Those with a `failure`.
    Failures,
    /// Those with an `error`.
    Errors,
    /// Those with `skipped`.
    Skipped,
}

/// The files of a gate. Their names become known to its budgets.
pub(super) fn read(
    reader: &mut Reader<'_>,
    gate: &mut Table<'_, '_>,
    names: &mut Names,
) -> BTreeMap<String, FileValue> {
    let mut files = BTreeMap::new();
    for (name, mut table) in gate.tables(reader, "files", MOST_FILES) {
        let at = table.at;
        let file = table.text(reader, "file").map(|text| text.value.to_owned());
        let form = form(reader, &mut table);
        table.end(reader);
        match (file, form) {
            (Some(file), Some(form)) => {
                add(reader, names, (name, at), form.unit(), Shape::Value);
                files.insert(name.to_owned(), FileValue { file, form });
            }
            (None, _) => reader.problem(at, format!("files.{name} needs file = \"…\"")),
            (_, None) => {}
        }
    }
    files
}

fn form(reader: &mut Reader<'_>, table: &mut Table<'_, '_>) -> Option<FileForm> {
    let at = table.at;
    let words = [("json", 0), ("lcov", 1), ("junit", 2), ("criterion", 3)];
    let Some(word) = table.word(reader, "form", &words) else {
        reader.problem(at, "a file needs form = \"json\", \"lcov\", \"junit\" or \"criterion\"");
        return None;
    };
    match word {
        0 => json(reader, table),
        1 => {
            let kinds = [
                ("lines", LcovKind::Lines),
                ("functions", LcovKind::Functions),
                ("branches", LcovKind::Branches),
            ];
            Some(FileForm::Lcov(table.word(reader, "of", &kinds).unwrap_or(LcovKind::Lines)))
        }
        2 => {
            let counts = [
                ("tests", JunitCount::Tests),
                ("failures", JunitCount::Failures),
                ("errors", JunitCount::Errors),
                ("skipped", JunitCount::Skipped),
            ];
            let count = table.word(reader, "of", &counts);
            if count.is_none() {
                reader.problem(
                    at,
                    "a JUnit file needs of = \"tests\", \"failures\", \"errors\" or \"skipped\"",
                );
            }
            count.map(FileForm::Junit)
        }
        _ => {
            let estimate =
                table.word(reader, "of", &[("mean", "mean"), ("median", "median")]).unwrap_or("mean");
            Some(FileForm::Criterion { estimate: estimate.to_owned() })
        }
    }
}

fn json(reader: &mut Reader<'_>, table: &mut Table<'_, '_>) -> Option<FileForm> {
    let at = table.at;
    let pointer = table.text(reader, "pointer");
    let unit = table.text(reader, "unit");
    let Some(pointer) = pointer.filter(|pointer| pointer.value.is_empty() || pointer.value.starts_with('/'))
    else {
        reader.problem(at, "a JSON file needs pointer = \"/…\", the place of its number");
        return None;
    };
    let unit = match unit {
        Some(unit) if scale(1.0, unit.value).is_none() => {
            reader.problem(
                unit.span.start,
                format!("{:?} is no unit: count, ratio, %, or as ms and MiB in budgets", unit.value),
            );
            return None;
        }
        unit => unit.map_or("count", |unit| unit.value),
    };
    Some(FileForm::Json { pointer: pointer.value.to_owned(), unit: unit.to_owned() })
}

fn scale(value: f64, unit: &str) -> Option<Number> {
    let literal = match unit {
        "count" => return Some(Number { value, unit: Unit::Count }),
        "ratio" => return Some(Number { value, unit: Unit::Ratio }),
        "" => return None,
        unit => Literal::scale(value, unit)?,
    };
    let unit = if literal.dimension == Dimension::RATIO { Unit::Ratio } else { literal.dimension.unit()? };
    Some(Number { value: literal.value, unit })
}

impl FileForm {
    /// What its figure is measured in.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self {
            Self::Json { unit, .. } => scale(1.0, unit).map_or(Unit::Count, |number| number.unit),
            Self::Lcov(_) => Unit::Ratio,
            Self::Junit(_) => Unit::Count,
            Self::Criterion { .. } => Unit::Seconds,
        }
    }

    /// Reads the figure from the bytes of a file.
    ///
    /// # Errors
    ///
    /// Says what of the file is not as it should be.
    pub fn figure(&self, bytes: &[u8]) -> Result<Number, String> {
        match self {
            Self::Json { pointer, unit } => {
                let number = number_at(bytes, pointer)?;
                scale(number, unit).ok_or_else(|| format!("{unit:?} is no unit"))
            }
            Self::Criterion { estimate } => {
                let nanos = number_at(bytes, &format!("/{estimate}/point_estimate"))?;
                Ok(Number { value: nanos / 1e9, unit: Unit::Seconds })
            }
            Self::Lcov(kind) => lcov(bytes, *kind),
            Self::Junit(count) => junit(bytes, *count),
        }
    }
}

fn number_at(bytes: &[u8], pointer: &str) -> Result<f64, String> {
    let document: Value = serde_json::from_slice(bytes).map_err(|error| format!("not JSON: {error}"))?;
    let value = document.pointer(pointer).ok_or_else(|| format!("there is nothing at {pointer:?}"))?;
    value.as_f64().ok_or_else(|| format!("what is at {pointer:?} is no number"))
}

/// The sums over all records of a tracefile (`man geninfo`).
fn lcov(bytes: &[u8], kind: LcovKind) -> Result<Number, String> {
    let (hit, found) = match kind {
        LcovKind::Lines => ("LH:", "LF:"),
        LcovKind::Functions => ("FNH:", "FNF:"),
        LcovKind::Branches => ("BRH:", "BRF:"),
    };
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    let sum = |head: &str| {
        let numbers = text.lines().filter_map(|line| line.strip_prefix(head));
        numbers
            .map(|number| number.trim().parse::<u64>().map_err(|_| format!("{head}{number} is no count")))
            .try_fold(0_u64, |sum, number| number.map(|number| sum.saturating_add(number)))
    };
    match (sum(hit)?, sum(found)?) {
        (_, 0) => Err(format!("it has no record {found}")),
        (hit, found) => Ok(Number { value: hit as f64 / found as f64, unit: Unit::Ratio }),
    }
}

fn junit(bytes: &[u8], count: JunitCount) -> Result<Number, String> {
    let wanted: &str = match count {
        JunitCount::Tests => "testcase",
        JunitCount::Failures => "failure",
        JunitCount::Errors => "error",
        JunitCount::Skipped => "skipped",
    };
    let mut xml = Xml::from_reader(bytes);
    let (mut suites, mut counted) = (false, 0_u64);
    loop {
        match xml.read_event().map_err(|error| format!("not XML: {error}"))? {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.name();
                suites |= matches!(name.as_ref(), "testsuite" | "testsuites");
                counted += u64::from(name.as_ref() == wanted);
            }
            Event::Eof if suites => return Ok(Number { value: counted as f64, unit: Unit::Count }),
            Event::Eof => return Err("it has no test suite".into()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(pointer: &str, unit: &str) -> FileForm {
        FileForm::Json { pointer: pointer.into(), unit: unit.into() }
    }

    #[test]
    fn figures_of_each_form() {
        let coverage = br#"{"coverage": 81.5, "deep": [{"a/b": 3}]}"#;
        let lcov = b"SF:a.ex\nLF:10\nLH:7\nend_of_record\nSF:b.ex\nLF:10\nLH:8\nend_of_record\n";
        let junit = br#"<?xml version="1.0"?><testsuites><testsuite><testcase name="a"/>
            <testcase name="b"><failure>no</failure></testcase></testsuite></testsuites>"#;
        let criterion = br#"{"mean": {"point_estimate": 1500.0}, "median": {"point_estimate": 1400.0}}"#;
        for (form, bytes, value, unit) in [
            (json("/coverage", "%"), &coverage[..], 0.815, Unit::Ratio),
            (json("/deep/0/a~1b", "count"), coverage, 3.0, Unit::Count),
            (json("/deep/0/a~1b", "MiB"), coverage, 3_145_728.0, Unit::Bytes),
            (FileForm::Lcov(LcovKind::Lines), lcov, 0.75, Unit::Ratio),
            (FileForm::Junit(JunitCount::Tests), junit, 2.0, Unit::Count),
            (FileForm::Junit(JunitCount::Failures), junit, 1.0, Unit::Count),
            (FileForm::Junit(JunitCount::Skipped), junit, 0.0, Unit::Count),
            (FileForm::Criterion { estimate: "mean".into() }, criterion, 1.5e-6, Unit::Seconds),
        ] {
            assert_eq!(form.figure(bytes), Ok(Number { value, unit }), "{form:?}");
            assert_eq!(form.unit(), unit, "{form:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_said() {
        for (form, bytes, part) in [
            (json("/coverage", "%"), &b"{}"[..], "nothing at \"/coverage\""),
            (json("/a", "%"), br#"{"a": "81"}"#, "no number"),
            (json("/a", "%"), b"<a/>", "not JSON"),
            (FileForm::Lcov(LcovKind::Branches), b"LF:1\nLH:1\n", "no record BRF:"),
            (FileForm::Lcov(LcovKind::Lines), b"LF:many\n", "is no count"),
            (FileForm::Junit(JunitCount::Failures), b"<html></html>", "no test suite"),
            (FileForm::Junit(JunitCount::Failures), b"<testsuite></a>", "not XML"),
            (FileForm::Junit(JunitCount::Failures), b"", "no test suite"),
        ] {
            let problem = form.figure(bytes).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
    }
}
