//! Tables of ETS by their memory.

use serde::{Deserialize, Serialize};

use crate::Figure;
use crate::answer::Owner;

/// A table that is large.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Which one: `#Ref<0.1.2.3>`.
    pub id: String,
    /// Its name, which others may have too.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// `set`, `ordered_set`, `bag` or `duplicate_bag`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many objects it holds.
    pub objects: u64,
    /// What it takes, without binaries that its objects refer to.
    pub bytes: u64,
}

/// Of a whole walk.
pub(super) fn figures(tables: &[Table]) -> Vec<Figure> {
    let most = tables.iter().map(|table| table.bytes).max();
    most.into_iter().map(|bytes| Figure::plain("ets.top_memory", bytes as f64)).collect()
}
