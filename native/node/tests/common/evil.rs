//! A node of ours with a good peer and an evil one, both raw, and what the evil one may send.

use std::time::Duration;

use outrigger_node::{Config, Dest, Events, Flags, Message, Node, OwnedPid, OwnedRef, Process, Target};
use outrigger_proto::control::{SpawnRequest, encode};
use outrigger_proto::frame::{self, Framing};
use outrigger_term::{Atom, TermError, Writer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;

use super::cluster::next;
use super::{addr, config, down, raw, up, within};

pub const A: &str = "a@127.0.0.1";
pub const GOOD: &str = "good@127.0.0.1";
pub const EVIL: &str = "evil@127.0.0.1";

/// The node under test, a peer that behaves, and one that does not.
pub struct World {
    pub a: Node,
    pub events: Events,
    pub good: Node,
    pub evil: Evil,
    /// What the bad peer sends last.
    pub inbox: Process,
}

/// A peer made of a socket. It reads what it gets and forgets it.
pub struct Evil {
    pub write: OwnedWriteHalf,
    pub unsent: Vec<u8>,
}

pub async fn world(change: impl FnOnce(&mut Config)) -> World {
    let mut bounded = config(A);
    change(&mut bounded);
    let a = Node::start(bounded, vec![]).await.unwrap();
    let mut events = a.events();
    let mut joins = config(GOOD);
    joins.joins = vec![Target::at(a.name().clone(), addr(&a).to_string())];
    let good = Node::start(joins, vec![]).await.unwrap();
    up(&mut events, GOOD).await;
    let inbox = a.process().unwrap();
    inbox.register("inbox").unwrap();
    let evil = Evil::join(&a, &mut events).await;
    World { a, events, good, evil, inbox }
}

impl Evil {
    pub async fn join(a: &Node, events: &mut Events) -> Self {
        let socket = raw::connect_with(addr(a), EVIL, A, "secret", Flags::OURS).await.unwrap().socket;
        up(events, EVIL).await;
        let (mut read, write) = socket.into_split();
        tokio::spawn(async move {
            let mut buffer = vec![0; 1 << 16];
            while matches!(read.read(&mut buffer).await, Ok(1..)) {}
        });
        Self { write, unsent: Vec::new() }
    }

    pub fn say(&mut self, control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>) {
        self.say_with(None, control);
    }

    pub fn say_with(
        &mut self,
        payload: Option<&[u8]>,
        control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
    ) {
        frame::append(&mut self.unsent, Framing::PassThrough, payload, control).unwrap();
    }

    pub async fn flush(&mut self) {
        // A node that has closed the link takes no more.
        let _ = self.write.write_all(&std::mem::take(&mut self.unsent)).await;
    }
}

impl World {
    /// All that the bad peer said was heard.
    pub async fn heard(&mut self) {
        self.evil.say_with(Some(&[106]), |w| encode::reg_send(w, &evil(0).borrow(), "inbox"));
        self.evil.flush().await;
        assert!(matches!(next(&mut self.inbox).await, Message::Term(_)));
    }

    pub fn link_ties(&self) -> usize {
        self.a.link(&EVIL.parse().unwrap()).unwrap().info().ties
    }

    pub async fn evil_goes(&mut self) {
        if self.a.link(&EVIL.parse().unwrap()).is_some() {
            self.evil.write.shutdown().await.unwrap();
            down(&mut self.events, EVIL).await;
        }
    }

    /// The bad peer goes, and the good one has lost nothing.
    pub async fn end(mut self) {
        self.evil_goes().await;
        let last = self.good.process().unwrap();
        last.send(&Dest::name("inbox", self.a.name().clone()), &[106]).unwrap();
        assert!(matches!(next(&mut self.inbox).await, Message::Term(_)));
        assert_eq!(self.good.counters().links_down, 0);
        self.good.shutdown().await;
        self.a.shutdown().await;
    }
}

pub fn evil(id: u32) -> OwnedPid {
    OwnedPid { node: EVIL.into(), id, serial: 0, creation: 77 }
}

pub fn spawn(writer: &mut Writer<'_>, from: &OwnedPid, request: &OwnedRef) -> Result<(), TermError> {
    spawn_with(writer, from, request, &[106])
}

pub fn spawn_with(
    writer: &mut Writer<'_>,
    from: &OwnedPid,
    request: &OwnedRef,
    options: &[u8],
) -> Result<(), TermError> {
    let (module, function) = (Atom::Utf8("erpc"), Atom::Utf8("execute_call"));
    let request = SpawnRequest {
        request: request.borrow(),
        from: from.borrow(),
        group_leader: from.borrow(),
        module,
        function,
        arity: 4,
        options,
        token: None,
    };
    encode::spawn_request(writer, &request)
}

pub fn evil_ref(id: u32) -> OwnedRef {
    OwnedRef { node: EVIL.into(), creation: 77, ids: [id, 0, 0, 0, 0], len: 3 }
}

/// What is tied to a process, without what waits in its mailbox.
pub fn ties(process: &Process) -> (usize, usize, usize) {
    let figures = process.figures();
    (figures.links, figures.monitors, figures.watchers)
}

pub async fn until(what: &str, mut met: impl FnMut() -> bool) {
    within(what, async {
        while !met() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
