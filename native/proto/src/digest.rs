//! The cookie and the digest that proves one knows it.
//!
//! The digest is MD5 over the cookie's text and the challenge in decimal, by the protocol's design: it guards
//! against joining the wrong cluster by accident, not against an attacker who listens. Challenges must come
//! from a CSPRNG.
//!
//! ```
//! use outrigger_proto::digest::{Cookie, digest, same};
//!
//! let cookie = Cookie::new("secret")?;
//! assert_eq!(format!("{cookie:?}"), "Cookie(..)");
//! assert!(same(&digest(&cookie, 1), &digest(&cookie, 1)));
//! assert!(!same(&digest(&cookie, 1), &digest(&cookie, 2)));
//! # Ok::<(), outrigger_proto::ProtoError>(())
//! ```

use std::fmt;

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::ProtoError;

/// The shared secret of a cluster. Never shown by `Debug`, wiped from memory when dropped.
#[derive(Clone)]
pub struct Cookie(Zeroizing<String>);

impl Cookie {
    /// Takes a cookie as `erl` takes the content of `~/.erlang.cookie`: newlines at the end are cut off, what
    /// remains is 1 to 255 printable ASCII characters.
    pub fn new(text: &str) -> Result<Self, ProtoError> {
        let text = text.trim_end_matches(['\n', '\r']);
        let bad = |why| Err(ProtoError::BadCookie { why });
        match text.len() {
            0 => bad("it is empty"),
            256.. => bad("it is longer than 255 characters"),
            _ if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
                bad("it has a character that is not printable ASCII")
            }
            _ => Ok(Self(Zeroizing::new(text.to_owned()))),
        }
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(..)")
    }
}

/// What proves that its sender knows `cookie`, in answer to `challenge`.
pub fn digest(cookie: &Cookie, challenge: u32) -> [u8; 16] {
    let mut md5 = Md5::new();
    md5.update(cookie.0.as_bytes());
    md5.update(challenge.to_string().as_bytes());
    md5.finalize().into()
}

/// Compares two digests in a time that does not depend on where they differ.
pub fn same(a: &[u8; 16], b: &[u8; 16]) -> bool {
    a.ct_eq(b).into()
}
