//! The names that a budget may use.

use std::collections::BTreeMap;

use crate::catalogue::{self, Kind};
use crate::{Unit, nearest};

/// What is behind a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// Samples of nodes.
    Samples,
    /// Histograms of nodes.
    Histogram,
    /// One figure, of a result file.
    Value,
}

/// The catalogue, and what a configuration adds to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    own: BTreeMap<String, (Unit, Shape)>,
}

impl Names {
    /// Adds a name, unless it is there.
    pub(crate) fn add(&mut self, name: &str, unit: Unit, shape: Shape) -> bool {
        let new = self.find(name).is_none();
        if new {
            self.own.insert(name.to_owned(), (unit, shape));
        }
        new
    }

    pub(crate) fn find(&self, name: &str) -> Option<(Unit, Shape)> {
        let known = |metric: &catalogue::Metric| match metric.kind {
            Kind::Samples => (metric.unit, Shape::Samples),
            Kind::Histogram => (metric.unit, Shape::Histogram),
        };
        self.own.get(name).copied().or_else(|| catalogue::find(name).map(known))
    }

    /// What somebody may have meant.
    pub(crate) fn nearest(&self, name: &str) -> Option<&str> {
        let all =
            catalogue::METRICS.iter().map(|metric| metric.name).chain(self.own.keys().map(String::as_str));
        nearest::nearest(name, all)
    }

    /// Whether a name can stand in a budget.
    pub(crate) fn is_fit(name: &str) -> bool {
        let part = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        name.starts_with(|letter: char| letter.is_ascii_alphabetic()) && name.split('.').all(part)
    }
}
