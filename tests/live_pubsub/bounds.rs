//! What is bounded: what waits for a peer, in a subscription, and for the worker. And who may take part how often.

use std::time::Duration;

use outrigger_node::Node;
use outrigger_node::pg::Pg;
use outrigger_pubsub::{MailboxBounds, Options, Overflow, PubSub, PubSubError, PubSubEvent, SCOPE};
use outrigger_testkit::{Epmd, LONG};

use crate::stage::{Ledger, NAME, Program, beams, config, eventually, runtime};

#[test]
fn a_broadcast_waits_for_a_node_that_does_not_read_and_none_is_lost() {
    let epmd = Epmd::start();
    let beams = beams(&epmd, 1, "[]");
    let beam = &beams[0];
    let program = Program::start(&epmd, &[beam.name()], Options::default());
    beam.eval(&format!("kit_pubsub:subscribe('{NAME}', <<\"orders\">>)"));
    eventually("the node is known", || program.pubsub.figures().direct == [beam.name()]);
    let mut publisher = program.pubsub.publisher().unwrap();
    let padding = "x".repeat(64 << 10);
    let mut other = program.pubsub.subscribe("large").unwrap();
    beam.process().stop();
    let (mut sent, mut busy) = (0, None);
    while busy.is_none() {
        match publisher.try_broadcast("large", &padding) {
            Ok(()) => sent += 1,
            Err(error) => busy = Some(error),
        }
        assert!(sent < 10_000, "nothing is bounded");
    }
    assert!(
        matches!(busy, Some(PubSubError::Busy { peer, queued }) if peer == beam.name() && queued > 1 << 20)
    );
    program.runtime.block_on(async {
        let waits = publisher.broadcast("orders", &("rust", 1));
        assert!(
            tokio::time::timeout(Duration::from_millis(300), waits).await.is_err(),
            "given up while it waits"
        );
    });
    beam.process().cont();
    program.runtime.block_on(async {
        let goes_on = publisher.broadcast("orders", &("rust", 2));
        tokio::time::timeout(LONG, goes_on).await.expect("there is room again").unwrap();
    });
    beam.wait_until("kit_pubsub:received(<<\"orders\">>) =:= #{<<\"rust\">> => [2]}", LONG);
    let here = std::iter::from_fn(|| other.try_recv()).count();
    assert_eq!(here, sent, "what was refused came nowhere");
}

#[test]
fn a_subscription_drops_what_it_has_no_room_for_and_counts_it() {
    let epmd = Epmd::start();
    let beams = beams(&epmd, 1, "[]");
    let options = Options::default().queue(100).overflow(Overflow::DropOldest);
    let program = Program::start(&epmd, &[beams[0].name()], options);
    let mut orders = program.pubsub.subscribe("orders").unwrap();
    eventually("the node is known", || program.pubsub.figures().direct.len() == 1);
    beams[0].wait_until(
        &format!("length(maps:get(direct, 'Elixir.Outrigger.PubSub':info('{NAME}'))) =:= 1"),
        LONG,
    );
    beams[0].eval(&format!("kit_pubsub:publish('{NAME}', <<\"orders\">>, <<\"beam\">>, 1, 1000)"));
    eventually("all of them came", || program.pubsub.figures().received == 1_000);
    eventually("the rest was dropped", || orders.dropped() == 900);
    let ledger = program.collect(&mut orders, |ledger| ledger.count("beam") == 100);
    assert_eq!(ledger.keys["beam"], (901..=1_000).collect::<Vec<_>>());
    assert_eq!(program.pubsub.figures().dropped, 900);
}

#[test]
fn a_worker_that_was_overrun_starts_anew_and_goes_on_in_order() {
    let epmd = Epmd::start();
    let beams = beams(&epmd, 1, "[]");
    let mut options = Options::default();
    options.mailbox = MailboxBounds { messages: 50, bytes: 1 << 20, overflow: Overflow::End };
    let program = Program::start(&epmd, &[beams[0].name()], options);
    let mut events = program.pubsub.events();
    let mut orders = program.pubsub.subscribe("orders").unwrap();
    beams[0].wait_until(
        &format!("length(maps:get(direct, 'Elixir.Outrigger.PubSub':info('{NAME}'))) =:= 1"),
        LONG,
    );
    beams[0].eval(&format!("kit_pubsub:publish('{NAME}', <<\"orders\">>, <<\"burst\">>, 1, 100000)"));
    eventually("it was overrun", || program.pubsub.figures().overruns > 0);
    let overrun = program.runtime.block_on(async { tokio::time::timeout(LONG, events.next()).await });
    assert_eq!(overrun.unwrap(), Some(PubSubEvent::Overrun));
    // By now and then one at a time, until it has found its place again.
    let mut ledger = Ledger::default();
    let publisher = beams[0].eval(&format!("kit_pubsub:flood('{NAME}', [<<\"orders\">>], <<\"calm\">>)"));
    assert!(publisher.starts_with('<'), "{publisher}");
    program.collect_into(&mut ledger, &mut orders, |ledger| ledger.count("calm") > 500);
    ledger.missing("burst");
    ledger.missing("calm");
}

#[test]
fn programs_take_part_once_under_a_name_share_a_scope_and_leave() {
    let epmd = Epmd::start();
    let beams = beams(&epmd, 1, "[]");
    let (a, b) = (
        Program::start(&epmd, &[beams[0].name()], Options::default()),
        Program::start(&epmd, &[beams[0].name()], Options::default()),
    );
    a.runtime.block_on(a.node.connect(b.node.name(), LONG)).unwrap();
    eventually("all know each other", || {
        [&a, &b].iter().all(|program| program.pubsub.figures().direct.len() == 2)
    });
    let mut orders = b.pubsub.subscribe("orders").unwrap();
    a.publish("orders", "rust", 1, 1_000);
    let ledger = b.collect(&mut orders, |ledger| ledger.count("rust") == 1_000);
    assert_eq!(ledger.missing("rust"), 0);

    let again = a.runtime.block_on(PubSub::join(&a.node, NAME));
    assert!(matches!(again, Err(PubSubError::Node(_))), "{again:?}");
    let wrong = a.runtime.block_on(async {
        let scope = Pg::start(&a.node, "another").unwrap();
        PubSub::join_with(&a.node, "Elixir.Other", Options::default().pg(scope)).await
    });
    assert!(matches!(wrong, Err(PubSubError::BadOption { option: "pg", .. })), "{wrong:?}");

    drop(orders);
    let Program { pubsub, node, runtime } = b;
    drop(pubsub);
    eventually("it has left", || a.pubsub.figures().direct == [beams[0].name()]);
    beams[0].wait_until(
        &format!("maps:get(direct, 'Elixir.Outrigger.PubSub':info('{NAME}')) =:= ['{}']", a.name()),
        LONG,
    );
    runtime.block_on(node.shutdown());
}

/// One scope for several PubSubs of a node.
#[test]
fn two_pubsubs_of_a_node_are_apart() {
    let epmd = Epmd::start();
    let (runtime, config) = (runtime(), config(&epmd));
    runtime.block_on(async {
        let node = Node::start(config, vec![]).await.unwrap();
        let pg = Pg::start(&node, SCOPE).unwrap();
        let options = || Options::default().pg(pg.clone());
        let one = PubSub::join_with(&node, "Elixir.One", options()).await.unwrap();
        let two = PubSub::join_with(&node, "Elixir.Two", options()).await.unwrap();
        let mut here = [one.subscribe("t").unwrap(), two.subscribe("t").unwrap()];
        two.publisher().unwrap().broadcast("t", &7).await.unwrap();
        assert_eq!(here[1].recv().await.unwrap().decode::<u8>().unwrap(), 7);
        assert!(here[0].try_recv().is_none());
        node.shutdown().await;
        assert!(here[0].recv().await.is_none(), "the end of the node is the end of all");
    });
}
