//! What messages are made of: how each part is written, and read with its bounds.

use super::super::members::Members;
use super::super::{Incarnation, LeaseError, LeaseKind, LeaseRule, Member, NodeId, View};

pub(super) fn words<const N: usize>(out: &mut Vec<u8>, words: [u64; N]) {
    words.iter().for_each(|word| out.extend(word.to_be_bytes()));
}

pub(super) fn write_count(out: &mut Vec<u8>, count: usize) {
    // What we make is bounded far below: see the limits above.
    out.extend(u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
}

pub(super) fn write_rule(out: &mut Vec<u8>, rule: Option<&LeaseRule>) {
    let Some(rule) = rule else { return out.push(0) };
    out.push(match rule.kind() {
        LeaseKind::Gcra => 1,
        LeaseKind::FixedWindow => 2,
        LeaseKind::Slots => 3,
        LeaseKind::SlidingWindow => 4,
        LeaseKind::SlidingLog => 5,
    });
    words(out, [rule.limit(), rule.period_ns(), rule.burst()]);
}

pub(super) fn write_view(out: &mut Vec<u8>, view: &View) {
    write_count(out, view.nodes().len());
    view.nodes().iter().for_each(|(node, incarnation)| words(out, [node.0, incarnation.0]));
}

pub(super) fn write_members(out: &mut Vec<u8>, members: &[Member]) {
    write_count(out, members.len());
    for member in members {
        words(out, [member.node.0, member.born_ms]);
        out.extend(member.left_ms.to_be_bytes());
        out.push(member.gone.into());
    }
}

/// What is still to be read.
pub(super) struct Rest<'a>(pub(super) &'a [u8]);

impl Rest<'_> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], LeaseError> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or(LeaseError::Malformed)?;
        self.0 = tail;
        Ok(*head)
    }

    pub(super) fn byte(&mut self) -> Result<u8, LeaseError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn flag(&mut self) -> Result<bool, LeaseError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(LeaseError::Malformed),
        }
    }

    pub(super) fn half(&mut self) -> Result<u32, LeaseError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn word(&mut self) -> Result<u64, LeaseError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn key(&mut self) -> Result<u128, LeaseError> {
        self.array().map(u128::from_be_bytes)
    }

    pub(super) fn incarnation(&mut self) -> Result<Incarnation, LeaseError> {
        self.word().map(Incarnation)
    }

    pub(super) fn rule(&mut self) -> Result<Option<LeaseRule>, LeaseError> {
        let kind = match self.byte()? {
            0 => return Ok(None),
            1 => LeaseKind::Gcra,
            2 => LeaseKind::FixedWindow,
            3 => LeaseKind::Slots,
            4 => LeaseKind::SlidingWindow,
            5 => LeaseKind::SlidingLog,
            _ => return Err(LeaseError::Malformed),
        };
        let (limit, period, burst) = (self.word()?, self.word()?, self.word()?);
        let rule = LeaseRule::new(kind, limit, period, burst)?;
        // What a kind has no use for is written as one thing only.
        if rule.burst() == burst { Ok(Some(rule)) } else { Err(LeaseError::Malformed) }
    }

    /// `size`: the bytes of an entry.
    pub(super) fn entries<T>(
        &mut self,
        what: &'static str,
        most: usize,
        size: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, LeaseError>,
    ) -> Result<Vec<T>, LeaseError> {
        let count = usize::from(self.array().map(u16::from_be_bytes)?);
        if count > most {
            return Err(LeaseError::TooMany(what));
        }
        if self.0.len() < count * size {
            return Err(LeaseError::Malformed);
        }
        (0..count).map(|_| read(self)).collect()
    }

    pub(super) fn view(&mut self) -> Result<View, LeaseError> {
        let nodes = self.entries("nodes in its view", View::MAX, 16, |rest| {
            Ok((NodeId(rest.word()?), rest.incarnation()?))
        })?;
        let view = View::new(nodes.iter().copied());
        // One set has one way to be written, since it is named by its bytes.
        if view.nodes() == nodes { Ok(view) } else { Err(LeaseError::Malformed) }
    }

    pub(super) fn members(&mut self) -> Result<Vec<Member>, LeaseError> {
        self.entries("members", Members::MAX, 21, |rest| {
            Ok(Member {
                node: NodeId(rest.word()?),
                born_ms: rest.word()?,
                left_ms: rest.half()?,
                gone: rest.flag()?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_written_in_one_way_only() {
        let bytes = |burst: u64| {
            let words = [100, 1_000_000_000, burst].map(u64::to_be_bytes);
            [&[2], words.as_flattened()].concat()
        };
        assert!(Rest(&bytes(100)).rule().unwrap().is_some());
        assert_eq!(Rest(&bytes(10)).rule(), Err(LeaseError::Malformed));
    }
}
