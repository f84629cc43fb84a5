//! Where in a document a byte stands: `$.payload.after[2]`.
//!
//! The document is walked again up to that byte, by the decoder itself, with a sink that remembers nothing but the way. So
//! decoding does not have to keep track of paths, which only errors need.

use std::fmt::Write;

use super::Options;
use super::cursor::Cursor;
use super::fault::Problem;
use crate::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// The most levels of a path that are told.
const LEVELS: usize = 32;

/// The path of the value that was being read at this byte.
pub(super) fn of(document: &[u8], at: usize, problem: Problem) -> String {
    let mut way = Way::default();
    let before = document.get(..at).unwrap_or(document);
    // It ends in the middle, so this fails. How far it came is what is wanted.
    let _ = Cursor::unchecked(before, Options::unbounded()).value(0, &mut way);
    way.text(problem)
}

/// One level: the number of elements that have begun, or the last key.
enum Step {
    List(usize),
    Map(Option<String>),
}

#[derive(Default)]
struct Way {
    steps: Vec<Step>,
}

impl Way {
    /// A value begins.
    fn value(&mut self) {
        if let Some(Step::List(count)) = self.steps.last_mut() {
            *count += 1;
        }
    }

    fn text(&self, problem: Problem) -> String {
        let mut text = "$".to_owned();
        let last = self.steps.len().saturating_sub(1);
        for (level, step) in self.steps.iter().enumerate() {
            if level == LEVELS {
                text.push('…');
                break;
            }
            match step {
                // What follows the last element, or a key, belongs to the list or map itself.
                Step::List(_) if level == last && problem == Problem::AfterElement => {}
                Step::Map(_)
                    if level == last
                        && matches!(
                            problem,
                            Problem::Key | Problem::Colon | Problem::AfterPair | Problem::Duplicate
                        ) => {}
                // An element in the middle is not told to the sink before it is whole.
                Step::List(count) if level == last => write!(text, "[{count}]").unwrap_or_default(),
                Step::List(count) => write!(text, "[{}]", count.saturating_sub(1)).unwrap_or_default(),
                Step::Map(Some(key)) if is_word(key) => write!(text, ".{key}").unwrap_or_default(),
                Step::Map(Some(key)) => write!(text, "[{key:?}]").unwrap_or_default(),
                Step::Map(None) => {}
            }
        }
        text
    }
}

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Sink for Way {
    const IGNORES: bool = true;

    fn null(&mut self) {
        self.value();
    }
    fn boolean(&mut self, _value: bool) {
        self.value();
    }
    fn integer(&mut self, _value: i64) {
        self.value();
    }
    fn big(&mut self, _value: &Integer) {
        self.value();
    }
    fn float(&mut self, _value: f64) {
        self.value();
    }
    fn decimal(&mut self, _value: &Decimal) {
        self.value();
    }
    fn text(&mut self, _value: Text<'_>) {
        self.value();
    }
    fn bytes(&mut self, _value: Text<'_>) {
        self.value();
    }
    fn temporal(&mut self, _value: Temporal) {
        self.value();
    }
    fn name(&mut self, _value: Name) {
        self.value();
    }
    fn begin_list(&mut self) {
        self.value();
        self.steps.push(Step::List(0));
    }
    fn end_list(&mut self, _count: usize) {
        self.steps.pop();
    }
    fn begin_map(&mut self) {
        self.value();
        self.steps.push(Step::Map(None));
    }
    fn key(&mut self, key: Text<'_>) {
        if let Some(Step::Map(last)) = self.steps.last_mut() {
            let last = last.get_or_insert_default();
            last.clear();
            last.push_str(&String::from_utf8_lossy(key.bytes));
        }
    }
    fn field(&mut self, name: Name) {
        self.key(Text::made(name.text().as_bytes()));
    }
    fn end_map(&mut self, _count: usize) -> Result<(), Duplicate> {
        self.steps.pop();
        Ok(())
    }
}
