//! The service without sockets: links are lists of what was sent to them. What the tests share.

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
mod events;
mod interest;
mod lagging;
mod leaving;
mod ordered;
mod routing;
mod split;
mod traffic;
mod unconfirmed;

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
    Leaving,
    Data(Vec<u8>),
    /// Where messages of a prefix are put in order.
    Ordered {
        prefix: Vec<u8>,
        at: (u32, u32),
        term: u64,
    },
    /// A term is over.
    TermEnd {
        term: u64,
        next: u64,
    },
    Batch(Vec<Vec<u8>>),
    /// Publishers' nodes and counts.
    Lost(Vec<(String, u64)>),
    /// The same of what may be missed.
    Unconfirmed(Vec<(String, u64)>),
    /// To a teller.
    Answer {
        number: u64,
        state: String,
        stamp: u64,
        complete: bool,
    },
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

/// `N` nodes in the group `g`, the newest route, and nothing more to be read by any of them.
fn members<const N: usize>() -> (Arc<Core<Wire>>, [Peer; N], (u32, u32)) {
    const NODES: [&str; 6] = ["a@h", "b@h", "c@h", "d@h", "e@h", "f@h"];
    let core = core_with(RouterConfig::default());
    let mut all: [Peer; N] = std::array::from_fn(|at| peer(&core, at as u64 + 1, NODES[at]));
    all.iter_mut().for_each(|peer| {
        peer.attach("g");
    });
    let (route, _) = all[0].members();
    all.iter().for_each(|peer| drop(peer.batches()));
    (core, all, route)
}

fn ours((id, serial): (u32, u32)) -> Pid<'static> {
    Pid { node: Atom::Utf8("rust@h"), id, serial, creation: CREATION }
}

/// The term that is written, for all tests of the service.
pub(super) fn term(build: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    build(&mut Writer::new(&mut bytes));
    bytes
}

/// These terms as one message, as a publisher sends several.
pub(super) fn as_one(elements: &[impl AsRef<[u8]>]) -> Vec<u8> {
    term(|writer| {
        writer.tuple(2);
        writer.atom("$outrigger_batch").unwrap();
        writer.list(u32::try_from(elements.len()).unwrap());
        elements.iter().for_each(|element| writer.raw(element.as_ref()));
        writer.nil();
    })
}

/// No part of a request is one, and no byte of it can be made such that reading it does harm.
pub(super) fn only_the_whole_is_a_request(bytes: &[u8]) {
    for end in 0..bytes.len() {
        assert!(super::request::parse(&bytes[..end]).is_err(), "cut at {end}");
    }
    for (at, value) in (0..bytes.len()).flat_map(|at| (0..=255).map(move |value| (at, value))) {
        let mut wrong = bytes.to_vec();
        wrong[at] = value;
        let _ = super::request::parse(&wrong);
    }
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

    fn raw(&mut self, term: &[u8]) {
        let term = Bytes::copy_from_slice(term);
        self.inbound.message(To::Name("outrigger_pubsub"), None, Payload::new(&term, 0));
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
    let control = (reader.tuple().unwrap(), reader.integer().unwrap());
    if control == (3, 2) {
        return answer(reader);
    }
    assert_eq!(control, (4, 6));
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
    if tag == "$outrigger_lost" || tag == "$outrigger_unconfirmed" {
        assert_eq!((arity, reader.pid().unwrap()), (3, ours((1, 0))));
        let length = reader.list().unwrap();
        let mut lost = Vec::new();
        for _ in 0..length {
            assert_eq!(reader.tuple().unwrap(), 2);
            lost.push((reader.atom().unwrap().text().into_owned(), reader.unsigned().unwrap()));
        }
        reader.list_end(length).unwrap();
        reader.expect_end().unwrap();
        return if tag == "$outrigger_lost" { Seen::Lost(lost) } else { Seen::Unconfirmed(lost) };
    }
    if tag == "$outrigger_leaving" {
        assert_eq!((arity, reader.pid().unwrap()), (2, ours((1, 0))));
        reader.expect_end().unwrap();
        return Seen::Leaving;
    }
    if ["$outrigger", "$outrigger_end", "$outrigger_total", "$outrigger_events"].contains(&&*tag) {
        return Seen::Data(payload.to_vec());
    }
    assert_eq!(arity, 5);
    assert_eq!(reader.pid().unwrap(), ours((1, 0)));
    if tag == "$outrigger_total_end" {
        assert_eq!(reader.binary().unwrap(), b"room:");
        return Seen::TermEnd { term: reader.unsigned().unwrap(), next: reader.unsigned().unwrap() };
    }
    if tag == "$outrigger_ordered" {
        let (prefix, at) = (reader.binary().unwrap().to_vec(), reader.pid().unwrap());
        return Seen::Ordered { prefix, at: (at.id, at.serial), term: reader.unsigned().unwrap() };
    }
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

/// What follows in a message to the pid of a teller.
fn answer(mut reader: Reader<'_>) -> Seen {
    assert!(reader.atom().unwrap().eq_str(""));
    assert_eq!(reader.pid().unwrap().id, 9, "to the teller");
    assert_eq!(reader.tuple().unwrap(), 6);
    assert!(reader.atom().unwrap().eq_str("$outrigger_interest"));
    assert_eq!(reader.pid().unwrap(), ours((1, 0)));
    let number = reader.unsigned().unwrap();
    let state = reader.atom().unwrap().text().into_owned();
    let stamp = reader.unsigned().unwrap();
    let complete = reader.atom().unwrap().eq_str("true");
    reader.expect_end().unwrap();
    Seen::Answer { number, state, stamp, complete }
}

fn data(bytes: &[u8]) -> Seen {
    Seen::Data(bytes.to_vec())
}
