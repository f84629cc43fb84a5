//! Why a value could not be written as a term or read from one.

use std::fmt;

use thiserror::Error;

use crate::TermError;

/// The error of [`crate::to_vec`], [`crate::from_slice`] and their kin. [`TermError`] stays small and `Copy` without the
/// words of types.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SerdeError {
    /// The term cannot be read or written.
    #[error(transparent)]
    Term(#[from] TermError),
    /// The term is not what the type asks for; in the words of the type.
    #[error("sender's term does not fit the type: {0}")]
    Mismatch(Box<str>),
    /// The value has no term; in the words of the type.
    #[error("caller's value cannot be written: {0}")]
    Unwritable(Box<str>),
}

impl serde::de::Error for SerdeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Mismatch(message.to_string().into())
    }
}

impl serde::ser::Error for SerdeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Unwritable(message.to_string().into())
    }
}
