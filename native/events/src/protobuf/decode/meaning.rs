//! Times and decimals that are messages.
//!
//! `google.type.Date` may be a month without a year, and `google.type.TimeOfDay` the closing time of 24:30: what is no date or
//! time of day is told as the message that it is.

use std::ops::Range;

use super::Run;
use crate::fault::Checked;
use crate::iso::days;
use crate::protobuf::malformed;
use crate::protobuf::plan::{Kind, Message, Shape};
use crate::{Decimal, Integer, Sink, Temporal};

const SECOND: i64 = 1_000_000_000;
/// Digits of a second in all of them.
const DIGITS: u8 = 9;

impl<'a, S: Sink> Run<'a, S> {
    #[inline(never)]
    pub(super) fn meaning(
        &mut self,
        shape: Shape,
        of: &'a Message,
        all: Range<usize>,
        end: usize,
    ) -> Checked {
        let part = |slot: usize| self.part(of, slot, all.clone());
        match shape {
            Shape::Timestamp => {
                let (seconds, nanos) = (part(0)?, part(1)?);
                if !(0..SECOND).contains(&nanos) {
                    return Err(malformed(end, format!("a timestamp of {nanos} nanoseconds in a second")));
                }
                let instant = i128::from(seconds) * i128::from(SECOND) + i128::from(nanos);
                self.sink.temporal(Temporal::Instant(instant, DIGITS));
            }
            Shape::Duration => {
                let (seconds, nanos) = (part(0)?, part(1)?);
                if nanos.abs() >= SECOND || seconds.signum() * nanos.signum() < 0 {
                    let problem = format!("a duration of {seconds} seconds and {nanos} nanoseconds");
                    return Err(malformed(end, problem));
                }
                let nanos = i128::from(seconds) * i128::from(SECOND) + i128::from(nanos);
                self.sink.temporal(Temporal::Duration { months: 0, days: 0, nanos });
            }
            Shape::Date => {
                let (year, month, day) = (part(0)?, part(1)?, part(2)?);
                match days(year, month, day).filter(|_| (1..=9_999).contains(&year)) {
                    Some(days) => self.sink.temporal(Temporal::Date(days)),
                    None => return self.record(of, all, end),
                }
            }
            Shape::TimeOfDay => {
                let [hours, minutes, seconds, nanos] = [part(0)?, part(1)?, part(2)?, part(3)?];
                let whole = (0..24).contains(&hours) || (hours, minutes, seconds, nanos) == (24, 0, 0, 0);
                let ranges = (0..60).contains(&minutes) && (0..60).contains(&seconds);
                if !(whole && ranges && (0..SECOND).contains(&nanos)) {
                    return self.record(of, all, end);
                }
                let nanos = ((hours * 60 + minutes) * 60 + seconds) * SECOND + nanos;
                self.sink.temporal(Temporal::Time(nanos, DIGITS));
            }
            _ => {
                let scale = part(2)?;
                let unscaled = self.last(0, all).map_or(&[][..], |found| &self.bytes[found.range()]);
                // A digit takes more than three bits: what passes has no more of them than are allowed.
                if unscaled.len() > 8 && unscaled.len() * 8 > self.limits.digits.saturating_mul(3) {
                    return Err(self.limit("digits", self.limits.digits, end));
                }
                self.sink.decimal(&Decimal::new(Integer::from_be_bytes(unscaled), scale));
            }
        }
        Ok(())
    }

    /// A whole number of a message, 0 if it is not there.
    fn part(&self, of: &Message, slot: usize, all: Range<usize>) -> Checked<i64> {
        let Some(found) = self.last(slot, all) else { return Ok(0) };
        let value = self.cursor(found).varint()?;
        Ok(if of.fields[slot].kind == Kind::Int64 { value as i64 } else { i64::from(value as i32) })
    }

    fn last(&self, slot: usize, all: Range<usize>) -> Option<super::scan::Found> {
        self.found[all].iter().rev().find(|found| found.slot as usize == slot).copied()
    }
}
