//! `tree.erl`

use serde::Deserialize;

use crate::answer::Function;
use crate::word::Word;

/// The answer to `first`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct First {
    /// How many there are to read.
    pub(super) processes: u64,
    /// Names, and the masters' pids as they are printed.
    pub(super) applications: Vec<(Word, String)>,
}

/// The answer to `part`: columns, one entry for each process that lived.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Part {
    /// Processes of this part, and those that are left.
    pub(super) read: u64,
    pub(super) left: u64,
    /// As they are printed. Who has no parent stands for his own.
    pub(super) pids: Vec<String>,
    pub(super) parents: Vec<String>,
    pub(super) leaders: Vec<String>,
    /// Registered names, or empty.
    pub(super) names: Vec<Word>,
    /// What they were started as.
    pub(super) calls: Vec<Function>,
    /// Bytes.
    pub(super) memory: Vec<u64>,
    /// Messages.
    pub(super) mailbox: Vec<u64>,
    /// Whether they are linked to their parents.
    pub(super) linked: Vec<bool>,
    /// Those who look like orphans.
    pub(super) suspects: u64,
    /// Microseconds.
    pub(super) took: u64,
}

/// The answer to `again`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Again {
    /// Suspects that were looked at once more.
    pub(super) looked: u64,
    /// Those of them that are orphans.
    pub(super) orphans: Vec<String>,
}
