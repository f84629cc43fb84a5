//! The comparison of two Protobuf files.
//!
//! Messages, fields and constants go by their names and numbers, wherever in the file they stand. The messages of imported
//! files are compared where a field holds one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use prost_reflect::{EnumDescriptor, FileDescriptor, MessageDescriptor};

use super::field::compare_fields;
use super::kind::Kind;
use crate::compat::Incompatibility;
use crate::protobuf::Schema;

/// A difference between two files, compatible or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What kind it is.
    pub kind: Kind,
    /// Message, oneof and number of the field: `#/Order/Line/3`.
    pub path: String,
    /// What it is here, in a few words: `int32 -> string`.
    pub note: String,
}

impl Difference {
    fn incompatibility(&self) -> Incompatibility {
        let mut reason = self.kind.meaning().to_owned();
        for (before, text) in [(": ", self.note.as_str()), ("; ", self.kind.remedy())] {
            if !text.is_empty() {
                reason.push_str(before);
                reason.push_str(text);
            }
        }
        Incompatibility::new(&self.path, self.kind.text(), reason)
    }
}

/// All differences, compatible or not, by the names of the messages.
#[must_use]
pub fn differences(reader: &Schema, writer: &Schema) -> Vec<Difference> {
    let mut check =
        Check { writer: writer.file(), reader: reader.file(), found: Vec::new(), imported: HashSet::new() };
    check.files();
    check.found
}

/// What keeps `reader` from reading what was written with `writer`; empty if nothing does.
#[must_use]
pub fn check(reader: &Schema, writer: &Schema) -> Vec<Incompatibility> {
    let found = differences(reader, writer);
    found.iter().filter(|found| !found.kind.is_compatible()).map(Difference::incompatibility).collect()
}

/// One comparison of two files.
pub(super) struct Check<'a> {
    writer: &'a FileDescriptor,
    reader: &'a FileDescriptor,
    pub(super) found: Vec<Difference>,
    /// Pairs of messages from other files that were compared already.
    imported: HashSet<(String, String)>,
}

impl Check<'_> {
    pub(super) fn add(&mut self, kind: Kind, path: impl Into<String>, note: impl Into<String>) {
        self.found.push(Difference { kind, path: path.into(), note: note.into() });
    }

    fn files(&mut self) {
        let (old, new) = (self.writer.package_name(), self.reader.package_name());
        if old != new {
            self.add(Kind::PackageChanged, "#/", format!("{old} -> {new}"));
        }
        let messages = |file: &FileDescriptor| file.messages().collect();
        let enums = |file: &FileDescriptor| file.enums().collect();
        self.messages("#/", messages(self.writer), messages(self.reader));
        self.enums("#/", enums(self.writer), enums(self.reader));
    }

    /// Messages that stand beside each other.
    fn messages(&mut self, above: &str, old: Vec<MessageDescriptor>, new: Vec<MessageDescriptor>) {
        let named = |messages: Vec<MessageDescriptor>| -> BTreeMap<String, (usize, MessageDescriptor)> {
            let messages = messages.into_iter().filter(|message| !message.is_map_entry()).enumerate();
            messages.map(|(at, message)| (message.name().to_owned(), (at, message))).collect()
        };
        let (old, new) = (named(old), named(new));
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let path = format!("{above}{name}");
            match (old.get(name), new.get(name)) {
                (Some(_), None) => self.add(Kind::MessageRemoved, path, name.as_str()),
                (None, Some(_)) => self.add(Kind::MessageAdded, path, name.as_str()),
                (Some((was, old)), Some((is, new))) => {
                    if was != is {
                        self.add(Kind::MessageMoved, path.as_str(), "");
                    }
                    self.message(&path, old, new);
                }
                (None, None) => {}
            }
        }
    }

    fn message(&mut self, path: &str, old: &MessageDescriptor, new: &MessageDescriptor) {
        compare_fields(self, path, old, new);
        let below = format!("{path}/");
        self.messages(&below, old.child_messages().collect(), new.child_messages().collect());
        self.enums(&below, old.child_enums().collect(), new.child_enums().collect());
    }

    fn enums(&mut self, above: &str, old: Vec<EnumDescriptor>, new: Vec<EnumDescriptor>) {
        let named = |enums: Vec<EnumDescriptor>| -> BTreeMap<String, EnumDescriptor> {
            enums.into_iter().map(|one| (one.name().to_owned(), one)).collect()
        };
        let (old, new) = (named(old), named(new));
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let path = format!("{above}{name}");
            match (old.get(name), new.get(name)) {
                (Some(_), None) => self.add(Kind::EnumRemoved, path, name.as_str()),
                (None, Some(_)) => self.add(Kind::EnumAdded, path, name.as_str()),
                (Some(old), Some(new)) => self.constants(&path, old, new),
                (None, None) => {}
            }
        }
    }

    fn constants(&mut self, path: &str, old: &EnumDescriptor, new: &EnumDescriptor) {
        let numbered = |one: &EnumDescriptor| -> BTreeMap<i32, BTreeSet<String>> {
            let mut names = BTreeMap::<_, BTreeSet<_>>::new();
            for value in one.values() {
                names.entry(value.number()).or_default().insert(value.name().to_owned());
            }
            names
        };
        let (old, new) = (numbered(old), numbered(new));
        let words = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
        for number in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let path = format!("{path}/{number}");
            match (old.get(number), new.get(number)) {
                (Some(old), None) => self.add(Kind::EnumConstRemoved, path, words(old)),
                (None, Some(new)) => self.add(Kind::EnumConstAdded, path, words(new)),
                (Some(old), Some(new)) if old != new => {
                    self.add(Kind::EnumConstChanged, path, format!("{} -> {}", words(old), words(new)));
                }
                _ => {}
            }
        }
    }

    /// Messages that a field holds. Those of the files themselves are compared where they stand.
    pub(super) fn held(&mut self, path: &str, old: &MessageDescriptor, new: &MessageDescriptor) {
        let local = |message: &MessageDescriptor| {
            let package = message.parent_file().package_name().to_owned();
            let name = message.full_name();
            name.strip_prefix(&format!("{package}."))
                .filter(|_| !package.is_empty())
                .unwrap_or(name)
                .to_owned()
        };
        let (was, is) = (local(old), local(new));
        if was != is {
            self.add(
                Kind::FieldNamedTypeChanged,
                path,
                format!("{} -> {}", old.full_name(), new.full_name()),
            );
            return;
        }
        let own = old.parent_file() == *self.writer && new.parent_file() == *self.reader;
        if !own && self.imported.insert((old.full_name().to_owned(), new.full_name().to_owned())) {
            let before = self.found.len();
            self.message(&format!("#/{}", is.replace('.', "/")), old, new);
            if self.found.iter().skip(before).any(|found| !found.kind.is_compatible()) {
                self.add(Kind::FieldNamedTypeChanged, path, format!("{} is not compatible", new.full_name()));
            }
        }
    }
}
