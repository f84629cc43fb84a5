//! Bounds of a walk over a term that somebody is going to build in memory.

/// Bounds for [`crate::Reader::skip_within`].
///
/// [`crate::Reader::skip`] needs none: it keeps one counter, whatever the nesting. A decoder that builds a
/// tree (or recurses) pays for depth and count, so it asks for a walk within bounds first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Levels of nesting; a flat tuple is one level. At most 256 are ever allowed.
    pub max_depth: u32,
    /// Terms in all, containers included.
    pub max_terms: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_depth: 256, max_terms: 1_000_000 }
    }
}
