//! Keys.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::hex;
use crate::WatchError;

/// The head of a secret key's file, so that nobody takes it for something else.
const SECRET: &str = "outrigger-ed25519-secret:";
const PUBLIC: &str = "ed25519:";

/// A secret key. It is wiped from memory when it is dropped, and never shown.
pub struct Key {
    signing: SigningKey,
}

impl Key {
    /// Of 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self { signing: SigningKey::from_bytes(&seed) }
    }

    /// Reads a secret key's file.
    ///
    /// # Errors
    ///
    /// [`WatchError::BadKey`] if it is none.
    pub fn read(text: &str) -> Result<Self, WatchError> {
        let seed = text.trim().strip_prefix(SECRET).and_then(bytes_of);
        seed.map(Self::from_seed).ok_or(WatchError::BadKey { what: "a secret key", form: SECRET })
    }

    /// What a secret key's file holds.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{SECRET}{}\n", hex(self.signing.as_bytes()))
    }

    /// The key that its signatures are verified with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey { verifying: self.signing.verifying_key() }
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.signing.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key of {}", self.public())
    }
}

/// A public key, `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    verifying: VerifyingKey,
}

impl PublicKey {
    /// Whether a signature is of this key. Keys and signatures of small order are refused (RFC 8032, 5.1.7, strict).
    pub(super) fn verifies(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        self.verifying.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{PUBLIC}{}", hex(self.verifying.as_bytes()))
    }
}

impl FromStr for PublicKey {
    type Err = WatchError;

    fn from_str(text: &str) -> Result<Self, WatchError> {
        let verifying =
            text.strip_prefix(PUBLIC).and_then(bytes_of).map(|bytes| VerifyingKey::from_bytes(&bytes));
        match verifying {
            Some(Ok(verifying)) => Ok(Self { verifying }),
            _ => Err(WatchError::BadKey { what: "a public key", form: PUBLIC }),
        }
    }
}

/// Of 64 hexadecimal digits in lower case: there is one way to write a key.
fn bytes_of(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let key = Key::from_seed([7; 32]);
        let again = Key::read(&key.to_text()).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(key.public().to_string().parse::<PublicKey>().unwrap(), key.public());
        assert!(!format!("{key:?}").contains("0707"));
    }

    #[test]
    fn what_is_none_is_refused() {
        let public = Key::from_seed([7; 32]).public().to_string();
        let upper = public.replace('a', "A");
        for text in ["", "ed25519:", "ed25519:00", &public[1..], &upper, &format!("{public}\n"), "ed25519:é"]
        {
            assert!(text.parse::<PublicKey>().is_err(), "{text}");
        }
        assert!(
            Key::read(&public)
                .unwrap_err()
                .to_string()
                .contains("a secret key begins with outrigger-ed25519-secret:")
        );
    }

    /// RFC 8032, 7.1, test 2.
    #[test]
    fn a_known_signature() {
        let seed = bytes_of("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let key = Key::from_seed(seed);
        assert_eq!(
            key.public().to_string(),
            "ed25519:3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        let signature = key.sign(&[0x72]);
        assert!(
            hex(&signature).starts_with("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")
        );
        assert!(key.public().verifies(&[0x72], &signature) && !key.public().verifies(&[0x73], &signature));
    }
}
