//! Bans: a key that was denied so often within a time is shut out for a while.
//!
//! One more word per denied key, in a table of its own: until when (60 bits), how many denials so far (19), and whether
//! it is banned until then (1). Denials are counted from the first one on for `within_ns`; then the count starts again.
//! A word whose time is over is idle.

use crate::rule::MAX_NS;
use crate::table::{Full, State, Step, Table, Usage};
use crate::{Algorithm, Ban, Error, KeyHash};

const COUNT_BITS: u32 = 19;
const MAX_DENIALS: u64 = (1 << COUNT_BITS) - 1;

#[derive(Debug)]
pub(crate) struct Bans {
    ban: Ban,
    table: Table,
}

#[derive(Clone, Copy)]
struct Word {
    until: u64,
    denials: u64,
    banned: bool,
}

impl Bans {
    pub(crate) fn new(ban: Ban, memory: usize, algorithm: Algorithm) -> Result<Self, Error> {
        let values = [
            ("denials", u64::from(ban.denials)),
            ("time for denials", ban.within_ns),
            ("time of a ban", ban.for_ns),
        ];
        if let Some((what, _)) = values.into_iter().find(|(_, value)| *value == 0) {
            return Err(Error::Zero { what });
        }
        if ban.within_ns > MAX_NS || ban.for_ns > MAX_NS {
            return Err(Error::TooLong);
        }
        let value = u64::from(ban.denials);
        if value > MAX_DENIALS {
            return Err(Error::TooLarge { what: "number of denials", value, max: MAX_DENIALS, algorithm });
        }
        Ok(Self { ban, table: Table::new(memory)? })
    }

    /// Nanoseconds for which the key is still banned.
    pub(crate) fn banned(&self, key: KeyHash, now: u64) -> Option<u64> {
        self.table.read(key, now, |state, now| {
            let word = state.map(unpack).filter(|word| word.banned && word.until > now)?;
            Some(word.until - now)
        })
    }

    /// Counts a denial. Answers for how long the key is banned if this one began it.
    pub(crate) fn denied(&self, key: KeyHash, now: u64) -> Result<Option<u64>, Full> {
        self.table.update(key, now, idle, |state, now| {
            let word = state.map(unpack).filter(|word| word.until > now);
            let word = word.unwrap_or(Word { until: now + self.ban.within_ns, denials: 0, banned: false });
            if word.banned {
                return (Step::Keep, None);
            }
            let denials = word.denials + 1;
            if denials < u64::from(self.ban.denials) {
                return (Step::Put(pack(Word { denials, ..word })), None);
            }
            let banned = Word { until: now + self.ban.for_ns, denials: 0, banned: true };
            (Step::Put(pack(banned)), Some(self.ban.for_ns))
        })
    }

    pub(crate) fn reset(&self, key: KeyHash, now: u64) {
        self.table.update_known(key, now, |_, _| Step::Remove);
    }

    pub(crate) fn usage(&self) -> Usage {
        self.table.usage()
    }
}

fn idle(state: State, now: u64) -> bool {
    unpack(state).until <= now
}

const fn pack(word: Word) -> State {
    let low = (word.denials << 1) | word.banned as u64;
    State::new((word.until as u128) << (COUNT_BITS + 1) | low as u128)
}

const fn unpack(state: State) -> Word {
    let bits = state.bits();
    let low = bits as u64;
    Word { until: (bits >> (COUNT_BITS + 1)) as u64, denials: low >> 1 & MAX_DENIALS, banned: low & 1 == 1 }
}
