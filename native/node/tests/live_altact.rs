//! Messages to aliases against a real `erl`: by `ALTACT_SIG_SEND` with OTP 28 and later, by `ALIAS_SEND` with earlier ones.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use common::beam::unique;
use common::cluster::{Cluster, atom, term};
use common::{addr, raw, within};
use outrigger_node::{Dest, Flags, Framing, Node, OwnedPid, OwnedRef};
use outrigger_proto::control::{Control, To, encode};
use outrigger_proto::message;
use outrigger_term::{Reader, Writer};

const ALIAS_SEND: i64 = 33;
const ALTACT_SIG_SEND: i64 = 37;

async fn knows_altact(cluster: &mut Cluster) -> bool {
    let release = cluster.eval("list_to_integer(erlang:system_info(otp_release))").await;
    release.parse::<u32>().unwrap() >= 28
}

fn pid(node: &str) -> OwnedPid {
    OwnedPid { node: node.into(), id: 5, serial: 0, creation: 77 }
}

/// A reference of a raw peer, which has the creation 77.
fn alias(node: &str) -> OwnedRef {
    let bytes =
        [&[90, 0, 3, 119, u8::try_from(node.len()).unwrap()], node.as_bytes(), &[0, 0, 0, 77], &[3; 12]]
            .concat();
    OwnedRef::from(Reader::new(&bytes).reference().unwrap())
}

fn reference(reference: &OwnedRef) -> Vec<u8> {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).reference(&reference.borrow()).unwrap();
    bytes
}

fn address(frame: &[u8]) -> Control<'_> {
    message::split(frame, Framing::PassThrough).unwrap().control
}

#[tokio::test]
async fn a_beam_sends_to_an_alias_by_the_operation_that_both_know() {
    let mut cluster = Cluster::start().await;
    let both_know = knows_altact(&mut cluster).await;
    for (flags, expected) in [
        (Flags::OURS, if both_know { ALTACT_SIG_SEND } else { ALIAS_SEND }),
        (Flags::OURS - Flags::ALTACT_SIG, ALIAS_SEND),
    ] {
        let name = format!("{}@127.0.0.1", unique("raw"));
        let mut peer = cluster.raw(&name, flags).await;
        cluster.eval("register(main, spawn(fun() -> receive A -> A ! hello end end)), ok").await;
        let alias = alias(&name);
        let from = pid(&name);
        peer.send(&reference(&alias), |w| encode::reg_send(w, &from.borrow(), "main")).await;
        let (op, frame) = peer.message().await;
        assert_eq!(op, expected, "{flags}");
        let Control::Send(send) = address(&frame) else { panic!("{frame:?}") };
        assert_eq!((send.to, send.priority), (To::Alias(alias.borrow()), false));
    }
}

#[tokio::test]
async fn a_beam_takes_our_messages_to_aliases_and_a_prior_one_first() {
    let mut cluster = Cluster::start().await;
    let both_know = knows_altact(&mut cluster).await;
    let name = format!("{}@127.0.0.1", unique("raw"));
    let mut peer = cluster.raw(&name, Flags::OURS).await;
    let options = if both_know { "[priority]" } else { "[]" };
    cluster
        .eval(&format!(
            "register(main, spawn(fun() -> A = alias({options}), {{raw, '{name}'}} ! A, receive go -> ok end,
               Got = [receive M when is_atom(M) -> M end || _ <- [1, 2, 3]], receive {{ask, P}} -> P ! Got end end)), ok"
        ))
        .await;
    let (_, frame) = peer.message().await;
    let alias = OwnedRef::from(
        Reader::new(message::split(&frame, Framing::PassThrough).unwrap().payload).reference().unwrap(),
    );
    let from = pid(&name);
    peer.send(&atom("first"), |w| encode::reg_send(w, &from.borrow(), "main")).await;
    for (text, priority) in [("second", false), ("prior", true)] {
        let (from, alias) = (from.borrow(), alias.borrow());
        peer.send(&atom(text), |w| match both_know {
            true => encode::altact_send(w, &from, &To::Alias(alias), priority),
            false => encode::alias_send(w, &from, &alias),
        })
        .await;
    }
    peer.send(&atom("go"), |w| encode::reg_send(w, &from.borrow(), "main")).await;
    let got = cluster.eval("main ! {ask, self()}, receive G -> G after 10000 -> timeout end").await;
    assert_eq!(got, if both_know { "[prior,first,second]" } else { "[first,second,prior]" });
}

#[tokio::test]
async fn our_node_uses_the_operation_that_both_know() {
    for (flags, expected) in [(Flags::OURS, ALTACT_SIG_SEND), (Flags::OURS - Flags::ALTACT_SIG, ALIAS_SEND)] {
        let node = Node::start(common::config("a@127.0.0.1"), vec![]).await.unwrap();
        let mut events = node.events();
        let mut peer =
            raw::connect_with(addr(&node), "raw@127.0.0.1", "a@127.0.0.1", "secret", flags).await.unwrap();
        common::up(&mut events, "raw@127.0.0.1").await;
        let process = node.process().unwrap();
        let theirs = alias("raw@127.0.0.1");
        process.send(&Dest::Alias(theirs.clone()), &atom("hello")).unwrap();
        let (op, frame) = peer.message().await;
        assert_eq!(op, expected, "{flags}");
        let Control::Send(send) = address(&frame) else { panic!("{frame:?}") };
        assert_eq!((send.from, send.to), (Some(process.pid().borrow()), To::Alias(theirs.borrow())));
        // And it takes both, whatever it would use itself.
        let mut inbox = node.process().unwrap();
        let (ours, from) = (inbox.alias(), pid("raw@127.0.0.1"));
        peer.send(&atom("one"), |w| encode::alias_send(w, &from.borrow(), &ours.borrow())).await;
        let to = To::Alias(ours.borrow());
        peer.send(&atom("two"), |w| encode::altact_send(w, &from.borrow(), &to, true)).await;
        assert_eq!(term(&mut inbox).await, atom("one"));
        assert_eq!(term(&mut inbox).await, atom("two"));
        within("the end", node.shutdown()).await;
    }
}
