//! What waits to go out on a link: whole buffers of services, a tail of small signals, and long messages in pieces.
//!
//! - **In order.** What is pushed goes out in the order it was pushed, but for long messages: they go out in pieces, in turn, one
//!   when nothing else waits and one after each 64 KiB of others, and what their sender signals later waits behind them. So a
//!   long message holds up nobody but its own sender, and is not held up for ever.
//! - **References to the atom cache** are made when a signal is put behind all others, since the peer's table changes in the
//!   order of the wire. What waits in turn, and what services push, has none.
//! - **Nothing is allocated per signal.** Small signals are written into one tail that is used again when it is out.
//! - **Bounded** by who pushes: [`Outbound::charged`] says what waits.
//!
//! Limits: a waiting buffer is charged 64 bytes on top of its length, so that tiny sends are bounded, too.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};
use outrigger_proto::atom_cache::Outgoing;
use outrigger_proto::fragments::{PIECE, Pieces};
use outrigger_proto::frame::{self, Framing};
use outrigger_proto::{OwnedPid, ProtoError};
use outrigger_term::{TermError, Writer};

/// What a waiting buffer costs besides its bytes.
const ENTRY_COST: usize = 64;
/// A tail that cannot go out now ends here and another begins: a longer one would be copied each time it doubles, and
/// into memory that the system has to give anew.
const FULL_TAIL: usize = 64 << 10;
/// A tail that has grown beyond this is not kept.
const KEPT_TAIL: usize = 256 << 10;

/// Bytes on their way to one socket.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    waiting: VecDeque<Bytes>,
    /// Small signals behind all of `waiting`.
    tail: Vec<u8>,
    lanes: VecDeque<Lane>,
    charged: usize,
    /// Bytes that went out since the last piece of a long message.
    since_piece: usize,
    sequence: u64,
    /// What the peer knows of our atoms, if it is to.
    atoms: Option<Box<Outgoing>>,
}

/// What one sender has queued since its first long message that is not out yet.
#[derive(Debug)]
struct Lane {
    sender: (u32, u32),
    items: VecDeque<Item>,
}

#[derive(Debug)]
enum Item {
    Long(Pieces),
    Short(Bytes),
}

impl Outbound {
    /// For a link on which signals refer to atoms.
    pub(crate) fn with_atom_cache() -> Self {
        Self { atoms: Some(Box::default()), ..Self::default() }
    }

    /// Appends whole frames.
    pub(crate) fn push(&mut self, buffers: impl IntoIterator<Item = Bytes>) -> u64 {
        self.seal();
        let mut count = 0;
        for buffer in buffers.into_iter().filter(|buffer| !buffer.is_empty()) {
            self.charged += buffer.len() + ENTRY_COST;
            self.waiting.push_back(buffer);
            count += 1;
        }
        count
    }

    /// Appends one signal of a process.
    pub(crate) fn signal(
        &mut self,
        sender: &OwnedPid,
        framing: Framing,
        payload: Option<&[u8]>,
        control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
    ) -> Result<(), ProtoError> {
        let sender = (sender.id, sender.serial);
        match self.lanes.iter_mut().find(|lane| lane.sender == sender) {
            None => {
                if self.tail.len() >= FULL_TAIL {
                    self.seal();
                }
                let before = self.tail.len();
                match &mut self.atoms {
                    Some(atoms) => atoms.append(&mut self.tail, payload, control)?,
                    None => frame::append(&mut self.tail, framing, payload, control)?,
                }
                self.charged += self.tail.len() - before;
            }
            Some(lane) => {
                let mut frame = Vec::new();
                frame::append(&mut frame, framing, payload, control)?;
                self.charged += frame.len() + ENTRY_COST;
                lane.items.push_back(Item::Short(frame.into()));
            }
        }
        Ok(())
    }

    /// Appends one signal with a long payload, to go out in pieces.
    pub(crate) fn long(
        &mut self,
        sender: &OwnedPid,
        payload: Bytes,
        control: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>,
    ) -> Result<(), ProtoError> {
        let sender = (sender.id, sender.serial);
        self.sequence += 1;
        let length = payload.len();
        let item = Item::Long(Pieces::new(self.sequence, payload, control)?);
        self.charged += length + ENTRY_COST;
        match self.lanes.iter_mut().find(|lane| lane.sender == sender) {
            Some(lane) => lane.items.push_back(item),
            None => self.lanes.push_back(Lane { sender, items: VecDeque::from([item]) }),
        }
        Ok(())
    }

    /// Bytes that wait, with what they cost.
    pub(crate) fn charged(&self) -> usize {
        self.charged
    }

    /// Bytes in the tail.
    pub(crate) fn tail(&self) -> usize {
        self.tail.len()
    }

    /// Fills `slices` with what goes out next. How many are filled; 0 when nothing waits.
    pub(crate) fn gather<'a>(&'a mut self, slices: &mut [IoSlice<'a>]) -> usize {
        let idle = self.waiting.is_empty() && self.tail.is_empty();
        if !self.lanes.is_empty() && (idle || self.since_piece >= PIECE) {
            self.seal();
            self.next_piece();
        }
        let tail = (!self.tail.is_empty()).then_some(&*self.tail);
        let buffers = self.waiting.iter().map(|buffer| &**buffer).chain(tail);
        let mut count = 0;
        for (slice, buffer) in slices.iter_mut().zip(buffers) {
            *slice = IoSlice::new(buffer);
            count += 1;
        }
        count
    }

    /// Takes out what was written. The next piece of a long message follows what waited before it.
    pub(crate) fn consume(&mut self, mut written: usize) {
        self.since_piece = self.since_piece.saturating_add(written);
        while let Some(front) = self.waiting.front_mut() {
            if written < front.len() {
                front.advance(written);
                self.charged = self.charged.saturating_sub(written);
                return;
            }
            written -= front.len();
            self.charged = self.charged.saturating_sub(front.len() + ENTRY_COST);
            self.waiting.pop_front();
            if written == 0 {
                break;
            }
        }
        if written >= self.tail.len() {
            self.charged = self.charged.saturating_sub(self.tail.len());
            match self.tail.capacity() > KEPT_TAIL {
                true => self.tail = Vec::new(),
                false => self.tail.clear(),
            }
        } else if written > 0 {
            self.charged = self.charged.saturating_sub(written);
            let mut rest = Bytes::from(std::mem::take(&mut self.tail));
            rest.advance(written);
            self.charged += ENTRY_COST;
            self.waiting.push_back(rest);
        }
    }

    /// Moves the tail behind the buffers, so that others can follow it.
    fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.charged += ENTRY_COST;
            self.waiting.push_back(std::mem::take(&mut self.tail).into());
        }
    }

    /// Moves what the next lane has to say behind the buffers.
    fn next_piece(&mut self) {
        let Some(mut lane) = self.lanes.pop_front() else { return };
        self.since_piece = 0;
        match lane.items.front_mut() {
            Some(Item::Long(pieces)) => {
                if let Some([head, part]) = pieces.next() {
                    self.charged += head.len() + ENTRY_COST;
                    self.waiting.push_back(head);
                    if !part.is_empty() {
                        self.charged += ENTRY_COST;
                        self.waiting.push_back(part);
                    }
                }
                if pieces.left() == 0 {
                    self.charged = self.charged.saturating_sub(ENTRY_COST);
                    lane.items.pop_front();
                }
            }
            Some(Item::Short(_)) => {
                if let Some(Item::Short(frame)) = lane.items.pop_front() {
                    self.waiting.push_back(frame);
                }
            }
            None => {}
        }
        if !lane.items.is_empty() {
            self.lanes.push_back(lane);
        }
    }

    /// Whether nothing waits.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.tail.is_empty() && self.lanes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use outrigger_proto::Limits;
    use outrigger_proto::control::{Control, encode};
    use outrigger_proto::fragments::Assembler;
    use outrigger_proto::frame::Frame;
    use outrigger_proto::message;

    use super::*;

    fn pid(id: u32) -> OwnedPid {
        OwnedPid { node: "a@h".into(), id, serial: 0, creation: 1 }
    }

    /// A binary whose first byte says which it is.
    fn term(number: u8, len: usize) -> Bytes {
        let mut bytes = vec![109];
        bytes.extend_from_slice(&u32::try_from(len).unwrap().to_be_bytes());
        bytes.resize(5 + len, number);
        bytes.into()
    }

    /// Sends the `number`th term of a sender to itself, who is on a node of that number.
    fn send(out: &mut Outbound, sender: u32, number: u8, len: usize) {
        let (pid, term) = (pid(sender), term(number, len));
        let to = OwnedPid { node: format!("node_{number}@host").into(), ..pid.clone() };
        let result = match len > PIECE {
            true => out.long(&pid, term, |w| encode::send(w, &to.borrow())),
            false => out.signal(&pid, Framing::Header, Some(&term), |w| encode::send(w, &to.borrow())),
        };
        result.unwrap();
    }

    /// What has come out so far, by sender and number, in the order in which a peer sees it.
    #[derive(Default)]
    struct Peer {
        buffer: bytes::BytesMut,
        assembler: Option<Assembler>,
        seen: Vec<(u32, u8)>,
    }

    impl Peer {
        /// Takes at most `most` bytes. Whether there were any.
        fn take(&mut self, out: &mut Outbound, most: usize) -> bool {
            let mut slices = [IoSlice::new(&[]); 4];
            let count = out.gather(&mut slices);
            let bytes: Vec<u8> =
                slices[..count].iter().flat_map(|slice| slice.iter().copied()).take(most).collect();
            out.consume(bytes.len());
            self.buffer.extend_from_slice(&bytes);
            let assembler =
                self.assembler.get_or_insert_with(|| Assembler::with_atom_cache(Limits::default()));
            while let Some(Frame::Message(frame)) = frame::next(&mut self.buffer, &Limits::default()).unwrap()
            {
                let Some(frame) = assembler.push(frame).unwrap() else { continue };
                let message = message::split(&frame, Framing::Header).unwrap();
                message.check_payload().unwrap();
                let Control::Send(sent) = message.control else { panic!() };
                let outrigger_proto::control::To::Pid(to) = sent.to else { panic!() };
                self.seen.push((to.id, message.payload[5]));
            }
            !bytes.is_empty()
        }
    }

    #[test]
    fn short_ones_overtake_the_long_of_others_and_never_their_own() {
        let mut out = Outbound::default();
        let mut peer = Peer::default();
        send(&mut out, 1, 1, 1);
        send(&mut out, 1, 2, 5 * PIECE);
        send(&mut out, 1, 3, 1);
        send(&mut out, 2, 1, 3 * PIECE);
        assert!(peer.take(&mut out, usize::MAX), "the short one before the long ones");
        for number in 1..4 {
            send(&mut out, 3, number, 1);
            assert!(peer.take(&mut out, usize::MAX));
        }
        while peer.take(&mut out, usize::MAX) {}
        assert!(out.is_empty());
        assert_eq!(out.charged(), 0);
        assert_eq!(peer.seen, [(1, 1), (3, 1), (3, 2), (3, 3), (2, 1), (1, 2), (1, 3)]);
    }

    #[test]
    fn every_sender_keeps_its_order_however_little_the_socket_takes() {
        for (most, atom_cache) in
            [1, 7, 1_000, 100_000].into_iter().flat_map(|most| [(most, false), (most, true)])
        {
            let mut out = if atom_cache { Outbound::with_atom_cache() } else { Outbound::default() };
            let mut peer = Peer::default();
            let mut sent = vec![Vec::new(); 4];
            let mut random = 12_345_u32;
            let mut next = || {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                random >> 8
            };
            let rounds = if most < 100 { 40 } else { 400 };
            for round in 0..rounds {
                let sender = next() % 4;
                let number = (sent[sender as usize].len() % 250) as u8;
                let len = if round % 40 == 7 { 3 * PIECE + round } else { 1 + (next() % 50) as usize };
                send(&mut out, sender, number, len);
                sent[sender as usize].push(number);
                if round % 5 == 0 {
                    let mut frame = Vec::new();
                    let pid = pid(9);
                    frame::append(&mut frame, Framing::Header, Some(&term(1, 1)), |w| {
                        encode::send(w, &pid.borrow())
                    })
                    .unwrap();
                    assert_eq!(out.push([Bytes::new(), frame.into()]), 1);
                }
                peer.take(&mut out, most);
            }
            while peer.take(&mut out, most.max(1_000)) {}
            assert_eq!((out.is_empty(), out.charged()), (true, 0));
            for (sender, sent) in sent.iter().enumerate() {
                let seen: Vec<_> = peer.seen.iter().filter(|(from, _)| *from == sender as u32).collect();
                assert_eq!(seen.len(), sent.len(), "sender {sender} at {most}, {atom_cache}");
                assert!(
                    seen.iter().zip(sent).all(|((_, seen), sent)| seen == sent),
                    "sender {sender} at {most}, {atom_cache}"
                );
            }
        }
    }

    #[test]
    fn a_signal_that_cannot_be_written_leaves_nothing_behind() {
        let mut out = Outbound::default();
        let name = "x".repeat(300);
        let bad = out
            .signal(&pid(1), Framing::Header, Some(&[106]), |w| encode::reg_send(w, &pid(1).borrow(), &name));
        assert!(bad.is_err());
        let bad = out.long(&pid(1), term(1, 2 * PIECE), |w| encode::reg_send(w, &pid(1).borrow(), &name));
        assert!(bad.is_err());
        assert_eq!((out.is_empty(), out.charged()), (true, 0));
    }
}
