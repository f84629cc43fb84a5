//! Golden vectors and generators shared by the tests.
#![allow(dead_code, unreachable_pub)] // each test file uses its part

use std::sync::LazyLock;

use outrigger_term::Writer;
use proptest::prelude::*;

/// What an OTP wrote: a line of `golden/golden.txt`.
#[derive(Debug)]
pub struct Vector {
    /// The releases that write these bytes for the term.
    pub otps: &'static str,
    /// Options of `term_to_binary/2`; empty for those of `term_to_binary/1` from OTP 26 on.
    pub options: &'static str,
    pub name: &'static str,
    /// With the version byte.
    pub bytes: Vec<u8>,
    /// What Elixir's `inspect/2` says; `None` where that depends on the machine.
    pub print: Option<&'static str>,
}

impl Vector {
    /// Whether the writer is to write these bytes: today's encoding, by the newest OTP.
    pub fn canonical(&self) -> bool {
        self.options.is_empty() && self.otps.ends_with("29") && !self.name.starts_with("raw ")
    }

    /// Whether the bytes behind the version byte are a term as it travels between nodes.
    pub fn travels(&self) -> bool {
        !matches!(self.bytes[1], 80 | 121)
    }
}

/// All of them, in the order of the file.
pub fn golden() -> &'static [Vector] {
    static VECTORS: LazyLock<Vec<Vector>> = LazyLock::new(|| {
        let parse = |line: &'static str| {
            let fields: Vec<_> = line.split('\t').collect();
            let [otps, options, name, hex, print] = fields[..] else { panic!("not five fields: {line}") };
            Vector {
                otps,
                options,
                name,
                bytes: unhex(hex),
                print: Some(print).filter(|print| *print != "-"),
            }
        };
        include_str!("../golden/golden.txt").lines().map(parse).collect()
    });
    &VECTORS
}

/// Names and bytes of the terms that travel between nodes.
pub fn vectors() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    golden().iter().filter(|vector| vector.travels()).map(|vector| (vector.name, vector.bytes.as_slice()))
}

/// The bytes of the vector of this name, without options, by the newest OTP.
pub fn vector(name: &str) -> Vec<u8> {
    let found = golden().iter().rfind(|vector| vector.name == name && vector.options.is_empty());
    found.unwrap_or_else(|| panic!("no vector {name}")).bytes.clone()
}

fn unhex(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ascii"), 16).expect("hex"))
        .collect()
}

/// A small tree of the terms that the writer can write.
#[derive(Debug, Clone)]
pub enum Tree {
    Integer(i64),
    Atom(String),
    Binary(Vec<u8>),
    Float(f64),
    Tuple(Vec<Self>),
    List(Vec<Self>),
    Map(Vec<Self>),
}

impl Tree {
    pub fn write(&self, writer: &mut Writer<'_>) {
        let all = |items: &[Self], writer: &mut Writer<'_>| items.iter().for_each(|item| item.write(writer));
        match self {
            Self::Integer(value) => writer.integer(*value),
            Self::Atom(text) => writer.atom(text).expect("short"),
            Self::Binary(bytes) => writer.binary(bytes).expect("short"),
            Self::Float(value) => writer.float(*value).expect("finite"),
            Self::Tuple(items) => {
                writer.tuple(items.len() as u32);
                all(items, writer);
            }
            Self::List(items) => {
                writer.list(items.len() as u32);
                all(items, writer);
                if !items.is_empty() {
                    writer.nil();
                }
            }
            Self::Map(values) => {
                writer.map(values.len() as u32);
                for (key, value) in values.iter().enumerate() {
                    writer.integer(key as i64);
                    value.write(writer);
                }
            }
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut Writer::new(&mut out));
        out
    }
}

pub fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Tree::Integer),
        (-300i64..300).prop_map(Tree::Integer),
        proptest::collection::vec(any::<char>(), 0..8).prop_map(|s| Tree::Atom(s.into_iter().collect())),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Tree::Binary),
        (-1e300..1e300).prop_map(Tree::Float),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let items = proptest::collection::vec(inner, 0..6);
        prop_oneof![
            items.clone().prop_map(Tree::Tuple),
            items.clone().prop_map(Tree::List),
            items.prop_map(Tree::Map)
        ]
    })
}
