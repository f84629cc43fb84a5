//! Bytes written as text: `binary.handling.mode`, and what Kafka Connect's JSON converter makes of bytes.

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 4648, section 4.
    Base64,
    /// RFC 4648, section 5.
    Base64Url,
    /// RFC 4648, section 8, in either case.
    Hex,
}

impl Encoding {
    /// Decodes `text` into `out`, whatever was in it. `None` for text that this encoding does not write.
    pub(super) fn decode(self, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
        out.clear();
        match self {
            Self::Base64 => base64(text, out, *b"+/"),
            Self::Base64Url => base64(text, out, *b"-_"),
            Self::Hex => hex(text, out),
        }
    }
}

/// With or without padding; the bits that are left over have to be 0.
fn base64(text: &[u8], out: &mut Vec<u8>, [plus, slash]: [u8; 2]) -> Option<()> {
    let unpadded = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    if unpadded.len() != text.len() && !text.len().is_multiple_of(4) {
        return None;
    }
    out.reserve(unpadded.len() / 4 * 3 + 2);
    for group in unpadded.chunks(4) {
        let mut bits: u32 = 0;
        for &byte in group {
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                _ if byte == plus => 62,
                _ if byte == slash => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        let whole = match group.len() {
            4 => 3,
            3 => 2,
            2 => 1,
            _ => return None,
        };
        let spare = group.len() * 6 - whole * 8;
        if bits & ((1 << spare) - 1) != 0 {
            return None;
        }
        let bytes = (bits >> spare).to_be_bytes();
        out.extend_from_slice(bytes.get(4 - whole..)?);
    }
    Some(())
}

fn hex(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    for pair in text.chunks_exact(2) {
        let mut byte = 0;
        for &digit in pair {
            byte = byte << 4 | u8::try_from(char::from(digit).to_digit(16)?).ok()?;
        }
        out.push(byte);
    }
    Some(())
}

/// The same the other way round, for the placeholders to look for.
pub(super) fn encode(encoding: Encoding, bytes: &[u8]) -> String {
    if encoding == Encoding::Hex {
        return bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    }
    let last: &[u8] = if encoding == Encoding::Base64 { b"+/" } else { b"-_" };
    let alphabet: Vec<u8> =
        (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(last.iter().copied()).collect();
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) as usize & 63;
            let known = place <= group.len();
            text.push(if known { alphabet.get(digit).map_or('=', |&byte| char::from(byte)) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_examples_of_the_rfc() {
        for (plain, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            let mut out = vec![1];
            assert_eq!(Encoding::Base64.decode(text.as_bytes(), &mut out), Some(()));
            assert_eq!(out, plain.as_bytes());
            assert_eq!(encode(Encoding::Base64, plain.as_bytes()), text);
        }
    }

    #[test]
    fn refuses_what_nobody_writes() {
        for wrong in ["Z", "Zg=", "Zg===", "Zh==", "Zg==Zg==", "Z g=", "Zm9v\n", "-_==", "===="] {
            assert_eq!(Encoding::Base64.decode(wrong.as_bytes(), &mut Vec::new()), None, "{wrong:?}");
        }
        assert_eq!(Encoding::Hex.decode(b"0g", &mut Vec::new()), None);
        assert_eq!(Encoding::Hex.decode(b"012", &mut Vec::new()), None);
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            for encoding in [Encoding::Base64, Encoding::Base64Url, Encoding::Hex] {
                let mut out = Vec::new();
                encoding.decode(encode(encoding, &bytes).as_bytes(), &mut out).unwrap();
                prop_assert_eq!(&out, &bytes);
            }
        }
    }
}
