//! What a node says that it wants: the terms of `docs/design/interest.md`, read with bounds and without copies.

use std::borrow::Cow;

use outrigger_fanout::interest::{Digest, Pattern};
use outrigger_term::{Pid, Reader, tag};

use super::super::request::RequestError;

/// Patterns that one message may have.
pub(in super::super) const MOST: u32 = 4_096;

/// A message of a teller.
#[derive(Debug)]
pub(in super::super) struct Told<'a> {
    pub(in super::super) group: Cow<'a, str>,
    pub(in super::super) teller: Pid<'a>,
    pub(in super::super) number: u64,
    pub(super) what: What<'a>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What<'a> {
    Reset { since: u64 },
    Change { since: u64, wants: Vec<Pattern<'a>>, unwants: Vec<Pattern<'a>> },
    Listed(Digest),
}

impl<'a> Told<'a> {
    /// Reads what follows the group in `{interest, Version, Group, Teller, Number, What}`.
    pub(in super::super) fn read(
        group: Cow<'a, str>,
        reader: &mut Reader<'a>,
    ) -> Result<Self, RequestError<'a>> {
        let (teller, number) = (reader.pid()?, reader.unsigned()?);
        let arity = reader.tuple()?;
        let tag = reader.atom()?;
        let what = match arity {
            2 if tag.eq_str("reset") => What::Reset { since: reader.unsigned()? },
            4 if tag.eq_str("change") => What::Change {
                since: reader.unsigned()?,
                wants: patterns(reader)?,
                unwants: patterns(reader)?,
            },
            3 if tag.eq_str("listed") => {
                What::Listed(Digest { count: reader.unsigned()?, sum: reader.unsigned()? })
            }
            _ => return Err(RequestError::Unknown { tag: tag.text(), arity }),
        };
        Ok(Self { group, teller, number, what })
    }
}

fn patterns<'a>(reader: &mut Reader<'a>) -> Result<Vec<Pattern<'a>>, RequestError<'a>> {
    let length = reader.list()?;
    if length > MOST {
        return Err(RequestError::TooManyPatterns { length });
    }
    let mut patterns = Vec::with_capacity(length as usize);
    for _ in 0..length {
        patterns.push(pattern(reader)?);
    }
    reader.list_end(length)?;
    Ok(patterns)
}

fn pattern<'a>(reader: &mut Reader<'a>) -> Result<Pattern<'a>, RequestError<'a>> {
    if reader.tag()? == tag::BINARY {
        return Ok(Pattern::Topic(reader.binary()?));
    }
    let (arity, tag) = (reader.tuple()?, reader.atom()?);
    if arity != 2 || !tag.eq_str("prefix") {
        return Err(RequestError::Unknown { tag: tag.text(), arity });
    }
    Ok(Pattern::Prefix(reader.binary()?))
}

#[cfg(test)]
mod tests {
    use outrigger_term::{Atom, Writer};

    use super::super::super::request::{Request, parse};
    use super::super::super::tests::{only_the_whole_is_a_request, term};
    use super::*;

    fn told(what: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        term(|writer| {
            writer.tuple(6);
            writer.atom("interest").unwrap();
            writer.integer(1);
            writer.atom("g").unwrap();
            writer.pid(&Pid { node: Atom::Utf8("a@h"), id: 1, serial: 2, creation: 3 }).unwrap();
            writer.integer(7);
            what(writer);
        })
    }

    fn change(writer: &mut Writer<'_>, wants: u32) {
        writer.tuple(4);
        writer.atom("change").unwrap();
        writer.integer(5);
        writer.list(wants);
        for _ in 0..wants {
            writer.binary(b"t").unwrap();
        }
        writer.nil();
        writer.list(1);
        writer.tuple(2);
        writer.atom("prefix").unwrap();
        writer.binary(b"orders:").unwrap();
        writer.nil();
    }

    fn read(bytes: &[u8]) -> Result<What<'_>, RequestError<'_>> {
        match parse(bytes)? {
            Request::Interest(told) => {
                assert_eq!((&*told.group, told.number, told.teller.id), ("g", 7, 1));
                Ok(told.what)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_told_is_read() {
        let bytes = told(|writer| change(writer, 2));
        let (wants, unwants) = (vec![Pattern::Topic(b"t"); 2], vec![Pattern::Prefix(b"orders:")]);
        assert_eq!(read(&bytes).unwrap(), What::Change { since: 5, wants, unwants });
        let bytes = told(|writer| {
            writer.tuple(3);
            writer.atom("listed").unwrap();
            writer.integer(2);
            writer.unsigned(u64::MAX);
        });
        assert_eq!(read(&bytes).unwrap(), What::Listed(Digest { count: 2, sum: u64::MAX }));
        let bytes = told(|writer| {
            writer.tuple(2);
            writer.atom("reset").unwrap();
            writer.integer(9);
        });
        assert_eq!(read(&bytes).unwrap(), What::Reset { since: 9 });
    }

    #[test]
    fn what_is_too_much_or_unknown_is_said_to_be() {
        let bytes = told(|writer| change(writer, MOST + 1));
        assert!(matches!(read(&bytes), Err(RequestError::TooManyPatterns { .. })));
        let bytes = told(|writer| writer.atom("all").unwrap());
        assert!(matches!(read(&bytes), Err(RequestError::Term(_))));
        let bytes = told(|writer| {
            writer.tuple(1);
            writer.atom("all").unwrap();
        });
        assert!(read(&bytes).unwrap_err().to_string().contains("all"));
    }

    #[test]
    fn every_cut_and_every_wrong_byte_is_an_error_or_another_message() {
        let bytes = told(|writer| change(writer, 2));
        only_the_whole_is_a_request(&bytes);
    }
}
