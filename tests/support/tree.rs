//! A term as a tree, for tests only: read with the typed reader, written with the writer.
//!
//! Two trees are the same value when [`Tree::same`] says so: the order of a map's pairs does not count, and `1` read
//! from a wasteful encoding is `1`. What nobody looks into (funs, records) stays bytes.
//!
//! It recurses: whoever reads hostile bytes walks over them with `skip_within` first.
#![allow(
    unreachable_pub,
    clippy::expect_used,
    reason = "shared by tests and fuzz targets, each with its crate's rules"
)]

use outrigger_term::{Atom, MAX_REFERENCE_WORDS, Pid, Reader, Reference, TermError, Writer, tag};

#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// Magnitude in bytes, the lowest first, none for 0.
    Integer {
        negative: bool,
        magnitude: Vec<u8>,
    },
    /// Its bits: 0.0 and -0.0 are two values.
    Float(u64),
    Atom(String),
    Binary(Vec<u8>),
    /// The bits in use of the last byte, 1 to 7; the others are 0.
    Bits {
        last: u8,
        bytes: Vec<u8>,
    },
    Pid {
        node: String,
        id: u32,
        serial: u32,
        creation: u32,
    },
    Port {
        node: String,
        id: u64,
        creation: u32,
    },
    Reference {
        node: String,
        creation: u32,
        words: Vec<u32>,
    },
    /// `fun module:function/arity`.
    Export {
        module: String,
        function: String,
        arity: i64,
    },
    Tuple(Vec<Self>),
    /// The tail is `None` for a proper list.
    List(Vec<Self>, Option<Box<Self>>),
    Map(Vec<(Self, Self)>),
    /// A whole term as it came.
    Opaque(Vec<u8>),
}

impl From<i64> for Tree {
    fn from(value: i64) -> Self {
        Self::integer(value < 0, &value.unsigned_abs().to_le_bytes())
    }
}

impl Tree {
    /// An integer of any size; zeros at the high end and the sign of 0 are dropped.
    pub fn integer(negative: bool, magnitude: &[u8]) -> Self {
        let used = magnitude.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        Self::Integer { negative: negative && used > 0, magnitude: magnitude[..used].to_vec() }
    }

    /// A bit string; one of whole bytes is a binary.
    pub fn bits(last: u8, mut bytes: Vec<u8>) -> Self {
        match (bytes.last_mut(), last) {
            (Some(byte), 1..8) => {
                *byte &= 0xff << (8 - last);
                Self::Bits { last, bytes }
            }
            _ => Self::Binary(bytes),
        }
    }

    /// The list of these bytes.
    pub fn charlist(bytes: &[u8]) -> Self {
        Self::List(bytes.iter().map(|&byte| i64::from(byte).into()).collect(), None)
    }

    /// Whether both are the same value.
    pub fn same(&self, other: &Self) -> bool {
        self == other || self.canonical() == other.canonical()
    }

    /// The same value with the pairs of all maps in one order.
    pub fn canonical(&self) -> Self {
        let all = |items: &[Self]| items.iter().map(Self::canonical).collect();
        match self {
            Self::Tuple(items) => Self::Tuple(all(items)),
            Self::List(items, tail) => {
                Self::List(all(items), tail.as_ref().map(|tail| Box::new(tail.canonical())))
            }
            Self::Map(pairs) => {
                let mut pairs: Vec<_> =
                    pairs.iter().map(|(key, value)| (key.canonical(), value.canonical())).collect();
                pairs.sort_by_cached_key(|(key, _)| key.bytes());
                Self::Map(pairs)
            }
            leaf => leaf.clone(),
        }
    }

    /// The term as `term_to_binary/1` writes it, without the version byte.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut Writer::new(&mut out)).expect("a tree holds what can be written");
        out
    }

    /// Takes one term.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, TermError> {
        Ok(match reader.tag()? {
            tag::SMALL_INTEGER | tag::INTEGER => reader.integer()?.into(),
            tag::SMALL_BIG => big(reader.skip()?, 2),
            tag::LARGE_BIG => big(reader.skip()?, 5),
            tag::NEW_FLOAT => Self::Float(reader.float()?.to_bits()),
            tag::FLOAT => Self::Float(float_of_text(reader.skip()?)?.to_bits()),
            tag::SMALL_ATOM_UTF8 | tag::ATOM_UTF8 | tag::SMALL_ATOM | tag::ATOM => {
                Self::Atom(reader.atom()?.text().into_owned())
            }
            tag::BINARY => Self::Binary(reader.binary()?.to_vec()),
            tag::BIT_BINARY => {
                let bytes = reader.skip()?;
                Self::bits(bytes[5], bytes[6..].to_vec())
            }
            tag::NEW_PID | tag::PID => {
                let Pid { node, id, serial, creation } = reader.pid()?;
                Self::Pid { node: node.text().into_owned(), id, serial, creation }
            }
            tag::PORT | tag::NEW_PORT | tag::V4_PORT => port(reader.skip()?)?,
            tag::REFERENCE | tag::NEW_REFERENCE | tag::NEWER_REFERENCE => {
                let reference = reader.reference()?;
                let (node, words) = (reference.node.text().into_owned(), reference.words().to_vec());
                Self::Reference { node, creation: reference.creation, words }
            }
            tag::EXPORT => export(reader.skip()?)?,
            tag::SMALL_TUPLE | tag::LARGE_TUPLE => {
                let arity = reader.tuple()?;
                Self::Tuple(many(reader, arity)?)
            }
            tag::STRING => Self::charlist(reader.string()?),
            tag::NIL | tag::LIST => {
                let length = reader.list()?;
                let items = many(reader, length)?;
                match reader.list_end(length) {
                    Ok(()) => Self::List(items, None),
                    Err(TermError::ImproperList) => joined(items, Self::read(reader)?),
                    Err(error) => return Err(error),
                }
            }
            tag::MAP => {
                let pairs = reader.map()?;
                let pairs = (0..pairs).map(|_| Ok((Self::read(reader)?, Self::read(reader)?)));
                Self::Map(pairs.collect::<Result<_, TermError>>()?)
            }
            _ => Self::Opaque(reader.skip()?.to_vec()),
        })
    }

    /// Writes the term, whole.
    pub fn write(&self, writer: &mut Writer<'_>) -> Result<(), TermError> {
        match self {
            Self::Integer { negative, magnitude } => write_integer(writer, *negative, magnitude),
            Self::Float(bits) => writer.float(f64::from_bits(*bits))?,
            Self::Atom(text) => writer.atom(text)?,
            Self::Binary(bytes) => writer.binary(bytes)?,
            Self::Bits { last, bytes } => {
                writer.raw(&[tag::BIT_BINARY]);
                writer.raw(&(bytes.len() as u32).to_be_bytes());
                writer.raw(&[*last]);
                writer.raw(bytes);
            }
            Self::Pid { node, id, serial, creation } => {
                let (node, id, serial, creation) = (Atom::Utf8(node), *id, *serial, *creation);
                writer.pid(&Pid { node, id, serial, creation })?;
            }
            Self::Port { node, id, creation } => write_port(writer, node, *id, *creation)?,
            Self::Reference { node, creation, words } => {
                let reference = Reference::new(Atom::Utf8(node), *creation, words);
                let words = words.len().min(MAX_REFERENCE_WORDS + 1);
                writer.reference(&reference.ok_or(TermError::CallerBadReference { words })?)?;
            }
            Self::Export { module, function, arity } => {
                writer.raw(&[tag::EXPORT]);
                writer.atom(module)?;
                writer.atom(function)?;
                writer.integer(*arity);
            }
            Self::Tuple(items) => {
                writer.tuple(items.len() as u32);
                items.iter().try_for_each(|item| item.write(writer))?;
            }
            Self::List(items, tail) => match (bytes_of(items), tail) {
                (Some(bytes), None) => writer.charlist(&bytes)?,
                (_, tail) => {
                    writer.list(items.len() as u32);
                    items.iter().try_for_each(|item| item.write(writer))?;
                    match tail {
                        Some(tail) => tail.write(writer)?,
                        None => writer.nil(),
                    }
                }
            },
            Self::Map(pairs) => {
                writer.map(pairs.len() as u32);
                for (key, value) in pairs {
                    key.write(writer)?;
                    value.write(writer)?;
                }
            }
            Self::Opaque(bytes) => writer.raw(bytes),
        }
        Ok(())
    }
}

fn many(reader: &mut Reader<'_>, count: u32) -> Result<Vec<Tree>, TermError> {
    (0..count).map(|_| Tree::read(reader)).collect()
}

/// `[a | [b | c]]` is `[a, b | c]`: a list as the tail of a list is the rest of it.
fn joined(mut items: Vec<Tree>, tail: Tree) -> Tree {
    match tail {
        Tree::List(rest, end) => {
            items.extend(rest);
            Tree::List(items, end)
        }
        tail => Tree::List(items, Some(Box::new(tail))),
    }
}

/// What a BEAM writes in its short form: a list of nothing but bytes.
fn bytes_of(items: &[Tree]) -> Option<Vec<u8>> {
    items
        .iter()
        .map(|item| match item {
            Tree::Integer { negative: false, magnitude } if magnitude.len() < 2 => {
                Some(magnitude.first().copied().unwrap_or(0))
            }
            _ => None,
        })
        .collect()
}

fn big(bytes: &[u8], sign_at: usize) -> Tree {
    Tree::integer(bytes[sign_at] != 0, &bytes[sign_at + 1..])
}

fn write_integer(writer: &mut Writer<'_>, negative: bool, magnitude: &[u8]) {
    let mut wide = [0; 16];
    if let Some(place) = wide.get_mut(..magnitude.len()).filter(|_| magnitude.len() <= 8) {
        place.copy_from_slice(magnitude);
        let value = i128::from_le_bytes(wide) * if negative { -1 } else { 1 };
        if let Ok(value) = i64::try_from(value) {
            return writer.integer(value);
        }
    }
    match u8::try_from(magnitude.len()) {
        Ok(len) => writer.raw(&[tag::SMALL_BIG, len]),
        Err(_) => {
            writer.raw(&[tag::LARGE_BIG]);
            writer.raw(&(magnitude.len() as u32).to_be_bytes());
        }
    }
    writer.raw(&[negative.into()]);
    writer.raw(magnitude);
}

/// The text of a float of old: 31 bytes, filled up with zeros.
fn float_of_text(bytes: &[u8]) -> Result<f64, TermError> {
    let text = std::str::from_utf8(&bytes[1..]).unwrap_or_default().trim_end_matches('\0');
    text.parse().ok().filter(|value: &f64| value.is_finite()).ok_or(TermError::NotFinite)
}

fn export(bytes: &[u8]) -> Result<Tree, TermError> {
    let mut reader = Reader::new(&bytes[1..]);
    let mut atom = || reader.atom().map(|atom| atom.text().into_owned());
    Ok(Tree::Export { module: atom()?, function: atom()?, arity: reader.integer()? })
}

fn port(bytes: &[u8]) -> Result<Tree, TermError> {
    let mut reader = Reader::new(&bytes[1..]);
    let node = reader.atom()?.text().into_owned();
    let rest = reader.remaining();
    let word = |at: usize| u32::from_be_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
    let (id, creation) = match bytes[0] {
        tag::V4_PORT => (u64::from(word(0)) << 32 | u64::from(word(4)), word(8)),
        tag::NEW_PORT => (word(0).into(), word(4)),
        _ => (word(0).into(), rest[4].into()),
    };
    Ok(Tree::Port { node, id, creation })
}

/// As OTP 26 and later write it; OTP 25 takes a shorter form for ids below 2^28, and reads both.
fn write_port(writer: &mut Writer<'_>, node: &str, id: u64, creation: u32) -> Result<(), TermError> {
    writer.raw(&[tag::V4_PORT]);
    writer.atom(node)?;
    writer.raw(&id.to_be_bytes());
    writer.raw(&creation.to_be_bytes());
    Ok(())
}
