//! Distribution flags: what a node can do, exchanged in the handshake.
//!
//! The values are those of OTP 29's `dist.hrl`. What counts on a link is the intersection of both sides.
//!
//! What we offer ([`Flags::OURS`]) is the mandatory set and:
//!
//! - `DIST_MONITOR`, `DIST_MONITOR_NAME`: without both, a BEAM turns a monitor on one of our pids into a link
//!   and never sends its owner a `DOWN`.
//! - `EXIT_PAYLOAD`: the reason of an exit comes as a payload, which we can skip without a walk, and control
//!   messages stay small.
//! - `ALIAS`: our calls are tagged with an alias, so that an answer that comes too late is nobody's.
//! - `SPAWN`: `erpc` in both directions. Only functions that were registered run here.
//! - `ALTACT_SIG`: OTP 28 and later send to aliases in a way of their own then, as we do to them. A priority message is to
//!   us one like others, as to a process of a BEAM that has not asked for any.
//! - `BIG_SEQTRACE_LABELS`, `SMALL_ATOM_TAGS`: true of us, since we pass over trace tokens and read those
//!   tags.
//! - `MANDATORY_25_DIGEST`: a later OTP may look at it alone.
//!
//! What we leave out, and why:
//!
//! - `PUBLISHED`: we are a hidden node. No `global`, no `pg`, no part in overlapping-partition disconnects.
//! - `FRAGMENTS`: the node adds it unless it is told not to; it changes the framing.
//! - `DIST_HDR_ATOM_CACHE`: the node adds it if it is told to. Messages are shorter then, and all that have atoms are written
//!   anew before anyone sees them.
//! - `SEND_SENDER`: each message to a pid would carry one more pid, which the publisher encodes and we parse,
//!   and nobody here reads. It is parsed all the same.
//! - `NATIVE_RECORDS`: what we accept we may have to pass on to a node that cannot read it.

use std::fmt;

use bitflags::bitflags;

bitflags! {
    /// A set of distribution flags. Unknown bits are kept.
    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Flags: u64 {
        /// The node is part of the global name space; without it the node is hidden.
        const PUBLISHED = 0x1;
        /// Obsolete.
        const ATOM_CACHE = 0x2;
        /// References of three words. Mandatory.
        const EXTENDED_REFERENCES = 0x4;
        /// Monitors between nodes.
        const DIST_MONITOR = 0x8;
        /// Funs have a tag of their own. Mandatory from OTP 25.
        const FUN_TAGS = 0x10;
        /// Monitors by registered name.
        const DIST_MONITOR_NAME = 0x20;
        /// Obsolete.
        const HIDDEN_ATOM_CACHE = 0x40;
        /// `NEW_FUN_EXT`. Mandatory.
        const NEW_FUN_TAGS = 0x80;
        /// Pids and ports with more bits. Mandatory.
        const EXTENDED_PIDS_PORTS = 0x100;
        /// `EXPORT_EXT`. Mandatory from OTP 25.
        const EXPORT_PTR_TAG = 0x200;
        /// `BIT_BINARY_EXT`. Mandatory from OTP 25.
        const BIT_BINARIES = 0x400;
        /// `NEW_FLOAT_EXT`. Mandatory from OTP 25.
        const NEW_FLOATS = 0x800;
        /// Unicode in the I/O protocol.
        const UNICODE_IO = 0x1000;
        /// Distribution header with an atom cache.
        const DIST_HDR_ATOM_CACHE = 0x2000;
        /// `SMALL_ATOM_EXT`.
        const SMALL_ATOM_TAGS = 0x4000;
        /// Atoms in UTF-8. Mandatory.
        const UTF8_ATOMS = 0x1_0000;
        /// `MAP_EXT`. Mandatory from OTP 25.
        const MAP_TAG = 0x2_0000;
        /// Creations of 32 bits. Mandatory.
        const BIG_CREATION = 0x4_0000;
        /// `SEND_SENDER` in place of `SEND`.
        const SEND_SENDER = 0x8_0000;
        /// Any term may be a trace label.
        const BIG_SEQTRACE_LABELS = 0x10_0000;
        /// Reasons of exits travel as payloads.
        const EXIT_PAYLOAD = 0x40_0000;
        /// Long messages come in fragments.
        const FRAGMENTS = 0x80_0000;
        /// The handshake of OTP 23. Mandatory from OTP 25.
        const HANDSHAKE_23 = 0x100_0000;
        /// Unlinking with an id and an acknowledgement. Mandatory from OTP 26.
        const UNLINK_ID = 0x200_0000;
        /// Stands for all flags that are mandatory in OTP 25. The protocol guide prints another bit; OTP's
        /// code has this one.
        const MANDATORY_25_DIGEST = 0x400_0000;
        /// The spawn requests.
        const SPAWN = 1 << 32;
        /// A wish: give me a name.
        const NAME_ME = 1 << 33;
        /// Pids and ports of 64 bits, references of five words. Mandatory from OTP 26.
        const V4_NC = 1 << 34;
        /// `ALIAS_SEND`.
        const ALIAS = 1 << 35;
        /// `ALTACT_SIG_SEND`, OTP 28.
        const ALTACT_SIG = 1 << 37;
        /// Native records, OTP 29.
        const NATIVE_RECORDS = 1 << 38;

        /// What `MANDATORY_25_DIGEST` stands for.
        const MANDATORY_25 = Self::EXTENDED_REFERENCES.bits()
            | Self::FUN_TAGS.bits()
            | Self::EXTENDED_PIDS_PORTS.bits()
            | Self::NEW_FUN_TAGS.bits()
            | Self::EXPORT_PTR_TAG.bits()
            | Self::BIT_BINARIES.bits()
            | Self::NEW_FLOATS.bits()
            | Self::UTF8_ATOMS.bits()
            | Self::MAP_TAG.bits()
            | Self::BIG_CREATION.bits()
            | Self::HANDSHAKE_23.bits();
        /// What OTP 26 to 29 demand, and we of our peers. OTP 25 and 24 can do all of it.
        const MANDATORY = Self::MANDATORY_25.bits() | Self::V4_NC.bits() | Self::UNLINK_ID.bits();
        /// What we offer: see the text of this module.
        const OURS = Self::MANDATORY.bits()
            | Self::MANDATORY_25_DIGEST.bits()
            | Self::DIST_MONITOR.bits()
            | Self::DIST_MONITOR_NAME.bits()
            | Self::EXIT_PAYLOAD.bits()
            | Self::ALIAS.bits()
            | Self::ALTACT_SIG.bits()
            | Self::SPAWN.bits()
            | Self::BIG_SEQTRACE_LABELS.bits()
            | Self::SMALL_ATOM_TAGS.bits();

        const _ = !0;
    }
}

impl Flags {
    /// Spells the digest bit out, as OTP does before it looks at a peer's flags.
    #[must_use]
    pub const fn expanded(self) -> Self {
        if self.contains(Self::MANDATORY_25_DIGEST) { self.union(Self::MANDATORY_25) } else { self }
    }

    /// What a peer with these flags lacks to talk to us; empty if nothing.
    #[must_use]
    pub const fn missing_mandatory(peer: Self) -> Self {
        Self::MANDATORY.difference(peer.expanded())
    }

    /// Whether a node with these flags is hidden.
    pub const fn hidden(self) -> bool {
        !self.contains(Self::PUBLISHED)
    }
}

/// Names of the single flags, joined by ` | `; unknown bits in hexadecimal.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.bits();
        let mut separator = "";
        for flag in Self::all().iter_names().map(|(name, flag)| (name, flag.bits())) {
            let (name, bits) = flag;
            if bits.is_power_of_two() && left & bits != 0 {
                write!(f, "{separator}{name}")?;
                left &= !bits;
                separator = " | ";
            }
        }
        if left != 0 { write!(f, "{separator}{left:#x}") } else { Ok(()) }
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({self})")
    }
}
