//! DSSE: an envelope around signed bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{Key, PublicKey};

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// An envelope, as one line of JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<Signed>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    keyid: String,
    sig: String,
}

/// What is inside of an envelope.
pub(super) struct Opened {
    pub(super) payload: Vec<u8>,
    /// Whose it says it is. Nothing is known of that until it is verified.
    pub(super) key: PublicKey,
    pub(super) signature: [u8; 64],
}

impl Envelope {
    /// Signs bytes.
    pub(super) fn seal(payload: &[u8], key: &Key) -> Self {
        let signature = key.sign(&pre_authentication(payload));
        Self {
            payload: STANDARD.encode(payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: vec![Signed { keyid: key.public().to_string(), sig: STANDARD.encode(signature) }],
        }
    }

    /// The one way to write it.
    pub(super) fn line(&self) -> String {
        // Strings always serialize.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// Reads a line without its end, and says what is wrong with it.
    pub(super) fn read(line: &[u8]) -> Result<Opened, String> {
        let envelope: Self =
            serde_json::from_slice(line).map_err(|error| format!("not an envelope: {error}"))?;
        let written = envelope.line();
        if written.trim_end_matches('\n').as_bytes() != line {
            return Err("not written as an envelope is written here".into());
        }
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(format!("its payload is {:?}, not {PAYLOAD_TYPE:?}", envelope.payload_type));
        }
        let [signed] = &envelope.signatures[..] else { return Err("it has not one signature".into()) };
        let decode =
            |text: &str, what| STANDARD.decode(text).map_err(|error| format!("{what} is no base64: {error}"));
        let signature = decode(&signed.sig, "the signature")?;
        Ok(Opened {
            payload: decode(&envelope.payload, "the payload")?,
            key: signed.keyid.parse().map_err(|error| format!("{error}"))?,
            signature: signature.try_into().map_err(|_| "the signature has not 64 bytes".to_owned())?,
        })
    }
}

impl Opened {
    /// Whether the payload is what this key has signed.
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(&pre_authentication(&self.payload), &self.signature)
    }
}

/// What is signed: type and payload with their lengths (DSSE, PAE).
fn pre_authentication(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_what_is_signed() {
        assert_eq!(pre_authentication(b"{}"), b"DSSEv1 28 application/vnd.in-toto+json 2 {}");
    }
}
