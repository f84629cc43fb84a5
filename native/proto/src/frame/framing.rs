//! How a frame holds a message. The flags of both sides decide, for the whole life of a link.

use crate::Flags;

/// First byte of a message in pass-through framing.
pub const PASS_THROUGH: u8 = 112;
/// Behind 131: a distribution header with a whole message.
pub const HEADER: u8 = 68;
/// Behind 131: the first fragment of a message, with the distribution header.
pub const FRAGMENT_FIRST: u8 = 69;
/// Behind 131: a later fragment.
pub const FRAGMENT: u8 = 70;

/// The framing of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `112, 131, Control[, 131, Payload]`: neither side asked for more.
    PassThrough,
    /// `131, 68, 0, Control[, Payload]`: with fragments or the atom cache agreed. A BEAM closes a link on which the other
    /// framing is used.
    Header,
}

impl Framing {
    /// The framing of a link on which both sides have these flags.
    #[must_use]
    pub const fn of(common: Flags) -> Self {
        match common.intersects(Flags::FRAGMENTS.union(Flags::DIST_HDR_ATOM_CACHE)) {
            true => Self::Header,
            false => Self::PassThrough,
        }
    }

    /// What stands before the control message.
    #[must_use]
    pub const fn before_control(self) -> &'static [u8] {
        match self {
            Self::PassThrough => &[PASS_THROUGH, 131],
            // No atom of the cache is used.
            Self::Header => &[131, HEADER, 0],
        }
    }

    /// What stands before the payload.
    #[must_use]
    pub const fn before_payload(self) -> &'static [u8] {
        match self {
            Self::PassThrough => &[131],
            Self::Header => &[],
        }
    }
}
