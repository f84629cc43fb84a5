//! The functions that peers may call, by module, name and arity.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use parking_lot::RwLock;

use super::function::{Handler, Outcome, Request, boxed};
use crate::error::NodeError;
use crate::node::Node;

/// Name and arity of a function of one module.
type Key = (Box<str>, u32);

/// All functions, by module.
#[derive(Default)]
pub(crate) struct Functions {
    modules: RwLock<HashMap<Box<str>, HashMap<Key, Handler>>>,
    /// Calls that run now.
    running: AtomicUsize,
}

/// A call that runs.
pub(super) struct Running(std::sync::Arc<crate::inner::Inner>);

impl Functions {
    pub(super) fn get(&self, module: &str, function: &str, arity: u32) -> Option<Handler> {
        self.modules.read().get(module)?.get(&(function.into(), arity)).cloned()
    }
}

impl Running {
    /// A place for one more call; `None` when as many run as may.
    pub(super) fn start(inner: &std::sync::Arc<crate::inner::Inner>) -> Option<Self> {
        let max = inner.config.bounds.max_running;
        let more = |running: usize| (running < max).then_some(running + 1);
        let started = inner.functions.running.fetch_update(Relaxed, Relaxed, more);
        started.ok().map(|_running| Self(inner.clone()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.functions.running.fetch_sub(1, Relaxed);
    }
}

impl Node {
    /// Lets peers call a function: `:erpc.call(node, :module, :function, args)`. Each call is a process of its own. A function of
    /// the same module, name and arity is replaced.
    ///
    /// ```no_run
    /// # use outrigger_node::{Node, NodeError, Raise};
    /// # fn demo(node: &Node) -> Result<(), NodeError> {
    /// node.register_function("outrigger", "echo", 1, |mut request| async move {
    ///     request.args.pop().map(|term| term.to_vec()).ok_or_else(Raise::badarg)
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// A name that is no atom.
    pub fn register_function<F, Fut>(
        &self,
        module: &str,
        function: &str,
        arity: u32,
        handler: F,
    ) -> Result<(), NodeError>
    where
        F: Fn(Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        for name in [module, function] {
            if name.is_empty() || name.chars().count() > 255 {
                let problem = format!("{name:?} cannot be an atom");
                return Err(NodeError::BadOption { option: "register_function", problem });
            }
        }
        let mut modules = self.0.functions.modules.write();
        modules.entry(module.into()).or_default().insert((function.into(), arity), boxed(handler));
        Ok(())
    }
}
