//! Control messages: one of each operation as a BEAM writes it, the encoders, and what is refused.

#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

use outrigger_proto::control::{
    Control, Exit, ExitKind, GroupLeader, Link, Monitor, MonitorExit, Op, Process, Reason, Send, SpawnReply,
    SpawnRequest, Spawned, To, UnlinkId, encode,
};
use outrigger_proto::{
    ProtoError,
    frame::{self, Framing},
    message,
};
use outrigger_term::{Atom, Pid, Reader, Reference, TermError, Writer};
use proptest::prelude::*;

const FROM: Pid<'_> = Pid { node: Atom::Utf8("a@h"), id: 1, serial: 3, creation: 9 };
const TO: Pid<'_> = Pid { node: Atom::Utf8("b@h"), id: 2, serial: 3, creation: 9 };
const REF: Reference<'_> = Reference { node: Atom::Utf8("a@h"), creation: 9, ids: [1, 2, 3, 0, 0], len: 3 };
const SINK: Atom<'_> = Atom::Utf8("sink");

/// Name and bytes of the vectors that `vectors/control.escript` wrote.
fn vectors() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    include_str!("vectors/control.txt").lines().map(|line| {
        let (name, hex) = line.split_once('\t').expect("name, tab, hex");
        let byte =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("hex"), 16).expect("hex");
        (name, hex.as_bytes().chunks(2).map(byte).collect())
    })
}

fn vector(name: &str) -> Vec<u8> {
    vectors().find(|(found, _)| *found == name).unwrap_or_else(|| panic!("no vector {name}")).1
}

/// The whole term written by a closure.
fn term(write: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Writer::new(&mut out)).expect("encodable");
    out
}

fn token() -> Vec<u8> {
    term(|w| {
        w.tuple(5);
        (1..=3).for_each(|n| w.integer(n));
        w.pid(&FROM)?;
        w.integer(4);
        Ok(())
    })
}

fn reason() -> Vec<u8> {
    term(|w| {
        w.tuple(2);
        w.atom("badmatch")?;
        w.list(1);
        w.atom("x")?;
        w.nil();
        Ok(())
    })
}

#[test]
fn every_operation_has_a_vector_and_is_parsed_whole() {
    for (name, bytes) in vectors() {
        let mut reader = Reader::new(&bytes);
        let (op, _) = Control::parse(&mut reader).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(name.split(' ').next(), Some(op.name()));
        assert_eq!(reader.remaining(), b"", "{name}");
        for end in 0..bytes.len() {
            assert!(Control::parse(&mut Reader::new(&bytes[..end])).is_err(), "{name} cut at {end}");
        }
    }
    for op in Op::ALL {
        assert!(vectors().any(|(name, _)| name == op.name()), "{op:?} has no vector");
        assert_eq!(Op::from_number(op.number().into()), Some(*op));
    }
}

#[track_caller]
fn assert_parses(name: &str, expected: Control<'_>) {
    assert_eq!(
        Control::parse(&mut Reader::new(&vector(name))).map(|(_, control)| control),
        Ok(expected),
        "{name}"
    );
}

#[test]
fn messages_are_parsed_field_by_field() {
    let token = token();
    let send = |from, to, token| Control::Send(Send { from, to, token, priority: false });
    assert_parses("SEND", send(None, To::Pid(TO), None));
    assert_parses("SEND_TT", send(None, To::Pid(TO), Some(&token)));
    assert_parses("SEND_SENDER", send(Some(FROM), To::Pid(TO), None));
    assert_parses("SEND_SENDER_TT", send(Some(FROM), To::Pid(TO), Some(&token)));
    assert_parses("REG_SEND", send(Some(FROM), To::Name(SINK), None));
    assert_parses("REG_SEND_TT", send(Some(FROM), To::Name(SINK), Some(&token)));
    assert_parses("ALIAS_SEND", send(Some(FROM), To::Alias(REF), None));
    assert_parses("ALIAS_SEND_TT", send(Some(FROM), To::Alias(REF), Some(&token)));
    assert_parses("ALTACT_SIG_SEND alias", send(Some(FROM), To::Alias(REF), Some(&token)));
    assert_parses("ALTACT_SIG_SEND name", send(Some(FROM), To::Name(SINK), None));
    let prior = Send { from: Some(FROM), to: To::Pid(TO), token: None, priority: true };
    assert_parses("ALTACT_SIG_SEND", Control::Send(prior));
}

#[test]
fn exits_are_parsed_field_by_field() {
    let (token, reason) = (token(), reason());
    let exit = |kind, reason, token| {
        Control::Exit(Exit { kind, from: FROM, to: To::Pid(TO), reason, token, priority: false })
    };
    let inside = Reason::Term(&reason);
    assert_parses("EXIT", exit(ExitKind::Linked, inside, None));
    assert_parses("EXIT_TT", exit(ExitKind::Linked, inside, Some(&token)));
    assert_parses("EXIT2", exit(ExitKind::Sent, inside, None));
    assert_parses("EXIT2_TT", exit(ExitKind::Sent, inside, Some(&token)));
    assert_parses("PAYLOAD_EXIT", exit(ExitKind::Linked, Reason::Payload, None));
    assert_parses("PAYLOAD_EXIT_TT", exit(ExitKind::Linked, Reason::Payload, Some(&token)));
    assert_parses("PAYLOAD_EXIT2", exit(ExitKind::Sent, Reason::Payload, None));
    assert_parses("PAYLOAD_EXIT2_TT", exit(ExitKind::Sent, Reason::Payload, Some(&token)));
    let Control::Exit(prior) = exit(ExitKind::Sent, Reason::Payload, None) else { panic!("an exit") };
    assert_parses("ALTACT_SIG_SEND exit", Control::Exit(Exit { priority: true, ..prior }));
}

#[test]
fn links_monitors_and_the_rest_are_parsed_field_by_field() {
    let (token, reason) = (token(), reason());
    assert_parses("LINK", Control::Link(Link { from: FROM, to: TO }));
    assert_parses("UNLINK", Control::Unlink(Link { from: FROM, to: TO }));
    assert_parses("UNLINK_ID", Control::UnlinkId(UnlinkId { id: u64::MAX, from: FROM, to: TO }));
    assert_parses("UNLINK_ID_ACK", Control::UnlinkIdAck(UnlinkId { id: 5, from: FROM, to: TO }));
    assert_parses("NODE_LINK", Control::NodeLink);
    assert_parses("GROUP_LEADER", Control::GroupLeader(GroupLeader { from: FROM, to: TO }));

    let monitor = |to| Monitor { from: FROM, to, reference: REF };
    assert_parses("MONITOR_P", Control::Monitor(monitor(Process::Pid(TO))));
    assert_parses("MONITOR_P name", Control::Monitor(monitor(Process::Name(SINK))));
    assert_parses("DEMONITOR_P", Control::Demonitor(monitor(Process::Name(SINK))));
    let ended = |from, reason| Control::MonitorExit(MonitorExit { from, to: TO, reference: REF, reason });
    assert_parses("MONITOR_P_EXIT", ended(Process::Name(SINK), Reason::Term(&reason)));
    assert_parses("PAYLOAD_MONITOR_P_EXIT", ended(Process::Pid(FROM), Reason::Payload));

    let options = term(|w| {
        w.list(1);
        w.atom("monitor")?;
        w.nil();
        Ok(())
    });
    let request = SpawnRequest {
        request: REF,
        from: FROM,
        group_leader: TO,
        module: Atom::Utf8("lists"),
        function: Atom::Utf8("map"),
        arity: 2,
        options: &options,
        token: None,
    };
    assert_parses("SPAWN_REQUEST", Control::SpawnRequest(request));
    let traced = SpawnRequest { options: &[106], token: Some(&token), ..request };
    assert_parses("SPAWN_REQUEST_TT", Control::SpawnRequest(traced));
    let reply = SpawnReply {
        request: REF,
        to: TO,
        flags: 0,
        result: Spawned::Error(Atom::Utf8("notsup")),
        token: None,
    };
    assert_parses("SPAWN_REPLY", Control::SpawnReply(reply));
    let traced = SpawnReply { flags: 2, result: Spawned::Pid(FROM), token: Some(&token), ..reply };
    assert_parses("SPAWN_REPLY_TT", Control::SpawnReply(traced));
}

#[test]
fn encoders_write_what_a_beam_writes() {
    let reason = reason();
    let (to, sink) = (Process::Pid(TO), Process::Name(SINK));
    let same = |name: &str, written: Vec<u8>| assert_eq!(written, vector(name), "{name}");
    same("LINK", term(|w| encode::link(w, &FROM, &TO)));
    same("SEND", term(|w| encode::send(w, &TO)));
    same("SEND_SENDER", term(|w| encode::send_sender(w, &FROM, &TO)));
    same("REG_SEND", term(|w| encode::reg_send(w, &FROM, "sink")));
    same("ALIAS_SEND", term(|w| encode::alias_send(w, &FROM, &REF)));
    same("ALTACT_SIG_SEND", term(|w| encode::altact_send(w, &FROM, &To::Pid(TO), true)));
    same("EXIT", term(|w| encode::exit(w, &FROM, &TO, &reason)));
    same("EXIT2", term(|w| encode::exit2(w, &FROM, &TO, &reason)));
    same("PAYLOAD_EXIT", term(|w| encode::payload_exit(w, &FROM, &TO)));
    same("PAYLOAD_EXIT2", term(|w| encode::payload_exit2(w, &FROM, &TO)));
    same("MONITOR_P", term(|w| encode::monitor_p(w, &FROM, &to, &REF)));
    same("MONITOR_P name", term(|w| encode::monitor_p(w, &FROM, &sink, &REF)));
    same("DEMONITOR_P", term(|w| encode::demonitor_p(w, &FROM, &sink, &REF)));
    same("MONITOR_P_EXIT", term(|w| encode::monitor_p_exit(w, &sink, &TO, &REF, &reason)));
    let from = Process::Pid(FROM);
    same("PAYLOAD_MONITOR_P_EXIT", term(|w| encode::payload_monitor_p_exit(w, &from, &TO, &REF)));
    same("GROUP_LEADER", term(|w| encode::group_leader(w, &FROM, &TO)));
    same("UNLINK_ID", term(|w| encode::unlink_id(w, u64::MAX, &FROM, &TO)));
    same("UNLINK_ID_ACK", term(|w| encode::unlink_id_ack(w, 5, &FROM, &TO)));
    let result = Spawned::Error(Atom::Utf8("notsup"));
    let reply = SpawnReply { request: REF, to: TO, flags: 0, result, token: None };
    same("SPAWN_REPLY", term(|w| encode::spawn_reply(w, &reply)));
    let bytes = vector("SPAWN_REQUEST");
    let Ok((_, Control::SpawnRequest(request))) = Control::parse(&mut Reader::new(&bytes)) else { panic!() };
    same("SPAWN_REQUEST", term(|w| encode::spawn_request(w, &request)));
}

/// OTP promises to extend this operation, and asks of others what it does itself.
#[test]
fn the_flags_and_the_elements_of_a_later_otp_are_passed_over() {
    let bytes = vector("ALTACT_SIG_SEND");
    let (_, known) = Control::parse(&mut Reader::new(&bytes)).unwrap();
    let low = bytes[5];
    let rest = &bytes[6..];
    let small_big = [110, 9, 0, low, 1, 2, 3, 4, 5, 6, 7, 8];
    let large_big = [&[111, 0, 0, 1, 0, 0, low][..], &[1; 255]].concat();
    for flags in [&[97, low | 0xe0][..], &[98, 0, 1, 1, low], &small_big, &large_big] {
        for more in [0, 2] {
            let head = [&[104, bytes[1] + more, 97, 37][..], flags, rest].concat();
            let later = [head, [104, 1, 106].repeat(more.into())].concat();
            let mut reader = Reader::new(&later);
            assert_eq!(Control::parse(&mut reader).unwrap().1, known, "{flags:?}, {more} more");
            assert!(reader.is_empty());
        }
    }
    for flags in [&[98, 255, 255, 255, 255][..], &[110, 1, 1, low], &[119, 1, b'a']] {
        let bad = [&[104, bytes[1], 97, 37][..], flags, rest].concat();
        assert!(
            matches!(Control::parse(&mut Reader::new(&bad)), Err(ProtoError::BadControl(_))),
            "{flags:?}"
        );
    }
}

fn refused(write: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>) -> ProtoError {
    Control::parse(&mut Reader::new(&term(write))).expect_err("malformed")
}

#[test]
fn unknown_operations_and_malformed_tuples_are_refused() {
    for op in [0, 9, 17, 38, 99, -1, 1 << 40] {
        let error = refused(|w| {
            w.tuple(1);
            w.integer(op);
            Ok(())
        });
        assert_eq!(error, ProtoError::UnknownOperation { op });
    }
    // Every operation with one element too few and one too many.
    for (name, bytes) in vectors() {
        assert_eq!(bytes[0], 104);
        for arity in [bytes[1] - 1, bytes[1] + 1] {
            if bytes[3] == 37 && arity > bytes[1] {
                continue; // made to grow
            }
            let mut wrong = bytes.clone();
            wrong[1] = arity;
            wrong.push(106);
            let error = Control::parse(&mut Reader::new(&wrong)).expect_err(name);
            let at_the_op = arity == 0 && error == ProtoError::UnknownOperation { op: 5 };
            assert!(at_the_op || matches!(error, ProtoError::BadArity { .. }), "{name} of {arity}: {error}");
        }
    }
    let error = refused(|w| {
        w.tuple(3);
        w.integer(1);
        w.pid(&FROM)?;
        w.atom("not_a_pid")
    });
    assert_eq!(error, ProtoError::BadControl(TermError::UnexpectedTag { expected: "a pid", tag: 119 }));
    let error = refused(|w| encode::unlink_id(w, 0, &FROM, &TO));
    assert_eq!(error, ProtoError::BadControl(TermError::IntegerOutOfRange));
    let error = refused(|w| {
        w.list(1);
        w.integer(1);
        w.nil();
        Ok(())
    });
    assert!(matches!(error, ProtoError::BadControl(TermError::UnexpectedTag { tag: 108, .. })));
    let mut both = vector("ALTACT_SIG_SEND");
    both[5] = 12;
    let error = Control::parse(&mut Reader::new(&both)).expect_err("an alias and a name");
    assert_eq!(error, ProtoError::BadOperationFlags { op: 37, flags: 12 });
}

#[test]
fn a_payload_is_there_if_and_only_if_its_operation_has_one() {
    for framing in [Framing::PassThrough, Framing::Header] {
        for (name, bytes) in vectors() {
            let alone = [framing.before_control(), &bytes].concat();
            let with = [&alone[..], framing.before_payload(), &[106]].concat();
            let (op, _) = Control::parse(&mut Reader::new(&bytes)).expect(name);
            if op.has_payload() {
                let message = message::split(&with, framing).expect(name);
                assert_eq!((message.payload, message.payload_at), (&[106][..], with.len() - 1), "{name}");
                message.check_payload().expect(name);
                let missing = ProtoError::MissingPayload { op: op.number() };
                assert_eq!(message::split(&alone, framing), Err(missing));
                // Found by fuzzing: a version byte alone is no payload.
                let version = [&alone[..], framing.before_payload()].concat();
                assert_eq!(
                    message::split(&version, framing),
                    Err(ProtoError::MissingPayload { op: op.number() })
                );
            } else {
                assert_eq!(message::split(&alone, framing).expect(name).payload, b"", "{name}");
                let len = with.len() - alone.len();
                let unexpected = ProtoError::UnexpectedPayload { op: op.number(), len };
                assert_eq!(message::split(&with, framing), Err(unexpected));
            }
        }
    }
    let headless = [&[112, 131][..], &vector("SEND"), &[106]].concat();
    let error = message::split(&headless, Framing::PassThrough);
    assert_eq!(error, Err(ProtoError::BadPayload(TermError::BadVersion { byte: 106 })));
}

#[test]
fn other_framings_and_bad_payloads_are_refused() {
    let pass = |bytes: &[u8]| message::split(bytes, Framing::PassThrough).expect_err("refused");
    let header = |bytes: &[u8]| message::split(bytes, Framing::Header).expect_err("refused");
    let truncated = ProtoError::BadControl(TermError::Truncated);
    for byte in [131, 68, 0] {
        assert_eq!(pass(&[byte, 68, 0]), ProtoError::UnexpectedFraming { byte });
    }
    for byte in [112, 0, 255] {
        assert_eq!(header(&[byte, 131]), ProtoError::UnexpectedFraming { byte });
        assert_eq!(header(&[131, byte]), ProtoError::UnexpectedFraming { byte });
    }
    for short in [&[][..], &[131], &[131, 68], &[131, 68, 0]] {
        assert_eq!(header(short), truncated);
    }
    assert_eq!((pass(&[]), pass(&[112])), (truncated.clone(), truncated));
    assert_eq!(pass(&[112, 104]), ProtoError::BadControl(TermError::BadVersion { byte: 104 }));
    assert_eq!(header(&[131, 68, 3, 0, 0]), ProtoError::UnexpectedAtomCache { atoms: 3 });
    let bad = |payload: &[u8], error| {
        assert_eq!(message::check_payload(payload), Err(ProtoError::BadPayload(error)))
    };
    bad(b"", TermError::Truncated);
    bad(&[106, 106], TermError::TrailingBytes { len: 1 });
    bad(&[80, 0, 0], TermError::UnknownTag { tag: 80 });
}

#[test]
fn hostile_payloads_in_a_frame_do_not_touch_the_control_message() {
    let mut out = Vec::new();
    let payload = [108, 255, 255, 255, 255];
    frame::append(&mut out, Framing::Header, Some(&payload), |w| encode::send(w, &TO)).expect("encodable");
    let message = message::split(&out[4..], Framing::Header).expect("the payload is not looked at");
    assert!(matches!(message.check_payload(), Err(ProtoError::BadPayload(TermError::ClaimTooLarge { .. }))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_frames_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        for framing in [Framing::PassThrough, Framing::Header] {
            let _ = message::split(&bytes, framing);
            let _ = message::split(&[framing.before_control(), &[104], &bytes].concat(), framing);
        }
        let _ = message::check_payload(&bytes);
    }

    #[test]
    fn one_wrong_byte_never_panics(
        which in any::<usize>(), at in any::<usize>(), byte in any::<u8>(), header in any::<bool>(),
    ) {
        let framing = if header { Framing::Header } else { Framing::PassThrough };
        let all: Vec<_> = vectors().collect();
        let control = &all[which % all.len()].1;
        let mut bytes = [framing.before_control(), control, framing.before_payload(), &[106]].concat();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(message) = message::split(&bytes, framing) {
            prop_assert_eq!(&bytes[message.payload_at..], message.payload);
        }
    }
}
