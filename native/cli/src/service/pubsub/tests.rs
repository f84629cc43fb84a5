//! The service without sockets: links are lists of what was sent to them.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use outrigger_fanout::{PeerId, Router, RouterConfig};
use outrigger_node::{DownReason, Inbound, NodeName, OwnedPid, Payload, To};
use outrigger_term::{Atom, Pid, Reader, Writer};

use super::announce::Identity;
use super::core::Core;
use super::inbound::{Dial, LinkInbound};
use super::outlet::Outlet;

mod batches;
mod lagging;

const CREATION: u32 = 77;

#[derive(Clone)]
struct Wire {
    id: u64,
    node: &'static str,
    sent: Arc<Mutex<Vec<Vec<Bytes>>>>,
    /// What was sent and not taken.
    queued: Arc<AtomicUsize>,
    wants_room: Arc<AtomicUsize>,
    given_up: Arc<AtomicUsize>,
}

impl Outlet for Wire {
    fn peer(&self) -> PeerId {
        PeerId(self.id)
    }
    fn node(&self) -> &str {
        self.node
    }
    fn send(&self, buffers: &[Bytes]) {
        self.queued.fetch_add(buffers.iter().map(Bytes::len).sum(), SeqCst);
        self.sent.lock().unwrap().push(buffers.to_vec());
    }
    fn queued(&self) -> usize {
        self.queued.load(SeqCst)
    }
    fn want_room(&self, _mark: usize) {
        self.wants_room.fetch_add(1, SeqCst);
    }
    fn give_up_slow(&self, waiting: usize) {
        self.given_up.store(waiting, SeqCst);
    }
}

#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Dial for Asked {
    fn cover(&self, group: &str, nodes: Vec<NodeName>) {
        let names: Vec<_> = nodes.iter().map(NodeName::as_str).collect();
        self.0.lock().unwrap().push(format!("{group} {}", names.join(",")));
    }

    fn left(&self, group: &str) {
        self.0.lock().unwrap().push(format!("{group} left"));
    }
}

/// One node behind one link.
struct Peer {
    inbound: LinkInbound<Wire, Asked>,
    wire: Wire,
    asked: Asked,
}

/// A frame as a BEAM would see it.
#[derive(Debug, PartialEq)]
enum Seen {
    Members {
        version: u64,
        route: (u32, u32),
        members: Vec<(String, (u32, u32))>,
    },
    Refused {
        reason: String,
        limit: u64,
    },
    Data(Vec<u8>),
    Batch(Vec<Vec<u8>>),
    /// Publishers' nodes and counts.
    Lost(Vec<(String, u64)>),
}

fn core_with(config: RouterConfig) -> Arc<Core<Wire>> {
    let router = OwnedPid { node: "rust@h".into(), id: 1, serial: 0, creation: CREATION };
    Arc::new(Core::new(Router::new(config), Identity { router }, lagging::lane_config()))
}

fn peer(core: &Arc<Core<Wire>>, id: u64, node: &'static str) -> Peer {
    let wire = Wire {
        id,
        node,
        sent: Arc::default(),
        queued: Arc::default(),
        wants_room: Arc::default(),
        given_up: Arc::default(),
    };
    let asked = Asked::default();
    core.link_up(&wire);
    Peer { inbound: LinkInbound::new(core.clone(), wire.clone(), asked.clone()), wire, asked }
}

fn ours((id, serial): (u32, u32)) -> Pid<'static> {
    Pid { node: Atom::Utf8("rust@h"), id, serial, creation: CREATION }
}

fn term(build: impl FnOnce(&mut Writer<'_>)) -> Bytes {
    let mut bytes = Vec::new();
    build(&mut Writer::new(&mut bytes));
    bytes.into()
}

impl Peer {
    fn request(&mut self, tag: &str, version: i64, group: &str, node: &str) {
        let term = term(|writer| {
            writer.tuple(4);
            writer.atom(tag).unwrap();
            writer.integer(version);
            writer.atom(group).unwrap();
            writer.pid(&Pid { node: Atom::Utf8(node), id: 9, serial: 0, creation: 1 }).unwrap();
        });
        self.raw(&term);
    }

    fn raw(&mut self, term: &Bytes) {
        self.inbound.message(To::Name("outrigger_pubsub"), None, Payload::new(term, 0));
    }

    fn attach(&mut self, group: &str) -> ((u32, u32), u64) {
        self.attach_in(1, group)
    }

    fn attach_in(&mut self, version: i64, group: &str) -> ((u32, u32), u64) {
        self.request("attach", version, group, self.wire.node);
        self.members()
    }

    /// The newest route and version this peer knows. Takes everything that it was sent.
    fn members(&mut self) -> ((u32, u32), u64) {
        let newest = self.seen().into_iter().rev().find_map(|seen| match seen {
            Seen::Members { version, route, .. } => Some((route, version)),
            _ => None,
        });
        newest.expect("a list of members")
    }

    fn publish(&mut self, to: (u32, u32), payload: &'static [u8]) {
        self.inbound.message(To::Pid(ours(to)), None, Payload::new(&Bytes::from_static(payload), 0));
    }

    fn batches(&self) -> Vec<Vec<Bytes>> {
        self.wire.queued.store(0, SeqCst);
        std::mem::take(&mut *self.wire.sent.lock().unwrap())
    }

    fn seen(&self) -> Vec<Seen> {
        let stream = self.batches().concat().concat();
        let mut rest = stream.as_slice();
        let mut seen = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let (frame, after) = after.split_at(u32::from_be_bytes(*length) as usize);
            seen.push(read(frame));
            rest = after;
        }
        assert!(rest.is_empty(), "frames are whole");
        seen
    }
}

fn read(frame: &[u8]) -> Seen {
    let mut reader = Reader::new(frame.strip_prefix(&[131, 68, 0]).unwrap());
    assert_eq!((reader.tuple().unwrap(), reader.integer().unwrap()), (4, 6));
    assert_eq!(reader.pid().unwrap(), ours((1, 0)));
    assert!(reader.atom().unwrap().eq_str(""));
    let group = reader.atom().unwrap();
    let payload = reader.remaining();
    if payload.first() != Some(&104) {
        return Seen::Data(payload.to_vec());
    }
    let arity = reader.tuple().unwrap();
    let tag = reader.atom().unwrap().text().into_owned();
    if tag == "$outrigger_batch" {
        let length = reader.list().unwrap();
        let elements = (0..length).map(|_| reader.skip().unwrap().to_vec()).collect();
        reader.list_end(length).unwrap();
        reader.expect_end().unwrap();
        return Seen::Batch(elements);
    }
    if tag == "$outrigger_lost" {
        assert_eq!((arity, reader.pid().unwrap()), (3, ours((1, 0))));
        let length = reader.list().unwrap();
        let mut lost = Vec::new();
        for _ in 0..length {
            assert_eq!(reader.tuple().unwrap(), 2);
            lost.push((reader.atom().unwrap().text().into_owned(), reader.unsigned().unwrap()));
        }
        reader.list_end(length).unwrap();
        reader.expect_end().unwrap();
        return Seen::Lost(lost);
    }
    if tag == "$outrigger" || tag == "$outrigger_end" {
        return Seen::Data(payload.to_vec());
    }
    assert_eq!(arity, 5);
    assert_eq!(reader.pid().unwrap(), ours((1, 0)));
    if tag == "$outrigger_refused" {
        assert_eq!(reader.atom().unwrap(), group);
        let reason = reader.atom().unwrap().text().into_owned();
        return Seen::Refused { reason, limit: reader.unsigned().unwrap() };
    }
    assert_eq!(tag, "$outrigger_members");
    let version = reader.unsigned().unwrap();
    let route = reader.pid().unwrap();
    let length = reader.list().unwrap();
    let mut members = Vec::new();
    for _ in 0..length {
        assert_eq!(reader.tuple().unwrap(), 2);
        let node = reader.atom().unwrap().text().into_owned();
        let pid = reader.pid().unwrap();
        members.push((node, (pid.id, pid.serial)));
    }
    reader.list_end(length).unwrap();
    reader.expect_end().unwrap();
    Seen::Members { version, route: (route.id, route.serial), members }
}

fn data(bytes: &[u8]) -> Seen {
    Seen::Data(bytes.to_vec())
}

#[test]
fn a_run_is_one_batch_shared_by_all_targets() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b, mut c) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"), peer(&core, 3, "c@h"));
    a.attach("g");
    b.attach("g");
    c.attach("g");
    let (route, version) = a.members();
    assert_eq!(version, 3);
    b.batches();

    a.publish(route, b"one");
    a.publish(route, b"two");
    assert!(b.batches().is_empty(), "nothing goes out before the end of the read batch");
    a.inbound.flush();
    let (to_b, to_c) = (b.batches(), c.batches());
    assert_eq!((to_b.len(), to_b[0].len()), (1, 1), "one send of one buffer");
    assert_eq!(to_b[0][0].as_ptr(), to_c[0][0].as_ptr(), "the same buffer");
    b.wire.send(&to_b[0]);
    assert_eq!(b.seen(), [data(b"one"), data(b"two")]);
    assert!(a.batches().is_empty(), "never back to the sender");
    let counters = core.router.counters();
    assert_eq!((counters.forwarded, counters.copies), (2, 4));
    a.inbound.flush();
    assert!(b.batches().is_empty());
}

#[test]
fn order_holds_across_routes_and_requests() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    a.attach("g");
    b.attach("g");
    let (route, _) = a.members();
    let Some(Seen::Members { members, .. }) = ({
        a.request("attach", 1, "other", "a@h");
        b.request("attach", 1, "other", "b@h");
        b.seen().pop()
    }) else {
        panic!("no list");
    };
    let only_b = members.iter().find(|(node, _)| node == "b@h").unwrap().1;
    a.publish(route, b"1");
    a.publish(only_b, b"2");
    a.publish(route, b"3");
    a.request("detach", 1, "g", "a@h");
    a.inbound.flush();
    let seen = b.seen();
    assert_eq!(seen[..3], [data(b"1"), data(b"2"), data(b"3")]);
    assert!(
        matches!(&seen[3], Seen::Members { members, .. } if members.len() == 1),
        "the goodbye is behind the data: {seen:?}"
    );
}

#[test]
fn the_end_of_a_link_is_told_behind_its_data() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    a.attach("g");
    b.attach("g");
    let (route, _) = a.members();
    a.publish(route, b"last");
    a.inbound.flush();
    a.inbound.link_down(&DownReason::ClosedByPeer);
    let seen = b.seen();
    assert_eq!(seen[0], data(b"last"));
    assert!(matches!(&seen[1], Seen::Members { version: 3, members, .. } if members.len() == 1), "{seen:?}");
}

#[test]
fn an_old_link_is_silent_once_a_new_one_has_its_place() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    a.attach("g");
    b.attach("g");
    let (route, _) = a.members();
    b.batches();
    a.publish(route, b"gathered, not handed on");
    let mut again = peer(&core, 3, "a@h");
    again.attach("g");
    a.inbound.flush();
    let seen = b.seen();
    assert!(matches!(seen[..], [Seen::Members { version: 3, .. }]), "{seen:?}");
    assert_eq!(core.router.counters().dropped_unattached, 1);
}

#[test]
fn the_new_member_is_told_first_and_gets_nothing_of_older_lists() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b, mut c) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"), peer(&core, 3, "c@h"));
    a.attach("g");
    b.attach("g");
    let (old, _) = a.members();
    c.attach("g");
    a.publish(old, b"x");
    a.inbound.flush();
    assert_eq!(b.seen().last(), Some(&data(b"x")));
    assert!(c.batches().is_empty());
}

#[test]
fn a_member_that_attaches_anew_gets_nothing_that_was_gathered_for_its_old_place() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    a.attach("g");
    b.attach("g");
    let (route, _) = a.members();
    b.batches();
    a.publish(route, b"for the old place");
    b.request("attach", 1, "g", "b@h");
    a.inbound.flush();
    let seen = b.seen();
    assert!(matches!(seen[..], [Seen::Members { version: 3, .. }]), "{seen:?}");
}

#[test]
fn pids_of_nobody_are_dropped_and_counted() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    a.attach("g");
    b.attach("g");
    let (route, _) = a.members();
    b.batches();
    let payload = Bytes::from_static(b"x");
    let mut old = ours(route);
    old.creation += 1;
    a.inbound.message(To::Pid(old), None, Payload::new(&payload, 0));
    a.publish((5, 4_000), b"x");
    a.inbound.flush();
    assert!(b.batches().is_empty());
    assert_eq!(core.router.counters().dropped_unknown_route, 2);
    let mut stranger = peer(&core, 9, "z@h");
    stranger.publish(route, b"x");
    stranger.inbound.flush();
    assert!(b.batches().is_empty());
    assert_eq!(core.router.counters().dropped_unattached, 1);
}

#[test]
fn refusals_say_why() {
    let mut config = RouterConfig::default();
    (config.max_groups, config.max_members) = (1, 1);
    let core = core_with(config);
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    a.attach("g");
    a.request("attach", 1, "second", "a@h");
    b.request("attach", 1, "g", "b@h");
    b.request("attach", 7, "g", "b@h");
    let refused = |reason: &str, limit| Seen::Refused { reason: reason.into(), limit };
    assert_eq!(a.seen(), [refused("too_many_groups", 1)]);
    assert_eq!(b.seen(), [refused("too_many_members", 1), refused("version", 2)]);
}

#[test]
fn what_is_malformed_or_about_others_is_counted_and_changes_nothing() {
    let core = core_with(RouterConfig::default());
    let mut a = peer(&core, 1, "a@h");
    a.request("attach", 1, "g", "b@h");
    a.request("attach", 1, "", "a@h");
    a.raw(&Bytes::from_static(b""));
    a.raw(&Bytes::from_static(&[104, 255]));
    a.raw(&term(|writer| writer.atom("hello").unwrap()));
    assert!(a.batches().is_empty());
    assert_eq!(core.router.size(), (0, 0));
    assert_eq!(core.figures.malformed.load(std::sync::atomic::Ordering::Relaxed), 5);
}

#[test]
fn cover_is_for_the_attached() {
    let core = core_with(RouterConfig::default());
    let mut a = peer(&core, 1, "a@h");
    let cover = term(|writer| {
        writer.tuple(4);
        writer.atom("cover").unwrap();
        writer.integer(1);
        writer.atom("g").unwrap();
        writer.list(1);
        writer.atom("b@h").unwrap();
        writer.nil();
    });
    a.raw(&cover);
    assert!(a.asked.0.lock().unwrap().is_empty());
    a.attach("g");
    a.raw(&cover);
    assert_eq!(*a.asked.0.lock().unwrap(), ["g b@h"]);
    a.request("detach", 1, "g", "a@h");
    a.request("detach", 1, "g", "a@h");
    assert_eq!(*a.asked.0.lock().unwrap(), ["g b@h", "g left"]);
}

#[test]
fn a_full_batch_goes_out_at_once() {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    a.attach("g");
    b.attach("g");
    let (route, _) = a.members();
    b.batches();
    let large = Bytes::from(vec![1; 200_000]);
    a.inbound.message(To::Pid(ours(route)), None, Payload::new(&large, 0));
    let sent = b.batches();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].iter().any(|buffer| buffer.as_ptr() == large.as_ptr()), "shared, not copied");
}
