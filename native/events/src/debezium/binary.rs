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

/// The same the other way round, with padding: appends the text of `bytes`.
pub(super) fn encode(encoding: Encoding, bytes: &[u8], out: &mut Vec<u8>) {
    match encoding {
        Encoding::Base64 => to_base64(bytes, out, *b"+/"),
        Encoding::Base64Url => to_base64(bytes, out, *b"-_"),
        Encoding::Hex => {
            out.extend(bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| match digit {
                0..10 => b'0' + digit,
                _ => b'a' + digit - 10,
            }));
        }
    }
}

fn to_base64(bytes: &[u8], out: &mut Vec<u8>, [plus, slash]: [u8; 2]) {
    let digit = |bits: u32| match (bits & 63) as u8 {
        bits @ 0..26 => b'A' + bits,
        bits @ 26..52 => b'a' + bits - 26,
        bits @ 52..62 => b'0' + bits - 52,
        62 => plus,
        _ => slash,
    };
    out.reserve(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let [first, second, third] = [0, 1, 2].map(|place| u32::from(group.get(place).copied().unwrap_or(0)));
        let bits = first << 16 | second << 8 | third;
        let text = [18, 12, 6, 0].map(|shift| digit(bits >> shift));
        let whole = group.len() + 1;
        out.extend_from_slice(text.get(..whole).unwrap_or(&text));
        out.extend(std::iter::repeat_n(b'=', 4 - whole));
    }
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
            let mut again = Vec::new();
            encode(Encoding::Base64, plain.as_bytes(), &mut again);
            assert_eq!(again, text.as_bytes());
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
                let (mut text, mut out) = (Vec::new(), Vec::new());
                encode(encoding, &bytes, &mut text);
                encoding.decode(&text, &mut out).unwrap();
                prop_assert_eq!(&out, &bytes);
            }
        }
    }
}
