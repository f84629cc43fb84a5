//! Files that a schema may import though nobody has given them: Google's, and those that a registry knows by itself.
//!
//! A registry of Confluent's keeps no references for the files of Kafka Connect's Protobuf converter. What is here of them are the
//! names and numbers that make their format.

use protox::file::{File, FileResolver};

/// Names and texts.
const FILES: [(&str, &str); 4] = [
    ("google/type/date.proto", DATE),
    ("google/type/timeofday.proto", TIME_OF_DAY),
    ("confluent/type/decimal.proto", DECIMAL),
    ("confluent/meta.proto", META),
];

const DATE: &str = "syntax = \"proto3\"; package google.type;
    message Date { int32 year = 1; int32 month = 2; int32 day = 3; }";

const TIME_OF_DAY: &str = "syntax = \"proto3\"; package google.type;
    message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }";

/// The unscaled value, most significant byte first.
const DECIMAL: &str = "syntax = \"proto3\"; package confluent.type;
    message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }";

/// What a registry keeps beside a file, a message, a field, an enum and its values.
const META: &str = "syntax = \"proto3\"; package confluent; import \"google/protobuf/descriptor.proto\";
    message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; repeated Rule rules = 4; }
    message Rule { string name = 1; string doc = 2; string expr = 3; string sql = 4; }
    extend google.protobuf.FileOptions { Meta file_meta = 1088; }
    extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
    extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
    extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
    extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }";

/// Asked after the caller's own files.
pub(super) struct Known;

impl FileResolver for Known {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let known = FILES.iter().find(|(known, _)| *known == name);
        let (_, text) = known.ok_or_else(|| protox::Error::file_not_found(name))?;
        File::from_source(name, text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Schema;
    use super::FILES;

    #[test]
    fn each_is_a_file_that_can_be_imported() {
        let imports: String = FILES.iter().map(|(name, _)| format!("import \"{name}\";")).collect();
        let text = format!("syntax = \"proto3\"; {imports} message M {{ confluent.type.Decimal d = 1; }}");
        assert!(Schema::parse(&text).is_ok(), "{:?}", Schema::parse(&text));
        // Who gives one of them has said what it is.
        let own = [("google/type/date.proto", "syntax = \"proto3\"; package google.type; message Date {}")];
        let schema = Schema::parse_with(&text, "main.proto", &own).unwrap();
        assert_eq!(schema.message("google.type.Date").unwrap().fields().count(), 0);
    }
}
