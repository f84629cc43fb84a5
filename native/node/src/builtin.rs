//! What the node itself answers, as a BEAM without processes would.
//!
//! - `net_kernel`: the call `{is_auth, Node}` with `yes`; that is all of `net_adm:ping/1`. Both forms of the
//!   caller's tag, a reference and `[alias | Reference]`, are given back as they came, to the caller's pid.
//! - A monitor on nobody: `MONITOR_P_EXIT` with `noproc`, so that a `gen_server:call` to a name that is not here
//!   fails at once.
//! - A link to nobody: `EXIT` with `noproc`. An unlink: its acknowledgement.
//!
//! Limits: what a peer asks for beyond that is ignored and counted. Nothing here changes any state.

use outrigger_proto::control::{Monitor, UnlinkId, encode};
use outrigger_proto::frame::{self, Framing};
use outrigger_proto::{Flags, ProtoError};
use outrigger_term::{Pid, Reader, TermError, Writer};

use crate::gen_server::alias_of;
use crate::link::Link;
use crate::process::{Reason, to_alias};

/// Answers a call to `net_kernel`. `false` if it is none that we know.
pub(crate) fn net_kernel(link: &Link, us: &Pid<'_>, payload: &[u8]) -> bool {
    let Ok(Some((caller, tag))) = is_auth(payload) else { return false };
    let mut reply = Vec::with_capacity(tag.len() + 16);
    let mut writer = Writer::new(&mut reply);
    writer.tuple(2);
    writer.raw(tag);
    if writer.atom("yes").is_err() {
        return false;
    }
    match alias_of(tag) {
        // A caller that has given up gets no stray answer.
        Ok(Some(alias)) if link.flags().contains(Flags::ALIAS) => {
            answer(link, Some(&reply), |writer| to_alias(writer, link, us, &alias));
        }
        _ => answer(link, Some(&reply), |writer| encode::send(writer, &caller)),
    }
    true
}

/// The caller and its tag, if the term is `{'$gen_call', {Caller, Tag}, {is_auth, _}}`.
fn is_auth(payload: &[u8]) -> Result<Option<(Pid<'_>, &[u8])>, TermError> {
    let mut reader = Reader::new(payload);
    if reader.tuple()? != 3 || !reader.atom()?.eq_str("$gen_call") || reader.tuple()? != 2 {
        return Ok(None);
    }
    let caller = reader.pid()?;
    let tag = reader.skip()?;
    let asked = reader.tuple()? == 2 && reader.atom()?.eq_str("is_auth");
    Ok(asked.then_some((caller, tag)))
}

/// Nobody is there to be watched, or it cannot be.
pub(crate) fn refuse_monitor(link: &Link, monitor: &Monitor<'_>, reason: &Reason) {
    let reason = reason.as_bytes();
    answer(link, None, |writer| {
        encode::monitor_p_exit(writer, &monitor.to, &monitor.from, &monitor.reference, reason)
    });
}

/// Nobody is there to be linked with, or it cannot be.
pub(crate) fn refuse_link(link: &Link, ours: &Pid<'_>, theirs: &Pid<'_>, reason: &Reason) {
    answer(link, None, |writer| encode::exit(writer, ours, theirs, reason.as_bytes()));
}

/// The link between two processes is given up.
pub(crate) fn acknowledge(link: &Link, unlink: &UnlinkId<'_>) {
    answer(link, None, |writer| encode::unlink_id_ack(writer, unlink.id, &unlink.to, &unlink.from));
}

fn answer(
    link: &Link,
    payload: Option<&[u8]>,
    control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
) {
    let mut bytes = Vec::with_capacity(256);
    let written: Result<(), ProtoError> = frame::append(&mut bytes, Framing::Header, payload, control);
    match written {
        Ok(()) => {
            // A link that is down needs no answer.
            let _down = link.send(bytes.into());
        }
        Err(error) => tracing::error!(%error, "cannot encode an answer; this is a bug"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(tag: impl FnOnce(&mut Writer<'_>), what: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.tuple(3);
        writer.atom("$gen_call").unwrap();
        writer.tuple(2);
        let node = outrigger_term::Atom::Utf8("a@h");
        writer.pid(&Pid { node, id: 9, serial: 1, creation: 5 }).unwrap();
        tag(&mut writer);
        writer.tuple(2);
        writer.atom(what).unwrap();
        writer.atom("b@h").unwrap();
        bytes
    }

    fn reference(writer: &mut Writer<'_>) {
        let node = outrigger_term::Atom::Utf8("a@h");
        let reference = outrigger_term::Reference::new(node, 5, &[1, 2, 3]).unwrap();
        writer.reference(&reference).unwrap();
    }

    #[test]
    fn both_forms_of_a_tag_are_given_back_as_they_came() {
        let plain = request(reference, "is_auth");
        let (caller, tag) = is_auth(&plain).unwrap().unwrap();
        assert_eq!((caller.id, tag[0]), (9, 90));
        let alias = request(
            |writer| {
                writer.list(1);
                writer.atom("alias").unwrap();
                reference(writer);
            },
            "is_auth",
        );
        let (_caller, tag) = is_auth(&alias).unwrap().unwrap();
        assert_eq!(tag[0], 108);
        assert!(plain.windows(3).any(|bytes| bytes == &tag[tag.len() - 3..]));
    }

    #[test]
    fn other_requests_and_rubbish_are_not_answered() {
        assert_eq!(is_auth(&request(reference, "spawn")).unwrap(), None);
        assert!(is_auth(&[104, 3]).is_err());
        assert!(is_auth(&[]).is_err());
    }
}
