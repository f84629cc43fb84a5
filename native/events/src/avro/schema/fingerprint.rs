//! Fingerprints of the Parsing Canonical Form.

use sha2::{Digest, Sha256};

use super::Schema;

/// The fingerprint of no bytes.
const EMPTY: u64 = 0xc15d_213a_a4d7_a795;

const TABLE: [u64; 256] = {
    let mut table = [0; 256];
    let mut place = 0;
    while place < 256 {
        let mut word = place as u64;
        let mut bit = 0;
        while bit < 8 {
            word = (word >> 1) ^ (EMPTY & (word & 1).wrapping_neg());
            bit += 1;
        }
        table[place] = word;
        place += 1;
    }
    table
};

impl Schema {
    /// CRC-64-AVRO, which single objects carry (little-endian).
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        crc64(self.canonical_form().as_bytes())
    }

    /// SHA-256, for where fingerprints must not be made to collide.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.canonical_form().as_bytes()).into()
    }
}

fn crc64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(EMPTY, |word, &byte| (word >> 8) ^ TABLE[usize::from(word as u8 ^ byte)])
}
