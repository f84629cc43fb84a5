//! The numbers of this engine: links and routes.
//!
//! A route key becomes a pid of the node, so it has to fit into one. `NEW_PID_EXT` has 32 bits each for `id` and
//! `serial`; before OTP 26 a node may look at 28 and 13 of them only, so 41 bits is what is safe everywhere. At a
//! million changes a second they last 25 days; at one a second, which is a busy cluster, 69 000 years.

/// A link to another node. Never reused: a node that comes back comes back as another `PeerId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

/// The name of a route or of a member: less than 2^41, never given out twice by one router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteKey(u64);

impl RouteKey {
    /// Bits of a key that become the `id` of its pid.
    pub const ID_BITS: u32 = 28;
    /// Bits of a key that become the `serial` of its pid.
    pub const SERIAL_BITS: u32 = 13;
    /// The first number that is no key.
    pub const END: u64 = 1 << (Self::ID_BITS + Self::SERIAL_BITS);

    /// The key of the pid with `id` 0 and `serial` 1.
    pub const FIRST: Self = Self(1 << Self::ID_BITS);

    /// The key of this number, if it is less than [`RouteKey::END`].
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        if number < Self::END { Some(Self(number)) } else { None }
    }

    /// The number of this key.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// `(id, serial)` of the pid that stands for this key.
    #[must_use]
    pub const fn to_pid(self) -> (u32, u32) {
        ((self.0 & ((1 << Self::ID_BITS) - 1)) as u32, (self.0 >> Self::ID_BITS) as u32)
    }

    /// The key behind a pid. `None` if no key has such a pid: the pid is not one this router gave out.
    #[must_use]
    pub const fn from_pid(id: u32, serial: u32) -> Option<Self> {
        if id >> Self::ID_BITS != 0 || serial >> Self::SERIAL_BITS != 0 {
            return None;
        }
        Some(Self((serial as u64) << Self::ID_BITS | id as u64))
    }
}

/// Gives out keys, each once.
#[derive(Debug)]
pub(crate) struct KeySource {
    next: u64,
}

impl KeySource {
    pub(crate) fn new(first: RouteKey) -> Self {
        Self { next: first.number() }
    }

    /// How many keys are left.
    pub(crate) fn left(&self) -> u64 {
        RouteKey::END - self.next
    }

    /// The next key. `None` when all are used up, and from then on for ever.
    pub(crate) fn take(&mut self) -> Option<RouteKey> {
        let key = RouteKey::new(self.next)?;
        self.next += 1;
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_pids_map_one_to_one() {
        for number in [0, 1, (1 << 28) - 1, 1 << 28, (5 << 28) + 7, RouteKey::END - 1] {
            let key = RouteKey::new(number).unwrap();
            let (id, serial) = key.to_pid();
            assert!(id < 1 << 28 && serial < 1 << 13, "{key:?} needs too many bits");
            assert_eq!(RouteKey::from_pid(id, serial), Some(key));
        }
        assert_eq!(RouteKey::new((3 << 28) + 9).unwrap().to_pid(), (9, 3));
    }

    #[test]
    fn a_pid_with_more_bits_is_no_key() {
        assert_eq!(RouteKey::from_pid(1 << 28, 0), None);
        assert_eq!(RouteKey::from_pid(0, 1 << 13), None);
        assert_eq!(RouteKey::from_pid(u32::MAX, u32::MAX), None);
        assert_eq!(RouteKey::new(RouteKey::END), None);
    }

    #[test]
    fn a_source_ends_and_does_not_wrap() {
        let mut keys = KeySource::new(RouteKey::new(RouteKey::END - 1).unwrap());
        assert_eq!(keys.left(), 1);
        assert!(keys.take().is_some());
        assert_eq!((keys.take(), keys.take(), keys.left()), (None, None, 0));
    }
}
