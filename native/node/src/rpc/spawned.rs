//! `SPAWN_REQUEST` of a peer: a registered function, run as a process.
//!
//! - `erpc:execute_call(Mark, M, F, Args)` and `erpc:execute_cast(M, F, Args)`, which is how `:erpc` and `:rpc` call: the outcome is the
//!   exit reason of the process, and the monitor of the request carries it to the caller.
//! - A function that is not registered is `undef` to such a caller, as on a node that has no such function.
//! - Anything else that is to be spawned is refused with `notsup`.
//!
//! A call goes on when its caller's time is over, as on a BEAM; it ends when it is sent an exit.

use std::sync::Arc;

use bytes::Bytes;
use outrigger_proto::control::{SpawnReply, SpawnRequest, Spawned, encode};
use outrigger_proto::{OwnedPid, OwnedRef};
use outrigger_term::{Atom, Reader, TermError, Writer, tag};

use super::function::{Handler, Outcome, Raise, Request};
use super::functions::Running;
use super::list;
use crate::inner::Inner;
use crate::link::Link;
use crate::node::Node;
use crate::process::{Process, ProcessOptions, Reason};

/// `spawn_opt` knows fewer.
const MAX_OPTIONS: usize = 32;

/// What is to be called, and what the outcome is marked with; a cast has no mark.
struct Call {
    mark: Option<Bytes>,
    module: Bytes,
    function: Bytes,
    args: Bytes,
}

/// What the options ask for.
#[derive(Clone, Copy)]
struct Ties {
    link: bool,
    monitor: bool,
}

impl Inner {
    /// Starts what is asked for, or refuses, and answers.
    pub(crate) fn on_spawn(self: &Arc<Self>, link: &Link, request: &SpawnRequest<'_>, args: &Bytes) {
        match self.spawn_for(link, request, args) {
            // The answer has to be out before anything of the process is.
            Ok(start) => start(),
            Err(why) => {
                self.counters.spawns_refused.one();
                reply(link, &self.net_kernel, request, 0, Spawned::Error(Atom::Utf8(why)));
            }
        }
    }

    fn spawn_for(
        self: &Arc<Self>,
        link: &Link,
        request: &SpawnRequest<'_>,
        args: &Bytes,
    ) -> Result<impl FnOnce() + use<>, &'static str> {
        let ties = options(request.options).map_err(|_| "badopt")?;
        let call = call(request, args)?;
        let running = Running::start(self).ok_or("system_limit")?;
        let node = Node(self.clone());
        let process = node.process_with(&ProcessOptions::default()).map_err(|_| "system_limit")?;
        let caller = OwnedPid::from(request.from);
        if !self.tie(link, &process, &caller, request, ties) {
            return Err("system_limit");
        }
        let flags = u32::from(ties.link) | u32::from(ties.monitor) << 1;
        reply(link, &self.net_kernel, request, flags, Spawned::Pid(process.pid().borrow()));
        let handler = call.handler(self);
        Ok(move || {
            let work = async move {
                let _place = running;
                Err(run(handler, call, caller).await)
            };
            node.run(process, |_process| work);
        })
    }
}

async fn run(handler: Option<Handler>, call: Call, caller: OwnedPid) -> Reason {
    let outcome = match (handler, list::elements(&call.args, list::MAX_ARGS)) {
        (Some(handler), Ok(args)) => {
            // A task of its own, so that a panic is an error that the caller can read.
            let work = handler(Request { args, caller });
            match crate::process::caught(work).await {
                Ok(outcome) => outcome,
                Err(text) => Err(Raise::Error(Reason::tuple("rust_panic", &text))),
            }
        }
        (_, Err(_no_list)) => Err(Raise::badarg()),
        (None, _) => Err(Raise::Error(Reason::undef())),
    };
    call.outcome(outcome)
}

impl Call {
    fn handler(&self, inner: &Inner) -> Option<Handler> {
        let arity = list::elements(&self.args, list::MAX_ARGS).ok()?.len();
        let (module, function) =
            (Reader::new(&self.module).atom().ok()?, Reader::new(&self.function).atom().ok()?);
        inner.functions.get(module.as_str()?, function.as_str()?, u32::try_from(arity).ok()?)
    }

    /// The exit reason that tells the caller.
    fn outcome(&self, outcome: Outcome) -> Reason {
        let Some(mark) = &self.mark else { return Reason::normal() };
        let mut out = Vec::new();
        match self.write(&mut Writer::new(&mut out), mark, outcome) {
            // What a handler returned may be no term; nothing else can be wrong.
            Ok(()) => Reason::new(out).unwrap_or_else(|_| self.broken(mark)),
            Err(_) => self.broken(mark),
        }
    }

    fn broken(&self, mark: &Bytes) -> Reason {
        tracing::error!("a registered function returned what is no term; this is a bug in the function");
        let mut out = Vec::new();
        let why = Raise::Error(Reason::tuple("rust_error", "the function returned what is no term"));
        let written = self.write(&mut Writer::new(&mut out), mark, Err(why));
        written.ok().and_then(|()| Reason::new(out).ok()).unwrap_or_else(Reason::normal)
    }

    fn write(&self, writer: &mut Writer<'_>, mark: &Bytes, outcome: Outcome) -> Result<(), TermError> {
        let (kind, term, stack) = match &outcome {
            Ok(value) => ("return", value.as_slice(), false),
            Err(Raise::Throw(term)) => ("throw", term.as_bytes(), false),
            Err(Raise::Exit(reason)) => ("exit", reason.as_bytes(), false),
            Err(Raise::Error(reason)) => ("error", reason.as_bytes(), true),
        };
        writer.tuple(if stack { 4 } else { 3 });
        writer.raw(mark);
        writer.atom(kind)?;
        writer.raw(term);
        if stack {
            // [{M, F, Args, []}]
            writer.list(1);
            writer.tuple(4);
            writer.raw(&self.module);
            writer.raw(&self.function);
            writer.raw(&self.args);
            writer.nil();
            writer.nil();
        }
        Ok(())
    }
}

/// What `erpc` asks for.
fn call(request: &SpawnRequest<'_>, args: &Bytes) -> Result<Call, &'static str> {
    let function = request.function.as_str().unwrap_or_default();
    if !request.module.eq_str("erpc")
        || !matches!((function, request.arity), ("execute_call", 4) | ("execute_cast", 3))
    {
        return Err("notsup");
    }
    let mut args = list::elements(args, 4).map_err(|_| "badarg")?;
    if args.len() != request.arity as usize {
        return Err("badarg");
    }
    let mark = (request.arity == 4).then(|| args.remove(0));
    let [module, function, args] = <[Bytes; 3]>::try_from(args).map_err(|_| "badarg")?;
    Ok(Call { mark, module, function, args })
}

/// What the options say of ties; how the process is to be run is the peer's wish, and ignored.
fn options(options: &[u8]) -> Result<Ties, TermError> {
    let mut ties = Ties { link: false, monitor: false };
    for option in list::elements(&Bytes::copy_from_slice(options), MAX_OPTIONS)? {
        let mut reader = Reader::new(&option);
        if matches!(reader.tag()?, tag::SMALL_TUPLE) && reader.tuple()? != 2 {
            return Err(TermError::Truncated);
        }
        let name = reader.atom()?;
        ties.link |= name.eq_str("link");
        ties.monitor |= name.eq_str("monitor");
    }
    Ok(ties)
}

fn reply(link: &Link, from: &OwnedPid, request: &SpawnRequest<'_>, flags: u32, result: Spawned<'_>) {
    let reply = SpawnReply { request: request.request, to: request.from, flags, result, token: None };
    // A link that is down needs no answer.
    let _down = link.signal(from, None, |writer| encode::spawn_reply(writer, &reply));
}

impl Inner {
    /// Links the caller with the process and has it watch it, as the request asks. `false` if it has too many ties.
    fn tie(
        &self,
        link: &Link,
        process: &Process,
        caller: &OwnedPid,
        request: &SpawnRequest<'_>,
        ties: Ties,
    ) -> bool {
        let mut ok = true;
        if ties.link {
            ok &= self.accept_link(link, process, caller);
        }
        if ties.monitor {
            ok &= self.accept_monitor(link, process, caller, OwnedRef::from(request.request));
        }
        ok
    }
}
