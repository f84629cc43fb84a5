//! The kinds of difference between two Protobuf files, and which of them are compatible.
//!
//! The names are those of Confluent's registry in `snake_case` where it has the kind.

macro_rules! kinds {
    ($($name:ident $text:literal $compatible:literal $means:literal $remedy:expr;)*) => {
        /// A kind of difference. What is *added* is in the reader's file and not in the writer's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $(#[doc = $means] $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The fixed word: `field_kind_changed`.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it says, for people.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $means,)* }
            }

            /// What to do instead; empty where there is nothing.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }

            /// Whether data stays readable.
            #[must_use]
            pub const fn is_compatible(self) -> bool {
                match self { $(Self::$name => $compatible,)* }
            }
        }
    };
}

const NEW_NUMBER: &str = "leave the field, and add another one with a number of its own";
const OPTIONAL: &str = "make it optional, and check it in the application";
const STAY: &str = "leave the fields where they are; a new oneof takes new fields";

kinds! {
    PackageChanged "package_changed" false "the package differs, and with it the names of all messages" "keep the package";
    MessageAdded "message_added" true "the reader has a message that the writer has not" "";
    MessageRemoved "message_removed" false "the reader lacks a message that the writer has" "keep the message; it may lose all its fields";
    MessageMoved "message_moved" true "the message stands at another place in the file" "";
    EnumAdded "enum_added" true "the reader has an enum that the writer has not" "";
    EnumRemoved "enum_removed" true "the reader lacks an enum that the writer has" "";
    EnumConstAdded "enum_const_added" true "the reader has a constant that the writer has not" "";
    EnumConstChanged "enum_const_changed" true "the constant has another name" "";
    EnumConstRemoved "enum_const_removed" true "the reader lacks a constant, and keeps its number as it is" "";
    FieldAdded "field_added" true "the reader has a field that the writer has not" "";
    FieldRemoved "field_removed" true "the reader lacks a field that the writer has, and skips it" "";
    FieldNameChanged "field_name_changed" true "the field has another name" "";
    FieldKindChanged "field_kind_changed" false "the field is of another kind: a number or text, a message, or a map" NEW_NUMBER;
    FieldScalarKindChanged "field_scalar_kind_changed" false "the field's type is written in another way" NEW_NUMBER;
    FieldNamedTypeChanged "field_named_type_changed" false "the field holds another message" NEW_NUMBER;
    FieldNumericLabelChanged "field_numeric_label_changed" false "a number is repeated in one and not in the other" NEW_NUMBER;
    FieldStringOrBytesLabelChanged "field_string_or_bytes_label_changed" true "text is repeated in one and not in the other; one of them is read" "";
    FieldMessageLabelChanged "field_message_label_changed" true "a message is repeated in one and not in the other; they are merged" "";
    RequiredFieldAdded "required_field_added" false "the reader requires a field that the writer may leave out" OPTIONAL;
    RequiredFieldRemoved "required_field_removed" false "the reader lacks a field that the writer's schema requires" "keep the field and make it optional first";
    RequiredLabelRemoved "required_label_removed" true "the reader does not require the field" "";
    OneofAdded "oneof_added" true "the reader has a oneof that the writer has not" "";
    OneofRemoved "oneof_removed" true "the reader lacks a oneof that the writer has" "";
    OneofFieldAdded "oneof_field_added" true "the reader has a field in a oneof that the writer has not" "";
    OneofFieldRemoved "oneof_field_removed" false "the reader lacks a field of a oneof, and then takes the oneof for not set" "keep the field";
    OneofFieldMovedToTopLevel "oneof_field_moved_to_top_level" true "the field stands outside of its oneof" "";
    MultipleFieldsMovedToOneof "multiple_fields_moved_to_oneof" false "fields that could be set together exclude each other in the reader's oneof, which keeps the last" STAY;
    FieldMovedToExistingOneof "field_moved_to_existing_oneof" false "a field that could be set beside a oneof is part of it in the reader, which keeps the last" STAY;
    ReservedNumberReused "reserved_number_reused" true "the reader has a field with a number that the writer reserves" "";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_has_a_word_of_its_own_and_every_bad_one_a_remedy() {
        let words: HashSet<_> = Kind::ALL.iter().map(|kind| kind.text()).collect();
        assert_eq!(words.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert_eq!(kind.remedy().is_empty(), kind.is_compatible(), "{}", kind.text());
        }
    }
}
