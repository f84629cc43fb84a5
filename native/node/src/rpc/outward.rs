//! Calls to peers.

use std::time::Duration;

use bytes::Bytes;
use outrigger_proto::NodeName;
use outrigger_proto::control::{Process as Named, SpawnRequest, encode};
use outrigger_proto::{Flags, OwnedPid, OwnedRef};
use outrigger_term::{Atom, Reader, TermError, Writer};
use tracing::Instrument;

use super::classify::outcome;
use super::error::RpcError;
use super::list;
use crate::call::{Answer, Place};
use crate::error::NodeError;
use crate::link::{Link, SignalError};
use crate::node::Node;
use crate::process::Reason;
use crate::span;

/// `[monitor]`
const OPTIONS: &[u8] = &[108, 0, 0, 0, 1, 119, 7, b'm', b'o', b'n', b'i', b't', b'o', b'r', 106];

impl Node {
    /// Calls a function on a linked peer as `:erpc.call/5` does: in a process of its own there, so that slow calls hold up
    /// nobody. `args` is a list, a bare term; so is the value.
    ///
    /// # Errors
    /// What the function did instead of returning, told apart; a refusal; a time-out; no link.
    pub async fn erpc(
        &self,
        peer: &NodeName,
        module: &str,
        function: &str,
        args: &[u8],
        timeout: Duration,
    ) -> Result<Bytes, RpcError> {
        let inner = &self.0;
        let link =
            inner.registry.link(peer).ok_or_else(|| NodeError::NotLinked { peer: peer.to_string() })?;
        if !link.flags().contains(Flags::SPAWN) {
            return Err(RpcError::Refused { why: "notsup".into() });
        }
        let from = inner.allocate_pid();
        let (words, mark) =
            (inner.processes.next_reference(), inner.reference(inner.processes.next_reference()));
        let request = inner.reference(words);
        let mut place = inner.calls.begin(Some(link.id()), words).ok_or_else(|| inner.calls.full())?;
        let bad = |error: TermError| NodeError::BadOption { option: "erpc", problem: error.to_string() };
        let payload = arguments(&mark, module, function, args).map_err(bad)?;
        let sent = link.signal(&from, Some(&payload), |writer| {
            let leader = inner.group_leader.borrow();
            let request = SpawnRequest {
                request: request.borrow(),
                from: from.borrow(),
                group_leader: leader,
                module: Atom::Utf8("erpc"),
                function: Atom::Utf8("execute_call"),
                arity: 4,
                options: OPTIONS,
                token: None,
            };
            encode::spawn_request(writer, &request)
        });
        sent.map_err(|error| match error {
            SignalError::Closed(_) => link.down_error(),
            SignalError::Encode(error) => NodeError::BadOption { option: "erpc", problem: error.to_string() },
        })?;
        let answer = async {
            tokio::select! {
                biased;
                answer = &mut place.answer => Ok(answer.ok()),
                _ = link.0.finished.wait() => Err(link.down_error()),
                () = tokio::time::sleep(timeout) => Ok(None),
            }
        };
        match answer.instrument(span::erpc(peer, module, function)).await? {
            Some(Answer::Down(reason)) => {
                let mut bytes = Vec::new();
                Writer::new(&mut bytes).reference(&mark.borrow()).map_err(bad)?;
                outcome(reason, &bytes)
            }
            Some(Answer::Refused(why)) => Err(RpcError::Refused { why }),
            Some(Answer::Reply(_)) => Err(RpcError::Protocol),
            None => {
                abandon(&link, &from, &request, &place);
                Err(RpcError::Timeout { after: timeout })
            }
        }
    }

    /// Calls a function through the peer's `rex` server, as `:rpc.call/5` did before OTP 23 and C nodes do. One server there
    /// takes all such calls; [`Node::erpc`] is the better one where the peer has it.
    ///
    /// # Errors
    /// `{badrpc, Reason}`, a time-out, no link.
    pub async fn rex(
        &self,
        peer: &NodeName,
        module: &str,
        function: &str,
        args: &[u8],
        timeout: Duration,
    ) -> Result<Bytes, RpcError> {
        let bad = |error: TermError| NodeError::BadOption { option: "rex", problem: error.to_string() };
        let mut request = Vec::with_capacity(args.len() + 128);
        let mut writer = Writer::new(&mut request);
        writer.tuple(5);
        writer
            .atom("call")
            .and_then(|()| writer.atom(module))
            .and_then(|()| writer.atom(function))
            .map_err(bad)?;
        writer.raw(args);
        writer.pid(&self.0.group_leader.borrow()).map_err(bad)?;
        let reply = self.call(peer, "rex", &request, timeout).await.map_err(|error| match error {
            NodeError::CallTimeout { after, .. } => RpcError::Timeout { after },
            error => error.into(),
        })?;
        let badrpc = |reply: &[u8]| -> Result<Option<Reason>, TermError> {
            let mut reader = Reader::new(reply);
            let is = reader.tuple()? == 2 && reader.atom()?.eq_str("badrpc");
            if is { reader.skip().map(|term| Some(Reason::checked(term))) } else { Ok(None) }
        };
        match badrpc(&reply) {
            Ok(Some(reason)) => Err(RpcError::BadRpc { reason }),
            _ => Ok(reply.into()),
        }
    }
}

/// `[Mark, Module, Function, Args]`, with arguments that are exactly one list: anything else would cost the link.
fn arguments(mark: &OwnedRef, module: &str, function: &str, args: &[u8]) -> Result<Vec<u8>, TermError> {
    list::elements(&Bytes::copy_from_slice(args), list::MAX_ARGS)?;
    let mut out = Vec::with_capacity(args.len() + 128);
    let mut writer = Writer::new(&mut out);
    writer.list(4);
    writer.reference(&mark.borrow())?;
    writer.atom(module)?;
    writer.atom(function)?;
    writer.raw(args);
    writer.nil();
    Ok(out)
}

/// The time is over: if the process is known, it is watched no longer. It goes on at the peer, as with `:erpc`.
fn abandon(link: &Link, from: &OwnedPid, request: &OwnedRef, place: &Place<'_>) {
    let Some(pid) = place.spawned() else { return };
    // A link that is down has no monitors.
    let _down = link.signal(from, None, |writer| {
        encode::demonitor_p(writer, &from.borrow(), &Named::Pid(pid.borrow()), &request.borrow())
    });
}
