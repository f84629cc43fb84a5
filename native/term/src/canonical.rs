//! One form per term: terms that are equal become bytes that are equal.
//!
//! A BEAM writes the pairs of a map in an order that differs from node to node, and others may write numbers and atoms
//! longer than needed. Who uses terms as keys (groups of `pg`, names) brings them into this form first:
//!
//! - the pairs of a map in the order of their keys' bytes,
//! - atoms in UTF-8, numbers, bit strings, pids, ports, references and exported functions in today's
//!   shortest form,
//! - lists of nothing but bytes as `STRING_EXT`, as a BEAM does.
//!
//! ```
//! use outrigger_term::canonical;
//!
//! // #{1 => 2, 0 => 3} in both orders.
//! let one = [116, 0, 0, 0, 2, 97, 1, 97, 2, 97, 0, 97, 3];
//! let two = [116, 0, 0, 0, 2, 97, 0, 97, 3, 97, 1, 97, 2];
//! assert_eq!(canonical(&one)?, canonical(&two)?);
//! # Ok::<(), outrigger_term::TermError>(())
//! ```
//!
//! Limits: what a BEAM always writes alike is taken as it stands: closures, records, improper lists. `1` and `1.0` differ, as with `=:=`. Memory grows with the input, up to about 30 bytes for each of it in a
//! deeply nested term: bound the input first.

use std::ops::Range;

use crate::{Reader, TermError, Writer, tag};

/// The bytes of exactly one term, without version byte, in their one form.
///
/// # Errors
/// The bytes are not exactly one term.
pub fn canonical(term: &[u8]) -> Result<Vec<u8>, TermError> {
    let mut reader = Reader::new(term);
    reader.clone().skip()?;
    let mut out = Vec::with_capacity(term.len());
    let mut open = vec![Open { left: 1, start: 0, kind: Kind::Plain }];
    while let Some(inner) = open.last_mut() {
        if inner.left == 0 {
            if let Some(closed) = open.pop() {
                closed.close(&mut out);
            }
            continue;
        }
        inner.left -= 1;
        if let Kind::Map { parts } = &mut inner.kind {
            parts.push(out.len());
        }
        if let Some(next) = one(&mut reader, &mut out)? {
            open.push(next);
        }
    }
    reader.expect_end()?;
    Ok(out)
}

/// A container whose header is written and whose parts are to come.
struct Open {
    left: u64,
    /// Where its header begins in the output.
    start: usize,
    kind: Kind,
}

enum Kind {
    Plain,
    List {
        length: u32,
    },
    /// Where each key and value begins in the output.
    Map {
        parts: Vec<usize>,
    },
}

/// Rewrites one term, of a container the header only.
fn one(reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<Option<Open>, TermError> {
    let start = out.len();
    let mut writer = Writer::new(out);
    // The header of a list without elements says nothing: the term is its tail.
    while reader.clone().list_header() == Ok(0) {
        reader.list_header()?;
    }
    let (left, kind) = match reader.tag()? {
        tag::SMALL_ATOM_UTF8 | tag::ATOM_UTF8 | tag::SMALL_ATOM | tag::ATOM => {
            return writer.atom_of(&reader.atom()?).map(|()| None);
        }
        tag::NEW_PID | tag::PID => return writer.pid(&reader.pid()?).map(|()| None),
        tag::NEWER_REFERENCE | tag::NEW_REFERENCE | tag::REFERENCE => {
            return writer.reference(&reader.reference()?).map(|()| None);
        }
        tag::STRING => return writer.charlist(reader.string()?).map(|()| None),
        tag::SMALL_INTEGER | tag::INTEGER | tag::SMALL_BIG | tag::LARGE_BIG => {
            return writer.number(&reader.number()?).map(|()| None);
        }
        tag::NEW_FLOAT | tag::FLOAT => return writer.float(reader.float()?).map(|()| None),
        tag::BINARY | tag::BIT_BINARY => return writer.bit_string(&reader.bit_string()?).map(|()| None),
        tag::V4_PORT | tag::NEW_PORT | tag::PORT => return writer.port(&reader.port()?).map(|()| None),
        tag::EXPORT => {
            return writer.export(&reader.export()?).map(|()| None);
        }
        tag::SMALL_TUPLE | tag::LARGE_TUPLE => {
            let arity = reader.tuple()?;
            writer.tuple(arity);
            (arity.into(), Kind::Plain)
        }
        tag::LIST => {
            let length = reader.list_header()?;
            writer.list(length);
            (u64::from(length) + 1, Kind::List { length })
        }
        tag::MAP => {
            let pairs = reader.map()?;
            writer.map(pairs);
            (u64::from(pairs) * 2, Kind::Map { parts: Vec::new() })
        }
        _ => {
            writer.raw(reader.skip()?);
            return Ok(None);
        }
    };
    Ok(Some(Open { left, start, kind }))
}

impl Open {
    fn close(self, out: &mut Vec<u8>) {
        match self.kind {
            Kind::Plain => {}
            Kind::List { length } => shorten(out, self.start, length),
            Kind::Map { mut parts } => {
                parts.push(out.len());
                sort(out, &parts);
            }
        }
    }
}

/// Writes a list of nothing but bytes in its short form.
pub(crate) fn shorten(out: &mut Vec<u8>, start: usize, length: u32) {
    const HEADER: usize = 5;
    let Some(elements) = out.get(start + HEADER..) else { return };
    let Some((&[tag::NIL], elements)) = elements.split_last_chunk::<1>().map(|(rest, last)| (last, rest))
    else {
        return;
    };
    let (pairs, odd) = elements.as_chunks::<2>();
    let bytes_only = pairs.len() == length as usize
        && odd.is_empty()
        && u16::try_from(length).is_ok()
        && pairs.iter().all(|[tag, _]| *tag == tag::SMALL_INTEGER);
    if bytes_only {
        let bytes: Vec<u8> = pairs.iter().map(|[_, byte]| *byte).collect();
        out.truncate(start);
        // At most 65,535 bytes, so it always has a short form.
        let _fits = Writer::new(out).charlist(&bytes);
    }
}

/// Sorts the pairs of a map, which begin and end at `parts`, by their keys.
fn sort(out: &mut Vec<u8>, parts: &[usize]) {
    let Some(&first) = parts.first() else { return };
    let pair = |at: &[usize]| -> Option<(Range<usize>, Range<usize>)> {
        match at {
            [key, value, end] => Some((*key..*value, *key..*end)),
            _ => None,
        }
    };
    let mut pairs: Vec<_> = parts.windows(3).step_by(2).filter_map(pair).collect();
    pairs.sort_by(|(one, _), (two, _)| out.get(one.clone()).cmp(&out.get(two.clone())));
    let sorted: Vec<u8> =
        pairs.into_iter().flat_map(|(_, pair)| out.get(pair).unwrap_or_default()).copied().collect();
    out.truncate(first);
    out.extend_from_slice(&sorted);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &[u8], two: &[u8]) {
        let (one, two) = (canonical(one).unwrap(), canonical(two).unwrap());
        assert_eq!(one, two);
        assert_eq!(canonical(&one).unwrap(), one, "the form of the form is the form");
    }

    #[test]
    fn longer_encodings_are_shortened() {
        same(&[100, 0, 1, b'a'], &[119, 1, b'a']);
        same(&[115, 1, 0xe9], &[119, 2, 0xc3, 0xa9]);
        same(&[98, 0, 0, 0, 7], &[97, 7]);
        same(&[110, 2, 0, 7, 0], &[97, 7]);
        same(&[105, 0, 0, 0, 1, 97, 1], &[104, 1, 97, 1]);
        same(&[108, 0, 0, 0, 2, 97, 1, 98, 0, 0, 0, 2, 106], &[107, 0, 2, 1, 2]);
        same(&[107, 0, 0], &[106]);
        same(&[108, 0, 0, 0, 0, 106], &[106]);
        same(&[108, 0, 0, 0, 0, 108, 0, 0, 0, 0, 97, 7], &[97, 7]);
        same(&[77, 0, 0, 0, 1, 8, b'a'], &[109, 0, 0, 0, 1, b'a']);
        same(&[77, 0, 0, 0, 1, 3, 0xbf], &[77, 0, 0, 0, 1, 3, 0xa0]);
        same(
            &[89, 119, 1, b'a', 0, 0, 0, 7, 0, 0, 0, 1],
            &[120, 119, 1, b'a', 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1],
        );
        same(
            &[103, 119, 1, b'a', 0, 0, 0, 1, 0, 0, 0, 2, 3],
            &[88, 119, 1, b'a', 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3],
        );
        // 2^64 - 1 and 2^64.
        same(
            &[110, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0],
            &[110, 8, 0, 255, 255, 255, 255, 255, 255, 255, 255],
        );
        let wide = [110, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(canonical(&wide).unwrap(), wide);
    }

    #[test]
    fn lists_with_anything_but_bytes_stay_lists() {
        for term in [
            &[108, 0, 0, 0, 1, 97, 1, 97, 2][..],
            &[108, 0, 0, 0, 1, 119, 1, b'a', 106],
            &[108, 0, 0, 0, 1, 106, 106],
        ] {
            assert_eq!(canonical(term).unwrap(), term, "{term:?}");
        }
    }

    #[test]
    fn maps_inside_of_maps_have_one_order() {
        // #{#{1 => a, 2 => b} => [], {} => #{3 => 3, 2 => 2}} in two orders on both levels.
        let (a, b) = ([119, 1, b'a'], [119, 1, b'b']);
        let inner = |swap: bool| {
            let (one, two) = ([&[97, 1][..], &a].concat(), [&[97, 2][..], &b].concat());
            let pairs = if swap { [two, one] } else { [one, two] };
            [&[116, 0, 0, 0, 2][..], &pairs.concat()].concat()
        };
        let map = |swap: bool, deep: bool| {
            let (one, two) = ([&inner(deep)[..], &[106]].concat(), [&[104, 0][..], &inner(!deep)].concat());
            let pairs = if swap { [two, one] } else { [one, two] };
            [&[116, 0, 0, 0, 2][..], &pairs.concat()].concat()
        };
        same(&map(false, false), &map(true, true));
        same(&map(false, true), &map(true, false));
    }

    #[test]
    fn depth_costs_no_stack_and_garbage_is_an_error() {
        let deep = [[104, 1].repeat(100_000), vec![106]].concat();
        assert_eq!(canonical(&deep).unwrap(), deep);
        for garbage in [&[][..], &[104, 2, 97, 1], &[97, 1, 97], &[116, 255, 255, 255, 255], &[82, 0]] {
            assert!(canonical(garbage).is_err(), "{garbage:?}");
        }
    }
}
