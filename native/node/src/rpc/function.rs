//! A function of ours that peers may call, and what it may do besides returning.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use outrigger_proto::OwnedPid;

use crate::process::Reason;

/// One call of a registered function.
#[derive(Debug)]
pub struct Request {
    /// The arguments, each a bare term; as many as the arity it was registered with.
    pub args: Vec<Bytes>,
    /// Who called.
    pub caller: OwnedPid,
}

/// What a function raises; the caller sees it as if the function were Erlang's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raise {
    /// `throw(Term)`
    Throw(Reason),
    /// `exit(Reason)`
    Exit(Reason),
    /// `error(Reason)`, with the function as the stack.
    Error(Reason),
}

impl Raise {
    /// `error(badarg)`
    #[must_use]
    pub fn badarg() -> Self {
        Self::Error(Reason::badarg())
    }
}

/// What a handler comes to: a bare term, or what it raised.
pub(super) type Outcome = Result<Vec<u8>, Raise>;

type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A handler whose type is forgotten.
pub(super) type Handler = Arc<dyn Fn(Request) -> Running + Send + Sync>;

pub(super) fn boxed<F, Fut>(handler: F) -> Handler
where
    F: Fn(Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    Arc::new(move |request| Box::pin(handler(request)))
}
