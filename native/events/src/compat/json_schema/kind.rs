//! The kinds of difference between the schema of a writer and that of a reader, and which of them are compatible.
//!
//! The names are those of Confluent's registry in `snake_case` where it has the kind; what it does not look at and we do
//! (`contains`, `patternProperties`, `propertyNames`, conditions, overlaps of `oneOf`) has names made in the same way.

/// Under which policy a kind of difference is compatible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Always: what was valid stays valid.
    Fine,
    /// If the reader fills in the `default` of what is missing, as registries take for granted.
    Filled,
    /// Under [`Policy::Lenient`](super::Policy::Lenient) only.
    Lenient,
    /// Never.
    Never,
}

macro_rules! kinds {
    ($($name:ident $text:literal $class:ident $means:literal $remedy:expr;)*) => {
        /// A kind of difference. What is *added* is in the reader's schema and not in the writer's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $(#[doc = $means] $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The fixed word: `max_length_decreased`.
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

            pub(super) const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)* }
            }
        }
    };
}

const WIDEN: &str = "keep the old bound or a wider one";
const LEAVE_OUT: &str = "leave it out, or check it in the application";
const DEFAULT: &str = "give the property a default, or do not require it";
const CLOSE: &str = "the writer's schema has to close its properties first (additionalProperties: false), or use the lenient policy";
const KEEP: &str = "keep it, or open the reader's schema for it";
const ALTERNATIVES: &str = "keep all alternatives; new ones may be added";
const APART: &str = "tell the alternatives apart by a required constant, or use anyOf, or the lenient policy";

kinds! {
    IdChanged "id_changed" Fine "the id differs" "";
    TitleChanged "title_changed" Fine "the title differs" "";
    DescriptionChanged "description_changed" Fine "the description differs" "";
    DefaultChanged "default_changed" Fine "the default differs" "";
    SchemaAdded "schema_added" Never "the reader has a schema where the writer has none" LEAVE_OUT;
    SchemaRemoved "schema_removed" Fine "the reader has no schema where the writer has one" "";
    TypeExtended "type_extended" Fine "the reader takes more types" "";
    TypeNarrowed "type_narrowed" Never "the reader takes fewer types" "keep all types that were written";
    TypeChanged "type_changed" Never "the reader takes another type" "add a property of another name for the new type";

    MaxLengthAdded "max_length_added" Never "the reader bounds the length of the text" LEAVE_OUT;
    MaxLengthRemoved "max_length_removed" Fine "the reader does not bound the length of the text" "";
    MaxLengthIncreased "max_length_increased" Fine "the reader takes longer texts" "";
    MaxLengthDecreased "max_length_decreased" Never "the reader takes shorter texts only" WIDEN;
    MinLengthAdded "min_length_added" Never "the reader wants a least length of the text" LEAVE_OUT;
    MinLengthRemoved "min_length_removed" Fine "the reader wants no least length of the text" "";
    MinLengthIncreased "min_length_increased" Never "the reader wants longer texts" WIDEN;
    MinLengthDecreased "min_length_decreased" Fine "the reader takes texts that are shorter" "";
    PatternAdded "pattern_added" Never "the reader wants the text to match a pattern" LEAVE_OUT;
    PatternRemoved "pattern_removed" Fine "the reader wants no pattern" "";
    PatternChanged "pattern_changed" Never "the reader wants another pattern" "keep the pattern, or leave it out";

    MaximumAdded "maximum_added" Never "the reader bounds the number from above" LEAVE_OUT;
    MaximumRemoved "maximum_removed" Fine "the reader does not bound the number from above" "";
    MaximumIncreased "maximum_increased" Fine "the reader takes larger numbers" "";
    MaximumDecreased "maximum_decreased" Never "the reader takes smaller numbers only" WIDEN;
    MinimumAdded "minimum_added" Never "the reader bounds the number from below" LEAVE_OUT;
    MinimumRemoved "minimum_removed" Fine "the reader does not bound the number from below" "";
    MinimumIncreased "minimum_increased" Never "the reader takes larger numbers only" WIDEN;
    MinimumDecreased "minimum_decreased" Fine "the reader takes smaller numbers" "";
    ExclusiveMaximumAdded "exclusive_maximum_added" Never "the reader bounds the number from above" LEAVE_OUT;
    ExclusiveMaximumRemoved "exclusive_maximum_removed" Fine "the reader has no exclusive upper bound" "";
    ExclusiveMaximumIncreased "exclusive_maximum_increased" Fine "the reader takes larger numbers" "";
    ExclusiveMaximumDecreased "exclusive_maximum_decreased" Never "the reader takes smaller numbers only" WIDEN;
    ExclusiveMinimumAdded "exclusive_minimum_added" Never "the reader bounds the number from below" LEAVE_OUT;
    ExclusiveMinimumRemoved "exclusive_minimum_removed" Fine "the reader has no exclusive lower bound" "";
    ExclusiveMinimumIncreased "exclusive_minimum_increased" Never "the reader takes larger numbers only" WIDEN;
    ExclusiveMinimumDecreased "exclusive_minimum_decreased" Fine "the reader takes smaller numbers" "";
    MultipleOfAdded "multiple_of_added" Never "the reader takes multiples only" LEAVE_OUT;
    MultipleOfRemoved "multiple_of_removed" Fine "the reader takes all numbers" "";
    MultipleOfExpanded "multiple_of_expanded" Never "the reader takes multiples of a larger number" "keep the old step or a part of it";
    MultipleOfReduced "multiple_of_reduced" Fine "the reader takes multiples of a part of the number" "";
    MultipleOfChanged "multiple_of_changed" Never "the reader takes multiples of another number" "keep the old step or a part of it";

    RequiredAttributeAdded "required_attribute_added" Never "the reader requires what the writer may leave out" DEFAULT;
    RequiredAttributeWithDefaultAdded "required_attribute_with_default_added" Filled "the reader requires it and has a default for it" "";
    RequiredAttributeRemoved "required_attribute_removed" Fine "the reader does not require it" "";
    MaxPropertiesAdded "max_properties_added" Never "the reader bounds the number of properties" LEAVE_OUT;
    MaxPropertiesRemoved "max_properties_removed" Fine "the reader does not bound the number of properties" "";
    MaxPropertiesIncreased "max_properties_increased" Fine "the reader takes more properties" "";
    MaxPropertiesDecreased "max_properties_decreased" Never "the reader takes fewer properties" WIDEN;
    MinPropertiesAdded "min_properties_added" Never "the reader wants a least number of properties" LEAVE_OUT;
    MinPropertiesRemoved "min_properties_removed" Fine "the reader wants no least number of properties" "";
    MinPropertiesIncreased "min_properties_increased" Never "the reader wants more properties" WIDEN;
    MinPropertiesDecreased "min_properties_decreased" Fine "the reader takes fewer properties" "";
    AdditionalPropertiesAdded "additional_properties_added" Fine "the reader takes properties that it does not name" "";
    AdditionalPropertiesRemoved "additional_properties_removed" Lenient "the reader takes no properties but those it names" KEEP;
    AdditionalPropertiesExtended "additional_properties_extended" Fine "the reader takes any value in other properties" "";
    AdditionalPropertiesNarrowed "additional_properties_narrowed" Lenient "the reader has a schema for properties that it does not name" KEEP;
    PatternPropertiesNarrowed "pattern_properties_narrowed" Lenient "the reader has a schema for names of this pattern that the writer need not keep to" KEEP;
    PropertyNamesNarrowed "property_names_narrowed" Never "the reader takes fewer names of properties" LEAVE_OUT;
    DependencyArrayAdded "dependency_array_added" Never "the reader wants other properties beside this one" DEFAULT;
    DependencyArrayRemoved "dependency_array_removed" Fine "the reader wants no other properties beside this one" "";
    DependencyArrayExtended "dependency_array_extended" Never "the reader wants more properties beside this one" DEFAULT;
    DependencyArrayNarrowed "dependency_array_narrowed" Fine "the reader wants fewer properties beside this one" "";
    DependencyArrayChanged "dependency_array_changed" Never "the reader wants other properties beside this one" DEFAULT;
    DependencySchemaAdded "dependency_schema_added" Never "the reader has a schema for objects with this property" LEAVE_OUT;
    DependencySchemaRemoved "dependency_schema_removed" Fine "the reader has no schema for objects with this property" "";
    RequiredPropertyAddedToOpenContentModel "required_property_added_to_open_content_model" Never "the reader requires a property that the writer does not know" DEFAULT;
    RequiredPropertyWithDefaultAddedToOpenContentModel "required_property_with_default_added_to_open_content_model" Lenient "the reader has a property that the writer does not know: its schema is open, so data may hold anything of that name" CLOSE;
    OptionalPropertyAddedToOpenContentModel "optional_property_added_to_open_content_model" Lenient "the reader has a property that the writer does not know: its schema is open, so data may hold anything of that name" CLOSE;
    PropertyWithEmptySchemaAddedToOpenContentModel "property_with_empty_schema_added_to_open_content_model" Fine "the reader has a property that may be anything" "";
    RequiredPropertyAddedToUnopenContentModel "required_property_added_to_unopen_content_model" Never "the reader requires a property that the writer does not write" DEFAULT;
    RequiredPropertyWithDefaultAddedToUnopenContentModel "required_property_with_default_added_to_unopen_content_model" Filled "the reader requires a property that the writer does not write, and has a default for it" "";
    OptionalPropertyAddedToUnopenContentModel "optional_property_added_to_unopen_content_model" Fine "the reader has a property that the writer does not write" "";
    PropertyRemovedFromOpenContentModel "property_removed_from_open_content_model" Fine "the reader does not name the property and takes anything there" "";
    PropertyWithFalseRemovedFromClosedContentModel "property_with_false_removed_from_closed_content_model" Fine "the reader does not name a property that was never there" "";
    PropertyRemovedFromClosedContentModel "property_removed_from_closed_content_model" Lenient "the reader does not take the property any more" KEEP;
    PropertyRemovedIsCoveredByPartiallyOpenContentModel "property_removed_is_covered_by_partially_open_content_model" Fine "the reader does not name the property, and its schema for others takes it" "";
    PropertyRemovedNotCoveredByPartiallyOpenContentModel "property_removed_not_covered_by_partially_open_content_model" Lenient "the reader does not name the property, and its schema for others does not take it" KEEP;
    PropertyAddedIsCoveredByPartiallyOpenContentModel "property_added_is_covered_by_partially_open_content_model" Fine "the reader names a property, and takes what the writer's schema for others lets through" "";
    PropertyAddedNotCoveredByPartiallyOpenContentModel "property_added_not_covered_by_partially_open_content_model" Lenient "the reader names a property, and does not take what the writer's schema for others lets through" "take at least that schema";
    UnevaluatedPropertiesAdded "unevaluated_properties_added" Fine "the reader takes properties that nothing else looks at" "";
    UnevaluatedPropertiesRemoved "unevaluated_properties_removed" Lenient "the reader takes no properties that nothing else looks at" KEEP;
    UnevaluatedPropertiesExtended "unevaluated_properties_extended" Fine "the reader takes any value in properties that nothing else looks at" "";
    UnevaluatedPropertiesNarrowed "unevaluated_properties_narrowed" Lenient "the reader has a schema for properties that nothing else looks at" KEEP;

    MaxItemsAdded "max_items_added" Never "the reader bounds the length of the array" LEAVE_OUT;
    MaxItemsRemoved "max_items_removed" Fine "the reader does not bound the length of the array" "";
    MaxItemsIncreased "max_items_increased" Fine "the reader takes longer arrays" "";
    MaxItemsDecreased "max_items_decreased" Never "the reader takes shorter arrays only" WIDEN;
    MinItemsAdded "min_items_added" Never "the reader wants a least length of the array" LEAVE_OUT;
    MinItemsRemoved "min_items_removed" Fine "the reader wants no least length of the array" "";
    MinItemsIncreased "min_items_increased" Never "the reader wants longer arrays" WIDEN;
    MinItemsDecreased "min_items_decreased" Fine "the reader takes arrays that are shorter" "";
    MaxContainsAdded "max_contains_added" Never "the reader bounds how many items may match contains" LEAVE_OUT;
    MaxContainsRemoved "max_contains_removed" Fine "the reader does not bound how many items match contains" "";
    MaxContainsIncreased "max_contains_increased" Fine "the reader takes more items that match contains" "";
    MaxContainsDecreased "max_contains_decreased" Never "the reader takes fewer items that match contains" WIDEN;
    MinContainsAdded "min_contains_added" Never "the reader wants a least number of items to match contains" LEAVE_OUT;
    MinContainsRemoved "min_contains_removed" Fine "the reader wants no least number of items to match contains" "";
    MinContainsIncreased "min_contains_increased" Never "the reader wants more items to match contains" WIDEN;
    MinContainsDecreased "min_contains_decreased" Fine "the reader wants fewer items to match contains" "";
    ContainsAdded "contains_added" Never "the reader wants an item that the array need not hold" LEAVE_OUT;
    ContainsRemoved "contains_removed" Fine "the reader wants no particular item" "";
    ContainsChanged "contains_changed" Never "the reader wants another item in the array" "keep contains, or widen it";
    UniqueItemsAdded "unique_items_added" Never "the reader wants all items to differ" LEAVE_OUT;
    UniqueItemsRemoved "unique_items_removed" Fine "the reader takes items that are equal" "";
    AdditionalItemsAdded "additional_items_added" Fine "the reader takes items behind those it names" "";
    AdditionalItemsRemoved "additional_items_removed" Never "the reader takes no items behind those it names" KEEP;
    AdditionalItemsExtended "additional_items_extended" Fine "the reader takes any item behind those it names" "";
    AdditionalItemsNarrowed "additional_items_narrowed" Never "the reader has a schema for the items behind those it names" KEEP;
    UnevaluatedItemsAdded "unevaluated_items_added" Fine "the reader takes items that nothing else looks at" "";
    UnevaluatedItemsRemoved "unevaluated_items_removed" Never "the reader takes no items that nothing else looks at" KEEP;
    UnevaluatedItemsExtended "unevaluated_items_extended" Fine "the reader takes any item that nothing else looks at" "";
    UnevaluatedItemsNarrowed "unevaluated_items_narrowed" Never "the reader has a schema for items that nothing else looks at" KEEP;
    ItemAddedToOpenContentModel "item_added_to_open_content_model" Never "the reader has a schema for an item that the writer may make anything of" "close the writer's array first (items: false, or additionalItems: false)";
    ItemWithEmptySchemaAddedToOpenContentModel "item_with_empty_schema_added_to_open_content_model" Fine "the reader names an item that may be anything" "";
    ItemAddedToClosedContentModel "item_added_to_closed_content_model" Fine "the reader has an item that the writer does not write" "";
    ItemRemovedFromOpenContentModel "item_removed_from_open_content_model" Fine "the reader does not name the item and takes anything there" "";
    ItemWithFalseRemovedFromClosedContentModel "item_with_false_removed_from_closed_content_model" Fine "the reader does not name an item that was never there" "";
    ItemRemovedFromClosedContentModel "item_removed_from_closed_content_model" Never "the reader does not take the item any more" KEEP;
    ItemRemovedIsCoveredByPartiallyOpenContentModel "item_removed_is_covered_by_partially_open_content_model" Fine "the reader does not name the item, and its schema for others takes it" "";
    ItemRemovedNotCoveredByPartiallyOpenContentModel "item_removed_not_covered_by_partially_open_content_model" Never "the reader does not name the item, and its schema for others does not take it" KEEP;
    ItemAddedIsCoveredByPartiallyOpenContentModel "item_added_is_covered_by_partially_open_content_model" Fine "the reader names an item, and takes what the writer's schema for others lets through" "";
    ItemAddedNotCoveredByPartiallyOpenContentModel "item_added_not_covered_by_partially_open_content_model" Never "the reader names an item, and does not take what the writer's schema for others lets through" "take at least that schema";

    EnumArrayExtended "enum_array_extended" Fine "the reader takes more values" "";
    EnumArrayNarrowed "enum_array_narrowed" Never "the reader takes fewer values" "keep all values that were written";
    EnumArrayChanged "enum_array_changed" Never "the reader takes other values" "keep all values that were written";
    EnumAdded "enum_added" Never "the reader takes listed values only" LEAVE_OUT;
    EnumRemoved "enum_removed" Fine "the reader takes values that are not listed" "";

    CombinedTypeExtended "combined_type_extended" Fine "the reader combines its schemas in a way that takes more" "";
    CombinedTypeChanged "combined_type_changed" Never "the reader combines its schemas in another way" "keep anyOf, oneOf or allOf as it was; anyOf takes the most";
    ProductTypeExtended "product_type_extended" Never "the reader has more schemas in allOf, and not all of them take what was written" "put the new rules into the application";
    ProductTypeNarrowed "product_type_narrowed" Fine "the reader has fewer schemas in allOf" "";
    SumTypeExtended "sum_type_extended" Fine "the reader has more alternatives" "";
    SumTypeNarrowed "sum_type_narrowed" Never "the reader has fewer alternatives" ALTERNATIVES;
    SumTypeOverlaps "sum_type_overlaps" Lenient "what the writer writes may match more than one alternative of oneOf, and then the reader refuses it" APART;
    CombinedTypeSubschemasChanged "combined_type_subschemas_changed" Never "no alternative of the reader takes one of the writer's" ALTERNATIVES;
    NotTypeExtended "not_type_extended" Never "the reader forbids more" "forbid what was forbidden, or less";
    NotTypeNarrowed "not_type_narrowed" Fine "the reader forbids less, or what was not written" "";
    ConditionChanged "condition_changed" Never "what was written may not meet if, then and else of the reader" "keep the condition, or loosen what follows from it";
    UnknownChanged "unknown_changed" Never "the reader has a keyword that this check cannot compare" "keep the keyword as it is";
    TooComplex "too_complex" Never "the schemas are too large or too deep to be compared" "split them";
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
            assert!(kind.text().chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'));
            let compatible = matches!(kind.class(), Class::Fine | Class::Filled);
            assert_eq!(kind.remedy().is_empty(), compatible, "{}", kind.text());
        }
    }
}
