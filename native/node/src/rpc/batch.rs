//! Many calls in one trip.
//!
//! Every BEAM has `lists:zipwith3/3` and `erlang:apply/3`; one `erpc` of the first with the second calls all functions, one after
//! the other in one process, without any code of ours on the peer.

use std::time::Duration;

use bytes::Bytes;
use outrigger_proto::{NodeName, OwnedPid};
use outrigger_term::{TermError, Writer};

use super::error::RpcError;
use super::list;
use crate::error::NodeError;
use crate::node::Node;

/// `EXPORT_EXT`
const EXPORT: u8 = 113;

/// One call: module, function and arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mfa<'a> {
    /// The module.
    pub module: &'a str,
    /// The function.
    pub function: &'a str,
    /// The arguments: a list, a bare term.
    pub args: Bytes,
}

impl Node {
    /// Calls many functions on a peer, one after the other, in one trip. The values in the order of the calls. One that raises
    /// ends the batch with its error.
    ///
    /// # Errors
    /// As [`Node::erpc`].
    pub async fn batch(
        &self,
        peer: &NodeName,
        calls: &[Mfa<'_>],
        timeout: Duration,
    ) -> Result<Vec<Bytes>, RpcError> {
        let bad = |error: TermError| NodeError::BadOption { option: "batch", problem: error.to_string() };
        let args = all(calls).map_err(bad)?;
        let values = self.erpc(peer, "lists", "zipwith3", &args, timeout).await?;
        list::elements(&values, calls.len()).map_err(|_not_a_list| RpcError::Protocol)
    }

    /// `erlang:process_info/2` of many processes of one peer, in one trip. `items` is a list of atoms or an atom, a bare term.
    /// `undefined` stands for a process that has ended.
    ///
    /// # Errors
    /// As [`Node::erpc`]; `badarg` for a pid that is not the peer's or an item that it does not know.
    pub async fn process_info(
        &self,
        peer: &NodeName,
        pids: &[OwnedPid],
        items: &[u8],
        timeout: Duration,
    ) -> Result<Vec<Bytes>, RpcError> {
        let bad =
            |error: TermError| NodeError::BadOption { option: "process_info", problem: error.to_string() };
        let calls: Result<Vec<_>, _> = pids.iter().map(|pid| info_of(pid, items)).collect();
        self.batch(peer, &calls.map_err(bad)?, timeout).await
    }
}

fn info_of(pid: &OwnedPid, items: &[u8]) -> Result<Mfa<'static>, TermError> {
    let mut args = Vec::with_capacity(items.len() + 64);
    let mut writer = Writer::new(&mut args);
    writer.list(2);
    writer.pid(&pid.borrow())?;
    writer.raw(items);
    writer.nil();
    Ok(Mfa { module: "erlang", function: "process_info", args: args.into() })
}

/// `[fun erlang:apply/3, Modules, Functions, Args]`
fn all(calls: &[Mfa<'_>]) -> Result<Vec<u8>, TermError> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    writer.list(4);
    writer.raw(&[EXPORT]);
    writer.atom("erlang")?;
    writer.atom("apply")?;
    writer.integer(3);
    for part in [|call: &Mfa<'_>| atom(call.module), |call: &Mfa<'_>| atom(call.function)] {
        let atoms: Result<Vec<_>, _> = calls.iter().map(part).collect();
        list::write(&mut writer, atoms?.iter().map(Vec::as_slice))?;
    }
    list::write(&mut writer, calls.iter().map(|call| &*call.args))?;
    writer.nil();
    Ok(out)
}

fn atom(text: &str) -> Result<Vec<u8>, TermError> {
    let mut out = Vec::new();
    Writer::new(&mut out).atom(text)?;
    Ok(out)
}
