//! Bounds of a recording that is read.

/// What a recording may hold. A window beyond it is refused before it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of its JSON.
    pub bytes: usize,
    /// Nodes.
    pub nodes: usize,
    /// Series of all nodes together, and values.
    pub series: usize,
    /// Samples of one series.
    pub samples: usize,
    /// Labels of one series.
    pub labels: usize,
    /// Bytes of a name, a label or a reason.
    pub text: usize,
}

impl Default for Limits {
    /// An hour at a round each second of a hundred nodes is far below it.
    fn default() -> Self {
        Self { bytes: 256 << 20, nodes: 1_000, series: 100_000, samples: 1_000_000, labels: 16, text: 1_024 }
    }
}
