//! The placeholder for a value that the database did not send since it did not change.
//!
//! Debezium writes it in the type of its column: as text, as bytes, as a list of either, as a list of numbers (one per byte),
//! as a map from itself to itself. What its writers make of that is known beforehand, so values are compared as they are written.

use super::binary::{self, Encoding};

/// All ways in which one placeholder is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    texts: Vec<Box<[u8]>>,
    lists: Vec<Box<[u8]>>,
    maps: Vec<Box<[u8]>>,
}

impl Unavailable {
    /// Of `unavailable.value.placeholder`.
    #[must_use]
    pub fn new(placeholder: &str) -> Self {
        let bytes = placeholder.as_bytes();
        let quoted = |text: &str| format!("{text:?}");
        let own = quoted(placeholder);
        let mut texts = vec![own.clone()];
        for encoding in [Encoding::Base64, Encoding::Base64Url, Encoding::Hex] {
            let mut text = Vec::new();
            binary::encode(encoding, bytes, &mut text);
            texts.push(quoted(&String::from_utf8_lossy(&text)));
        }
        texts.dedup();
        let mut lists: Vec<String> = texts.iter().map(|text| format!("[{text}]")).collect();
        let numbers: Vec<String> = bytes.iter().map(|byte| byte.cast_signed().to_string()).collect();
        lists.push(format!("[{}]", numbers.join(",")));
        // A map that is written as a list of entries.
        lists.push(format!("[{{\"key\":{own},\"value\":{own}}}]"));
        let maps = vec![format!("{{{own}:{own}}}")];
        let boxed = |texts: Vec<String>| texts.into_iter().map(|text| text.into_bytes().into()).collect();
        Self { texts: boxed(texts), lists: boxed(lists), maps: boxed(maps) }
    }

    /// The length of the placeholder that `rest` begins with.
    #[inline]
    pub(super) fn length(&self, rest: &[u8]) -> Option<usize> {
        let ways = match rest.first()? {
            b'"' => &self.texts,
            b'[' => &self.lists,
            b'{' => &self.maps,
            _ => return None,
        };
        ways.iter().find(|way| rest.starts_with(way)).map(|way| way.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_each_way() {
        let ways = Unavailable::new("__debezium_unavailable_value");
        for text in [
            r#""__debezium_unavailable_value""#,
            r#""X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==""#,
            r#""5f5f646562657a69756d5f756e617661696c61626c655f76616c7565""#,
            r#"["__debezium_unavailable_value"]"#,
            r#"["X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="]"#,
            "[95,95,100,101,98,101,122,105,117,109,95,117,110,97,118,97,105,108,97,98,108,101,95,118,97,108,117,101]",
            r#"{"__debezium_unavailable_value":"__debezium_unavailable_value"}"#,
            r#"[{"key":"__debezium_unavailable_value","value":"__debezium_unavailable_value"}]"#,
        ] {
            assert_eq!(ways.length(format!("{text},1").as_bytes()), Some(text.len()), "{text}");
        }
        for text in [r#""__debezium_unavailable_values""#, r#""""#, "[]", "[95,95]", "{}", "1", ""] {
            assert_eq!(ways.length(text.as_bytes()), None, "{text}");
        }
    }
}
