//! What nodes ask of the router: attach, detach, cover, and what they tell it: of their interest, and that they have left it. Terms of a peer, read with bounds.

use std::borrow::Cow;

use outrigger_node::NodeName;
use outrigger_term::{Pid, Reader, TermError};

use super::interest::{MOST, Told};
use super::ordered::Asked;

/// The newest version of the protocol that we speak.
pub(crate) const VERSION: u64 = 2;
/// The oldest one. Its workers take one message a frame.
const OLDEST: u64 = 1;
/// Names taken from one `cover`; the rest may come again.
const MAX_COVER: usize = 1_024;

/// A request in a version of the protocol that we speak.
#[derive(Debug)]
pub(super) enum Request<'a> {
    /// The worker of this group wants messages, and may take several in a frame.
    Attach { group: Cow<'a, str>, worker: Pid<'a>, batches: bool },
    /// The worker of this group goes.
    Detach { group: Cow<'a, str>, worker: Pid<'a> },
    /// The worker's node publishes through this router no more, as it was asked to.
    Left { group: Cow<'a, str>, worker: Pid<'a> },
    /// What the node behind this link wants.
    Interest(Told<'a>),
    /// The node behind this link wants to publish in order.
    Ordered(Asked<'a>),
    /// It publishes under this term no more.
    OrderedLeft(Asked<'a>),
    /// There are workers of this group on nodes that we do not reach. Names that are none are left out.
    Cover { group: Cow<'a, str>, nodes: Vec<NodeName> },
}

/// Why a request cannot be followed. The peer erred, or is of another version.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError<'a> {
    /// To be answered with `refused`.
    #[error("peer asks in version {version}, we speak versions {OLDEST} to {VERSION}")]
    Version {
        /// The peer's version.
        version: u64,
        /// Whom to answer.
        group: Cow<'a, str>,
    },
    /// Not a term of the protocol.
    #[error("peer sent a malformed request: {0}")]
    Term(#[from] TermError),
    /// More patterns than one message may have.
    #[error("peer tells of {length} topics in one message, at most {MOST} are read")]
    TooManyPatterns {
        /// How many it claims.
        length: u32,
    },
    /// A tuple that we do not know.
    #[error("peer sent an unknown request {tag:.32} of {arity} elements")]
    Unknown {
        /// Its first element.
        tag: Cow<'a, str>,
        /// Its size.
        arity: u32,
    },
}

/// Reads the payload of a message to `outrigger_pubsub`.
pub(super) fn parse(payload: &[u8]) -> Result<Request<'_>, RequestError<'_>> {
    let mut reader = Reader::new(payload);
    let arity = reader.tuple()?;
    let tag = reader.atom()?;
    let known = ["attach", "detach", "left", "cover", "interest", "ordered", "ordered_left"]
        .iter()
        .any(|name| tag.eq_str(name));
    if !known || arity < 3 {
        return Err(RequestError::Unknown { tag: tag.text(), arity });
    }
    let version = reader.unsigned()?;
    let group = reader.atom()?.text();
    if !(OLDEST..=VERSION).contains(&version) {
        return Err(RequestError::Version { version, group });
    }
    if tag.eq_str("interest") && arity == 6 {
        let told = Told::read(group, &mut reader)?;
        reader.expect_end()?;
        return Ok(Request::Interest(told));
    }
    if tag.text().starts_with("ordered") && arity == 5 {
        let asked = Asked { group, prefix: reader.binary()?, floor: reader.unsigned()? };
        reader.expect_end()?;
        return Ok(if tag.eq_str("ordered") { Request::Ordered(asked) } else { Request::OrderedLeft(asked) });
    }
    if arity != 4 || tag.eq_str("interest") || tag.text().starts_with("ordered") {
        return Err(RequestError::Unknown { tag: tag.text(), arity });
    }
    let request = if tag.eq_str("cover") {
        Request::Cover { group, nodes: names(&mut reader)? }
    } else if tag.eq_str("attach") {
        Request::Attach { group, worker: reader.pid()?, batches: version > OLDEST }
    } else if tag.eq_str("left") {
        Request::Left { group, worker: reader.pid()? }
    } else {
        Request::Detach { group, worker: reader.pid()? }
    };
    reader.expect_end()?;
    Ok(request)
}

fn names(reader: &mut Reader<'_>) -> Result<Vec<NodeName>, TermError> {
    let length = reader.list()?;
    let mut names = Vec::new();
    for _ in 0..length {
        let name = reader.atom()?;
        if names.len() < MAX_COVER {
            names.extend(name.text().parse::<NodeName>().ok());
        }
    }
    reader.list_end(length)?;
    Ok(names)
}

#[cfg(test)]
mod tests {
    use outrigger_term::Atom;

    use super::super::tests::{only_the_whole_is_a_request, term};
    use super::*;

    fn attach(version: i64) -> Vec<u8> {
        term(|writer| {
            writer.tuple(4);
            writer.atom("attach").unwrap();
            writer.integer(version);
            writer.atom("Elixir.App").unwrap();
            writer.pid(&Pid { node: Atom::Utf8("a@h"), id: 1, serial: 2, creation: 3 }).unwrap();
        })
    }

    #[test]
    fn attach_is_read() {
        for (version, batched) in [(1, false), (2, true)] {
            match parse(&attach(version)).unwrap() {
                Request::Attach { group, worker, batches } => {
                    assert_eq!((&*group, batches), ("Elixir.App", batched));
                    assert_eq!((worker.id, worker.serial, worker.creation), (1, 2, 3));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn left_is_read() {
        let bytes = term(|writer| {
            writer.tuple(4);
            writer.atom("left").unwrap();
            writer.integer(1);
            writer.atom("g").unwrap();
            writer.pid(&Pid { node: Atom::Utf8("a@h"), id: 1, serial: 2, creation: 3 }).unwrap();
        });
        assert!(
            matches!(parse(&bytes), Ok(Request::Left { group, worker }) if group == "g" && worker.id == 1)
        );
        only_the_whole_is_a_request(&bytes);
    }

    #[test]
    fn another_version_is_told_to_its_group() {
        for asked in [0_u8, 3] {
            match parse(&attach(i64::from(asked))) {
                Err(RequestError::Version { version, group }) => {
                    assert_eq!((version, &*group), (u64::from(asked), "Elixir.App"));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn cover_leaves_out_what_is_no_name() {
        let bytes = term(|writer| {
            writer.tuple(4);
            writer.atom("cover").unwrap();
            writer.integer(1);
            writer.atom("g").unwrap();
            writer.list(3);
            writer.atom("a@h").unwrap();
            writer.atom("nonsense").unwrap();
            writer.atom("b@h").unwrap();
            writer.nil();
        });
        match parse(&bytes).unwrap() {
            Request::Cover { nodes, .. } => {
                assert_eq!(nodes.iter().map(NodeName::as_str).collect::<Vec<_>>(), ["a@h", "b@h"]);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_cut_and_every_wrong_byte_is_an_error_or_another_request() {
        let bytes = attach(1);
        only_the_whole_is_a_request(&bytes);
        let trailing = [bytes, vec![106]].concat();
        assert!(matches!(parse(&trailing), Err(RequestError::Term(_))));
    }

    #[test]
    fn unknown_requests_are_named() {
        let bytes = term(|writer| {
            writer.tuple(1);
            writer.atom("hello").unwrap();
        });
        let error = parse(&bytes).unwrap_err();
        assert!(error.to_string().contains("hello"), "{error}");
    }
}
