//! The server that answers for a running node.

use std::sync::Arc;
use std::time::SystemTime;

use outrigger_node::{Answer, Context, From, GenServer, NodeInfo};
use outrigger_term::{Atom, Reader, to_vec};

use super::report::{Report, ServiceReport, figures};
use crate::service::{Limits, PubSub};

/// Answers the call `status` with a report: a map. Any other call: `{error, unknown_call}`.
pub(crate) struct Status {
    pubsub: Arc<PubSub>,
    limits: Arc<Limits>,
}

impl Status {
    /// A server that knows the node's services.
    pub(crate) fn new(pubsub: Arc<PubSub>, limits: Arc<Limits>) -> Self {
        Self { pubsub, limits }
    }

    fn report(&self, info: &NodeInfo) -> Report {
        let mut report = Report::new(info, self.services(), SystemTime::now());
        report.add_queues(info, &self.pubsub.queues());
        report
    }

    fn services(&self) -> Vec<ServiceReport> {
        let report = |name: &str, sums| ServiceReport { name: name.to_owned(), figures: figures(sums) };
        vec![report(PubSub::NAME, self.pubsub.figures()), report(Limits::NAME, self.limits.figures())]
    }
}

impl GenServer for Status {
    async fn handle_call(&mut self, request: &[u8], _from: From, context: &Context<'_>) -> Answer {
        let asked = Reader::new(request).atom().is_ok_and(|word| word.eq_str("status"));
        let answer = match asked {
            true => to_vec(&self.report(&context.node().info())),
            false => to_vec(&(Atom::Utf8("error"), Atom::Utf8("unknown_call"))),
        };
        match answer {
            Ok(answer) => Answer::Reply(answer),
            Err(error) => {
                tracing::error!(%error, "the status has no term; this is a bug");
                Answer::Later
            }
        }
    }
}
