//! What a list or a map is printed as.

use super::text;
use crate::pieces::{Pieces, Step};
use crate::{Reader, TermError};

/// The first `limit` characters of the list that `reader` stands before, and whether it has more elements. `None` if one
/// of these characters is not printable. What stands behind them is not looked at.
pub(super) fn charlist(reader: &Reader<'_>, limit: usize) -> Result<Option<(Vec<u8>, bool)>, TermError> {
    let (mut reader, mut pieces, mut text) = (reader.clone(), Pieces::default(), Vec::new());
    loop {
        let step = pieces.next(&mut reader)?;
        if step == Step::End {
            return Ok(Some((text, false)));
        }
        if text.len() >= limit {
            return Ok(Some((text, true)));
        }
        let char = match step {
            Step::Byte(byte) => byte.into(),
            Step::Element => reader.integer().unwrap_or(-1),
            Step::Tail | Step::End => -1,
        };
        match u8::try_from(char).ok().filter(|&char| text::is_charlist_char(char)) {
            Some(char) => text.push(char),
            None => return Ok(None),
        }
    }
}

/// Whether the list that `reader` stands before is a keyword list.
pub(super) fn is_keyword(reader: &Reader<'_>) -> Result<bool, TermError> {
    let (mut reader, mut pieces) = (reader.clone(), Pieces::default());
    loop {
        match pieces.next(&mut reader)? {
            Step::Element => {
                if reader.tuple() != Ok(2) || !is_key(&mut reader) {
                    return Ok(false);
                }
                reader.skip()?;
            }
            Step::Byte(_) | Step::Tail => return Ok(false),
            Step::End => return Ok(true),
        }
    }
}

/// Whether all keys of the `pairs` that `reader` stands before can be written as `key:`.
pub(super) fn has_keyword_keys(reader: &Reader<'_>, pairs: u32) -> Result<bool, TermError> {
    let mut reader = reader.clone();
    for _ in 0..pairs {
        if !is_key(&mut reader) {
            return Ok(false);
        }
        reader.skip()?;
    }
    Ok(true)
}

fn is_key(reader: &mut Reader<'_>) -> bool {
    reader.atom().is_ok_and(|atom| !atom.bytes().starts_with(b"Elixir."))
}
