//! Messages of the protocol with a number in each, and what of them reached a peer.

use super::*;

/// A message of the protocol. The publisher's pid is a claim that nobody checks.
pub(super) fn message(topic: &str, number: u64) -> Bytes {
    term(|writer| {
        writer.tuple(6);
        writer.atom("$outrigger").unwrap();
        writer.unsigned(number);
        writer.pid(&Pid { node: Atom::Utf8("x@y"), id: 1, serial: 2, creation: 3 }).unwrap();
        writer.binary(topic.as_bytes()).unwrap();
        writer.atom("m").unwrap();
        writer.atom("d").unwrap();
    })
    .into()
}

pub(super) fn marker(number: u64) -> Bytes {
    term(|writer| {
        writer.tuple(2);
        writer.atom("$outrigger_end").unwrap();
        writer.unsigned(number);
    })
    .into()
}

/// The end of the way of who publishes all this.
pub(super) fn end() -> Bytes {
    term(|writer| {
        writer.tuple(4);
        writer.atom("$outrigger_end").unwrap();
        writer.unsigned(99);
        writer.pid(&Pid { node: Atom::Utf8("x@y"), id: 1, serial: 2, creation: 3 }).unwrap();
        writer.atom("direct").unwrap();
    })
    .into()
}

/// The number in each message, lists of losses, and what else came.
#[derive(Debug, PartialEq)]
pub(super) enum Got {
    Message(u64),
    Marker(u64),
    Lost(Vec<(String, u64)>),
    Members(u64),
    Answer { number: u64, state: String, stamp: u64, complete: bool },
}

pub(super) fn got(peer: &Peer) -> Vec<Got> {
    let mut all = Vec::new();
    for seen in peer.seen() {
        match seen {
            Seen::Data(term) => all.push(number(&term)),
            Seen::Batch(elements) => all.extend(elements.iter().map(|term| number(term))),
            Seen::Lost(lost) => all.push(Got::Lost(lost)),
            Seen::Members { version, .. } => all.push(Got::Members(version)),
            Seen::Answer { number, state, stamp, complete } => {
                all.push(Got::Answer { number, state, stamp, complete });
            }
            Seen::Refused { .. }
            | Seen::Ordered { .. }
            | Seen::TermEnd { .. }
            | Seen::Leaving
            | Seen::Unconfirmed(_) => {
                panic!("{seen:?}")
            }
        }
    }
    all
}

fn number(term: &[u8]) -> Got {
    let mut reader = Reader::new(term);
    let arity = reader.tuple().unwrap();
    let _tag = reader.atom().unwrap();
    let number = reader.unsigned().unwrap();
    if arity == 6 { Got::Message(number) } else { Got::Marker(number) }
}

/// The numbers of the messages.
pub(super) fn numbers(got: &[Got]) -> Vec<u64> {
    got.iter().filter_map(|got| if let Got::Message(n) = got { Some(*n) } else { None }).collect()
}
