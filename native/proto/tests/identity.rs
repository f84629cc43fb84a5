//! Flags, names, cookies: values that must not drift.

use outrigger_proto::digest::{digest, same};
use outrigger_proto::{Cookie, Flags, NameKind, NodeName, OwnedPid, ProtoError};
use outrigger_term::{Atom, Pid};

#[test]
fn flags_have_the_values_of_dist_hrl() {
    let values = [
        (Flags::PUBLISHED, 0x1),
        (Flags::ATOM_CACHE, 0x2),
        (Flags::EXTENDED_REFERENCES, 0x4),
        (Flags::DIST_MONITOR, 0x8),
        (Flags::FUN_TAGS, 0x10),
        (Flags::DIST_MONITOR_NAME, 0x20),
        (Flags::HIDDEN_ATOM_CACHE, 0x40),
        (Flags::NEW_FUN_TAGS, 0x80),
        (Flags::EXTENDED_PIDS_PORTS, 0x100),
        (Flags::EXPORT_PTR_TAG, 0x200),
        (Flags::BIT_BINARIES, 0x400),
        (Flags::NEW_FLOATS, 0x800),
        (Flags::UNICODE_IO, 0x1000),
        (Flags::DIST_HDR_ATOM_CACHE, 0x2000),
        (Flags::SMALL_ATOM_TAGS, 0x4000),
        (Flags::UTF8_ATOMS, 0x10000),
        (Flags::MAP_TAG, 0x20000),
        (Flags::BIG_CREATION, 0x40000),
        (Flags::SEND_SENDER, 0x80000),
        (Flags::BIG_SEQTRACE_LABELS, 0x100000),
        (Flags::EXIT_PAYLOAD, 0x400000),
        (Flags::FRAGMENTS, 0x800000),
        (Flags::HANDSHAKE_23, 0x1000000),
        (Flags::UNLINK_ID, 0x2000000),
        (Flags::MANDATORY_25_DIGEST, 1 << 26),
        (Flags::SPAWN, 1 << 32),
        (Flags::NAME_ME, 1 << 33),
        (Flags::V4_NC, 1 << 34),
        (Flags::ALIAS, 1 << 35),
        (Flags::ALTACT_SIG, 1 << 37),
        (Flags::NATIVE_RECORDS, 1 << 38),
    ];
    for (flag, bits) in values {
        assert_eq!(flag.bits(), bits, "{flag}");
    }
    assert_eq!(Flags::MANDATORY.bits(), 0x4_0307_0F94);
}

#[test]
fn ours_is_the_mandatory_set_and_what_the_text_says() {
    assert_eq!(Flags::missing_mandatory(Flags::OURS), Flags::empty());
    let extra = Flags::OURS - Flags::MANDATORY;
    assert_eq!(
        extra.to_string(),
        "DIST_MONITOR | DIST_MONITOR_NAME | SMALL_ATOM_TAGS | BIG_SEQTRACE_LABELS | EXIT_PAYLOAD | MANDATORY_25_DIGEST | SPAWN | ALIAS | ALTACT_SIG"
    );
    assert!(Flags::OURS.hidden());
    assert_eq!(Flags::missing_mandatory(Flags::empty()), Flags::MANDATORY);
    let digest = Flags::MANDATORY_25_DIGEST;
    assert_eq!(Flags::missing_mandatory(digest), Flags::V4_NC | Flags::UNLINK_ID);
}

#[test]
fn unknown_bits_are_kept_and_shown() {
    let flags = Flags::from_bits_retain(1 << 63 | 1 << 36 | 1);
    assert_eq!(flags.bits(), 1 << 63 | 1 << 36 | 1);
    assert_eq!(format!("{flags:?}"), "Flags(PUBLISHED | 0x8000001000000000)");
}

#[test]
fn names_are_checked_and_told_apart() {
    let kind = |text: &str| text.parse::<NodeName>().map(|name| name.kind());
    assert_eq!(kind("a@host"), Ok(NameKind::Short));
    assert_eq!(kind("a@host.example"), Ok(NameKind::Long));
    assert_eq!(kind("a@127.0.0.1"), Ok(NameKind::Long));
    assert_eq!(kind("a@::1"), Ok(NameKind::Long));
    for text in ["", "a", "@", "a@", "@h", "a@b@c", "a b@h", "a@h\n", "a@h\u{80}", "a@\u{20ac}"] {
        assert!(matches!(kind(text), Err(ProtoError::BadNodeName { .. })), "{text:?}");
    }
    assert!(kind(&format!("a@{}", "h".repeat(253))).is_ok());
    assert!(kind(&format!("a@{}", "h".repeat(254))).is_err());
}

#[test]
fn cookies_follow_the_rules_of_the_cookie_file() {
    for text in ["", "\n", "a\nb", "caf\u{e9}", "a\tb", &"x".repeat(256)] {
        assert!(matches!(Cookie::new(text), Err(ProtoError::BadCookie { .. })), "{text:?}");
    }
    // erlang:md5("secret" ++ integer_to_list(4294967295)).
    let expected =
        [0x5d, 0xfd, 0x18, 0x1e, 0x69, 0xaa, 0x58, 0x7c, 0xc8, 0x12, 0xeb, 0x33, 0x3e, 0x65, 0x36, 0xb6];
    let cookie = |text: &str| Cookie::new(text).unwrap();
    assert_eq!(digest(&cookie("secret"), u32::MAX), expected);
    assert!(same(&digest(&cookie("secret\n"), u32::MAX), &expected));
    assert!(!same(&digest(&cookie("secreT"), u32::MAX), &expected));
    for byte in 0..16 {
        let mut other = expected;
        other[byte] ^= 1;
        assert!(!same(&expected, &other));
    }
}

#[test]
fn pids_are_owned_with_their_characters() {
    let pid = Pid { node: Atom::Latin1(b"a@caf\xe9"), id: 1, serial: 2, creation: 3 };
    let owned = OwnedPid::from(pid);
    assert_eq!(&*owned.node, "a@café");
    assert_eq!(owned.borrow(), pid);
}
