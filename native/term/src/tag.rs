//! Tags of the external term format (ERTS User's Guide, "External Term Format"), named as there.

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $($(#[$doc])* pub const $name: u8 = $value;)*
    };
}

tags! {
    /// First byte of a term that stands alone.
    VERSION = 131;
    /// `RECORD_EXT`, native records of OTP 29.
    RECORD = 67;
    /// Distribution header; never a term.
    DIST_HEADER = 68;
    /// First fragment of a message; never a term.
    DIST_FRAG_HEADER = 69;
    /// `NEW_FLOAT_EXT`.
    NEW_FLOAT = 70;
    /// `BIT_BINARY_EXT`.
    BIT_BINARY = 77;
    /// Compressed term; only behind the version byte.
    COMPRESSED = 80;
    /// Atom cache reference; only under a distribution header.
    ATOM_CACHE_REF = 82;
    /// `NEW_PID_EXT`.
    NEW_PID = 88;
    /// `NEW_PORT_EXT`.
    NEW_PORT = 89;
    /// `NEWER_REFERENCE_EXT`.
    NEWER_REFERENCE = 90;
    /// `SMALL_INTEGER_EXT`.
    SMALL_INTEGER = 97;
    /// `INTEGER_EXT`.
    INTEGER = 98;
    /// `FLOAT_EXT`, 31 bytes of text.
    FLOAT = 99;
    /// `ATOM_EXT`, Latin-1.
    ATOM = 100;
    /// `REFERENCE_EXT`.
    REFERENCE = 101;
    /// `PORT_EXT`.
    PORT = 102;
    /// `PID_EXT`.
    PID = 103;
    /// `SMALL_TUPLE_EXT`.
    SMALL_TUPLE = 104;
    /// `LARGE_TUPLE_EXT`.
    LARGE_TUPLE = 105;
    /// `NIL_EXT`.
    NIL = 106;
    /// `STRING_EXT`, a list of bytes.
    STRING = 107;
    /// `LIST_EXT`.
    LIST = 108;
    /// `BINARY_EXT`.
    BINARY = 109;
    /// `SMALL_BIG_EXT`.
    SMALL_BIG = 110;
    /// `LARGE_BIG_EXT`.
    LARGE_BIG = 111;
    /// `NEW_FUN_EXT`.
    NEW_FUN = 112;
    /// `EXPORT_EXT`.
    EXPORT = 113;
    /// `NEW_REFERENCE_EXT`.
    NEW_REFERENCE = 114;
    /// `SMALL_ATOM_EXT`, Latin-1.
    SMALL_ATOM = 115;
    /// `MAP_EXT`.
    MAP = 116;
    /// `FUN_EXT`; no OTP since 23 reads it, and it is no term here.
    FUN = 117;
    /// `ATOM_UTF8_EXT`.
    ATOM_UTF8 = 118;
    /// `SMALL_ATOM_UTF8_EXT`.
    SMALL_ATOM_UTF8 = 119;
    /// `V4_PORT_EXT`.
    V4_PORT = 120;
    /// `LOCAL_EXT`, only for the VM that wrote it; only behind the version byte.
    LOCAL = 121;
}
