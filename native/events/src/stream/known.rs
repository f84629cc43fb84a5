//! What was compiled of texts, kept while there is room.

use std::sync::Arc;

use super::text::BYTES;
use super::{Schema, Schemas, Stream};
use crate::Error;

/// Bytes of the longest frame in front of a schema's text.
const FRAME: usize = 17;

/// Streams and schemas that are kept, by their texts. One per link, or per thread.
///
/// ```
/// use outrigger_events::stream::{Event, Known, Work};
///
/// let stream = br#"{"name": "S", "format": "avro", "dead_letter": "dead", "views": [{"name": "all", "topic": ["all"]}]}"#;
/// let schema = [&[0, 0, 0, 0, 7][..], br#"{"for": "avro", "type": "avro", "text": "\"long\""}"#].concat();
/// let (stream, schemas) = Known::default().open(&[stream, &schema])?;
/// let event = Event { key: None, value: Some(&[0, 0, 0, 0, 7, 84]) };
/// let decoded = stream.take(&event, &schemas, &mut Work::default(), |topic, _message| assert_eq!(topic, b"all"));
/// assert!(decoded);
/// # Ok::<(), outrigger_events::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Known {
    streams: Shelf<Stream>,
    schemas: Shelf<Schema>,
}

impl Known {
    /// Streams that are kept, and schemas.
    pub const MOST: usize = 256;
    /// Bytes of their texts, each.
    pub const MOST_BYTES: usize = 4 << 20;

    /// The stream of the first text, and the schemas of the others.
    ///
    /// # Errors
    ///
    /// [`Error::Plan`] for a text that is not understood.
    pub fn open(&mut self, texts: &[&[u8]]) -> Result<(Arc<Stream>, Schemas), Error> {
        let Some((stream, schemas)) = texts.split_first() else {
            return Err(Error::Plan { what: "the stream".to_owned(), problem: "it has no text".to_owned() });
        };
        let stream = self.streams.find(stream, Stream::parse)?;
        let schemas = schemas.iter().map(|text| self.schemas.find(text, Schema::parse));
        Ok((stream, schemas.collect::<Result<_, _>>()?))
    }
}

/// The newest in use first.
///
/// Texts are compared and not hashed: those of other lengths, and schemas of other frames, differ at once, so the one that is wanted is the
/// only one that is read to its end. Whoever makes texts that are alike makes reading slow up to [`Known::MOST_BYTES`].
#[derive(Debug)]
struct Shelf<T> {
    kept: Vec<Kept<T>>,
    bytes: usize,
}

#[derive(Debug)]
struct Kept<T> {
    text: Box<[u8]>,
    made: Result<Arc<T>, Error>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), bytes: 0 }
    }
}

impl<T> Shelf<T> {
    fn find(&mut self, text: &[u8], make: impl FnOnce(&[u8]) -> Result<T, Error>) -> Result<Arc<T>, Error> {
        if let Some(place) = self.kept.iter().position(|kept| *kept.text == *text) {
            self.kept[..=place].rotate_right(1);
            return self.kept[0].made.clone();
        }
        let made = make(text).map(Arc::new);
        // What is longer is refused before it is read.
        if text.len() <= BYTES + FRAME {
            self.keep(Kept { text: text.into(), made: made.clone() });
        }
        made
    }

    fn keep(&mut self, kept: Kept<T>) {
        self.bytes += kept.text.len();
        self.kept.insert(0, kept);
        while self.kept.len() > Known::MOST || self.bytes > Known::MOST_BYTES {
            self.bytes -= self.kept.pop().map_or(0, |gone| gone.text.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(shelf: &mut Shelf<usize>, text: &[u8]) -> bool {
        let mut made = false;
        let length = shelf.find(text, |text| {
            made = true;
            Ok(text.len())
        });
        assert_eq!(length.as_deref(), Ok(&text.len()));
        made
    }

    #[test]
    fn what_is_in_use_stays() {
        let mut shelf = Shelf::default();
        for number in 0..2 * Known::MOST {
            assert!(made(&mut shelf, format!("text {number}").as_bytes()));
            assert_eq!(made(&mut shelf, b"in use"), number == 0);
        }
        assert_eq!(shelf.kept.len(), Known::MOST);
        assert!(made(&mut shelf, b"text 0"));
    }

    #[test]
    fn bytes_are_bounded_and_counted() {
        let mut shelf = Shelf::default();
        for number in 0..=u8::MAX {
            made(&mut shelf, &vec![number; 100 << 10]);
            made(&mut shelf, &vec![number; 2 * BYTES]);
            assert!(shelf.bytes <= Known::MOST_BYTES);
        }
        assert_eq!(shelf.kept.iter().map(|kept| kept.text.len()).sum::<usize>(), shelf.bytes);
        assert_eq!(shelf.kept.len(), Known::MOST_BYTES / (100 << 10));
    }

    #[test]
    fn a_text_that_is_none_is_not_read_again() {
        let mut shelf: Shelf<usize> = Shelf::default();
        let wrong = Error::Schema { path: "$".to_owned(), problem: "none".to_owned() };
        assert_eq!(shelf.find(b"x", |_| Err(wrong.clone())), Err(wrong.clone()));
        assert_eq!(shelf.find(b"x", |_| Ok(1)), Err(wrong));
    }
}
