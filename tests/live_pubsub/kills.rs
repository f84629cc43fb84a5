//! Routers that die, and that are stopped in good order, under load.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use outrigger_testkit::LONG;
use tokio::task::JoinHandle;

use crate::routed::Routed;
use crate::stage::{Ledger, NAME, eventually};

const SIGTERM: i32 = 15;

/// Publishers of the program, and what they have sent.
struct Load {
    stop: Arc<AtomicBool>,
    publishers: Vec<(String, JoinHandle<u64>)>,
}

impl Load {
    fn start(routed: &Routed, count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let publishers = (0..count).map(|n| {
            let (key, stop) = (format!("rust/{n}"), stop.clone());
            let mut publisher = routed.program.pubsub.publisher().unwrap();
            let task = routed.program.runtime.spawn({
                let key = key.clone();
                async move {
                    let mut number = 0;
                    while !stop.load(Relaxed) {
                        number += 1;
                        publisher.broadcast("orders", &(&key, number)).await.unwrap();
                        if number % 20 == 0 {
                            tokio::time::sleep(Duration::from_millis(1)).await;
                        }
                    }
                    number
                }
            });
            (key, task)
        });
        let publishers = publishers.collect();
        Self { stop, publishers }
    }

    fn stop(self, routed: &Routed) -> BTreeMap<String, u64> {
        self.stop.store(true, Relaxed);
        let publishers = self.publishers.into_iter();
        publishers.map(|(key, task)| (key, routed.program.runtime.block_on(task).unwrap())).collect()
    }
}

/// Publishes from everywhere while `fault` happens. How many messages were lost for the program and for each BEAM node; nothing came twice or out of
/// order.
fn lost_under_load(routed: &mut Routed, fault: impl FnOnce(&mut Routed)) -> Vec<u64> {
    routed.all(&format!("kit_pubsub:subscribe('{NAME}', <<\"orders\">>)"));
    let mut orders = routed.program.pubsub.subscribe("orders").unwrap();
    let mut ledger = Ledger::default();
    let load = Load::start(routed, 4);
    for (n, beam) in routed.beams.iter().enumerate() {
        beam.eval(&format!(
            "persistent_term:put(floods, [kit_pubsub:flood('{NAME}', [<<\"orders\">>], <<\"beam{n}/\", (integer_to_binary(K))/binary>>) \
             || K <- [1, 2]]), ok"
        ));
    }
    let keys: Vec<_> = (0..routed.beams.len()).flat_map(|n| [1, 2].map(|k| format!("beam{n}/{k}"))).collect();
    let more = |ledger: &Ledger, than: &BTreeMap<String, u64>| {
        keys.iter().all(|key| ledger.last(key) >= than.get(key).copied().unwrap_or_default() + 3_000)
    };
    routed.program.collect_into(&mut ledger, &mut orders, |ledger| more(ledger, &BTreeMap::new()));
    fault(routed);
    let at_fault = keys.iter().map(|key| (key.clone(), ledger.last(key))).collect();
    routed.program.collect_into(&mut ledger, &mut orders, |ledger| more(ledger, &at_fault));
    let mut sent = load.stop(routed);
    for (n, beam) in routed.beams.iter().enumerate() {
        let counts = beam.eval("[kit_pubsub:stop(P) || P <- persistent_term:get(floods)]");
        let counts: Vec<u64> =
            counts.trim_matches(['[', ']']).split(',').map(|count| count.parse().unwrap()).collect();
        sent.extend([1, 2].map(|k| (format!("beam{n}/{k}"), counts[k - 1])));
    }
    routed.program.collect_into(&mut ledger, &mut orders, |ledger| {
        sent.iter().all(|(key, count)| ledger.last(key) == *count)
    });
    let mut lost = vec![sent.keys().map(|key| ledger.missing(key) as u64).sum()];
    assert_eq!(ledger.keys.len(), sent.len(), "{}", ledger.summary());
    for beam in &routed.beams {
        let mut here = 0;
        for (key, count) in &sent {
            let numbers = format!("maps:get(<<\"{key}\">>, kit_pubsub:received(<<\"orders\">>))");
            beam.wait_until(&format!("lists:last({numbers}) =:= {count}"), LONG);
            beam.wait_until(&format!("{numbers} =:= lists:usort({numbers})"), Duration::from_millis(1));
            here += count - beam.eval_number(&format!("length({numbers})"));
        }
        lost.push(here);
    }
    lost
}

/// Eight publishers with three receivers each, some ten thousand messages a second: what was in the router's buffers, and no more. And each
/// receiver was told of no less than it has lost, and of `at_least` so much.
#[track_caller]
fn is_lost_with_a_router(lost: &[u64], routed: &Routed, at_least: u64) {
    let figures = || routed.program.pubsub.figures();
    assert!(lost.iter().sum::<u64>() < 20_000, "{lost:?} lost with the router; {:?}", figures());
    eventually("the program is told of its losses", || figures().unconfirmed >= lost[0].max(at_least));
    for (beam, lost) in routed.beams.iter().zip(&lost[1..]) {
        let told =
            "maps:get(unconfirmed, maps:get(counters, 'Elixir.Outrigger.PubSub':info('Elixir.Kit.PubSub')))";
        beam.wait_until(&format!("{told} >= {}", lost.max(&at_least)), LONG);
    }
    assert_eq!(figures().gave_up, 0);
    routed.wait_routed();
}

#[test]
fn a_router_that_is_killed_and_comes_back_doubles_and_reorders_nothing() {
    let mut routed = Routed::start(2, true);
    let lost = lost_under_load(&mut routed, |routed| routed.kill(0));
    is_lost_with_a_router(&lost, &routed, 1);
}

#[test]
fn one_of_two_routers_is_killed_and_comes_back() {
    let mut routed = Routed::start_with(2, true, 2, "[{path, relay}]");
    let lost = lost_under_load(&mut routed, |routed| routed.kill(1));
    // All publishers of a node may have used the other one.
    is_lost_with_a_router(&lost, &routed, 0);
}

#[test]
fn a_router_that_is_stopped_in_good_order_loses_nothing() {
    let mut routed = Routed::start(2, true);
    let lost = lost_under_load(&mut routed, |routed| routed.routers[0].process().signal(SIGTERM));
    assert_eq!((&lost[..], routed.program.pubsub.figures().unconfirmed), (&[0, 0, 0][..], 0));
    assert_eq!(routed.program.pubsub.figures().gave_up, 0);
    assert!(routed.program.pubsub.figures().routers.is_empty());
}

#[test]
fn one_of_two_routers_is_stopped_in_good_order_and_nothing_is_lost() {
    let mut routed = Routed::start_with(2, true, 2, "[{path, relay}]");
    let lost = lost_under_load(&mut routed, |routed| routed.routers[0].process().signal(SIGTERM));
    assert_eq!((&lost[..], routed.program.pubsub.figures().unconfirmed), (&[0, 0, 0][..], 0));
    assert_eq!(routed.program.pubsub.figures().routers, [routed.routers[1].name()]);
}
