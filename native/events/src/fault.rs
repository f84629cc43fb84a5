//! Errors on their way out: each level of the walk that failed adds where it stands. Nothing of a path is kept before.

use crate::Error;

/// An error whose path is still being told, innermost step first.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    error: Error,
    path: Vec<String>,
}

/// One word when all is well.
pub(crate) type Checked<T = ()> = Result<T, Box<Fault>>;

impl Fault {
    #[cold]
    pub(crate) fn boxed(error: Error) -> Box<Self> {
        Box::new(Self { error, path: Vec::new() })
    }

    #[cold]
    pub(crate) fn malformed(format: &'static str, at: usize, problem: impl Into<String>) -> Box<Self> {
        Self::boxed(Error::Malformed { format, at, path: String::new(), problem: problem.into() })
    }

    #[cold]
    pub(crate) fn value(problem: impl Into<String>) -> Box<Self> {
        Self::boxed(Error::Value { path: String::new(), problem: problem.into() })
    }

    #[cold]
    pub(crate) fn resolution(problem: impl Into<String>) -> Box<Self> {
        Self::boxed(Error::Resolution { path: String::new(), problem: problem.into() })
    }

    /// The same, seen from one level up.
    #[cold]
    pub(crate) fn under(mut self: Box<Self>, step: String) -> Box<Self> {
        self.path.push(step);
        self
    }

    /// The error with its whole path.
    #[cold]
    pub(crate) fn finish(mut self) -> Error {
        self.path.push("$".to_owned());
        self.path.reverse();
        let whole = self.path.concat();
        match &mut self.error {
            Error::Malformed { path, .. }
            | Error::Schema { path, .. }
            | Error::Value { path, .. }
            | Error::Resolution { path, .. } => *path = whole,
            _ => {}
        }
        self.error
    }
}
