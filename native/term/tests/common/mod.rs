//! Golden vectors and generators shared by the tests.
#![allow(dead_code, unreachable_pub)] // each test file uses its part

use std::sync::LazyLock;

use outrigger_term::Writer;
use proptest::prelude::*;

/// Vectors written by `vectors/generate.escript` on OTP 25 (minor version 2), and one record written by OTP
/// 29.
pub fn vectors() -> &'static [(&'static str, Vec<u8>)] {
    static VECTORS: LazyLock<Vec<(&'static str, Vec<u8>)>> = LazyLock::new(parse);
    &VECTORS
}

fn parse() -> Vec<(&'static str, Vec<u8>)> {
    [include_str!("../vectors/otp25.txt"), include_str!("../vectors/otp29.txt")]
        .iter()
        .flat_map(|file| file.lines())
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, hex) = line.split_once('\t').expect("name, tab, hex");
            (name, unhex(hex))
        })
        .collect()
}

/// The vector of this name.
pub fn vector(name: &str) -> Vec<u8> {
    let found = vectors().iter().find(|(found, _)| *found == name);
    found.unwrap_or_else(|| panic!("no vector {name}")).1.clone()
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
