//! The server that answers for a running node.

use std::sync::Arc;
use std::time::SystemTime;

use outrigger_node::{Answer, Context, From, GenServer};
use outrigger_term::{Reader, Writer};

use super::report::{Report, ServiceReport, figures};
use crate::service::PubSub;

/// Answers the call `status` with a report: a binary that holds JSON. Any other call: `{error, unknown_call}`.
pub(crate) struct Status {
    pubsub: Arc<PubSub>,
}

impl Status {
    /// A server that knows the node's services.
    pub(crate) fn new(pubsub: Arc<PubSub>) -> Self {
        Self { pubsub }
    }

    fn services(&self) -> Vec<ServiceReport> {
        let figures = figures(self.pubsub.figures());
        vec![ServiceReport { name: PubSub::NAME.to_owned(), figures }]
    }
}

impl GenServer for Status {
    async fn handle_call(&mut self, request: &[u8], _from: From, context: &Context<'_>) -> Answer {
        let mut answer = Vec::new();
        let mut writer = Writer::new(&mut answer);
        if Reader::new(request).atom().is_ok_and(|word| word.eq_str("status")) {
            let report = Report::new(&context.node().info(), self.services(), SystemTime::now());
            // Names and numbers always serialize, and no report is 4 GiB long.
            let _always = writer.binary(&serde_json::to_vec(&report).unwrap_or_default());
        } else {
            writer.tuple(2);
            let _always = writer.atom("error").and_then(|()| writer.atom("unknown_call"));
        }
        Answer::Reply(answer)
    }
}
