//! A Protobuf file with all that it imports, of text or of a descriptor set.

use std::cell::RefCell;
use std::collections::BTreeMap;

use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::imports::Known;
use crate::Error;
use crate::frame::Indexes;

/// A Protobuf file that was read.
#[derive(Clone, Debug)]
pub struct Schema {
    file: FileDescriptor,
}

impl Schema {
    /// Bytes of all files of one schema.
    pub const MOST_BYTES: usize = 8 << 20;
    /// Files that one may import, of themselves or through others.
    pub const MOST_FILES: usize = 256;
    /// Files that import each other in a row: they are read inside each other, which takes some of the stack.
    pub const MOST_DEPTH: usize = 64;

    /// A `.proto` text that imports nothing but `google/protobuf/*.proto` and what Kafka Connect's converter imports: `confluent/meta.proto`,
    /// `confluent/type/decimal.proto`, `google/type/date.proto`, `google/type/timeofday.proto`.
    ///
    /// # Errors
    ///
    /// [`Error::Schema`] if it is not one.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_with(text, "schema.proto", &[])
    }

    /// A `.proto` text with the files that it may import, by the names that it imports them by.
    ///
    /// # Errors
    ///
    /// [`Error::Schema`] if it or what it imports is not one, or an import is not there.
    pub fn parse_with(text: &str, name: &str, imports: &[(&str, &str)]) -> Result<Self, Error> {
        let wrong = |problem: String| Error::Schema { path: name.to_owned(), problem };
        let bytes = text.len() + imports.iter().map(|(_, text)| text.len()).sum::<usize>();
        if bytes > Self::MOST_BYTES || imports.len() > Self::MOST_FILES {
            let (files, most) = (imports.len(), Self::MOST_FILES);
            return Err(wrong(format!(
                "{bytes} bytes and {files} imports are more than {} and {most}",
                Self::MOST_BYTES
            )));
        }
        let mut texts: BTreeMap<String, String> =
            imports.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        texts.insert(name.to_owned(), text.to_owned());
        let mut files = ChainFileResolver::new();
        files.add(Texts { texts, depths: RefCell::default() });
        files.add(GoogleFileResolver::new());
        files.add(Known);
        let mut compiler = Compiler::with_file_resolver(files);
        compiler.open_file(name).map_err(|error| wrong(explain(&error)))?;
        let pool = compiler.descriptor_pool();
        pool.get_file_by_name(name).map(|file| Self { file }).ok_or_else(|| wrong("nothing was read".into()))
    }

    /// A file of an encoded `FileDescriptorSet`, its last one if no name is given: compilers put imports first.
    ///
    /// # Errors
    ///
    /// [`Error::Schema`] if the bytes are not one, or there is no such file in it.
    pub fn of_descriptor_set(bytes: &[u8], name: Option<&str>) -> Result<Self, Error> {
        let wrong =
            |problem: String| Error::Schema { path: name.unwrap_or("descriptor set").to_owned(), problem };
        if bytes.len() > Self::MOST_BYTES {
            return Err(wrong(format!("{} bytes are more than {}", bytes.len(), Self::MOST_BYTES)));
        }
        let pool = DescriptorPool::decode(bytes).map_err(|error| wrong(error.to_string()))?;
        let file = match name {
            Some(name) => pool.get_file_by_name(name),
            None => pool.files().last(),
        };
        file.map(|file| Self { file }).ok_or_else(|| wrong("there is no such file in it".into()))
    }

    /// A message by its full name or its name in the file's package, of the file or one that it imports.
    pub(super) fn message(&self, name: &str) -> Result<MessageDescriptor, Error> {
        let pool = self.file.parent_pool();
        let inside = format!("{}.{name}", self.file.package_name());
        let found = pool.get_message_by_name(name).or_else(|| pool.get_message_by_name(&inside));
        found.ok_or_else(|| {
            let known: Vec<String> =
                self.file.messages().take(8).map(|message| message.full_name().to_owned()).collect();
            self.wrong(format!("there is no message {name} in it, but {}", known.join(", ")))
        })
    }

    /// A message by its place in the file.
    pub(super) fn message_at(&self, indexes: &Indexes) -> Result<MessageDescriptor, Error> {
        let mut places = indexes.as_slice().iter().map(|place| *place as usize);
        let first = places.next().and_then(|place| self.file.messages().nth(place));
        let found = places.fold(first, |message, place| message?.child_messages().nth(place));
        found.ok_or_else(|| self.wrong(format!("there is no message {:?} in it", indexes.as_slice())))
    }

    /// The place of a message in the file.
    pub(super) fn indexes(&self, message: &MessageDescriptor) -> Option<Indexes> {
        // Of each message around it, and itself: the number of the list in the descriptor, and the place in that.
        let places = message.path().chunks_exact(2).map(|step| u32::try_from(step[1]).ok());
        let places: Option<Vec<u32>> = places.collect();
        Indexes::new(&places?).filter(|_| message.parent_file().name() == self.file.name())
    }

    fn wrong(&self, problem: String) -> Error {
        Error::Schema { path: self.file.name().to_owned(), problem }
    }

    /// The file with all its types.
    #[must_use]
    pub const fn file(&self) -> &FileDescriptor {
        &self.file
    }
}

/// With the place in the text, where there is one.
fn explain(error: &protox::Error) -> String {
    let text = format!("{error:?}");
    if text.is_empty() { error.to_string() } else { text }
}

/// Files by name.
struct Texts {
    texts: BTreeMap<String, String>,
    /// How deep a file will be in those that import it. The one that was opened last opens what it imports next.
    depths: RefCell<BTreeMap<String, usize>>,
}

impl FileResolver for Texts {
    fn resolve_path(&self, path: &std::path::Path) -> Option<String> {
        let name = path.to_str()?;
        self.texts.contains_key(name).then(|| name.to_owned())
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let text = self.texts.get(name).ok_or_else(|| protox::Error::file_not_found(name))?;
        let file = File::from_source(name, text)?;
        let mut depths = self.depths.borrow_mut();
        let inside = depths.get(name).map_or(0, |depth| depth + 1);
        if inside > Schema::MOST_DEPTH {
            let most = Schema::MOST_DEPTH;
            return Err(protox::Error::new(format!("{name}: imports are more than {most} deep")));
        }
        for import in &file.file_descriptor_proto().dependency {
            depths.insert(import.clone(), inside);
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: &str = "syntax = \"proto3\"; package p; message Other { int32 a = 1; }";

    #[test]
    fn imports_are_found_among_those_given_and_googles() {
        let text = "syntax = \"proto3\"; package p; import \"dir/other.proto\"; import \"google/protobuf/timestamp.proto\";
                    message M { Other o = 1; google.protobuf.Timestamp t = 2; }";
        let schema = Schema::parse_with(text, "main.proto", &[("dir/other.proto", OTHER)]).unwrap();
        assert_eq!(schema.file().messages().next().unwrap().fields().count(), 2);
        let set = schema.file().parent_pool().encode_to_vec();
        assert_eq!(
            Schema::of_descriptor_set(&set, Some("dir/other.proto")).unwrap().file().name(),
            "dir/other.proto"
        );
        assert!(Schema::of_descriptor_set(&set, Some("none.proto")).is_err());
        let error = Schema::parse_with(text, "main.proto", &[]).unwrap_err().to_string();
        assert!(error.contains("dir/other.proto"), "{error}");
    }

    #[test]
    fn imports_are_not_too_deep() {
        let text = |place: usize| match place {
            0 => "syntax = \"proto3\";".to_owned(),
            1 => "syntax = \"proto3\"; import \"f0.proto\";".to_owned(),
            _ => format!("syntax = \"proto3\"; import \"f{}.proto\"; import \"f0.proto\";", place - 1),
        };
        let read = |count: usize| {
            let files: Vec<_> = (0..count).map(|place| (format!("f{place}.proto"), text(place))).collect();
            let imports: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            Schema::parse_with(&text(count), "main.proto", &imports)
        };
        assert!(read(Schema::MOST_DEPTH).is_ok());
        let error = read(Schema::MOST_DEPTH + 1).unwrap_err().to_string();
        assert!(error.contains("f0.proto: imports are more than 64 deep"), "{error}");
        // Wide is not deep.
        let wide: Vec<_> = (0..200).map(|place| (format!("f{place}.proto"), text(0))).collect();
        let imports: Vec<_> = wide.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let all: String = wide.iter().map(|(name, _)| format!("import \"{name}\";")).collect();
        assert!(Schema::parse_with(&format!("syntax = \"proto3\"; {all}"), "m.proto", &imports).is_ok());
    }

    #[test]
    fn errors_say_where() {
        let error = Schema::parse("syntax = \"proto3\";\nmessage M { int32 a = ; }").unwrap_err().to_string();
        assert!(error.contains("schema.proto") && error.contains("2:"), "{error}");
        assert!(Schema::of_descriptor_set(b"\xff", None).is_err());
    }
}
