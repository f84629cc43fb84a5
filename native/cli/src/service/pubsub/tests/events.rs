//! Events that a publisher has decoded here.

use std::sync::atomic::Ordering::Relaxed;

use outrigger_term::TermError;

use super::super::events::{self, EventsError};
use super::traffic::{got, numbers};
use super::*;

/// What `a` and `b` are is told by its field `k`, and goes to the topic of that name; everything goes to `all`.
const TEXT: &[u8] = br#"{"name": "Elixir.S", "format": "json", "dead_letter": "dead", "views": [
    {"name": "some", "topic": [{"path": "k"}], "where": [["k", "in", ["a", "b"]]], "fields": [["n", "n"]]},
    {"name": "all", "topic": ["all"], "fields": []}]}"#;

fn request_of(version: u64, number: u64, texts: &[&[u8]], events: &[&[u8]]) -> Bytes {
    term(|writer| {
        writer.tuple(7);
        writer.atom("$outrigger_events").unwrap();
        writer.unsigned(version);
        writer.unsigned(number);
        writer.pid(&Pid { node: Atom::Utf8("x@y"), id: 1, serial: 2, creation: 3 }).unwrap();
        writer.atom("d").unwrap();
        writer.list(u32::try_from(texts.len()).unwrap());
        texts.iter().for_each(|text| writer.binary(text).unwrap());
        if !texts.is_empty() {
            writer.nil();
        }
        writer.list(u32::try_from(events.len()).unwrap());
        events.iter().for_each(|event| writer.binary(event).unwrap());
        writer.nil();
    })
    .into()
}

fn request(number: u64, events: &[&[u8]]) -> Bytes {
    request_of(1, number, &[TEXT], events)
}

/// The message that a stream makes, as a publisher of the number would have sent it.
fn made(number: u64, topic: &str, view: &str, data: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    term(|writer| {
        writer.tuple(6);
        writer.atom("$outrigger").unwrap();
        writer.unsigned(number);
        writer.pid(&Pid { node: Atom::Utf8("x@y"), id: 1, serial: 2, creation: 3 }).unwrap();
        writer.binary(topic.as_bytes()).unwrap();
        writer.tuple(3);
        writer.atom("Elixir.S").unwrap();
        writer.atom(view).unwrap();
        data(writer);
        writer.atom("d").unwrap();
    })
}

fn some(number: u64, topic: &str, n: i64) -> Vec<u8> {
    made(number, topic, "some", |writer| {
        writer.map(1);
        writer.atom("n").unwrap();
        writer.integer(n);
    })
}

fn all(number: u64) -> Vec<u8> {
    made(number, "all", "all", |writer| writer.map(0))
}

fn payloads(peer: &Peer) -> Vec<Vec<u8>> {
    let seen = peer.seen().into_iter().flat_map(|seen| match seen {
        Seen::Data(term) => vec![term],
        Seen::Batch(elements) => elements,
        other => panic!("{other:?}"),
    });
    seen.collect()
}

#[test]
fn each_message_goes_to_those_who_want_it_and_not_back() {
    let (core, [mut from, mut b, mut both], route) = members::<3>();
    b.list(&["b"]);
    both.list(&["a", "all"]);
    from.send(route, &[request(7, &[br#"{"k": "a", "n": 1}"#, br#"{"k": "b", "n": -2}"#, b"3"])]);
    assert_eq!(payloads(&b), [some(7, "b", -2)]);
    assert_eq!(payloads(&both), [some(7, "a", 1), all(7), all(7), all(7)]);
    assert!(from.seen().is_empty());
    let figures = &core.figures;
    assert_eq!((figures.events.load(Relaxed), figures.dead_letters.load(Relaxed)), (3, 0));
    assert_eq!(core.router.counters().forwarded, 5);
}

#[test]
fn schemas_come_with_their_events() {
    let text: &[u8] = br#"{"name": "Elixir.S", "format": "avro", "dead_letter": "dead", "views": [
        {"name": "all", "topic": ["all"], "fields": [["n", ""]]}]}"#;
    let schema = |id: u8, of: &str| {
        let text = format!(r#"{{"for": "avro", "type": "avro", "text": "\"{of}\""}}"#);
        [&[0, 0, 0, 0, id][..], text.as_bytes()].concat()
    };
    let (one, two) = (schema(1, "long"), schema(2, "string"));
    let (core, [mut from, mut to], route) = members();
    to.list(&["all", "dead"]);
    // The same id of another registry, and an event whose schema is not there.
    let events: [&[u8]; 2] = [&[0, 0, 0, 0, 1, 14], &[0, 0, 0, 0, 2, 2, 97]];
    let other = schema(1, "int");
    from.send(
        route,
        &[request_of(1, 7, &[text, &one, &two], &events), request_of(1, 8, &[text, &other], &events)],
    );
    let number = |number, of: i64| {
        made(number, "all", "all", |writer| {
            writer.map(1);
            writer.atom("n").unwrap();
            writer.integer(of);
        })
    };
    let string = made(7, "all", "all", |writer| {
        writer.map(1);
        writer.atom("n").unwrap();
        writer.binary(b"a").unwrap();
    });
    let [first, second, third, letter] = &payloads(&to)[..] else { panic!("four messages") };
    assert_eq!([first, second, third], [&number(7, 7), &string, &number(8, 7)]);
    assert!(letter.windows(14).any(|text| text == b"unknown_schema"));
    let figures = &core.figures;
    assert_eq!((figures.events.load(Relaxed), figures.dead_letters.load(Relaxed)), (3, 1));
}

#[test]
fn they_keep_their_place_among_other_messages() {
    let (_core, [mut from, to], route) = members();
    let plain = traffic::message("all", 8);
    from.send(route, &[request(7, &[b"1"]), plain, request(9, &[b"1", b"2"])]);
    assert_eq!(numbers(&got(&to)), [7, 8, 9, 9]);
}

#[test]
fn what_cannot_be_decoded_is_a_letter_and_the_next_one_is_taken() {
    let (core, [mut from, mut to], route) = members();
    to.list(&["dead", "all"]);
    from.send(route, &[request(7, &[b"{", b"1"])]);
    let [letter, rest] = &payloads(&to)[..] else { panic!("a letter and a message") };
    assert!(letter.windows(11).any(|text| text == b"dead_letter"));
    assert_eq!(*rest, all(7));
    let figures = &core.figures;
    assert_eq!((figures.events.load(Relaxed), figures.dead_letters.load(Relaxed)), (1, 1));
}

#[test]
fn what_is_not_understood_here_is_passed_on_as_it_came() {
    let (core, [mut from, to], route) = members();
    let newer = request_of(2, 7, &[TEXT], &[b"1"]);
    let other = request_of(1, 7, &[br#"{"name": "Elixir.S", "format": "later"}"#], &[b"1"]);
    let schema = request_of(1, 7, &[TEXT, b"a later schema"], &[b"1"]);
    let none = request_of(1, 7, &[], &[b"1"]);
    let all_of = [newer.clone(), other.clone(), schema.clone(), none.clone(), request(8, &[b"1"])];
    from.send(route, &all_of);
    assert_eq!(payloads(&to), [newer.to_vec(), other.to_vec(), schema.to_vec(), none.to_vec(), all(8)]);
    assert_eq!(core.figures.malformed.load(Relaxed), 0);
}

#[test]
fn what_is_malformed_is_dropped_and_counted() {
    let (core, [mut from, to], route) = members();
    let whole = request(7, &[b"1"]);
    let many = vec![&b"1"[..]; 129];
    let texts = request_of(1, 7, &[&b"text"[..]; 258], &[b"1"]);
    let trailing: Bytes = [&whole[..], &[106]].concat().into();
    from.send(route, &[whole.slice(..whole.len() - 1), request(7, &many), texts, trailing]);
    assert!(payloads(&to).is_empty());
    assert_eq!(core.figures.malformed.load(Relaxed), 4);
    assert_eq!(core.figures.events.load(Relaxed), 0);
}

#[test]
fn keys_values_and_tombstones_are_read_and_nothing_else() {
    let event = |build: &dyn Fn(&mut Writer<'_>)| {
        let mut request = request(7, &[b"1"]).to_vec();
        // The list's end, and the event before it.
        request.truncate(request.len() - 1 - 6);
        request.extend(term(build));
        request.push(106);
        request
    };
    let pair = event(&|writer| {
        writer.tuple(2);
        writer.binary(b"key").unwrap();
        writer.atom("nil").unwrap();
    });
    assert_eq!(events::read(&pair).unwrap().unwrap().count(), 1);
    for wrong in [
        event(&|writer| writer.atom("none").unwrap()),
        event(&|writer| {
            writer.tuple(3);
            (0..3).for_each(|_| writer.binary(b"x").unwrap());
        }),
    ] {
        assert!(matches!(events::read(&wrong), Err(EventsError::Event)));
    }
    let number = event(&|writer| writer.integer(5));
    assert!(matches!(events::read(&number), Err(EventsError::Term(TermError::UnexpectedTag { .. }))));
}

#[test]
fn no_part_of_a_request_is_one_and_no_wrong_byte_does_harm() {
    let whole = request(300, &[br#"{"k": "a", "n": 1}"#, b"x"]);
    for end in 0..whole.len() {
        assert!(!matches!(events::read(&whole[..end]), Ok(Some(_))), "cut at {end}");
    }
    let mut streams = events::Streams::default();
    for (at, value) in
        (0..whole.len()).flat_map(|at| [0, 1, 97, 104, 106, 108, 109, 119, 255].map(|value| (at, value)))
    {
        let mut wrong = whole.to_vec();
        wrong[at] = value;
        if let Ok(Some(request)) = events::read(&wrong) {
            assert!(request.count() <= 2);
            let _ = streams.make(&request, |messages, ends| {
                assert_eq!(ends.last().copied().unwrap_or(0), messages.len());
                let mut reader = Reader::new(&messages);
                ends.iter().for_each(|_| assert!(reader.skip().is_ok()));
            });
        }
    }
}
