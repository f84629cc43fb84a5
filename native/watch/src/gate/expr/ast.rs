//! A comparison, parsed.

use std::collections::BTreeMap;
use std::fmt;

use super::{Dimension, Fault, Literal, Names, Shape, Statistic};
use crate::gate::Pattern;

/// What a budget demands: two expressions and how they have to stand to each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub(crate) left: Expr,
    pub(crate) relation: Relation,
    pub(crate) right: Expr,
    /// What both sides are measured in.
    pub(crate) dimension: Dimension,
    /// The left side as it was written.
    pub(crate) left_text: String,
    pub(crate) text: String,
}

/// How one side has to stand to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relation {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

impl Relation {
    /// Whether two numbers stand so.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Below => left < right,
            Self::AtMost => left <= right,
            Self::Above => left > right,
            Self::AtLeast => left >= right,
            // Figures of one measurement are compared, so that what is equal is equal to the last bit.
            #[expect(clippy::float_cmp, reason = "that is the question")]
            Self::Equal => left == right,
            #[expect(clippy::float_cmp, reason = "that is the question")]
            Self::Unequal => left != right,
        }
    }

    /// Its sign.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
            Self::Unequal => "!=",
        }
    }

    pub(super) fn find(sign: &str) -> Option<Self> {
        let all = [Self::Below, Self::AtMost, Self::Above, Self::AtLeast, Self::Equal, Self::Unequal];
        all.into_iter().find(|relation| relation.text() == sign)
    }
}

/// One side, or a part of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Number(Literal),
    Figure(Box<Figure>),
    Negative(Box<Self>),
    Both(Box<Self>, Arithmetic, Box<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Plus,
    Minus,
    Times,
    By,
}

/// A figure of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The metric's name.
    pub metric: String,
    /// Labels that its series have to have.
    pub labels: BTreeMap<String, Pattern>,
    /// What is made of its samples. `None`: the worst of them decides.
    pub statistic: Option<Statistic>,
    /// What is behind the name.
    pub shape: Shape,
    pub(crate) dimension: Dimension,
}

impl Comparison {
    /// Parses a comparison over the catalogue and the names that a configuration adds.
    ///
    /// ```
    /// use outrigger_watch::gate::{Comparison, Names};
    ///
    /// assert!(Comparison::parse("runq.total.max < 2 * schedulers", &Names::default()).is_ok());
    /// let error = Comparison::parse("pool.head_age < 200MiB", &Names::default()).unwrap_err();
    /// assert_eq!(error.to_string(), "column 15: seconds cannot be compared with bytes");
    /// ```
    ///
    /// # Errors
    ///
    /// [`WatchError::BadBudget`](crate::WatchError::BadBudget) with the column and what is wrong there.
    pub fn parse(text: &str, names: &Names) -> Result<Self, crate::WatchError> {
        Self::read(text, names).map_err(|Fault { at, problem }| crate::WatchError::BadBudget {
            column: text.get(..at).map_or(1, |before| before.chars().count() + 1),
            problem,
        })
    }

    /// All figures of both sides.
    pub(crate) fn figures(&self) -> Vec<&Figure> {
        let mut all = Vec::new();
        self.left.figures(&mut all);
        self.right.figures(&mut all);
        all
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Expr {
    fn figures<'a>(&'a self, all: &mut Vec<&'a Figure>) {
        match self {
            Self::Number(_) => {}
            Self::Figure(figure) => all.push(figure),
            Self::Negative(inside) => inside.figures(all),
            Self::Both(left, _, right) => {
                left.figures(all);
                right.figures(all);
            }
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.metric)?;
        let mut between = "{";
        for (label, pattern) in &self.labels {
            write!(formatter, "{between}{label}={:?}", pattern.text())?;
            between = ", ";
        }
        formatter.write_str(if self.labels.is_empty() { "" } else { "}" })?;
        self.statistic.map_or(Ok(()), |statistic| write!(formatter, ".{statistic}"))
    }
}
