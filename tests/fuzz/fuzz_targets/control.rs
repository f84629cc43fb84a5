//! A frame behind its length, in either framing: control message and payload.
//!
//! - Parsing allocates nothing, and the payload is the end of the frame.
//! - What an encoder can write again is parsed as the same message, in either framing, and from one framing rewritten to
//!   the other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::without_allocating;
use outrigger_proto::control::{Control, Exit, ExitKind, Process, Reason, Send, To, encode};
use outrigger_proto::frame::{self, Framing, PASS_THROUGH};
use outrigger_proto::message;
use outrigger_term::{Reader, TermError, Writer};

fuzz_target!(|data: &[u8]| {
    let framing = if data.first() == Some(&PASS_THROUGH) { Framing::PassThrough } else { Framing::Header };
    let Ok(message) = without_allocating(|| message::split(data, framing)) else { return };
    assert_eq!(&data[message.payload_at..], message.payload);
    let checked = without_allocating(|| message.check_payload());
    assert_eq!(checked.is_ok(), whole_term(message.payload));

    let payload = Some(message.payload).filter(|payload| !payload.is_empty());
    let written = |framing| {
        let mut out = Vec::new();
        let mut sent = true;
        let framed = frame::append(&mut out, framing, payload, |w| {
            encode(&message.control, w).unwrap_or_else(|| {
                sent = false;
                Ok(())
            })
        });
        framed.unwrap_or_else(|error| panic!("{:?} cannot be written: {error}", message.control));
        Some(out).filter(|_| sent)
    };
    let (Some(header), Some(plain)) = (written(Framing::Header), written(Framing::PassThrough)) else {
        return;
    };
    for (frame, framing) in [(&header, Framing::Header), (&plain, Framing::PassThrough)] {
        let again = message::split(&frame[4..], framing).expect("what an encoder wrote");
        assert_eq!((&again.control, again.payload), (&message.control, message.payload));
    }
    assert_eq!(frame::pass_through(&header).as_ref(), Ok(&plain));
});

fn whole_term(payload: &[u8]) -> bool {
    let mut reader = Reader::new(payload);
    reader.skip().is_ok() && reader.is_empty()
}

/// Writes the message again. `None` for what we never send: traced signals, exits with priority.
fn encode(control: &Control<'_>, w: &mut Writer<'_>) -> Option<Result<(), TermError>> {
    Some(match control {
        Control::Send(Send { from, to, token: None, priority: false }) => match (from, to) {
            (None, To::Pid(to)) => encode::send(w, to),
            (Some(from), To::Pid(to)) => encode::send_sender(w, from, to),
            (Some(from), To::Name(name)) => encode::reg_send(w, from, &name.text()),
            (Some(from), To::Alias(alias)) => encode::alias_send(w, from, alias),
            (None, to) => panic!("parsed without a sender: {to:?}"),
        },
        Control::Send(Send { from: Some(from), to, token: None, priority: true }) => {
            encode::altact_send(w, from, to, true)
        }
        Control::Exit(Exit { kind, from, to: To::Pid(to), reason, token: None, priority: false }) => {
            match (kind, reason) {
                (ExitKind::Linked, Reason::Term(reason)) => encode::exit(w, from, to, reason),
                (ExitKind::Sent, Reason::Term(reason)) => encode::exit2(w, from, to, reason),
                (ExitKind::Linked, Reason::Payload) => encode::payload_exit(w, from, to),
                (ExitKind::Sent, Reason::Payload) => encode::payload_exit2(w, from, to),
            }
        }
        Control::Link(link) => encode::link(w, &link.from, &link.to),
        Control::UnlinkId(unlink) => encode::unlink_id(w, unlink.id, &unlink.from, &unlink.to),
        Control::UnlinkIdAck(unlink) => encode::unlink_id_ack(w, unlink.id, &unlink.from, &unlink.to),
        Control::Monitor(monitor) => encode::monitor_p(w, &monitor.from, &monitor.to, &monitor.reference),
        Control::Demonitor(monitor) => encode::demonitor_p(w, &monitor.from, &monitor.to, &monitor.reference),
        Control::MonitorExit(exit) => {
            let from: &Process<'_> = &exit.from;
            match exit.reason {
                Reason::Term(reason) => encode::monitor_p_exit(w, from, &exit.to, &exit.reference, reason),
                Reason::Payload => encode::payload_monitor_p_exit(w, from, &exit.to, &exit.reference),
            }
        }
        Control::GroupLeader(leader) => encode::group_leader(w, &leader.from, &leader.to),
        Control::SpawnRequest(request) if request.token.is_none() => encode::spawn_request(w, request),
        Control::SpawnReply(reply) if reply.token.is_none() => encode::spawn_reply(w, reply),
        _ => return None,
    })
}
