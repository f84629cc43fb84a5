//! All processes of a node: by pid, by registered name, by alias.
//!
//! Looking up is what each message does: a read lock of one shard, and nothing is allocated.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use outrigger_proto::OwnedRef;
use outrigger_term::Reference;
use parking_lot::RwLock;

use super::state::State;

const SHARDS: usize = 16;
/// The first word of a reference has 18 bits.
const FIRST_WORD_BITS: u32 = 18;

/// By id and serial.
type Shard = RwLock<HashMap<(u32, u32), Arc<State>>>;

pub(crate) struct Processes {
    shards: [Shard; SHARDS],
    names: RwLock<HashMap<Arc<str>, Arc<State>>>,
    aliases: RwLock<HashMap<[u32; 3], Arc<State>>>,
    /// Those that want to hear of nodes.
    node_watchers: RwLock<HashMap<(u32, u32), Arc<State>>>,
    count: AtomicUsize,
    references: AtomicU64,
    max_processes: usize,
    max_names: usize,
}

impl Processes {
    pub(crate) fn new(max_processes: usize, max_names: usize) -> Self {
        Self {
            shards: Default::default(),
            names: RwLock::default(),
            aliases: RwLock::default(),
            node_watchers: RwLock::default(),
            count: AtomicUsize::new(0),
            references: AtomicU64::new(1),
            max_processes,
            max_names,
        }
    }

    /// Adds a process. `false` if there are as many as allowed.
    pub(super) fn insert(&self, state: Arc<State>) -> bool {
        let more = |count: usize| (count < self.max_processes).then_some(count + 1);
        if self.count.fetch_update(Relaxed, Relaxed, more).is_err() {
            return false;
        }
        let key = (state.pid.id, state.pid.serial);
        self.shard(key.0).write().insert(key, state);
        true
    }

    pub(super) fn remove(&self, id: u32, serial: u32) {
        if self.shard(id).write().remove(&(id, serial)).is_some() {
            self.count.fetch_sub(1, Relaxed);
        }
    }

    /// By the numbers of a pid of this run of the node.
    pub(crate) fn get(&self, id: u32, serial: u32) -> Option<Arc<State>> {
        self.shard(id).read().get(&(id, serial)).cloned()
    }

    pub(crate) fn named(&self, name: &str) -> Option<Arc<State>> {
        self.names.read().get(name).cloned()
    }

    pub(crate) fn aliased(&self, alias: &Reference<'_>) -> Option<Arc<State>> {
        self.aliases.read().get(&key(alias.words())?).cloned()
    }

    /// Gives a process a name. The name, as it is kept; an error if it is taken or there are as many as allowed.
    pub(super) fn name(&self, name: &str, state: &Arc<State>) -> Result<Arc<str>, NameRefused> {
        let mut names = self.names.write();
        if names.contains_key(name) {
            return Err(NameRefused::Taken);
        }
        if names.len() >= self.max_names {
            return Err(NameRefused::TooMany { max: self.max_names });
        }
        let name: Arc<str> = name.into();
        names.insert(name.clone(), state.clone());
        Ok(name)
    }

    /// Takes a name from the process that has it, if it is this one.
    pub(super) fn unname(&self, name: &str, state: &Arc<State>) -> bool {
        let mut names = self.names.write();
        let its_own = names.get(name).is_some_and(|owner| Arc::ptr_eq(owner, state));
        if its_own {
            names.remove(name);
        }
        its_own
    }

    pub(super) fn alias(&self, alias: &OwnedRef, state: &Arc<State>) {
        if let Some(key) = key(alias.borrow().words()) {
            self.aliases.write().insert(key, state.clone());
        }
    }

    pub(super) fn unalias(&self, alias: &OwnedRef) {
        if let Some(key) = key(alias.borrow().words()) {
            self.aliases.write().remove(&key);
        }
    }

    /// Adds a process to those that hear of nodes, or takes it out.
    pub(super) fn watch_nodes(&self, state: &Arc<State>, on: bool) {
        let key = (state.pid.id, state.pid.serial);
        let mut watchers = self.node_watchers.write();
        match on {
            true => watchers.insert(key, state.clone()),
            false => watchers.remove(&key),
        };
    }

    pub(super) fn node_watchers(&self) -> Vec<Arc<State>> {
        self.node_watchers.read().values().cloned().collect()
    }

    /// All processes there are now.
    pub(crate) fn all(&self) -> Vec<Arc<State>> {
        self.shards.iter().flat_map(|shard| shard.read().values().cloned().collect::<Vec<_>>()).collect()
    }

    /// All registered names.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        self.names.read().keys().cloned().collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// The words of a reference that this run of the node has not given out before.
    pub(crate) fn next_reference(&self) -> [u32; 3] {
        let n = self.references.fetch_add(1, Relaxed);
        let low = (n & ((1 << FIRST_WORD_BITS) - 1)) as u32;
        let high = n >> FIRST_WORD_BITS;
        [low, high as u32, (high >> 32) as u32]
    }

    fn shard(&self, id: u32) -> &Shard {
        // The remainder is below the number of shards.
        #[allow(clippy::indexing_slicing, reason = "id % SHARDS < SHARDS")]
        &self.shards[id as usize % SHARDS]
    }
}

/// Why a name was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameRefused {
    Taken,
    TooMany { max: usize },
}

fn key(words: &[u32]) -> Option<[u32; 3]> {
    words.try_into().ok()
}
