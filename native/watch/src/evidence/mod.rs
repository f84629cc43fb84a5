//! Evidence: a record of each run of a gate, signed, and chained to the one before.
//!
//! A line of `.outrigger/evidence.jsonl` is a DSSE envelope (<https://github.com/secure-systems-lab/dsse>, protocol 1.0) with an
//! ed25519 signature (RFC 8032) over an in-toto statement (<https://github.com/in-toto/attestation>, Statement v1) whose
//! predicate is `test-result/v0.1`. Beside the members of that predicate stands one of ours:
//!
//! ```json
//! {"outrigger": {"number": 2, "previous": "SHA-256 of the line before", "at": 1795331030000, "dirty": false,
//!                "outcome": {"gate": "ship", "verdict": "pass", …}, "windows": [{"format": "outrigger-window/1", …}]}}
//! ```
//!
//! The subject is the tree of the repository (`gitTree`), or, outside of one, the configuration. `inconclusive` and `not_run`
//! are `FAILED` to in-toto, which knows three results; ours stands in the outcome.
//!
//! # Invariants
//!
//! - A line is written in one way only, so that no byte of it can be another and mean the same: [`verify`] writes each line
//!   again and compares.
//! - A line holds the hash of all bytes of the line before, signature included.
//! - Verifying needs the file, and the key that is trusted; no network, no clock.
//!
//! # Example
//!
//! ```
//! use outrigger_watch::evidence::{Expected, Key, Record, verify};
//! use outrigger_watch::gate::{Config, judge};
//!
//! let config = Config::read("preset = \"phoenix\"")?;
//! let outcome = judge(&config.gates["phoenix"], &[], &[]);
//! let key = Key::from_seed([7; 32]);
//! let record = Record::new(1_795_331_030_000, "outrigger.toml", b"preset = \"phoenix\"", &outcome, &[]);
//! let line = record.sign(&key, None);
//!
//! let trusted = Expected { key: Some(key.public()), ..Expected::default() };
//! assert!(verify(line.as_bytes(), &trusted).altered.is_empty());
//! let mut forged = line.into_bytes();
//! forged[100] ^= 1;
//! assert_eq!(verify(&forged, &trusted).altered[0].line, Some(1));
//! # Ok::<(), outrigger_watch::WatchError>(())
//! ```
//!
//! # Limits
//!
//! - **Last lines that are missing cannot be seen**: what is left is a whole chain. Keep the hash of the newest line elsewhere
//!   (`outrigger gate` prints it) and give it to `outrigger evidence verify --head HASH`.
//! - Without a key that is trusted from elsewhere, a file that somebody signed anew as a whole is a good one of another key.
//! - Who has the key can write anything. The file says what was measured, not that nobody lied to who measured.
//! - A line is up to 512 MiB.

mod envelope;
mod key;
mod record;
mod statement;
mod verify;

pub use key::{Key, PublicKey};
pub use record::{Link, Record, last};
pub use verify::{Altered, Expected, Field, Seen, Verified, verify};

/// Bytes of one line.
pub(crate) const MOST_LINE: usize = 512 << 20;

/// SHA-256 as hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex(&sha2::Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // To a string it never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
