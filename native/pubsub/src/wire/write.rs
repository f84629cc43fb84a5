//! What a program says: to routers, and as a publisher.

use outrigger_node::OwnedPid;
use outrigger_term::{TermError, Writer};

use super::{ATTACH, PROTOCOL};
use crate::interest::Request;
use crate::path::Marker;
use crate::pattern::Pattern;
use crate::way::{Node, Use, Way};

/// `{attach, 2, Group, Worker}`
pub(crate) fn attach(group: &str, worker: &OwnedPid) -> Result<Vec<u8>, TermError> {
    of_worker("attach", ATTACH, group, worker)
}

/// `{detach, 1, Group, Worker}`
pub(crate) fn detach(group: &str, worker: &OwnedPid) -> Result<Vec<u8>, TermError> {
    of_worker("detach", PROTOCOL, group, worker)
}

/// `{left, 1, Group, Worker}`
pub(crate) fn left(group: &str, worker: &OwnedPid) -> Result<Vec<u8>, TermError> {
    of_worker("left", PROTOCOL, group, worker)
}

/// `{cover, 1, Group, [Node]}`
pub(crate) fn cover(group: &str, nodes: &[Node]) -> Result<Vec<u8>, TermError> {
    term(|writer| {
        request(writer, 4, "cover", PROTOCOL, group)?;
        list(writer, nodes, |writer, node| writer.atom(node))
    })
}

/// `{interest, 1, Group, Teller, Number, Request}`
pub(crate) fn interest(
    group: &str,
    teller: &OwnedPid,
    number: u64,
    told: &Request,
) -> Result<Vec<u8>, TermError> {
    term(|writer| {
        request(writer, 6, "interest", PROTOCOL, group)?;
        writer.pid(&teller.borrow())?;
        writer.unsigned(number);
        match told {
            Request::Reset { since } => {
                writer.tuple(2);
                writer.atom("reset")?;
                writer.unsigned(*since);
            }
            Request::Change { since, wanted, unwanted } => {
                writer.tuple(4);
                writer.atom("change")?;
                writer.unsigned(*since);
                patterns(writer, wanted)?;
                patterns(writer, unwanted)?;
            }
            Request::Listed { count, sum } => {
                writer.tuple(3);
                writer.atom("listed")?;
                writer.unsigned(*count);
                writer.unsigned(*sum);
            }
        }
        Ok(())
    })
}

/// `{'$outrigger', Epoch, Publisher, Topic, Message, Dispatcher}`. The dispatcher is the package's own: to all who have subscribed.
pub(crate) fn data(
    epoch: u64,
    publisher: &OwnedPid,
    topic: &str,
    message: &[u8],
) -> Result<Vec<u8>, TermError> {
    let mut bytes = Vec::with_capacity(128 + topic.len() + message.len());
    let mut writer = Writer::new(&mut bytes);
    writer.tuple(6);
    writer.atom("$outrigger")?;
    writer.unsigned(epoch);
    writer.pid(&publisher.borrow())?;
    writer.binary(topic.as_bytes())?;
    writer.raw(message);
    writer.atom("Elixir.Outrigger.PubSub")?;
    Ok(bytes)
}

/// `{'$outrigger_end', Epoch, Publisher, Way}` and `{'$outrigger_begin', Epoch, Publisher, [{Router, Member, Version}], [Node]}`
pub(crate) fn marker(publisher: &OwnedPid, marker: &Marker) -> Result<Vec<u8>, TermError> {
    term(|writer| match marker {
        Marker::End { epoch, way } => {
            writer.tuple(4);
            writer.atom("$outrigger_end")?;
            writer.unsigned(*epoch);
            writer.pid(&publisher.borrow())?;
            match way {
                Way::Direct => writer.atom("direct"),
                Way::Member(member) => writer.pid(&member.borrow()),
            }
        }
        Marker::Begin { epoch, uses, nodes } => {
            writer.tuple(5);
            writer.atom("$outrigger_begin")?;
            writer.unsigned(*epoch);
            writer.pid(&publisher.borrow())?;
            list(writer, uses, |writer, Use { router, member, version }| {
                writer.tuple(3);
                writer.pid(&router.borrow())?;
                writer.pid(&member.borrow())?;
                writer.unsigned(*version);
                Ok(())
            })?;
            list(writer, nodes, |writer, node| writer.atom(node))
        }
    })
}

/// `{'$outrigger_unconfirmed', Router, [{Node, AtMost}]}`, of this node alone.
pub(crate) fn unconfirmed(router: &OwnedPid, node: &str, at_most: u64) -> Result<Vec<u8>, TermError> {
    term(|writer| {
        writer.tuple(3);
        writer.atom("$outrigger_unconfirmed")?;
        writer.pid(&router.borrow())?;
        list(writer, &[(node, at_most)], |writer, (node, at_most)| {
            writer.tuple(2);
            writer.atom(node)?;
            writer.unsigned(*at_most);
            Ok(())
        })
    })
}

fn term(write: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>) -> Result<Vec<u8>, TermError> {
    let mut bytes = Vec::new();
    write(&mut Writer::new(&mut bytes))?;
    Ok(bytes)
}

fn of_worker(tag: &str, version: i64, group: &str, worker: &OwnedPid) -> Result<Vec<u8>, TermError> {
    term(|writer| {
        request(writer, 4, tag, version, group)?;
        writer.pid(&worker.borrow())
    })
}

fn request(
    writer: &mut Writer<'_>,
    arity: u32,
    tag: &str,
    version: i64,
    group: &str,
) -> Result<(), TermError> {
    writer.tuple(arity);
    writer.atom(tag)?;
    writer.integer(version);
    writer.atom(group)
}

fn patterns(writer: &mut Writer<'_>, patterns: &[Pattern]) -> Result<(), TermError> {
    list(writer, patterns, |writer, pattern| {
        if matches!(pattern, Pattern::Prefix(_)) {
            writer.tuple(2);
            writer.atom("prefix")?;
        }
        writer.binary(pattern.text().as_bytes())
    })
}

/// A proper list. None here has as many elements as 32 bits can count.
fn list<T>(
    writer: &mut Writer<'_>,
    elements: &[T],
    mut write: impl FnMut(&mut Writer<'_>, &T) -> Result<(), TermError>,
) -> Result<(), TermError> {
    writer.list(elements.len() as u32);
    elements.iter().try_for_each(|element| write(writer, element))?;
    if !elements.is_empty() {
        writer.nil();
    }
    Ok(())
}
