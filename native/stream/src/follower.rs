//! Follows the text of a stream on BEAM nodes.
//!
//! One node that runs the stream is asked (`Outrigger.Events.Stream.Views`): `{follow, Pid}` is answered with `{Version, Text}`, and each text that comes
//! after it is told as `{'$outrigger_stream', Name, Version, Text}`. Whoever has declared a view there asks `{told, Version}`, and is answered when that text
//! is in force here. When that node has gone, or its stream, another one is asked.
//!
//! Invariants: a text of another node than the one that is followed does not count; of that one, versions only rise.

use std::sync::Arc;
use std::time::Duration;

use outrigger_events::stream::Stream;
use outrigger_node::{Answer, Context, Dest, Flow, From, GenServer, Message, NodeName, OwnedRef};
use outrigger_term::{Atom, Binary, SerdeError, Writer, from_slice, to_vec};
use tokio::sync::watch;
use tracing::{debug, error};

use crate::error::StreamError;

/// What a text has become, if there was one.
pub(crate) type Told = Option<Result<Arc<Stream>, outrigger_events::Error>>;

/// A node that does not answer in this time is not followed.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so long nodes are asked again, where none ran the stream.
const AGAIN: Duration = Duration::from_millis(500);
/// Who waits for a version. Whoever asks has given up after 5 s.
const MOST_WAITING: usize = 1_024;

/// See the module.
pub(crate) struct Follower {
    name: String,
    tell: watch::Sender<Told>,
    followed: Option<Followed>,
    waiting: Vec<(u64, From)>,
}

struct Followed {
    node: NodeName,
    monitor: OwnedRef,
    version: u64,
}

impl Follower {
    pub(crate) fn new(name: &str, tell: watch::Sender<Told>) -> Result<Self, StreamError> {
        Writer::new(&mut Vec::new()).atom(name).map_err(StreamError::Name)?;
        Ok(Self { name: name.to_owned(), tell, followed: None, waiting: Vec::new() })
    }

    /// Asks the nodes that are linked, one after the other.
    async fn find(&mut self, context: &Context<'_>) {
        if self.followed.is_some() {
            return;
        }
        let nodes = context.node().links().into_iter().filter(|link| !link.hidden).map(|link| link.name);
        for node in nodes {
            match self.ask(&node, context).await {
                Ok(()) => return,
                Err(problem) => debug!(stream = self.name, %node, problem, "does not tell its stream"),
            }
        }
        let (process, to) = (context.node().process(), Dest::from(context.pid()));
        let again = to_vec(&(Atom::Utf8("$gen_cast"), Atom::Utf8("again")));
        tokio::spawn(async move {
            tokio::time::sleep(AGAIN).await;
            if let (Ok(process), Ok(again)) = (process, again) {
                let _ended = process.send(&to, &again);
            }
        });
    }

    async fn ask(&mut self, node: &NodeName, context: &Context<'_>) -> Result<(), String> {
        let (process, to) = (context.process(), Dest::name(&self.name, node.clone()));
        let wrong = |problem: &dyn std::fmt::Display| problem.to_string();
        // Before the question: an end in between is seen.
        let monitor = process.monitor(&to).map_err(|error| wrong(&error))?;
        let request =
            to_vec(&(Atom::Utf8("follow"), context.pid().borrow())).map_err(|error| wrong(&error))?;
        let answer = process.call(&to, &request, PATIENCE).await.map_err(|error| wrong(&error));
        let text =
            answer.and_then(|answer| from_slice::<(u64, Binary)>(&answer).map_err(|error| wrong(&error)));
        match text {
            Ok((version, Binary(text))) => {
                self.followed = Some(Followed { node: node.clone(), monitor, version });
                self.take(&text);
                Ok(())
            }
            Err(problem) => {
                process.demonitor(&monitor);
                Err(problem)
            }
        }
    }

    fn take(&mut self, text: &[u8]) {
        let stream = Stream::parse(text).map(Arc::new);
        if let Err(problem) = &stream {
            error!(stream = self.name, %problem, "the text of a stream is not understood, of another version of the package maybe");
        }
        self.tell.send_replace(Some(stream));
        let version = self.followed.as_ref().map_or(u64::MAX, |followed| followed.version);
        self.waiting.retain(|(wanted, from)| {
            let waits = *wanted > version;
            if !waits {
                answer(from);
            }
            waits
        });
    }

    fn told(&mut self, term: &[u8]) -> Result<(), SerdeError> {
        let (tag, name, version, Binary(text)): (Atom<'_>, Atom<'_>, u64, Binary) = from_slice(term)?;
        match &mut self.followed {
            Some(followed)
                if tag.eq_str("$outrigger_stream")
                    && name.eq_str(&self.name)
                    && version > followed.version =>
            {
                followed.version = version;
                self.take(&text);
            }
            _ => {}
        }
        Ok(())
    }
}

impl GenServer for Follower {
    async fn init(&mut self, context: &Context<'_>) -> Flow {
        context.process().monitor_nodes(true);
        self.find(context).await;
        Flow::Continue
    }

    async fn handle_call(&mut self, request: &[u8], from: From, _context: &Context<'_>) -> Answer {
        let Ok((_told, version)) = from_slice::<(Atom<'_>, u64)>(request) else { return Answer::Later };
        match &self.followed {
            Some(followed)
                if &*from.caller().node == followed.node.as_str()
                    && version > followed.version
                    && self.waiting.len() < MOST_WAITING =>
            {
                self.waiting.push((version, from));
            }
            // It is not for us any more, or is in force.
            _ => answer(&from),
        }
        Answer::Later
    }

    async fn handle_cast(&mut self, _request: &[u8], context: &Context<'_>) -> Flow {
        self.find(context).await;
        Flow::Continue
    }

    async fn handle_info(&mut self, message: Message, context: &Context<'_>) -> Flow {
        match message {
            Message::Term(term) => {
                if let Err(problem) = self.told(&term) {
                    error!(stream = self.name, %problem, "peer told a stream that is none");
                }
            }
            Message::Down { reference, .. }
                if self.followed.as_ref().is_some_and(|followed| followed.monitor == reference) =>
            {
                self.followed = None;
                self.waiting.drain(..).for_each(|(_, from)| answer(&from));
                self.find(context).await;
            }
            Message::NodeUp { hidden: false, .. } => self.find(context).await,
            _ => {}
        }
        Flow::Continue
    }
}

/// Whoever has gone needs no answer.
fn answer(from: &From) {
    if let Ok(term) = to_vec(&Atom::Utf8("ok")) {
        let _gone = from.reply(&term);
    }
}
