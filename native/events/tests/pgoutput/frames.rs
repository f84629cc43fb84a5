//! What holds for every stream: a decoder is a value, and a frame that is refused leaves it as it was.

use outrigger_events::pgoutput::{Decoder, Options};
use outrigger_events::{Decimal, Duplicate, Error, Integer, Limits, Name, Sink, Temporal, Text};

use crate::corpus::{cases, frames, options};
use crate::support::decode;

/// All that the corpus has, one stream after the other.
fn streams() -> Vec<(Options, Vec<Vec<u8>>)> {
    cases().iter().map(|case| (options(&case["options"]), frames(case))).collect()
}

#[test]
fn a_clone_goes_on_by_itself() {
    for (options, frames) in streams() {
        let mut decoder = Decoder::new(options);
        for (place, frame) in frames.iter().enumerate() {
            let mut clone = decoder.clone();
            // The clone runs ahead to the end of the stream, and the first one knows nothing of it.
            let ahead: Vec<_> = frames[place..].iter().map(|frame| decode(&mut clone, frame)).collect();
            let mut again = decoder.clone();
            let then: Vec<_> = frames[place..].iter().map(|frame| decode(&mut again, frame)).collect();
            assert_eq!(ahead, then);
            assert_eq!(decode(&mut decoder, frame), ahead[0]);
        }
    }
}

#[test]
fn a_frame_that_is_refused_changes_nothing_that_follows() {
    // None of these has a place in a transaction, or is of a table.
    let wrong: [&[u8]; 5] = [b"", b"Z", b"B\0", b"Y\0\0", b"C\x01"];
    for (options, frames) in streams() {
        let mut undisturbed = Decoder::new(options.clone());
        let mut disturbed = Decoder::new(options);
        for frame in frames {
            for frame in wrong {
                assert!(decode(&mut disturbed, frame).is_err());
            }
            assert_eq!(decode(&mut disturbed, &frame), decode(&mut undisturbed, &frame));
        }
    }
}

/// Holds all that is told with a place against the frame, and every name that has a number against the first one of it.
#[derive(Default)]
struct Watch {
    frame: Vec<u8>,
    names: Vec<Option<String>>,
    placed: usize,
}

impl Watch {
    fn see(&mut self, number: usize, text: &[u8]) {
        let text = String::from_utf8(text.to_vec()).unwrap();
        self.names.resize(self.names.len().max(number + 1), None);
        assert_eq!(self.names[number].get_or_insert(text.clone()), &text);
    }
}

impl Sink for Watch {
    fn null(&mut self) {}
    fn boolean(&mut self, _: bool) {}
    fn integer(&mut self, _: i64) {}
    fn big(&mut self, _: &Integer) {}
    fn float(&mut self, _: f64) {}
    fn decimal(&mut self, _: &Decimal) {}
    fn text(&mut self, value: Text<'_>) {
        if let Some(at) = value.at {
            assert_eq!(self.frame.get(at..at + value.bytes.len()), Some(value.bytes));
            self.placed += 1;
        }
    }
    fn bytes(&mut self, value: Text<'_>) {
        self.text(value);
    }
    fn temporal(&mut self, _: Temporal) {}
    fn name(&mut self, _: Name) {}
    fn end_list(&mut self, _: usize) {}
    fn key(&mut self, key: Text<'_>) {
        self.text(key);
    }
    fn field(&mut self, _: Name) {}
    fn end_map(&mut self, _: usize) -> Result<(), Duplicate> {
        Ok(())
    }
    fn record_key(&mut self, name: usize, key: Text<'_>) {
        self.see(name, key.bytes);
    }
    fn symbol(&mut self, name: usize, text: Text<'_>) {
        self.see(name, text.bytes);
    }
}

#[test]
fn places_are_those_of_the_frame_and_names_keep_their_numbers() {
    let (mut placed, mut named) = (0, 0);
    for (options, frames) in streams() {
        let mut decoder = Decoder::new(options);
        let mut watch = Watch::default();
        for frame in frames {
            watch.frame.clone_from(&frame);
            let _ = decoder.decode(&frame, &mut watch);
            assert!(watch.names.len() <= decoder.names());
        }
        placed += watch.placed;
        named += watch.names.len();
    }
    assert!(placed > 20 && named > 20, "{placed} {named}");
}

#[test]
fn bounds_hold() {
    let options = |limits| Options { limits, ..Options::default() };
    let begin = frames(&cases()[0]).remove(0);
    let mut decoder = Decoder::new(options(Limits { bytes: begin.len() - 1, ..Limits::default() }));
    assert!(matches!(decode(&mut decoder, &begin), Err(Error::Limit { what: "bytes", .. })));
    // More columns than PostgreSQL has.
    let mut relation = b"R\0\0\0\x01public\0t\0d\x06\x41".to_vec();
    relation.extend((0..0x641).flat_map(|_| *b"\0c\0\0\0\0\x17\xff\xff\xff\xff"));
    let mut decoder = Decoder::new(Options::default());
    assert!(matches!(
        decode(&mut decoder, &relation),
        Err(Error::Limit { what: "columns of a table", limit: 1_600, .. })
    ));
}
