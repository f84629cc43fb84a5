//! Calls of functions that a hostile peer asks for: bounded, counted, and gone with the peer.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::time::Duration;

use common::evil::*;
use outrigger_term::Writer;

/// `[Mark, Module, Function, []]`
fn call_args(module: &str, function: &str) -> Vec<u8> {
    let mut args = Vec::new();
    let mut writer = Writer::new(&mut args);
    writer.list(4);
    writer.reference(&evil_ref(0).borrow()).unwrap();
    writer.atom(module).unwrap();
    writer.atom(function).unwrap();
    writer.nil();
    writer.nil();
    args
}

fn option(name: &str) -> Vec<u8> {
    let mut options = Vec::new();
    let mut writer = Writer::new(&mut options);
    writer.list(1);
    writer.atom(name).unwrap();
    writer.nil();
    options
}

#[tokio::test]
async fn calls_of_functions_are_bounded_and_those_of_a_gone_peer_end_as_on_a_beam() {
    const MAX: usize = 100;
    const MANY: u32 = 5_000;
    let mut world = world(|config| config.bounds.max_running = MAX).await;
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let waits = gate.clone();
    let wait = move |_request| {
        let waits = waits.clone();
        async move {
            waits.acquire().await.map_err(|_closed| outrigger_node::Raise::badarg())?.forget();
            Ok(vec![106])
        }
    };
    world.a.register_function("m", "wait", 0, wait).unwrap();
    let good = world.good.clone();
    let a = world.a.name().clone();
    let ask = async || good.erpc(&a, "m", "wait", &[106], Duration::from_secs(20)).await;
    for id in 1..=MANY {
        let args = call_args("m", "wait");
        world.evil.say_with(Some(&args), |w| spawn_with(w, &evil(id), &evil_ref(id), &option("monitor")));
    }
    world.heard().await;
    // Beside them the inbox.
    assert_eq!((world.a.process_count(), world.link_ties()), (1 + MAX, MAX));
    assert_eq!(world.a.counters().spawns_refused, u64::from(MANY) - MAX as u64);
    let refused = ask().await.unwrap_err();
    assert!(
        matches!(&refused, outrigger_node::RpcError::Refused { why } if why == "system_limit"),
        "{refused}"
    );
    // Who only watches is not waited for: the calls go on, and end by themselves.
    world.evil_goes().await;
    assert_eq!(world.a.process_count(), 1 + MAX);
    gate.add_permits(MAX);
    until("the calls to end", || world.a.process_count() == 1).await;
    gate.add_permits(1);
    assert_eq!(ask().await.unwrap(), [106][..]);
    // Who is linked takes them along. What is not to be run leaves nothing.
    world.evil = Evil::join(&world.a, &mut world.events).await;
    let before = world.a.counters().spawns_refused;
    for id in 1..=50 {
        let args = call_args("m", "wait");
        world.evil.say_with(Some(&args), |w| spawn_with(w, &evil(id), &evil_ref(id), &option("link")));
    }
    for id in 1..=MANY {
        let unknown = call_args("os", "cmd");
        world.evil.say_with(Some(&unknown), |w| spawn_with(w, &evil(id), &evil_ref(id), &option("monitor")));
        // No list of four, and options that are none.
        world.evil.say_with(Some(&[106]), |w| spawn(w, &evil(id), &evil_ref(id)));
        world.evil.say_with(Some(&unknown), |w| spawn_with(w, &evil(id), &evil_ref(id), &[97, 1]));
    }
    world.heard().await;
    // Each of the unknown is `undef` and over at once, unless it found no place.
    until("only those that wait", || world.a.process_count() == 1 + 50).await;
    assert!(world.a.counters().spawns_refused - before >= 2 * u64::from(MANY));
    world.evil_goes().await;
    until("those of the one who was linked to end", || world.a.process_count() == 1).await;
    gate.add_permits(1);
    assert_eq!(ask().await.unwrap(), [106][..]);
    world.end().await;
}
