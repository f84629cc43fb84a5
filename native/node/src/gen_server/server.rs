//! What a server does.
//!
//! ```
//! use std::time::Duration;
//!
//! use outrigger_node::term::{Reader, from_slice, to_vec};
//! use outrigger_node::{Answer, Context, Flow, From, GenServer, Reason};
//!
//! /// Adds up what is cast to it.
//! struct Sum(i64);
//!
//! impl GenServer for Sum {
//!     async fn handle_call(&mut self, request: &[u8], _from: From, _context: &Context<'_>) -> Answer {
//!         match to_vec(&self.0) {
//!             Ok(sum) if Reader::new(request).atom().is_ok_and(|word| word.eq_str("sum")) => Answer::Reply(sum),
//!             // Without an answer the caller's exit is the reason.
//!             _ => Answer::Stop(Reason::badarg(), None),
//!         }
//!     }
//!
//!     async fn handle_cast(&mut self, request: &[u8], _context: &Context<'_>) -> Flow {
//!         self.0 += from_slice::<i64>(request).unwrap_or(0);
//!         Flow::Continue
//!     }
//! }
//!
//! # use outrigger_node::term::Atom;
//! # use outrigger_node::{Config, Dest, Epmd, Listen, Node, cookie};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut config = Config::new("doc@127.0.0.1".parse()?, cookie::from_text("secret", "an example")?);
//! # (config.epmd, config.listen) = (Epmd::Off, Listen::Off);
//! # let node = Node::start(config, vec![]).await?;
//! // iex> GenServer.cast({:sum, :"rust@127.0.0.1"}, 40)
//! // iex> GenServer.call({:sum, :"rust@127.0.0.1"}, :sum)
//! let server = node.start_server(Some("sum"), Sum(2))?;
//!
//! // The same from here, as to any server of the cluster.
//! let process = node.process()?;
//! process.send(&Dest::from(&server), &to_vec(&(Atom::Utf8("$gen_cast"), 40))?)?;
//! let sum = process.call(&Dest::from(&server), &to_vec(&Atom::Utf8("sum"))?, Duration::from_secs(5)).await?;
//! assert_eq!(from_slice::<i64>(&sum)?, 42);
//! # node.shutdown().await;
//! # Ok(())
//! # }
//! ```

use outrigger_proto::OwnedPid;

use super::From;
use crate::node::Node;
use crate::process::{Message, Process, Reason};

/// A server: callbacks over its own state. All requests are terms without the version byte, well-formed. The callbacks run one
/// after the other, in the order of the mailbox; long work belongs into a task that keeps the [`From`].
pub trait GenServer: Send + 'static {
    /// Before the first message.
    fn init(&mut self, context: &Context<'_>) -> impl Future<Output = Flow> + Send {
        let _ = context;
        async { Flow::Continue }
    }

    /// `GenServer.call/3`.
    fn handle_call(
        &mut self,
        request: &[u8],
        from: From,
        context: &Context<'_>,
    ) -> impl Future<Output = Answer> + Send;

    /// `GenServer.cast/2`. Default: ignored.
    fn handle_cast(&mut self, request: &[u8], context: &Context<'_>) -> impl Future<Output = Flow> + Send {
        let _ = (request, context);
        async { Flow::Continue }
    }

    /// Any other message, `DOWN` and exits among them. Default: ignored.
    fn handle_info(&mut self, message: Message, context: &Context<'_>) -> impl Future<Output = Flow> + Send {
        let _ = (message, context);
        async { Flow::Continue }
    }

    /// What `:sys.get_state/1` shows: a term without the version byte. Default: `undefined`.
    fn state(&self) -> Vec<u8> {
        Reason::undefined().as_bytes().to_vec()
    }

    /// After the last message, when the server ends by itself. Not called when it is killed.
    fn terminate(&mut self, reason: &Reason) {
        let _ = reason;
    }
}

/// What a callback may want of the server around it.
#[derive(Debug)]
pub struct Context<'a> {
    pub(super) process: &'a Process,
}

impl Context<'_> {
    /// The server's pid.
    #[must_use]
    pub fn pid(&self) -> &OwnedPid {
        self.process.pid()
    }

    /// The node that it runs on.
    #[must_use]
    pub fn node(&self) -> &Node {
        self.process.node()
    }

    /// The server as a process: to send, link, monitor.
    #[must_use]
    pub fn process(&self) -> &Process {
        self.process
    }
}

/// What comes after a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The next message.
    Continue,
    /// The end, for this reason.
    Stop(Reason),
}

/// What a call comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This term, without the version byte.
    Reply(Vec<u8>),
    /// Nothing yet: somebody keeps the [`From`].
    Later,
    /// The end, with a last answer or, without one, with the reason as the caller's exit.
    Stop(Reason, Option<Vec<u8>>),
}
