//! Lists taken apart into their elements.

use bytes::Bytes;
use outrigger_term::{Reader, TermError, Writer, tag};

/// The arguments that a function of a BEAM can have.
pub(super) const MAX_ARGS: usize = 255;

/// The elements of a proper list, each a bare term. A list of bytes may come in its short form. No more than `max`: an element
/// costs more here than the one byte that it may have on the wire.
pub(super) fn elements(list: &Bytes, max: usize) -> Result<Vec<Bytes>, TermError> {
    let mut reader = Reader::new(list);
    if reader.tag()? == tag::STRING {
        let bytes = reader.string()?;
        reader.expect_end()?;
        within(bytes.len(), max)?;
        return Ok(bytes.iter().map(|&byte| Bytes::copy_from_slice(&[tag::SMALL_INTEGER, byte])).collect());
    }
    let length = reader.list()?;
    within(length as usize, max)?;
    let mut elements = Vec::with_capacity(length as usize);
    for _ in 0..length {
        elements.push(list.slice_ref(reader.skip()?));
    }
    reader.list_end(length)?;
    reader.expect_end()?;
    Ok(elements)
}

fn within(len: usize, max: usize) -> Result<(), TermError> {
    if len > max {
        Err(TermError::TooManyTerms { limit: u32::try_from(max).unwrap_or(u32::MAX) })
    } else {
        Ok(())
    }
}

/// Writes a proper list of bare terms.
pub(super) fn write<'a>(
    writer: &mut Writer<'_>,
    terms: impl ExactSizeIterator<Item = &'a [u8]>,
) -> Result<(), TermError> {
    let length = terms.len();
    writer.list(u32::try_from(length).map_err(|_| TermError::CallerTooLong { len: length })?);
    terms.for_each(|term| writer.raw(term));
    if length > 0 {
        writer.nil();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_list_have_the_same_elements() {
        let long = Bytes::from_static(&[108, 0, 0, 0, 2, 97, 1, 97, 2, 106]);
        let short = Bytes::from_static(&[107, 0, 2, 1, 2]);
        assert_eq!(elements(&long, 2).unwrap(), elements(&short, 2).unwrap());
        assert_eq!(elements(&Bytes::from_static(&[106]), 2).unwrap().len(), 0);
        assert!(elements(&Bytes::from_static(&[108, 0, 0, 0, 1, 97, 1, 97, 2]), 2).is_err(), "improper");
        assert!(elements(&Bytes::from_static(&[104, 0]), 2).is_err());
        assert!(elements(&long, 1).is_err() && elements(&short, 1).is_err(), "too many");
        let mut out = Vec::new();
        let terms = elements(&short, 2).unwrap();
        write(&mut Writer::new(&mut out), terms.iter().map(|term| &**term)).unwrap();
        assert_eq!(out, long);
    }
}
