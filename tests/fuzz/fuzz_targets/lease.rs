//! What app nodes and Rust nodes send each other about leases.
//!
//! - Reading it takes no more memory than the bytes warrant.
//! - What is read is written as the same bytes.
//! - An owner and a client take anything that comes, in any order, and grant no more than there is.
//!
//! The input is a row of messages, each behind its length in two bytes.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::within;
use outrigger_limit::lease::wire::Message;
use outrigger_limit::lease::{
    Bounds, Client, ClientConfig, Incarnation, LeaseKind, LeaseRule, Lots, NodeId, Owner, OwnerConfig, Peer,
    Taken, Timing, WaiterId,
};

const STEP: u64 = 50_000_000;

fuzz_target!(|input: &[u8]| {
    let timing = Timing::default();
    let bounds = Bounds { peers: 4, keys: 16 };
    let (node, incarnation) = (NodeId(1), Incarnation(2));
    let mut owner = Owner::new(OwnerConfig { node, incarnation, phase_ns: 7, timing, bounds });
    let rule = LeaseRule::new(LeaseKind::Gcra, 100, 1_000_000_000, 10).unwrap();
    let lots = Arc::new(Lots::default());
    let config = ClientConfig {
        node: NodeId(3),
        incarnation: Incarnation(4),
        born_ms: 5,
        electorate: 0,
        rule,
        patience_ns: 10 * STEP,
        max_keys: 8,
        max_waiters: 4,
        timing,
        shares: true,
    };
    let mut client = Client::new(config, lots.clone(), 0);
    let (mut rest, mut now, mut for_peers, mut done) = (input, 0, Vec::new(), Vec::new());
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(behind.len());
        let (bytes, next) = behind.split_at(length);
        (rest, now) = (next, now + STEP);

        // Entries are read into vectors as long as they are, of at most twice the size.
        if let Ok(message) = within(256 + 4 * bytes.len(), || Message::decode(bytes)) {
            assert_eq!(message.encode(), bytes);
        }
        let _ = owner.receive(Peer(now / STEP % 6), bytes, now, &mut for_peers);
        owner.tick(now, &mut for_peers);
        let _ = client.receive(bytes, now, &mut done);
        client.ask(WaiterId(now), u128::from(now % 3), 1, now, &mut done);
        client.tick(now, &mut done);
        assert!(owner.figures().keys <= 16 && owner.figures().peers <= 4);
        assert!(client.figures().keys <= 8 && client.figures().waiting <= 4);
        assert!(!matches!(lots.take(0, 0, now), Taken::Ask));
        // What both sides say to each other is read.
        for said in for_peers.drain(..) {
            assert!(Message::decode(&said.bytes).is_ok());
            let _ = client.receive(&said.bytes, now, &mut done);
        }
        done.clear();
    }
});
