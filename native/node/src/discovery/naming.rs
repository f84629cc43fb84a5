//! A source of peers that speaks when it has something to say, instead of being asked.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::directory::SourceId;
use super::task::Finder;
use crate::config::Target;
use crate::inner::Inner;
use crate::node::Node;

/// The word of somebody who knows peers, such as a service that is told of them. Made by [`Node::naming`].
pub struct Naming {
    /// A service may keep this, and the node keeps its services.
    inner: Weak<Inner>,
    id: SourceId,
    label: Arc<str>,
    left_out: Mutex<usize>,
}

impl Naming {
    pub(crate) fn new(node: &Node, label: &str) -> Self {
        let id = node.0.directory.lock().add_source();
        Self { inner: Arc::downgrade(&node.0), id, label: label.into(), left_out: Mutex::default() }
    }

    /// Names all peers that are to be joined now. Whoever was named before and is missing here is given up, unless others want it: it is
    /// not dialled again, and a link that is up stays.
    pub fn name(&self, peers: Vec<Target>) {
        let Some(inner) = self.inner.upgrade().filter(|inner| !inner.stopping()) else { return };
        // Held to the end, so that the last word is the last one to be heard.
        let mut left_out = self.left_out.lock();
        let mut finder =
            Finder { inner, id: self.id, label: self.label.clone(), failing: false, left_out: *left_out };
        finder.take(peers);
        *left_out = finder.left_out;
    }
}

impl std::fmt::Debug for Naming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Naming").field(&self.label).finish()
    }
}
