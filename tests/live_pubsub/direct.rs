//! Without a router: each node sends to each.

use outrigger_pubsub::Options;
use outrigger_testkit::{Epmd, LONG};

use crate::stage::{NAME, Program, beams, eventually};

#[test]
fn what_a_beam_publishes_reaches_the_program_once_and_in_order() {
    let epmd = Epmd::start();
    let beams = beams(&epmd, 2, "[]");
    let names: Vec<_> = beams.iter().map(|beam| beam.name()).collect();
    let program = Program::start(&epmd, &names, Options::default());
    let mut orders = program.pubsub.subscribe("orders").unwrap();
    for beam in &beams {
        // As a node of the package sees it: one more member.
        beam.wait_until(
            &format!(
                "lists:member('{}', maps:get(direct, '{}':info('{NAME}')))",
                program.name(),
                "Elixir.Outrigger.PubSub"
            ),
            LONG,
        );
        beam.eval(&format!("kit_pubsub:publish('{NAME}', <<\"orders\">>, <<\"{}\">>, 1, 5000)", beam.name()));
        beam.eval(&format!("kit_pubsub:publish('{NAME}', <<\"others\">>, <<\"other\">>, 1, 100)"));
    }
    let ledger = program.collect(&mut orders, |ledger| names.iter().all(|key| ledger.last(key) == 5_000));
    for key in &names {
        assert_eq!(ledger.missing(key), 0);
    }
    assert_eq!(ledger.keys.len(), 2, "nothing of the other topic");
    assert_eq!(program.pubsub.figures().malformed, 0);
}

#[test]
fn what_the_program_publishes_reaches_beams_and_itself() {
    let epmd = Epmd::start();
    let beams = beams(&epmd, 2, "[]");
    let names: Vec<_> = beams.iter().map(|beam| beam.name()).collect();
    let program = Program::start(&epmd, &names, Options::default());
    for beam in &beams {
        beam.eval(&format!("kit_pubsub:subscribe('{NAME}', <<\"orders\">>)"));
    }
    let mut own = program.pubsub.subscribe("orders").unwrap();
    eventually("both nodes are known", || program.pubsub.figures().direct.len() == 2);
    program.publish("orders", "rust", 1, 5_000);
    for beam in &beams {
        beam.wait_until(
            "kit_pubsub:received(<<\"orders\">>) =:= #{<<\"rust\">> => lists:seq(1, 5000)}",
            LONG,
        );
    }
    let ledger = program.collect(&mut own, |ledger| ledger.count("rust") == 5_000);
    assert_eq!(ledger.missing("rust"), 0);
}
