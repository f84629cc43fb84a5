//! The elements of a list, a portion of the document at a time: for those who may not hold their thread for longer.

use super::cursor::{Cursor, Kind};
use super::fault::Fault;
use super::{Options, Sink};
use crate::Error;

/// How far a portion has come. Elements were told, so many of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portion {
    /// More follow, from this offset on.
    More(usize, usize),
    /// The list and the document are at their end.
    Done(usize),
    /// The document is no list, or has an element longer than a portion or more than the sink takes, or something wrong: it has to be
    /// read as a whole.
    Whole,
}

/// Tells `sink` elements of the list that `document` is, as values one behind the other, until some `bytes` are read or the sink is
/// [full](Sink::full): of what it was told then, only the elements before count.
///
/// The first portion is from `None` and checks that all of the document is UTF-8; the next ones are from where the one before has ended.
///
/// # Errors
///
/// Those of [`decode`](super::decode). Elements told before are right.
pub fn portion<S: Sink>(
    document: &[u8],
    from: Option<usize>,
    bytes: usize,
    options: &Options,
    sink: &mut S,
) -> Result<Portion, Error> {
    // No element is followed further than this.
    let end = from.unwrap_or(0).saturating_add(bytes.saturating_mul(2)).min(document.len());
    match elements(document, &document[..end], from, bytes, options, sink) {
        // What is wrong may be the end that is none; and to say where in a long list it is takes as long as reading all of it.
        Err(_) if bytes.saturating_mul(2) < document.len() => Ok(Portion::Whole),
        Err(fault) => Err(fault.into_error(document)),
        Ok(portion) => Ok(portion),
    }
}

fn elements<S: Sink>(
    document: &[u8],
    window: &[u8],
    from: Option<usize>,
    bytes: usize,
    options: &Options,
    sink: &mut S,
) -> Result<Portion, Fault> {
    let start = match from {
        Some(at) => at,
        None => {
            let mut cursor = Cursor::new(document, *options)?;
            if cursor.kind() != Kind::List {
                return Ok(Portion::Whole);
            }
            if !cursor.enter(0)? {
                cursor.end()?;
                return Ok(Portion::Done(0));
            }
            cursor.at()
        }
    };
    let mut cursor = Cursor::unchecked_at(window, start, *options);
    let mut count = 0;
    loop {
        let element = cursor.at();
        let told = cursor.value(1, sink);
        if sink.full() {
            return Ok(if count == 0 { Portion::Whole } else { Portion::More(count, element) });
        }
        told?;
        count += 1;
        if !cursor.next_element()? {
            let mut rest = Cursor::unchecked_at(document, cursor.at(), *options);
            rest.end()?;
            return Ok(Portion::Done(count));
        }
        if cursor.at() - start >= bytes {
            return Ok(Portion::More(count, cursor.at()));
        }
    }
}
