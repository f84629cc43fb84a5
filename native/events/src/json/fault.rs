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
        }
    }
}

impl Fault {
    pub(crate) const fn new(at: usize, problem: Problem) -> Self {
        Self { at, problem }
    }

    /// The error, with the path of what was being read.
    #[cold]
    pub(crate) fn into_error(self, document: &[u8]) -> Error {
        let Self { at, problem } = self;
        match problem {
            Problem::Bytes(limit) | Problem::Depth(limit) | Problem::Digits(limit) => {
                Error::Limit { what: problem.text(), limit, at }
            }
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
