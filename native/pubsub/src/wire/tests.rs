//! What is written is read as it was meant, and no bytes of a peer do harm.

use outrigger_node::OwnedPid;
use outrigger_term::{TermError, Writer};

use super::{Word, data, marker, read, unconfirmed};
use crate::interest::State;
use crate::path::Marker;
use crate::way::{Use, Way};

const NODE: &str = "me@h";

fn pid(id: u32) -> OwnedPid {
    OwnedPid { node: "a@h".into(), id, serial: 2, creation: 3 }
}

fn term(write: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Writer::new(&mut bytes)).unwrap();
    bytes
}

fn members(count: u32) -> Vec<u8> {
    term(|writer| {
        writer.tuple(5);
        writer.atom("$outrigger_members")?;
        writer.pid(&pid(1).borrow())?;
        writer.unsigned(7);
        writer.pid(&pid(2).borrow())?;
        writer.list(count);
        for id in 0..count {
            writer.tuple(2);
            writer.atom("n@h")?;
            writer.pid(&pid(id).borrow())?;
        }
        writer.nil();
        Ok(())
    })
}

fn batch(elements: &[Vec<u8>]) -> Vec<u8> {
    term(|writer| {
        writer.tuple(2);
        writer.atom("$outrigger_batch")?;
        writer.list(elements.len() as u32);
        elements.iter().for_each(|element| writer.raw(element));
        writer.nil();
        Ok(())
    })
}

fn begin(nodes: &[&str]) -> Vec<u8> {
    let uses = vec![Use { router: pid(3), member: pid(4), version: 9 }];
    let nodes = nodes.iter().map(|&node| node.into()).collect();
    marker(&pid(5), &Marker::Begin { epoch: 8, uses, nodes }).unwrap()
}

/// One of each kind.
fn all() -> Vec<Vec<u8>> {
    let end = |way| marker(&pid(5), &Marker::End { epoch: 8, way }).unwrap();
    let router = |tag: &str, rest: &dyn Fn(&mut Writer<'_>) -> Result<(), TermError>, arity| {
        term(|writer| {
            writer.tuple(arity);
            writer.atom(tag)?;
            writer.pid(&pid(1).borrow())?;
            rest(writer)
        })
    };
    let data = data(8, &pid(5), "orders", &[97, 42]).unwrap();
    vec![
        data.clone(),
        begin(&["other@h", NODE]),
        end(Way::Direct),
        end(Way::Member(pid(6))),
        batch(&[data, begin(&[])]),
        members(3),
        router("$outrigger_leaving", &|_| Ok(()), 2),
        router(
            "$outrigger_ordered",
            &|writer| {
                writer.binary(b"room:")?;
                writer.pid(&pid(7).borrow())?;
                writer.unsigned(12);
                Ok(())
            },
            5,
        ),
        router(
            "$outrigger_refused",
            &|writer| {
                writer.atom("group")?;
                writer.atom("too_many_groups")?;
                writer.unsigned(9);
                Ok(())
            },
            5,
        ),
        router(
            "$outrigger_lost",
            &|writer| {
                writer.list(1);
                writer.tuple(2);
                writer.atom("b@h")?;
                writer.unsigned(12);
                writer.nil();
                Ok(())
            },
            3,
        ),
        router(
            "$outrigger_interest",
            &|writer| {
                writer.unsigned(11);
                writer.atom("listed")?;
                writer.unsigned(22);
                writer.atom("true")
            },
            6,
        ),
    ]
}

#[test]
fn each_message_is_read_as_it_was_meant() {
    let all = all();
    match read(&all[0], NODE) {
        Some(Word::Data(data)) => {
            assert_eq!((data.epoch, data.topic, data.message), (8, &b"orders"[..], &[97, 42][..]));
            assert_eq!(OwnedPid::from(data.from), pid(5));
        }
        other => panic!("{other:?}"),
    }
    match read(&all[1], NODE) {
        Some(Word::Begin { epoch: 8, from, uses, direct: true }) => {
            assert_eq!((from, uses), (pid(5), vec![Use { router: pid(3), member: pid(4), version: 9 }]));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(read(&begin(&["other@h"]), NODE), Some(Word::Begin { direct: false, .. })));
    assert!(matches!(read(&all[2], NODE), Some(Word::End { way: Way::Direct, .. })));
    assert!(matches!(read(&all[3], NODE), Some(Word::End { way: Way::Member(of), .. }) if of == pid(6)));
    match read(&all[4], NODE) {
        Some(Word::Batch(mut elements)) => {
            assert!(matches!(elements.next(NODE), Some(Some(Word::Data(_)))));
            assert!(matches!(elements.next(NODE), Some(Some(Word::Begin { .. }))));
            assert!(elements.next(NODE).is_none());
        }
        other => panic!("{other:?}"),
    }
    match read(&all[5], NODE) {
        Some(Word::Members(list)) => {
            assert_eq!((list.version, list.members.len(), list.member("n@h")), (7, 3, Some(&pid(0))));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(read(&all[6], NODE), Some(Word::Leaving { router }) if router == pid(1)));
    assert!(matches!(read(&all[7], NODE), Some(Word::Ordered { prefix, .. }) if prefix == "room:"));
    assert!(
        matches!(read(&all[8], NODE), Some(Word::Refused { reason, limit: 9, .. }) if reason == "too_many_groups")
    );
    assert!(matches!(read(&all[9], NODE), Some(Word::Lost { lost, .. }) if lost == [("b@h".to_owned(), 12)]));
    match read(&all[10], NODE) {
        Some(Word::Interest { answer, .. }) => {
            assert_eq!(
                (answer.number, answer.state, answer.stamp, answer.complete),
                (11, State::Listed, 22, true)
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_unconfirmed_is_read_as_it_is_written() {
    match read(&unconfirmed(&pid(1), NODE, 300).unwrap(), NODE) {
        Some(Word::Unconfirmed { router, counts }) => {
            assert_eq!((router, counts), (pid(1), vec![(NODE.to_owned(), 300)]));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn bounds_are_held() {
    assert!(matches!(read(&members(4_096), NODE), Some(Word::Members(_))));
    assert!(read(&members(4_097), NODE).is_none());
}

#[test]
fn what_is_none_of_ours_is_unknown() {
    for bytes in [vec![97, 1], vec![106], vec![104, 0], vec![104, 1, 119, 1, b'x'], vec![]] {
        assert!(matches!(read(&bytes, NODE), Some(Word::Unknown)), "{bytes:?}");
    }
}

/// The node has looked at what comes, so this is more than can happen.
#[test]
fn no_cut_and_no_wrong_byte_does_harm() {
    let walk = |bytes: &[u8]| {
        if let Some(Word::Batch(mut elements)) = read(bytes, NODE) {
            while elements.next(NODE).is_some() {}
        }
    };
    for bytes in all() {
        (0..bytes.len()).for_each(|cut| walk(&bytes[..cut]));
        for at in 0..bytes.len() {
            for byte in [0, 1, 2, 97, 98, 104, 106, 107, 108, 109, 119, 127, 255] {
                let mut wrong = bytes.clone();
                wrong[at] = byte;
                walk(&wrong);
            }
        }
    }
}
