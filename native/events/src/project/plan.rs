//! Paths, types and filters, compiled into one tree that a document is held against.

use super::filter::Test;
use super::path::{Path, Step};
use crate::Error;

/// Fields of one plan.
const FIELDS: usize = 256;
/// Filters of one plan: each has a bit of a word.
const FILTERS: usize = 64;
/// Comparisons of a value that take as long as reading it.
const WORK: usize = 64;

/// What a field has to be. `null` and a value that is not there are nothing, whatever the type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// Anything, lists and maps with all that they hold.
    #[default]
    Any,
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// A number with or without a fraction, as a float.
    Float,
    /// A number, or a string that holds one, with all its digits.
    Decimal,
    /// True or false.
    Boolean,
    /// A whole number of these since 1970-01-01 UTC, as an instant.
    Instant(Unit),
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

/// What is asked of each document. Fields come in rows, in the order given.
///
/// ```
/// use outrigger_events::project::{Operand, Path, Plan, Test, Type};
///
/// let op = Test::In(vec![Operand::Text("c".into()), Operand::Text("u".into())]);
/// let fields = [(Path::parse("after.id")?, Type::Integer), (Path::parse("ts_ms")?, Type::Any)];
/// let plan = Plan::new(&fields, &[(Path::parse("op")?, op)])?;
/// assert_eq!(plan.fields(), 2);
/// # Ok::<(), outrigger_events::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) root: Node,
    pub(super) tests: Vec<Test>,
    /// A bit for each test that a value passes which is not there.
    pub(super) passed_by_nothing: u64,
    fields: usize,
    weight: usize,
}

/// A place in documents at which something is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Fields that end here.
    pub(super) fields: Vec<(usize, Type)>,
    /// Tests of what stands here, by their places in the plan.
    pub(super) tests: Vec<usize>,
    pub(super) keys: Vec<(Box<[u8]>, Self)>,
    pub(super) places: Vec<(usize, Self)>,
}

impl Plan {
    /// Compiles fields and filters. Every filter has to be passed.
    ///
    /// # Errors
    ///
    /// [`Error::Plan`]: no field, more than 256 fields, or more than 64 filters.
    pub fn new(fields: &[(Path, Type)], filters: &[(Path, Test)]) -> Result<Self, Error> {
        let wrong =
            |problem: &str| Err(Error::Plan { what: "the plan".to_owned(), problem: problem.to_owned() });
        if fields.is_empty() {
            return wrong("it asks for no field");
        }
        if fields.len() > FIELDS || filters.len() > FILTERS {
            return wrong("it has more than 256 fields or 64 filters");
        }
        let mut root = Node::default();
        for (place, (path, kind)) in fields.iter().enumerate() {
            root.at(path.steps()).fields.push((place, *kind));
        }
        for (place, (path, _)) in filters.iter().enumerate() {
            root.at(path.steps()).tests.push(place);
        }
        let tests: Vec<Test> = filters.iter().map(|(_, test)| test.clone()).collect();
        let nothing = tests.iter().enumerate().map(|(place, test)| u64::from(test.of_nothing()) << place);
        let (passed_by_nothing, weight) = (nothing.sum(), 1 + root.work(&tests) / WORK);
        Ok(Self { passed_by_nothing, root, tests, fields: fields.len(), weight })
    }

    /// How many times as long as with a plan of a few fields a document may take at the most: with many filters, and many fields of one map.
    #[must_use]
    pub const fn weight(&self) -> usize {
        self.weight
    }

    /// A bit for each test.
    pub(super) const fn all_passed(&self) -> u64 {
        if self.tests.len() == FILTERS { u64::MAX } else { (1 << self.tests.len()) - 1 }
    }

    /// How many fields a row has.
    #[must_use]
    pub const fn fields(&self) -> usize {
        self.fields
    }
}

impl Node {
    /// The most that a value here, or at a place below, is compared with.
    fn work(&self, tests: &[Test]) -> usize {
        let operands: usize =
            self.tests.iter().filter_map(|&place| tests.get(place)).map(Test::operands).sum();
        let own = operands + self.keys.len() / 4 + self.places.len() / 4;
        let below = self.keys.iter().map(|(_, node)| node).chain(self.places.iter().map(|(_, node)| node));
        below.map(|node| node.work(tests)).fold(own, usize::max)
    }

    /// The node at the end of these steps, made if it is not there.
    fn at(&mut self, steps: &[Step]) -> &mut Self {
        let Some((step, rest)) = steps.split_first() else {
            return self;
        };
        match step {
            Step::Key(key) => child(&mut self.keys, key.as_bytes().into()).at(rest),
            Step::Place(place) => child(&mut self.places, *place).at(rest),
        }
    }

    /// The node of a key, and its place among the others.
    #[inline]
    pub(super) fn key(&self, key: &[u8]) -> Option<(usize, &Self)> {
        self.keys
            .iter()
            .enumerate()
            .find(|(_, (own, _))| **own == *key)
            .map(|(place, (_, node))| (place, node))
    }

    /// The node of a place in a list.
    #[inline]
    pub(super) fn place(&self, place: usize) -> Option<&Self> {
        self.places.iter().find(|(own, _)| *own == place).map(|(_, node)| node)
    }
}

fn child<K: PartialEq>(children: &mut Vec<(K, Node)>, key: K) -> &mut Node {
    let place = children.iter().position(|(own, _)| *own == key).unwrap_or_else(|| {
        children.push((key, Node::default()));
        children.len() - 1
    });
    &mut children[place].1
}
