//! What can be wrong with a document, a schema or an option.

use thiserror::Error;

use crate::frame::SchemaKey;

/// Why nothing was decoded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not what the format says.
    #[error("peer sent {format} that is wrong at byte {at} ({path}): {problem}")]
    Malformed {
        /// `JSON`, `Avro`, …
        format: &'static str,
        /// Offset of the first byte that cannot be.
        at: usize,
        /// Where that is in the document: `$.payload.after[2]`.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// More than the caller's [`Limits`](crate::Limits) allow.
    #[error(
        "peer sent {what} of more than {limit} at byte {at}: raise the limit if such documents are wanted"
    )]
    Limit {
        /// `bytes`, `depth`, `digits`.
        what: &'static str,
        /// The bound.
        limit: usize,
        /// Where it was passed.
        at: usize,
    },
    /// A value that can be read in more than one way. It is not guessed at.
    #[error("caller has to say how to read {path}: {why}, give the option {option}")]
    NeedsOption {
        /// Where the value stands.
        path: String,
        /// What is not known.
        why: String,
        /// The option that says it.
        option: &'static str,
    },
    /// A schema that is not one, or uses what there is not.
    #[error("caller gave a schema that is wrong at {path}: {problem}")]
    Schema {
        /// Where in the schema.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Data whose schema nobody has given.
    #[error("caller has not given the schema that the data was written with: {key}")]
    UnknownSchema {
        /// What a registry knows it by.
        key: SchemaKey,
    },
    /// A projection that cannot be compiled.
    #[error("caller gave a plan that is wrong in {what}: {problem}")]
    Plan {
        /// The path or the part.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two schemas, one of which cannot read what the other writes.
    #[error("caller's reader schema cannot read what the writer's says at {path}: {problem}")]
    Resolution {
        /// Where: in the schemas, or in the data if it is a branch of a union that only some data has.
        path: String,
        /// What does not fit.
        problem: String,
    },
    /// A value that cannot be written as the schema says.
    #[error("caller gave a value that does not fit the schema at {path}: {problem}")]
    Value {
        /// Where in the value.
        path: String,
        /// What does not fit.
        problem: String,
    },
    /// Something that is right, and that nobody has built here.
    #[error("peer sent {what}, which is not read here: {remedy}")]
    Unsupported {
        /// What it is.
        what: String,
        /// What to do about it.
        remedy: &'static str,
    },
}

impl Error {
    /// What kind it is, as the package names it.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::Limit { .. } => "too_large",
            Self::NeedsOption { .. } => "needs_option",
            Self::Schema { .. } => "bad_schema",
            Self::Plan { .. } => "bad_plan",
            Self::Resolution { .. } => "incompatible",
            Self::Value { .. } => "bad_value",
            Self::UnknownSchema { .. } => "unknown_schema",
            Self::Unsupported { .. } => "unsupported",
        }
    }
}
