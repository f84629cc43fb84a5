//! Tables of the configuration, read key by key: what is of another type or is not known becomes a problem with its place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Problem;
use crate::gate::expr::{Dimension, Fault, Literal};
use crate::nearest::nearest;

/// Problems that are told of one file. Who has more knows enough.
const MOST_PROBLEMS: usize = 50;

/// The text, and what is wrong with it so far.
pub(super) struct Reader<'t> {
    text: &'t str,
    pub(super) problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, problems: Vec::new() }
    }

    pub(super) fn problem(&mut self, byte: usize, problem: impl Into<String>) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem::at(self.text, byte, problem));
        }
    }

    /// A problem within a string value. Where the string has escapes, its beginning has to do.
    pub(super) fn fault(&mut self, string: &Text<'_>, fault: Fault) {
        let raw = self.text.get(string.span.clone()).unwrap_or("");
        let inside = raw.find(string.value).filter(|_| !string.value.is_empty()).unwrap_or(0);
        let at = string.span.start + inside + if inside > 0 { fault.at } else { 0 };
        self.problem(at, fault.problem);
    }

    pub(super) fn line(&self, byte: usize) -> usize {
        Problem::at(self.text, byte, "").line
    }
}

/// A string and where it stands.
pub(super) struct Text<'a> {
    pub(super) value: &'a str,
    pub(super) span: Range<usize>,
}

/// A table of which each key is asked for once.
pub(super) struct Table<'a, 'i> {
    /// What it is to people: `[gate.ship]`.
    what: String,
    pub(super) at: usize,
    members: &'a DeTable<'i>,
    asked: Vec<&'static str>,
}

impl<'a, 'i> Table<'a, 'i> {
    pub(super) fn new(what: impl Into<String>, at: usize, members: &'a DeTable<'i>) -> Self {
        Self { what: what.into(), at, members, asked: Vec::new() }
    }

    pub(super) fn value(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.asked.push(key);
        self.members.get(key)
    }

    fn wrong(&self, reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>, key: &str, what: &str) {
        let is = value.get_ref().type_str();
        reader.problem(value.span().start, format!("{key} of {} is {what}, not {is}", self.what));
    }

    pub(super) fn text(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<Text<'a>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Text { value: text, span: value.span() }),
            _ => {
                self.wrong(reader, value, key, "a string");
                None
            }
        }
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(reader, key)?;
        let found = words.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            let all = words.iter().map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>().join(" or ");
            reader.problem(text.span.start, format!("{key} of {} is {all}, not {:?}", self.what, text.value));
        }
        found.map(|(_, meaning)| *meaning)
    }

    pub(super) fn flag(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                self.wrong(reader, value, key, "true or false");
                None
            }
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        bounds: Range<u64>,
    ) -> Option<u64> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(digits) => u64::from_str_radix(digits.as_str(), digits.radix()).ok(),
            _ => None,
        };
        let number = number.filter(|number| bounds.contains(number));
        if number.is_none() {
            let Range { start, end } = bounds;
            let problem = format!("{key} of {} is a whole number from {start} to {}", self.what, end - 1);
            reader.problem(value.span().start, problem);
        }
        number
    }

    /// A percentage as a number from 0 to 100.
    pub(super) fn percent(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<f64> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(digits) => digits.as_str().parse::<f64>().ok(),
            DeValue::Float(digits) => digits.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let number = number.filter(|number| (0.0..=100.0).contains(number));
        if number.is_none() {
            reader.problem(value.span().start, format!("{key} of {} is a number from 0 to 100", self.what));
        }
        number
    }

    /// A number with a unit, as a string.
    pub(super) fn literal(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<(usize, Literal)> {
        let text = self.text(reader, key)?;
        match Literal::whole(text.value) {
            Ok(literal) => Some((text.span.start, literal)),
            Err(fault) => {
                reader.fault(&text, fault);
                None
            }
        }
    }

    /// A time such as `"30s"`, in ms. A day is the longest.
    pub(super) fn millis(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<u64> {
        let (at, literal) = self.literal(reader, key)?;
        let fits = literal.dimension == Dimension::SECONDS && literal.value <= 86_400.0;
        if !fits {
            reader.problem(at, format!("{key} of {} is a time of up to 24h, such as \"30s\"", self.what));
        }
        fits.then_some((literal.value * 1_000.0).round() as u64)
    }

    /// A string or a list of strings.
    pub(super) fn texts(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<Vec<String>> {
        let value = self.value(key)?;
        let texts = match value.get_ref() {
            DeValue::String(text) => Some(vec![text.to_string()]),
            DeValue::Array(items) => {
                items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
            }
            _ => None,
        };
        if texts.as_ref().is_none_or(Vec::is_empty) {
            self.wrong(reader, value, key, "a string or a list of strings");
            return None;
        }
        texts
    }

    /// The tables below a table, by names that the user gives.
    pub(super) fn tables(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        most: usize,
    ) -> Vec<(&'a str, Self)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Table(members) = value.get_ref() else {
            self.wrong(reader, value, key, "a table");
            return Vec::new();
        };
        if members.len() > most {
            reader.problem(value.span().start, format!("{key} has {}, the most are {most}", members.len()));
            return Vec::new();
        }
        let mut all = Vec::new();
        for (name, value) in members {
            match value.get_ref() {
                DeValue::Table(members) => {
                    let name: &str = name.get_ref();
                    all.push((name, Table::new(format!("{key}.{name}"), value.span().start, members)));
                }
                _ => self.wrong(reader, value, &format!("{key}.{}", name.get_ref()), "a table"),
            }
        }
        // As they stand in the file.
        all.sort_by_key(|(_, table)| table.at);
        all
    }

    /// The tables of an array.
    pub(super) fn list(&mut self, reader: &mut Reader<'_>, key: &'static str, most: usize) -> Vec<Self> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let items = match value.get_ref() {
            DeValue::Array(items) if items.len() <= most => items,
            DeValue::Array(items) => {
                reader
                    .problem(value.span().start, format!("{} times {key}, the most are {most}", items.len()));
                return Vec::new();
            }
            _ => {
                self.wrong(reader, value, key, &format!("a list of tables, [[{}.{key}]]", self.what));
                return Vec::new();
            }
        };
        let mut all = Vec::new();
        for (number, item) in items.iter().enumerate() {
            match item.get_ref() {
                DeValue::Table(members) => {
                    let what = format!("{key} {} of {}", number + 1, self.what);
                    all.push(Table::new(what, item.span().start, members));
                }
                _ => self.wrong(reader, item, key, "a list of tables"),
            }
        }
        all
    }

    /// Says which keys nobody has asked for.
    pub(super) fn end(self, reader: &mut Reader<'_>) {
        for (key, _) in self.members {
            let name: &str = key.get_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let remedy = match nearest(name, self.asked.iter().copied()) {
                Some(meant) => format!("is it {meant}?"),
                None => format!("it has {}", self.asked.join(", ")),
            };
            reader.problem(key.span().start, format!("{} has no key {name:?}: {remedy}", self.what));
        }
    }
}
