//! What is wrong with a document, in a few words of memory. The path is worked out when somebody wants the error.

use super::path;
use crate::Error;

/// A decoding that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Offset of the first byte that cannot be.
    pub(crate) at: usize,
    pub(crate) problem: Problem,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Value,
    Key,
    Colon,
    AfterElement,
    AfterPair,
    Trailing,
    Unclosed,
    Control,
    Escape,
    Surrogate,
    Utf8,
    Number,
    Range,
    Exponent,
    Bytes(usize),
    Depth(usize),
    Digits(usize),
    /// The sink takes no more.
    Full,
    Duplicate,
    /// A field that is not what was asked for.
    Type(&'static str),
    /// A value that can be read in more than one way: why, and the option that says which.
    Ambiguous(&'static str, &'static str),
}

impl Problem {
    const fn text(self) -> &'static str {
        match self {
            Self::Value => "a value has to stand here",
            Self::Key => "a key in quotes has to stand here",
            Self::Colon => "a colon has to stand between key and value",
            Self::AfterElement => "a comma or ] has to follow an element",
            Self::AfterPair => "a comma or } has to follow a pair",
            Self::Trailing => "something follows the document",
            Self::Unclosed => "the string has no end",
            Self::Control => "a control character in a string has to be escaped",
            Self::Escape => "there is no such escape",
            Self::Surrogate => "half of a surrogate pair is no character",
            Self::Utf8 => "these bytes are not UTF-8",
            Self::Number => "this is not how a number is written",
            Self::Range => {
                "a number of this size has no place in 64-bit floating point, the option floats: :decimals takes it"
            }
            Self::Exponent => "the exponent of a decimal has no more than 32 bits",
            Self::Duplicate => "the map that ends here has a key twice",
            Self::Type(text) | Self::Ambiguous(text, _) => text,
            Self::Bytes(_) => "bytes",
            Self::Depth(_) => "levels",
            Self::Digits(_) => "digits of a number",
            Self::Full => "terms",
        }
    }
}

impl Fault {
    pub(crate) const fn new(at: usize, problem: Problem) -> Self {
        Self { at, problem }
    }

    /// The error of an element of a list. The elements before it are not walked through again.
    #[cold]
    pub(crate) fn into_error_of_element(self, list: &[u8], start: usize, element: usize) -> Error {
        let mut error =
            Self { at: self.at - start, ..self }.into_error(list.get(start..).unwrap_or_default());
        match &mut error {
            Error::Malformed { at, path, .. } => {
                (*at, *path) = (self.at, path.replacen('$', &format!("$[{element}]"), 1));
            }
            Error::NeedsOption { path, .. } => *path = path.replacen('$', &format!("$[{element}]"), 1),
            Error::Limit { at, .. } => *at = self.at,
            _ => {}
        }
        error
    }

    /// The error, with the path of what was being read.
    #[cold]
    pub(crate) fn into_error(self, document: &[u8]) -> Error {
        let Self { at, problem } = self;
        match problem {
            Problem::Bytes(limit) | Problem::Depth(limit) | Problem::Digits(limit) => {
                Error::Limit { what: problem.text(), limit, at }
            }
            Problem::Full => Error::Limit { what: problem.text(), limit: 0, at },
            Problem::Ambiguous(why, option) => {
                Error::NeedsOption { path: path::of(document, at, problem), why: why.to_owned(), option }
            }
            _ => Error::Malformed {
                format: "JSON",
                at,
                path: path::of(document, at, problem),
                problem: problem.text().to_owned(),
            },
        }
    }
}
