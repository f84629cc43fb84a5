//! Events that are decoded here, once for all nodes: `{'$outrigger_events', 1, Epoch, Pid, Dispatcher, [Text, ...], [Event, ...]}`.
//!
//! The first text says what the stream is (`outrigger_events::stream`), others are the schemas behind the frames of its events; an event is
//! a binary, `nil`, or `{Key, Value}` of these. What the stream makes of them are messages of the publisher like any other:
//! `{'$outrigger', Epoch, Pid, Topic, Message, Dispatcher}`. The texts come with each request, so nothing has to be agreed on before, or again when
//! a publisher takes another way, and no registry is asked here; each is compiled once for each link.
//!
//! A text that is not understood here, of a newer package maybe, is no reason to lose events: they are passed on as they came, and
//! each node decodes them by itself.
//!
//! Hostile input: at most [`MOST`] events and [`MOST_TEXTS`] texts; compiled ones are kept while there is room ([`Known`]), and what one event
//! becomes is bounded by its stream.

use bytes::Bytes;
use outrigger_events::stream::{Event, Known, Work};
use outrigger_term::{Reader, TermError, Writer, tag};

/// Events of one request.
const MOST: u32 = 128;
/// A stream, and two schemas for each event.
const MOST_TEXTS: u32 = 1 + 2 * MOST;
/// The version of requests.
const VERSION: u64 = 1;

/// The streams of one link.
#[derive(Default)]
pub(super) struct Streams {
    known: Known,
    work: Work,
}

/// A request: what its messages have in common, and its events.
pub(super) struct Request<'a> {
    epoch: &'a [u8],
    publisher: &'a [u8],
    dispatcher: &'a [u8],
    texts: Vec<&'a [u8]>,
    events: Vec<Event<'a>>,
}

impl Request<'_> {
    /// How many events it has.
    pub(super) fn count(&self) -> u64 {
        self.events.len() as u64
    }
}

/// Why nothing is made of a request.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventsError {
    /// Not a term of the protocol. The peer erred.
    #[error("peer sent a malformed request to decode events: {0}")]
    Term(#[from] TermError),
    /// More than one may have.
    #[error("peer sent {length} {what} in one request, at most {most} are read")]
    TooMany {
        /// Events or texts.
        what: &'static str,
        /// How many it claims.
        length: u32,
        /// The bound.
        most: u32,
    },
    /// Neither a binary, `nil`, nor two of these.
    #[error("peer sent an event that is neither a binary, nil, nor a key and a value of these")]
    Event,
    /// Another version, or a text that is not understood. The events are whole.
    #[error(
        "peer asks for what is not known here: {0}; its events are passed on as they came, and decoded by each node"
    )]
    Unknown(String),
}

/// Reads a request. `None`: the payload is none. It is told by its size: nothing else that is sent often is a tuple of seven.
pub(super) fn read(payload: &[u8]) -> Result<Option<Request<'_>>, EventsError> {
    if !payload.starts_with(&[tag::SMALL_TUPLE, 7]) {
        return Ok(None);
    }
    let mut reader = Reader::new(payload);
    reader.tuple()?;
    if !reader.atom().is_ok_and(|tag| tag.eq_str("$outrigger_events")) {
        return Ok(None);
    }
    let version = reader.unsigned()?;
    if version != VERSION {
        return Err(EventsError::Unknown(format!("version {version} of requests to decode")));
    }
    let (epoch, publisher, dispatcher) = (reader.skip()?, reader.skip()?, reader.skip()?);
    let texts = list(&mut reader, "texts", MOST_TEXTS, |reader| Ok(reader.binary()?))?;
    let events = list(&mut reader, "events", MOST, event)?;
    reader.expect_end()?;
    Ok(Some(Request { epoch, publisher, dispatcher, texts, events }))
}

fn list<'a, T>(
    reader: &mut Reader<'a>,
    what: &'static str,
    most: u32,
    read: impl Fn(&mut Reader<'a>) -> Result<T, EventsError>,
) -> Result<Vec<T>, EventsError> {
    let length = reader.list()?;
    if length > most {
        return Err(EventsError::TooMany { what, length, most });
    }
    let items = (0..length).map(|_| read(reader)).collect::<Result<_, _>>()?;
    reader.list_end(length)?;
    Ok(items)
}

fn event<'a>(reader: &mut Reader<'a>) -> Result<Event<'a>, EventsError> {
    if matches!(reader.tag()?, tag::SMALL_TUPLE | tag::LARGE_TUPLE) {
        if reader.tuple()? != 2 {
            return Err(EventsError::Event);
        }
        return Ok(Event { key: part(reader)?, value: part(reader)? });
    }
    Ok(Event { key: None, value: part(reader)? })
}

fn part<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>, EventsError> {
    if reader.tag()? == tag::BINARY {
        return Ok(Some(reader.binary()?));
    }
    if reader.atom()?.eq_str("nil") { Ok(None) } else { Err(EventsError::Event) }
}

impl Streams {
    /// Makes the messages of a request, and tells those of an event at a time: bytes, and where each ends.
    pub(super) fn make(
        &mut self,
        request: &Request<'_>,
        mut tell: impl FnMut(Bytes, &[usize]),
    ) -> Result<u64, EventsError> {
        let Self { known, work } = self;
        let (stream, schemas) =
            known.open(&request.texts).map_err(|error| EventsError::Unknown(error.to_string()))?;
        let mut ends = Vec::new();
        let mut failed = 0;
        for event in &request.events {
            let mut messages = Vec::new();
            ends.clear();
            let decoded = stream.take(event, &schemas, work, |topic, message| {
                // A topic has kilobytes at most, and so has a term.
                if write(request, topic, message, &mut messages).is_ok() {
                    ends.push(messages.len());
                }
            });
            failed += u64::from(!decoded);
            tell(messages.into(), &ends);
        }
        Ok(failed)
    }
}

fn write(request: &Request<'_>, topic: &[u8], message: &[u8], out: &mut Vec<u8>) -> Result<(), TermError> {
    let mut writer = Writer::new(out);
    writer.tuple(6);
    writer.atom("$outrigger")?;
    writer.raw(request.epoch);
    writer.raw(request.publisher);
    writer.binary(topic)?;
    writer.raw(message);
    writer.raw(request.dispatcher);
    Ok(())
}
