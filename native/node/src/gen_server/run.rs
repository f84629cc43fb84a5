//! The loop of a server.

use outrigger_proto::OwnedPid;

use super::wire::{self, Incoming};
use super::{Answer, Context, Flow, From, GenServer, sys};
use crate::error::NodeError;
use crate::node::Node;
use crate::process::{Message, Process, ProcessOptions, Reason};

impl Node {
    /// Runs a server as a process, under a registered name if one is given.
    ///
    /// # Errors
    /// The name is taken or no atom, there are as many processes as allowed, or the node is shut down.
    pub fn start_server(&self, name: Option<&str>, server: impl GenServer) -> Result<OwnedPid, NodeError> {
        self.start_server_with(name, &ProcessOptions::default(), server)
    }

    /// The same with options of its process.
    ///
    /// # Errors
    /// As [`Node::start_server`].
    pub fn start_server_with(
        &self,
        name: Option<&str>,
        options: &ProcessOptions,
        server: impl GenServer,
    ) -> Result<OwnedPid, NodeError> {
        let name = name.map(str::to_owned);
        self.spawn_named(name.as_deref(), options, |process| serve(process, server))
    }
}

async fn serve(mut process: Process, mut server: impl GenServer) -> Result<(), Reason> {
    let mut flow = server.init(&Context { process: &process }).await;
    while flow == Flow::Continue {
        // Ended from outside.
        let Some(message) = process.recv().await else { return Ok(()) };
        flow = handle(&process, &mut server, message).await;
    }
    let Flow::Stop(reason) = flow else { return Ok(()) };
    server.terminate(&reason);
    Err(reason)
}

async fn handle(process: &Process, server: &mut impl GenServer, message: Message) -> Flow {
    let context = Context { process };
    let Message::Term(term) = &message else { return server.handle_info(message, &context).await };
    let from =
        |caller, tag| From::new(process.node().clone(), process.pid().clone(), OwnedPid::from(caller), tag);
    match wire::read(term) {
        Incoming::Cast { request } => server.handle_cast(request, &context).await,
        Incoming::Info => server.handle_info(message, &context).await,
        Incoming::System { caller, tag, request } => {
            let (answer, flow) = sys::answer(request, &server.state(), process.pid());
            answer_with(&from(caller, tag), &answer);
            flow
        }
        Incoming::Call { caller, tag, request } => {
            let from = from(caller, tag);
            match server.handle_call(request, from.clone(), &context).await {
                Answer::Reply(answer) => answer_with(&from, &answer),
                Answer::Later => {}
                Answer::Stop(reason, answer) => {
                    if let Some(answer) = answer {
                        answer_with(&from, &answer);
                    }
                    return Flow::Stop(reason);
                }
            }
            Flow::Continue
        }
    }
}

/// A caller whose node is gone needs no answer; what is no term is the server's mistake.
fn answer_with(from: &From, answer: &[u8]) {
    if let Err(error @ crate::process::SendError::NotATerm(_)) = from.reply(answer) {
        tracing::error!(%error, caller = %from.caller(), "a server's answer was not sent; this is a bug in the server");
    }
}
