//! Both machines against each other, in memory, whole and byte by byte.

#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

use std::ops::{Deref, DerefMut};

use outrigger_proto::handshake::{
    Acceptor, Decision, HandshakeError, Initiator, LocalNode, Next, Peer, Phase, Prefix, Step,
};
use outrigger_proto::{Cookie, Creation, Flags, Limits, NodeName};
use proptest::prelude::*;

fn node(name: &str, creation: u32, flags: Flags) -> LocalNode {
    LocalNode { name: name.parse().expect("a name"), creation: Creation(creation), flags }
}

fn cookie(text: &str) -> Cookie {
    Cookie::new(text).expect("a cookie")
}

fn name(text: &str) -> NodeName {
    text.parse().expect("a name")
}

fn initiator(flags: Flags, secret: &str) -> Initiator {
    Initiator::new(node("a@h", 5, flags), cookie(secret), name("b@h"), 0xffff_ffff, &Limits::default())
}

/// An acceptor and the cookie that every applicant has to prove.
#[derive(Debug)]
struct Them {
    machine: Acceptor,
    cookie: Cookie,
}

impl Them {
    fn resolve(&mut self, decision: Decision) -> Result<Step, HandshakeError> {
        self.machine.resolve(decision, &self.cookie)
    }
}

impl Deref for Them {
    type Target = Acceptor;

    fn deref(&self) -> &Acceptor {
        &self.machine
    }
}

impl DerefMut for Them {
    fn deref_mut(&mut self) -> &mut Acceptor {
        &mut self.machine
    }
}

fn acceptor(flags: Flags, secret: &str) -> Them {
    let machine = Acceptor::new(node("b@h", 6, flags), 0x8000_0000, &Limits::default());
    Them { machine, cookie: cookie(secret) }
}

/// One side's machine, so that both can be driven by the same code.
trait Machine {
    fn take(&mut self, input: &[u8]) -> Result<Step, HandshakeError>;
}

impl Machine for Initiator {
    fn take(&mut self, input: &[u8]) -> Result<Step, HandshakeError> {
        self.handle(input)
    }
}

impl Machine for (Them, Decision) {
    fn take(&mut self, input: &[u8]) -> Result<Step, HandshakeError> {
        let step = self.0.handle(input)?;
        match step.next {
            Next::Decide(_) => {
                assert_eq!(step.write, []);
                self.0.resolve(self.1)
            }
            _ => Ok(step),
        }
    }
}

/// Feeds `input` in portions of `size` and gathers what is to be written.
fn feed(machine: &mut impl Machine, input: &[u8], size: usize) -> Result<(Vec<u8>, Next), HandshakeError> {
    let mut write = Vec::new();
    let mut next = Next::Read;
    for portion in input.chunks(size) {
        let step = machine.take(portion)?;
        write.extend(step.write);
        next = step.next;
        if next != Next::Read {
            break;
        }
    }
    Ok((write, next))
}

type Outcome = Result<Next, HandshakeError>;

/// Runs both to the end; `size` cuts every stream.
fn run(us: &mut Initiator, them: &mut (Them, Decision), size: usize) -> (Outcome, Outcome) {
    let mut to_them = us.hello();
    let (mut ours, mut theirs) = (Ok(Next::Read), Ok(Next::Read));
    for _ in 0..5 {
        let (to_us, next) = match feed(them, &to_them, size) {
            Ok(step) => step,
            Err(error) => return (ours, Err(error)),
        };
        theirs = if next == Next::Read { theirs } else { Ok(next) };
        if to_us.is_empty() {
            break;
        }
        match feed(us, &to_us, size) {
            Ok((write, next)) => (to_them, ours) = (write, Ok(next)),
            Err(error) => return (Err(error), theirs),
        }
        if to_them.is_empty() {
            break;
        }
    }
    (ours, theirs)
}

#[track_caller]
fn peer(outcome: &Outcome) -> &Peer {
    match outcome {
        Ok(Next::Done { peer, .. }) => peer,
        other => panic!("not done: {other:?}"),
    }
}

#[test]
fn every_accepting_status_leads_to_a_link_however_the_stream_is_cut() {
    for decision in [Decision::Accept, Decision::AcceptSimultaneous, Decision::Alive] {
        for size in [1, 2, 3, 7, 1000] {
            let (mut us, mut them) = (initiator(Flags::OURS, "s"), (acceptor(Flags::OURS, "s"), decision));
            let (ours, theirs) = run(&mut us, &mut them, size);
            assert_eq!((peer(&ours).name.as_str(), peer(&ours).creation), ("b@h", Creation(6)));
            assert_eq!((peer(&theirs).name.as_str(), peer(&theirs).creation), ("a@h", Creation(5)));
            assert_eq!((us.phase(), them.0.phase()), (Phase::Over, Phase::Over));
        }
    }
}

#[test]
fn lengths_may_have_four_bytes_as_over_tls() {
    for size in [1, 3, 5, 1000] {
        let mut us = initiator(Flags::OURS, "s").with_prefix(Prefix::Four);
        assert_eq!(us.hello().get(..3), Some(&[0, 0, 0][..]));
        let mut them = acceptor(Flags::OURS, "s");
        them.machine = them.machine.with_prefix(Prefix::Four);
        let (ours, theirs) = run(&mut us, &mut (them, Decision::Alive), size);
        assert_eq!((peer(&ours).name.as_str(), peer(&theirs).name.as_str()), ("b@h", "a@h"));
    }
    let mut them = acceptor(Flags::OURS, "s");
    them.machine = them.machine.with_prefix(Prefix::Four);
    let claimed = 0x7fff_ffff;
    assert_eq!(
        them.handle(&[0x7f, 0xff, 0xff, 0xff]),
        Err(HandshakeError::PacketTooLarge { claimed, max: 2048 })
    );
}

#[test]
fn a_node_without_a_name_is_given_one() {
    for size in [1, 3, 1000] {
        let mut us = initiator(Flags::OURS, "s").wanting_a_name();
        assert!(us.hello().ends_with(&[0, 0, 0, 0, 0, 1, b'h']), "no creation, and the host alone");
        let mut them = acceptor(Flags::OURS, "s");
        them.machine = them.machine.with_new_name(727, Creation(99));
        let (ours, theirs) = run(&mut us, &mut (them, Decision::Accept), size);
        assert_eq!(peer(&ours).name.as_str(), "b@h");
        assert_eq!((us.local().name.as_str(), us.local().creation), ("K7@h", Creation(99)));
        assert_eq!((peer(&theirs).name.as_str(), peer(&theirs).creation), ("K7@h", Creation(99)));
    }
    // One that has a name keeps it, whatever is at hand.
    let mut them = acceptor(Flags::OURS, "s");
    them.machine = them.machine.with_new_name(727, Creation(99));
    let (_, theirs) = run(&mut initiator(Flags::OURS, "s"), &mut (them, Decision::Accept), 1);
    assert_eq!((peer(&theirs).name.as_str(), peer(&theirs).creation), ("a@h", Creation(5)));
}

#[test]
fn names_that_were_not_asked_for_or_not_given_are_errors() {
    let mut us = initiator(Flags::OURS, "s");
    let named = b"\0\x10snamed:\0\x03x@h\0\0\0\x09";
    assert!(matches!(us.handle(named), Err(HandshakeError::UnknownStatus { .. })));
    for status in [&b"\0\x03sok"[..], b"\0\x06salive", b"\0\x10sok_simultaneous"] {
        let mut us = initiator(Flags::OURS, "s").wanting_a_name();
        assert_eq!(us.handle(status), Err(HandshakeError::NotNamed));
    }
    let given = |rest: &[u8]| {
        let body = [b"snamed:", rest].concat();
        let mut us = initiator(Flags::OURS, "s").wanting_a_name();
        us.handle(&[&(body.len() as u16).to_be_bytes()[..], &body].concat()).map(drop)
    };
    assert_eq!(given(b"\0\x03x@h\0\0\0\x09"), Ok(()));
    let malformed = HandshakeError::Malformed { phase: Phase::Status };
    for cut in [&b""[..], b"\0", b"\0\x03x@", b"\0\x03x@h", b"\0\x03x@h\0\0\0"] {
        assert_eq!(given(cut), Err(malformed.clone()), "{cut:?}");
    }
    for name in [&b"\0\x01h\0\0\0\x09"[..], b"\0\x03x@i\0\0\0\x09", b"\0\x00\0\0\0\x09"] {
        assert!(matches!(given(name), Err(HandshakeError::BadName { .. })), "{name:?}");
    }
    // A new name that somebody has already is not given.
    let mut them = acceptor(Flags::OURS, "s");
    them.machine = them.machine.with_new_name(727, Creation(99));
    let mut us = initiator(Flags::OURS, "s").wanting_a_name();
    let (ours, _) = run(&mut us, &mut (them, Decision::Alive), 1000);
    assert_eq!(ours, Err(HandshakeError::NotAllowed));
}

#[test]
fn what_both_can_do_is_agreed() {
    let theirs = (Flags::OURS | Flags::PUBLISHED | Flags::FRAGMENTS) - Flags::EXIT_PAYLOAD;
    let (ours, _) =
        run(&mut initiator(Flags::OURS, "s"), &mut (acceptor(theirs, "s"), Decision::Accept), 1000);
    assert!(!peer(&ours).flags.hidden());
    assert_eq!(peer(&ours).agreed, peer(&ours).flags & Flags::OURS);
    assert!(!peer(&ours).agreed.intersects(Flags::PUBLISHED | Flags::FRAGMENTS | Flags::EXIT_PAYLOAD));
}

#[test]
fn refusing_statuses_are_told_apart() {
    for (decision, expected) in
        [(Decision::Nok, HandshakeError::Nok), (Decision::NotAllowed, HandshakeError::NotAllowed)]
    {
        let (ours, theirs) =
            run(&mut initiator(Flags::OURS, "s"), &mut (acceptor(Flags::OURS, "s"), decision), 1);
        assert_eq!(ours, Err(expected));
        assert_eq!(theirs, Ok(Next::Close(HandshakeError::Refused { name: name("a@h") })));
    }
    let status = |text: &[u8]| {
        let packet = [&(text.len() as u16 + 1).to_be_bytes()[..], b"s", text].concat();
        initiator(Flags::OURS, "s").handle(&packet).expect_err("no such status")
    };
    let unknown = |status: &str| HandshakeError::UnknownStatus { status: status.into() };
    assert_eq!(status(b"named:\0\x05x@h\0\0"), unknown("named:??x@h??"));
    assert_eq!(status(&[b'x'; 500]), unknown(&"x".repeat(32)));
}

#[test]
fn the_answer_to_alive_is_true_and_false_is_a_decline() {
    let alive = [0, 6, b's', b'a', b'l', b'i', b'v', b'e'];
    let step = initiator(Flags::OURS, "s").handle(&alive).expect("known");
    assert_eq!(step, Step { write: b"\0\x05strue".to_vec(), next: Next::Read });

    let mut them = (acceptor(Flags::OURS, "s"), Decision::Alive);
    assert_eq!(them.take(&initiator(Flags::OURS, "s").hello()).expect("asked").write, alive);
    assert_eq!(them.0.phase(), Phase::Status);
    assert_eq!(them.take(b"\0\x06sfalse"), Err(HandshakeError::Declined));
}

#[test]
fn a_wrong_cookie_is_named_on_both_sides() {
    let (mut us, mut them) =
        (initiator(Flags::OURS, "right"), (acceptor(Flags::OURS, "left"), Decision::Accept));
    let (_, theirs) = run(&mut us, &mut them, 1000);
    assert_eq!(theirs, Err(HandshakeError::CookieMismatch));
    assert_eq!(us.phase(), Phase::Ack);
    assert_eq!(us.eof(), HandshakeError::CookieRefused);

    // An acceptor that lets anyone in does not know the cookie either.
    let forged = [&[0, 17, b'a'][..], &[0; 16]].concat();
    assert_eq!(us.handle(&forged), Err(HandshakeError::CookieMismatch));
}

#[test]
fn a_peer_that_closes_is_told_apart_by_where_it_closed() {
    let mut us = initiator(Flags::OURS, "s");
    assert_eq!(us.eof(), HandshakeError::Closed { awaited: Phase::Status });
    let _ = us.handle(b"\0\x03sok").expect("ok");
    assert_eq!(us.eof(), HandshakeError::Closed { awaited: Phase::Challenge });
    let mut them = acceptor(Flags::OURS, "s");
    assert_eq!(them.eof(), HandshakeError::Closed { awaited: Phase::Name });
    let _ = them.handle(&us.hello()).expect("a name");
    assert_eq!(them.applicant().map(|who| who.name.as_str()), Some("a@h"));
    let _ = them.resolve(Decision::Accept).expect("a decision");
    assert_eq!(them.eof(), HandshakeError::Closed { awaited: Phase::Reply });
}

#[test]
fn each_mandatory_flag_is_missed() {
    for flag in Flags::MANDATORY.iter() {
        let flags = Flags::OURS - Flags::MANDATORY_25_DIGEST - flag;
        let missing = |who: &str| HandshakeError::MissingFlags { name: name(who), missing: flag };
        let (ours, theirs) =
            run(&mut initiator(flags, "s"), &mut (acceptor(Flags::OURS, "s"), Decision::Accept), 1000);
        assert_eq!((ours, theirs), (Err(HandshakeError::NotAllowed), Ok(Next::Close(missing("a@h")))));
        let (ours, _) =
            run(&mut initiator(Flags::OURS, "s"), &mut (acceptor(flags, "s"), Decision::Accept), 1000);
        assert_eq!(ours, Err(missing("b@h")));
    }
    // The digest alone stands for the set of OTP 25.
    let digest = Flags::MANDATORY_25_DIGEST | Flags::V4_NC | Flags::UNLINK_ID;
    let (ours, theirs) = run(&mut initiator(digest, "s"), &mut (acceptor(digest, "s"), Decision::Accept), 1);
    assert!(peer(&ours).flags.contains(Flags::MANDATORY) && peer(&theirs).flags.contains(Flags::MANDATORY));
}

/// A name packet with these parts.
fn name_packet(flags: Flags, text: &[u8], behind: &[u8]) -> Vec<u8> {
    let body = [
        b"N".as_slice(),
        &flags.bits().to_be_bytes(),
        &[0, 0, 0, 7],
        &(text.len() as u16).to_be_bytes(),
        text,
        behind,
    ]
    .concat();
    [&(body.len() as u16).to_be_bytes()[..], &body].concat()
}

#[test]
fn a_peer_without_a_name_gets_one() {
    let flags = Flags::OURS | Flags::NAME_ME;
    let asked = name_packet(flags, b"host", b"");
    let machine = |number| {
        let machine = Acceptor::new(node("b@h", 6, Flags::OURS), 9, &Limits::default());
        Them { machine: machine.with_new_name(number, Creation(0x0102_0304)), cookie: cookie("s") }
    };
    for (number, called) in [(0, "0@host"), (35, "Z@host"), (36, "10@host"), (u64::MAX, "3W5E11264SGSF@host")]
    {
        let mut them = machine(number);
        let step = them.handle(&asked).expect("a name packet");
        let Next::Decide(who) = step.next else { panic!("not to be decided: {step:?}") };
        assert_eq!((who.name.as_str(), who.creation, who.named), (called, Creation(0x0102_0304), true));
        let status = [b"snamed:\0", &[called.len() as u8][..], called.as_bytes(), &[1, 2, 3, 4]].concat();
        let step = them.resolve(Decision::Accept).expect("a welcome");
        assert_eq!(&step.write[2..2 + status.len()], status);
        let challenge = &step.write[2 + status.len() + 2..];
        assert_eq!(challenge[1..9], flags.bits().to_be_bytes(), "the wish is answered in the flags");
    }
    // A name that is taken, a host that is none.
    let mut them = machine(7);
    assert!(matches!(them.handle(&asked).map(|step| step.next), Ok(Next::Decide(_))));
    assert!(matches!(them.resolve(Decision::Alive).map(|step| step.next), Ok(Next::Close(_))));
    for host in [&b""[..], b"a@h", b"h\n"] {
        let error = machine(7).handle(&name_packet(flags, host, b"")).expect_err("no host");
        assert!(matches!(error, HandshakeError::BadName { .. }), "{host:?}: {error}");
    }
    // Who has a name keeps it.
    let step = machine(7).handle(&name_packet(Flags::OURS, b"x@y", b"")).expect("a name packet");
    assert!(matches!(step.next, Next::Decide(who) if who.name.as_str() == "x@y" && !who.named));
}

#[test]
fn bytes_behind_the_name_are_ignored() {
    let step = acceptor(Flags::OURS, "s").handle(&name_packet(Flags::OURS, b"x@y", b"more")).expect("fine");
    assert!(
        matches!(step.next, Next::Decide(who) if who.name.as_str() == "x@y" && who.creation == Creation(7))
    );
}

#[test]
fn names_travel_as_latin1() {
    let step = acceptor(Flags::OURS, "s").handle(&name_packet(Flags::OURS, b"x@caf\xe9", b"")).expect("fine");
    assert!(matches!(step.next, Next::Decide(who) if who.name.as_str() == "x@café"));
    let us = Initiator::new(node("x@café", 0, Flags::OURS), cookie("s"), name("b@h"), 0, &Limits::default());
    assert!(us.hello().ends_with(b"\0\x06x@caf\xe9"));
}

#[test]
fn bad_names_wishes_for_names_and_old_peers_are_refused() {
    let answer = |packet: &[u8]| acceptor(Flags::OURS, "s").handle(packet);
    for text in [&b"nohost"[..], b"@h", b"a@", b"a@b@c", b"a@h\n", b"", &[b'x'; 300]] {
        let error = answer(&name_packet(Flags::OURS, text, b"")).expect_err("a bad name");
        assert!(matches!(error, HandshakeError::BadName { .. }), "{text:?}: {error}");
    }
    let step = answer(&name_packet(Flags::OURS | Flags::NAME_ME, b"host", b"")).expect("a refusal");
    assert_eq!(
        step,
        Step { write: b"\0\x0csnot_allowed".to_vec(), next: Next::Close(HandshakeError::WantsName) }
    );
    assert_eq!(answer(b"\0\x09n\0\x05\0\0\0\0a@"), Err(HandshakeError::PeerTooOld));
    let cut = name_packet(Flags::OURS, b"x@y", b"");
    for end in 3..cut.len() {
        let short = [&(end as u16 - 2).to_be_bytes()[..], &cut[2..end]].concat();
        assert_eq!(answer(&short), Err(HandshakeError::Malformed { phase: Phase::Name }), "cut at {end}");
    }
}

#[test]
fn other_protocols_are_named() {
    for record in [20u8, 21, 22, 23] {
        let tls = [record, 3, 3, 0, 2, 2, 10];
        for size in [1, 7] {
            let ours = feed(&mut initiator(Flags::OURS, "s"), &tls, size);
            assert_eq!(ours.map(drop), Err(HandshakeError::LooksLikeTls));
            let theirs = feed(&mut (acceptor(Flags::OURS, "s"), Decision::Accept), &tls, size);
            assert_eq!(theirs.map(drop), Err(HandshakeError::LooksLikeTls));
        }
    }
    let http = acceptor(Flags::OURS, "s").handle(b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(http, Err(HandshakeError::PacketTooLarge { claimed: 0x4745, max: 2048 }));
    let wrong = acceptor(Flags::OURS, "s").handle(&[0, 2, b'q', 0]);
    assert_eq!(wrong, Err(HandshakeError::UnexpectedPacket { phase: Phase::Name, tag: b'q' }));
    assert_eq!(
        initiator(Flags::OURS, "s").handle(&[0, 0]),
        Err(HandshakeError::Malformed { phase: Phase::Status })
    );
}

/// Found by fuzzing: a length of 0x1603 behind the first packet was TLS or a packet too large by where a read ended.
#[test]
fn only_the_start_of_the_stream_can_look_like_tls() {
    for size in [1, 2, 5, 1000] {
        let refused = feed(&mut initiator(Flags::OURS, "s"), b"\0\x03sok\x16\x03\x01", size);
        assert_eq!(refused.map(drop), Err(HandshakeError::PacketTooLarge { claimed: 0x1603, max: 2048 }));
    }
}

#[test]
fn another_node_at_the_address_is_named() {
    let limits = Limits::default();
    let mut us = Initiator::new(node("a@h", 1, Flags::OURS), cookie("s"), name("c@h"), 1, &limits);
    let (ours, _) = run(&mut us, &mut (acceptor(Flags::OURS, "s"), Decision::Accept), 1000);
    assert_eq!(ours, Err(HandshakeError::NameMismatch { expected: name("c@h"), found: name("b@h") }));
}

#[test]
fn frames_behind_the_last_packet_are_handed_over() {
    let (mut us, mut them) = (initiator(Flags::OURS, "s"), acceptor(Flags::OURS, "s"));
    let _ = them.handle(&us.hello()).expect("a name");
    let challenge = them.resolve(Decision::Accept).expect("a decision").write;
    let reply = us.handle(&challenge).expect("a challenge").write;
    // An initiator has to wait for the ack, but nothing makes a hostile one do so.
    let step = them.handle(&[&reply[..], &[0, 0, 0, 0, 22, 3]].concat()).expect("a reply");
    assert!(matches!(step.next, Next::Done { leftover, .. } if leftover == [0, 0, 0, 0, 22, 3]));
    let mut ack = step.write;
    ack.extend([0, 0, 0, 0, 21, 3]);
    let Next::Done { leftover, .. } = us.handle(&ack).expect("an ack").next else { panic!("not done") };
    assert_eq!(leftover, [0, 0, 0, 0, 21, 3]);
    assert_eq!(us.handle(&[]), Err(HandshakeError::OutOfOrder { phase: Phase::Over }));
}

#[test]
fn out_of_order_calls_and_floods_are_errors() {
    let mut them = acceptor(Flags::OURS, "s");
    assert_eq!(them.resolve(Decision::Accept), Err(HandshakeError::OutOfOrder { phase: Phase::Name }));
    let mut flood = name_packet(Flags::OURS, b"x@y", b"");
    flood.resize(100_000, 0);
    assert!(matches!(them.handle(&flood), Err(HandshakeError::OutOfTurn { .. })));
}

#[test]
fn the_greater_name_goes_first() {
    assert_eq!(Decision::simultaneous(&name("a@h"), &name("b@h")), Decision::AcceptSimultaneous);
    assert_eq!(Decision::simultaneous(&name("b@h"), &name("a@h")), Decision::Nok);
}

#[test]
fn no_debug_output_shows_the_cookie() {
    let secret = "do-not-show-me";
    let shown = format!("{:?} {:?}", initiator(Flags::OURS, secret), acceptor(Flags::OURS, secret));
    assert!(!shown.contains(secret));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), size in 1usize..50, at in 0usize..5) {
        // Valid packets first, so that garbage meets every state.
        let (mut us, mut them) = (initiator(Flags::OURS, "s"), (acceptor(Flags::OURS, "s"), Decision::Alive));
        if at > 0 {
            let alive = them.take(&us.hello()).expect("a name").write;
            if at > 1 {
                let step = us.handle(&alive).expect("alive");
                if at > 2 {
                    let _ = us.handle(&them.take(&step.write).expect("true").write).expect("a challenge");
                }
            }
        }
        let framed = [&(bytes.len() as u16).to_be_bytes()[..], &bytes].concat();
        let _ = feed(&mut us, if at % 2 == 0 { &bytes } else { &framed }, size);
        let _ = feed(&mut them, if at % 2 == 0 { &bytes } else { &framed }, size);
    }
}
