//! The frames of a run in order: `{'$outrigger_total', RouterPid, Prefix, Term, First, [{From, Topic, Message, Dispatcher}]}`.
//!
//! What is in the list is what publishers have sent, byte for byte. `First` is the number of the first of them, the others follow.

use std::ops::Range;

use bytes::Bytes;
use outrigger_fanout::ordered::Place;
use outrigger_term::{Pid, Reader, TermError, Writer};

/// Messages that share a frame, as in batches.
const MOST: usize = 128;
/// Bytes that one has, unless a single message is longer.
const BLOCK: usize = 64 * 1_024;
/// What all have in front of their messages, at most: the prefix of a control message, that of the topics, names and numbers.
const HEAD: usize = 1_024;

/// What stands around the messages of a run.
#[derive(Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) router: Pid<'a>,
    pub(super) prefix: &'a [u8],
    pub(super) place: Place,
}

impl Head<'_> {
    /// Whole frames, ready to send. `control` is everything between the length of a frame and the term.
    pub(super) fn frames<'p>(
        &self,
        control: &[u8],
        payloads: impl Iterator<Item = &'p [u8]>,
    ) -> Result<Vec<Bytes>, TermError> {
        let (mut frames, mut block, mut bytes, mut first) = (Vec::new(), Vec::new(), 0, self.place.first);
        for payload in payloads {
            if !block.is_empty() && (block.len() >= MOST || bytes + payload.len() > BLOCK) {
                frames.push(self.frame(control, first, &block, bytes)?);
                first += block.len() as u64;
                block.clear();
                bytes = 0;
            }
            block.push(payload);
            bytes += payload.len();
        }
        if !block.is_empty() {
            frames.push(self.frame(control, first, &block, bytes)?);
        }
        Ok(frames)
    }

    /// Each message as a term of its own, for those who get them one by one.
    pub(super) fn singles<'p>(
        &self,
        payloads: impl Iterator<Item = &'p [u8]>,
    ) -> Result<Vec<Bytes>, TermError> {
        let single = |(number, payload): (u64, &[u8])| {
            let mut out = Vec::with_capacity(HEAD + payload.len());
            self.write(&mut out, number, &[payload])?;
            Ok(out.into())
        };
        (self.place.first..).zip(payloads).map(single).collect()
    }

    fn frame(&self, control: &[u8], first: u64, block: &[&[u8]], bytes: usize) -> Result<Bytes, TermError> {
        let mut out = Vec::with_capacity(HEAD + bytes);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(control);
        self.write(&mut out, first, block)?;
        let length = u32::try_from(out.len() - 4).unwrap_or(u32::MAX).to_be_bytes();
        out.splice(..4, length);
        Ok(out.into())
    }

    fn write(&self, out: &mut Vec<u8>, first: u64, payloads: &[&[u8]]) -> Result<(), TermError> {
        let mut writer = Writer::new(out);
        writer.tuple(6);
        writer.atom("$outrigger_total")?;
        writer.pid(&self.router)?;
        writer.binary(self.prefix)?;
        writer.unsigned(self.place.term);
        writer.unsigned(first);
        writer.list(u32::try_from(payloads.len()).unwrap_or(u32::MAX));
        payloads.iter().for_each(|payload| writer.raw(payload));
        writer.nil();
        Ok(())
    }
}

/// Where in a term of [`Head::singles`] the topic is. `reader` stands behind the tag.
pub(in super::super) fn topic(payload: &[u8], mut reader: Reader<'_>) -> Result<Range<usize>, TermError> {
    reader.pid()?;
    reader.binary()?;
    reader.unsigned()?;
    reader.unsigned()?;
    reader.list()?;
    reader.tuple()?;
    reader.skip()?;
    let topic = reader.binary()?.len();
    let end = payload.len() - reader.remaining().len();
    Ok(end - topic..end)
}
