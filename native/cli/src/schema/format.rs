//! Which files are schemas, and of what format.

use serde_json::Value;

/// A format of schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Format {
    Avro,
    JsonSchema,
    Protobuf,
}

impl Format {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Avro => "avro",
            Self::JsonSchema => "json-schema",
            Self::Protobuf => "protobuf",
        }
    }

    /// Of a file's name alone. A `.json` file may be one.
    pub(super) fn of_name(path: &str) -> Option<Self> {
        let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
        match extension {
            "avsc" => Some(Self::Avro),
            "json" => Some(Self::JsonSchema),
            "proto" => Some(Self::Protobuf),
            _ => None,
        }
    }

    /// Of a file. Without `every_json`, JSON is a schema if it says so.
    pub(super) fn of(path: &str, bytes: &[u8], every_json: bool) -> Option<Self> {
        let format = Self::of_name(path)?;
        (format != Self::JsonSchema || every_json || says_so(bytes)).then_some(format)
    }
}

/// JSON that is wrong is not taken for a schema, unless it looks like one.
fn says_so(bytes: &[u8]) -> bool {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => value.get("$schema").is_some_and(|schema| schema.as_str().is_some_and(is_draft)),
        Err(_) => {
            bytes.windows(9).any(|window| window == b"\"$schema\"")
                && is_draft(&String::from_utf8_lossy(bytes))
        }
    }
}

/// Other things have a `$schema` too, such as the settings of an editor.
fn is_draft(text: &str) -> bool {
    text.contains("json-schema.org/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name_and_by_what_json_says() {
        let draft = br#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#;
        let of = |path, bytes: &[u8]| Format::of(path, bytes, false);
        assert_eq!(of("a/b.avsc", b""), Some(Format::Avro));
        assert_eq!(of("b.proto", b""), Some(Format::Protobuf));
        assert_eq!(of("b.json", draft), Some(Format::JsonSchema));
        assert_eq!(of("package.json", b"{}"), None);
        assert_eq!(of("x.json", br#"{"$schema": "./settings.json"}"#), None);
        assert_eq!(Format::of("b.json", b"{}", true), Some(Format::JsonSchema));
        assert_eq!(of("b.json", &draft[..20]), None);
        assert_eq!(of("b.json", &draft[..52]), Some(Format::JsonSchema));
        assert_eq!(of("idl.avdl", b""), None);
        assert_eq!(of("proto", b""), None);
    }
}
