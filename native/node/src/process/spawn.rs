//! Processes from a node's handle, and tasks that are processes.

use std::any::Any;
use std::sync::Arc;

use outrigger_proto::{OwnedPid, OwnedRef};
use outrigger_term::Reference;

use super::{Process, ProcessOptions, Reason, end};
use tracing::Instrument;

use crate::error::NodeError;
use crate::inner::Inner;
use crate::node::Node;
use crate::span;

impl Node {
    /// A process that the caller is.
    ///
    /// # Errors
    /// There are as many processes as allowed, or the node is shut down.
    pub fn process(&self) -> Result<Process, NodeError> {
        self.process_with(&ProcessOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`Node::process`].
    pub fn process_with(&self, options: &ProcessOptions) -> Result<Process, NodeError> {
        Process::start(self, options)
    }

    /// Runs a task as a process. The end of the future is the end of the process: `Ok` is `normal`, `Err` its reason, a
    /// panic `{rust_panic, Text}`. A process that is killed takes the task with it at its next await.
    ///
    /// # Errors
    /// As [`Node::process`].
    pub fn spawn<F, Fut>(&self, options: &ProcessOptions, run: F) -> Result<OwnedPid, NodeError>
    where
        F: FnOnce(Process) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), Reason>> + Send + 'static,
    {
        self.spawn_named(None, options, run)
    }

    /// The same with a registered name, taken before the task runs.
    pub(crate) fn spawn_named<F, Fut>(
        &self,
        name: Option<&str>,
        options: &ProcessOptions,
        run: F,
    ) -> Result<OwnedPid, NodeError>
    where
        F: FnOnce(Process) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), Reason>> + Send + 'static,
    {
        let process = Process::start(self, options)?;
        if let Some(name) = name {
            process.register(name)?;
        }
        Ok(self.run(process, run))
    }

    /// Runs a task as a process that is there already.
    pub(crate) fn run<F, Fut>(&self, mut process: Process, run: F) -> OwnedPid
    where
        F: FnOnce(Process) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), Reason>> + Send + 'static,
    {
        process.lend();
        let (state, inner) = (process.state().clone(), self.0.clone());
        let pid = state.pid.clone();
        let work = run(process).instrument(span::process(&pid));
        self.0.spawn_until_stop(async move {
            let reason = tokio::select! {
                biased;
                _ = state.ended.wait() => return,
                ended = caught(work) => match ended {
                    Ok(Ok(())) => Reason::normal(),
                    Ok(Err(reason)) => reason,
                    Err(text) => Reason::tuple("rust_panic", &text),
                },
            };
            end::end(&inner, &state, reason);
        });
        pid
    }

    /// The process that has a registered name here.
    #[must_use]
    pub fn whereis(&self, name: &str) -> Option<OwnedPid> {
        self.0.processes.named(name).map(|state| state.pid.clone())
    }

    /// How many processes there are.
    #[must_use]
    pub fn process_count(&self) -> usize {
        self.0.processes.count()
    }

    /// A reference that was not given out before.
    #[must_use]
    pub fn make_ref(&self) -> OwnedRef {
        self.0.make_ref()
    }
}

/// What a future comes to, or the text of its panic. It runs as a task of its own, which ends with this one.
pub(crate) async fn caught<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, String> {
    let mut task = AbortOnDrop(tokio::spawn(work));
    (&mut task.0).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => text(&*panic),
        Err(_aborted) => "the task was aborted".into(),
    })
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Inner {
    pub(super) fn make_ref(&self) -> OwnedRef {
        self.reference(self.processes.next_reference())
    }

    /// Whether a reference was made by this run of the node.
    pub(crate) fn owns(&self, reference: &Reference<'_>) -> bool {
        reference.creation == self.creation.0 && reference.node.eq_str(self.config.name.as_str())
    }

    /// The reference of these words.
    pub(crate) fn reference(&self, [a, b, c]: [u32; 3]) -> OwnedRef {
        OwnedRef { node: self.config.name.shared(), creation: self.creation.0, ids: [a, b, c, 0, 0], len: 3 }
    }

    /// The node ends, and all processes with it. Peers learn it from the end of their links.
    pub(crate) fn end_processes(self: &Arc<Self>) {
        for state in self.processes.all() {
            end::end(self, &state, Reason::shutdown());
        }
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".into())
}
