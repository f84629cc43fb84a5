//! What links cost while they stand, and that nothing of them is left when they are gone.
//!
//! The node is the binary, a process of its own; the peers are raw sockets of this process, so that its memory is the node's
//! alone. Memory is what is resident (`VmRSS`). It is taken after a warm-up, when the allocator has what such a load
//! needs, and [`SLACK_KIB`] is allowed on top: over 10,000 links that is 200 bytes each, less than the name of a peer
//! and the smallest part of its link take, so that a leak of one allocation per link shows.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests panic like tests, and print figures with --nocapture"
)]

use std::thread;
use std::time::{Duration, Instant};

use outrigger_testkit::{Identity, LONG, RawPeer, RustNode, etf, free_port, open_files, unique_name};

const SLACK_KIB: u64 = 2 << 10;
/// What an idle link may cost in the node's own memory.
const IDLE_LINK_KIB: u64 = 64;

struct Node {
    rust: RustNode,
    address: std::net::SocketAddr,
    files: usize,
}

impl Node {
    /// A node that nobody is connected to.
    fn start(args: &[&str]) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let rust = RustNode::options("rust").no_epmd().listen(&address).args(args).start();
        rust.wait_log(0, LONG, &["node started"]);
        let files = open_files(rust.process().pid());
        Self { rust, address: address.parse().unwrap(), files }
    }

    fn kib(&self) -> u64 {
        self.rust.process().resident_kib()
    }

    fn join(&self) -> RawPeer {
        RawPeer::join(self.address, &stranger())
    }

    /// Waits until it has no more open files than before anybody came.
    #[track_caller]
    fn wait_alone(&self) {
        let deadline = Instant::now() + LONG;
        while open_files(self.rust.process().pid()) > self.files {
            assert!(Instant::now() < deadline, "descriptors are left:\n{}", self.rust.process().dump());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waves of links that come and go, each wave let go of in the way that `end` says.
    fn waves(&self, links: usize, end: impl Fn(&mut RawPeer)) {
        const WAVE: usize = 50;
        for _ in 0..links / WAVE {
            let mut peers: Vec<_> = (0..WAVE).map(|_| self.join()).collect();
            peers.iter_mut().for_each(&end);
            drop(peers);
            self.wait_alone();
        }
    }

    #[track_caller]
    fn assert_as_before(&self, before: u64, what: &str) {
        let after = self.kib();
        println!("{what}: {before} KiB before, {after} KiB after");
        assert!(after <= before + SLACK_KIB, "{what}: {before} KiB before, {after} KiB after");
    }
}

fn stranger() -> Identity {
    Identity::new(&unique_name("raw", "127.0.0.1"))
}

#[test]
fn ten_thousand_short_links_leave_nothing() {
    let node = Node::start(&[]);
    node.waves(1_000, |_| {});
    let before = node.kib();
    node.waves(10_000, |_| {});
    node.assert_as_before(before, "10,000 short links");
}

/// Cut in the middle of a frame, with what the node sent unread, which resets the connection.
#[test]
fn a_thousand_peers_that_are_cut_off_leave_nothing() {
    let node = Node::start(&[]);
    let half = [&(200_u32 << 10).to_be_bytes()[..], &[112; 64 << 10]].concat();
    let cut = |peer: &mut RawPeer| peer.send_bytes(&half);
    node.waves(500, cut);
    let before = node.kib();
    node.waves(1_000, cut);
    node.assert_as_before(before, "1,000 peers cut off");
}

#[test]
fn a_thousand_idle_links_cost_little_each() {
    let node = Node::start(&["--net-ticktime", "20"]);
    // What the first links of all cost is not the price of one.
    node.waves(50, |_| {});
    let before = node.kib();
    let mut peers: Vec<_> = (0..1_000)
        .map(|_| {
            let who = stranger();
            (RawPeer::join(node.address, &who), who)
        })
        .collect();
    peers.iter_mut().for_each(|(peer, who)| peer.ping(who));
    let idle = node.kib() - before;
    println!("an idle link costs {} bytes", idle * 1024 / 1_000);
    assert!(idle / 1_000 <= IDLE_LINK_KIB, "1,000 idle links cost {idle} KiB");
    // A long message on each. The buffers grow, and go back when the link has been quiet for a while.
    for (peer, who) in &mut peers {
        let me = etf::pid(&who.name, 1, 0, who.creation);
        peer.send_frame(&etf::reg_send(&me, "nobody", &etf::binary(&[7; 200 << 10])));
        peer.ping(who);
    }
    let loaded = node.kib() - before;
    let deadline = Instant::now() + LONG;
    while node.kib().saturating_sub(before) / 1_000 > IDLE_LINK_KIB {
        assert!(Instant::now() < deadline, "{loaded} KiB after a burst, {} KiB still", node.kib() - before);
        peers.iter_mut().for_each(|(peer, _)| peer.send_bytes(&[0; 4]));
        thread::sleep(Duration::from_millis(500));
    }
    println!("1,000 links: {idle} KiB idle, {loaded} KiB after a burst, then {} KiB", node.kib() - before);
    drop(peers);
    node.wait_alone();
}
