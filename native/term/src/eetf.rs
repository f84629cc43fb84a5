//! From and to the trees of the crate `eetf` (feature `eetf`).
//!
//! ```
//! use outrigger_term::{OwnedTerm, Term};
//!
//! let term = Term::new(&[104, 2, 119, 2, b'o', b'k', 107, 0, 2, 1, 2])?;
//! let tree = eetf::Term::try_from(term)?;
//! assert_eq!(tree.to_string(), "{'ok',[1,2]}");
//! assert_eq!(OwnedTerm::try_from(&tree)?.as_term(), term);
//! # Ok::<(), outrigger_term::TermError>(())
//! ```
//!
//! What `eetf` 0.11 gets wrong between bytes and trees is not in the way here, since containers, lists and floats never
//! pass through its codec: small negative integers in lists, byte lists of more than 65,535 bytes, floats of old.
//!
//! Limits: `eetf` has no native records. Its trees recurse when they are dropped or compared, so what is nested more than
//! 256 deep or holds more than a million terms is refused.

mod from;
mod into;

use crate::{Term, TermError};

/// A term of the field's own tree type.
impl TryFrom<Term<'_>> for eetf::Term {
    type Error = TermError;

    fn try_from(term: Term<'_>) -> Result<Self, TermError> {
        into::tree(term)
    }
}

/// A tree as bytes, canonical but for the order of maps.
impl TryFrom<&eetf::Term> for crate::OwnedTerm {
    type Error = TermError;

    fn try_from(tree: &eetf::Term) -> Result<Self, TermError> {
        Self::new(from::bytes(tree)?)
    }
}
