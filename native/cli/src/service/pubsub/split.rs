//! What a publisher sends as one message and means as several: `{'$outrigger_batch', [Message, ...]}`.
//!
//! It is taken apart here, so that each element is a message like any other: wants, policies and figures see no difference, and
//! what goes out is gathered anew. The elements are where they are in the payload; nothing is decoded or copied.
//!
//! Hostile input: each byte is read once, nothing nests, and at most [`MOST`] places are noted. What is no proper list of at most so
//! many terms is dropped as a whole; an element that is no message on a topic (a marker, another batch) is left out.

use std::ops::Range;

use outrigger_term::{Reader, TermError, tag};

/// Messages in what a publisher sends.
pub(super) const MOST: u32 = 128;

/// Why nothing of it is forwarded. The peer erred.
#[derive(Debug, thiserror::Error)]
pub(super) enum SplitError {
    /// Not a term of the protocol.
    #[error("peer sent a malformed batch: {0}")]
    Term(#[from] TermError),
    /// More than one may have.
    #[error("peer sent a batch of {length} messages, at most {MOST} are read")]
    TooMany {
        /// How many it claims.
        length: u32,
    },
}

/// Puts the places of the messages of a batch into `places`. Returns how many of its elements are none, and `None` if the payload is no batch.
pub(super) fn messages(payload: &[u8], places: &mut Vec<Range<usize>>) -> Result<Option<u64>, SplitError> {
    let Some(mut reader) = open(payload) else { return Ok(None) };
    places.clear();
    let length = reader.list()?;
    if length > MOST {
        return Err(SplitError::TooMany { length });
    }
    let mut left_out = 0;
    for _ in 0..length {
        let start = payload.len() - reader.remaining().len();
        let element = reader.skip()?;
        if is_message(element) {
            places.push(start..start + element.len());
        } else {
            left_out += 1;
        }
    }
    reader.list_end(length)?;
    reader.expect_end()?;
    Ok(Some(left_out))
}

/// Reads as far as the list. Other payloads are found out by their first two bytes: nothing else that is sent often is a tuple of two.
fn open(payload: &[u8]) -> Option<Reader<'_>> {
    if !payload.starts_with(&[tag::SMALL_TUPLE, 2]) {
        return None;
    }
    let mut reader = Reader::new(payload);
    reader.tuple().ok()?;
    reader.atom().is_ok_and(|tag| tag.eq_str("$outrigger_batch")).then_some(reader)
}

fn is_message(element: &[u8]) -> bool {
    let mut reader = Reader::new(element);
    reader.tuple().is_ok_and(|arity| arity == 6) && reader.atom().is_ok_and(|tag| tag.eq_str("$outrigger"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{as_one, term};
    use super::*;

    fn message(number: i64) -> Vec<u8> {
        term(|writer| {
            writer.tuple(6);
            writer.atom("$outrigger").unwrap();
            writer.integer(number);
            (0..4).for_each(|_| writer.nil());
        })
    }

    /// What is found, and how many elements are left out.
    type Found = (Vec<Vec<u8>>, u64);

    fn split(payload: &[u8]) -> Result<Option<Found>, SplitError> {
        let mut places = vec![7..9, 8..8];
        let left_out = messages(payload, &mut places)?;
        let found = || places.iter().map(|place| payload[place.clone()].to_vec()).collect();
        Ok(left_out.map(|left_out| (found(), left_out)))
    }

    #[test]
    fn the_messages_are_found_where_they_are() {
        for count in [1, 2, i64::from(MOST)] {
            let all: Vec<_> = (0..count).map(message).collect();
            assert_eq!(split(&as_one(&all)).unwrap(), Some((all, 0)), "{count}");
        }
        let empty = term(|writer| {
            writer.tuple(2);
            writer.atom("$outrigger_batch").unwrap();
            writer.nil();
        });
        assert_eq!(split(&empty).unwrap(), Some((Vec::new(), 0)));
    }

    #[test]
    fn what_is_no_batch_is_left_alone() {
        let pair = term(|writer| {
            writer.tuple(2);
            writer.atom("$outrigger_bat").unwrap();
            writer.nil();
        });
        for other in [message(1), pair, vec![104, 2], vec![104, 1, 106], vec![97, 1], Vec::new()] {
            assert_eq!(split(&other).unwrap(), None, "{other:?}");
        }
    }

    #[test]
    fn what_is_no_message_is_left_out() {
        let marker = term(|writer| {
            writer.tuple(4);
            writer.atom("$outrigger_end").unwrap();
            (0..3).for_each(|_| writer.nil());
        });
        let nested = as_one(&[message(1)]);
        let all = [message(1), vec![106], marker, message(2), nested, vec![104, 0], message(3)];
        let expected = (vec![message(1), message(2), message(3)], 4);
        assert_eq!(split(&as_one(&all)).unwrap(), Some(expected));
    }

    #[test]
    fn too_many_improper_or_more_than_a_batch_is_nothing() {
        let many = vec![message(0); MOST as usize + 1];
        assert!(matches!(split(&as_one(&many)), Err(SplitError::TooMany { length: 129 })));
        let mut improper = as_one(&[message(1)]);
        *improper.last_mut().unwrap() = 97;
        improper.push(1);
        assert!(matches!(split(&improper), Err(SplitError::Term(TermError::ImproperList))));
        let trailing = [as_one(&[message(1)]), vec![106]].concat();
        assert!(matches!(split(&trailing), Err(SplitError::Term(TermError::TrailingBytes { .. }))));
        // A count that no memory is taken for.
        let mut claim = as_one(&[message(1)]);
        let at = claim.iter().position(|byte| *byte == tag::LIST).unwrap();
        claim[at + 1..][..4].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(matches!(split(&claim), Err(SplitError::Term(TermError::ClaimTooLarge { .. }))));
        let no_list = [&claim[..at], &[97, 1]].concat();
        assert!(split(&no_list).is_err());
    }

    #[test]
    fn no_part_of_a_batch_is_one_and_no_wrong_byte_does_harm() {
        let whole = as_one(&[message(1), message(2), message(300)]);
        for end in 0..whole.len() {
            assert!(!matches!(split(&whole[..end]), Ok(Some(_))), "cut at {end}");
        }
        for (at, value) in (0..whole.len()).flat_map(|at| (0..=255).map(move |value| (at, value))) {
            let mut wrong = whole.clone();
            wrong[at] = value;
            if let Ok(Some((found, left_out))) = split(&wrong) {
                assert!(found.len() as u64 + left_out <= 3);
                assert!(found.iter().all(|one| is_message(one) && Reader::new(one).skip().is_ok()));
            }
        }
    }
}
