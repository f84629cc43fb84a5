//! A Rust program as a source of an `Outrigger.Events.Stream` (`outrigger-stream`): the terms are those of the BEAM nodes' own way.

use std::time::Duration;

use outrigger_pubsub::Options;
use outrigger_stream::{Event, EventStream, StreamError};
use outrigger_testkit::{Beam, Epmd, LONG};

use crate::routed::Routed;
use crate::stage::{NAME, Program, beams};

const STREAM: &str = "Elixir.Kit.Orders";

/// Events of several kinds, two of which are none.
const EVENTS: [&str; 7] = [
    r#"{"before": null, "after": {"id": 1, "sum": "1.50"}, "source": {"table": "orders", "db": "shop"}, "op": "c", "ts_ms": 1700000000123}"#,
    r#"{"before": {"id": 1, "sum": null}, "after": {"id": 1, "sum": "2.25"}, "source": {"table": "orders"}, "op": "u", "ts_ms": 1700000000124}"#,
    "{",
    r#"{"before": {"id": 18446744073709551617, "sum": "0.00"}, "after": null, "source": {"table": "lines"}, "op": "d", "ts_ms": 1700000000125}"#,
    r#"{"after": {"id": "é\n", "sum": "x"}, "source": {"table": "orders"}, "op": "r"}"#,
    r#"{"ts_ms": 1700000000000}"#,
    r#"{"after": {"id": 7, "sum": "9.99"}, "source": {"table": "orders"}, "op": "c"}"#,
];

/// Starts the stream, with two views that are declared.
fn start(beam: &Beam) {
    beam.eval(&format!(
        "kit_pubsub:stream([{{name, '{STREAM}'}}, {{pubsub, '{NAME}'}}, {{format, debezium}}, {{dead_letter, <<\"dead\">>}}, \
         {{options, [{{columns, #{{<<\"orders.id\">> => integer, <<\"orders.sum\">> => decimal, \
             <<\"lines.id\">> => integer, <<\"lines.sum\">> => decimal}}}}]}}, \
         {{views, [{{all, [{{topic, <<\"all\">>}}]}}, \
             {{rows, [{{topic, [<<\"of:\">>, {{path, <<\"table\">>}}]}}, {{fields, [{{id, <<\"after.id\">>}}, {{sum, <<\"after.sum\">>}}]}}, \
                 {{where, [{{<<\"op\">>, 'not_in', [<<\"delete\">>]}}]}}]}}]}}])"
    ));
}

fn listen(beam: &Beam, name: &str, subscribe: &str) {
    beam.eval(&format!("kit_pubsub:listen({name}, fun() -> ok = {subscribe} end)"));
}

fn subscribe(topic: &str) -> String {
    format!("'Elixir.Outrigger.PubSub':subscribe('{NAME}', <<\"{topic}\">>, [])")
}

fn view(options: &str) -> String {
    format!("'Elixir.Outrigger.Events.Stream':subscribe('{STREAM}', [{options}])")
}

fn follow(program: &Program) -> EventStream {
    let follows = EventStream::follow(&program.node, &program.pubsub, STREAM);
    program.runtime.block_on(async { tokio::time::timeout(LONG, follows).await }).unwrap().unwrap()
}

fn publish(program: &Program, stream: &EventStream, events: &[&str]) -> Vec<bool> {
    let mut source = stream.source().unwrap();
    program.runtime.block_on(async {
        let mut decoded = Vec::new();
        for event in events {
            let event = Event { key: None, value: Some(event.as_bytes()) };
            decoded.push(source.publish(&event).await.unwrap());
        }
        decoded
    })
}

/// What came by the program's way is what comes by the BEAM's, in its order, at each listener.
fn the_same_comes_of_both(program: &Program, beams: &[Beam]) {
    for beam in beams {
        for topic in ["all", "dead", "of:orders"] {
            listen(beam, &format!("'{topic}'"), &subscribe(topic));
        }
    }
    let stream = follow(program);
    let decoded = publish(program, &stream, &EVENTS);
    assert_eq!(decoded, [true, true, false, true, false, true, true]);
    let counts = [("all", 5), ("dead", 2), ("of:orders", 3)];
    for (beam, (topic, count)) in beams.iter().flat_map(|beam| counts.map(|count| (beam, count))) {
        beam.wait_until(&format!("length(kit_pubsub:heard('{topic}')) =:= {count}"), LONG);
    }
    let events: Vec<String> = EVENTS.iter().map(|event| format!("<<{:?}>>", event.as_bytes())).collect();
    let events = events.join(",").replace(['[', ']'], "");
    beams[0].eval(&format!("ok = 'Elixir.Outrigger.Events.Stream':publish('{STREAM}', [{events}])"));
    for (beam, (topic, count)) in beams.iter().flat_map(|beam| counts.map(|count| (beam, count))) {
        beam.wait_until(
            &format!(
                "{{Rust, Beam}} = lists:split({count}, kit_pubsub:heard('{topic}')), length(Beam) =:= {count} andalso Rust =:= Beam"
            ),
            LONG,
        );
    }
}

#[test]
fn what_a_program_publishes_is_what_a_beam_node_would_have() {
    let epmd = Epmd::start();
    let beams = beams(&epmd, 2, "[]");
    beams.iter().for_each(start);
    let peers: Vec<_> = beams.iter().map(Beam::name).collect();
    let program = Program::start(&epmd, &peers, Options::default());
    crate::stage::eventually("the nodes are known", || program.pubsub.figures().direct.len() == 2);
    the_same_comes_of_both(&program, &beams);
}

#[test]
fn a_router_fans_out_what_a_program_has_decoded() {
    let routed = Routed::start(2, true);
    routed.beams.iter().for_each(start);
    the_same_comes_of_both(&routed.program, &routed.beams);
}

#[test]
fn a_view_is_in_force_when_its_subscriber_goes_on() {
    let epmd = Epmd::start();
    let beams = beams(&epmd, 2, "[]");
    beams.iter().for_each(start);
    let peers: Vec<_> = beams.iter().map(Beam::name).collect();
    let program = Program::start(&epmd, &peers, Options::default());
    crate::stage::eventually("the nodes are known", || program.pubsub.figures().direct.len() == 2);
    let stream = follow(&program);
    for round in 0..20 {
        let (beam, name) = (&beams[round % 2], format!("round{round}"));
        listen(
            beam,
            &name,
            &view(&format!("{{where, [{{<<\"after.id\">>, '>', {round}}}]}}, {{as, {name}}}")),
        );
        publish(&program, &stream, &[EVENTS[6].replace("\"id\": 7", "\"id\": 99").as_str()]);
        beam.wait_until(&format!("length(kit_pubsub:heard({name})) =:= 1"), LONG);
    }
    drop(stream);
    for beam in &beams {
        beam.wait_until(&format!("kit_pubsub:followers('{STREAM}') =:= []"), LONG);
    }
}

#[test]
fn another_node_is_followed_when_one_has_gone() {
    let epmd = Epmd::start();
    let beams = beams(&epmd, 2, "[]");
    let peers: Vec<_> = beams.iter().map(Beam::name).collect();
    let program = Program::start(&epmd, &peers, Options::default());
    // Nobody runs the stream yet.
    let early = EventStream::follow(&program.node, &program.pubsub, STREAM);
    let early =
        program.runtime.block_on(async { tokio::time::timeout(Duration::from_millis(100), early).await });
    assert!(early.is_err(), "there was nothing to follow");
    start(&beams[0]);
    let stream = follow(&program);
    start(&beams[1]);
    listen(&beams[1], "all", &subscribe("all"));
    beams[0].kill();
    beams[1].wait_until(&format!("length(kit_pubsub:followers('{STREAM}')) =:= 1"), LONG);
    listen(&beams[1], "late", &view("{fields, [{n, <<\"after.id\">>}]}, {as, late}"));
    publish(&program, &stream, &[EVENTS[6]]);
    beams[1].wait_until(&format!("kit_pubsub:heard(late) =:= [{{'{STREAM}', late, #{{n => 7}}}}]"), LONG);
    beams[1].wait_until("length(kit_pubsub:heard(all)) =:= 1", LONG);
}

#[test]
fn a_program_may_have_a_stream_of_its_own() {
    let epmd = Epmd::start();
    let beams = beams(&epmd, 1, "[]");
    let program = Program::start(&epmd, &[beams[0].name()], Options::default());
    crate::stage::eventually("the node is known", || program.pubsub.figures().direct.len() == 1);
    listen(&beams[0], "all", &subscribe("all"));
    let text = br#"{"name": "rust", "format": "json", "dead_letter": "all", "views": [{"name": "v", "topic": ["all"], "fields": [["n", "n"]]}]}"#;
    let stream = EventStream::declare(&program.pubsub, text).unwrap();
    assert_eq!(publish(&program, &stream, &[r#"{"n": 1}"#, "x", r#"{"n": []}"#]), [true, false, true]);
    beams[0].wait_until(
        "[{rust, v, #{n := 1}}, {rust, dead_letter, #{reason := malformed, value := <<\"x\">>}}, {rust, v, #{n := []}}] = \
         kit_pubsub:heard(all), true",
        LONG,
    );
    assert!(matches!(EventStream::declare(&program.pubsub, b"{}"), Err(StreamError::Text(_))));
}
