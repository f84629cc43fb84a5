//! Random terms, and random encodings of a term: every one that a BEAM accepts, not only the one that it writes.
#![allow(
    unreachable_pub,
    clippy::expect_used,
    reason = "shared by tests and fuzz targets, each with its crate's rules"
)]

use outrigger_term::tag;

use crate::tree::Tree;

#[path = "dice.rs"]
mod dice;
pub use dice::Dice;

impl Dice {
    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    /// A number of a random width.
    fn word(&mut self) -> u32 {
        (self.next() as u32) >> self.below(32)
    }
}

/// A term of every type but those that nobody looks into.
pub fn tree(random: &mut Dice, depth: usize) -> Tree {
    match random.below(if depth == 0 { 9 } else { 14 }) {
        0 | 1 => integer(random),
        2 => float(random),
        3 => Tree::Atom(atom(random)),
        4 => {
            let len = random.below(40);
            Tree::Binary(random.bytes(len))
        }
        5 => {
            let len = random.below(20);
            Tree::bits(random.below(8) as u8, random.bytes(len))
        }
        6 => Tree::Pid {
            node: node(random),
            id: random.word(),
            serial: random.word(),
            creation: random.word(),
        },
        7 => identifier(random),
        8 => {
            let len = random.below(12);
            Tree::charlist(&random.bytes(len))
        }
        9 | 10 => {
            let arity = if random.one_in(100) { 254 + random.below(4) } else { random.below(6) };
            Tree::Tuple(many(random, arity, depth - 1))
        }
        11 | 12 => {
            let length = random.below(6);
            let items = many(random, length, depth - 1);
            match tree(random, 0) {
                Tree::List(..) => Tree::List(items, None),
                _ if items.is_empty() || random.one_in(2) => Tree::List(items, None),
                tail => Tree::List(items, Some(Box::new(tail))),
            }
        }
        _ => {
            let pairs = if random.one_in(30) { 30 + random.below(10) } else { random.below(5) };
            map(random, pairs, depth - 1)
        }
    }
}

fn many(random: &mut Dice, count: usize, depth: usize) -> Vec<Tree> {
    let depth = if count > 10 { 0 } else { depth };
    (0..count).map(|_| tree(random, depth)).collect()
}

/// Keys must differ for a BEAM, and up to OTP 26 0.0 and -0.0 do not: keys have no floats.
fn map(random: &mut Dice, pairs: usize, depth: usize) -> Tree {
    let mut map: Vec<(Tree, Tree)> = Vec::new();
    for value in many(random, pairs, depth) {
        let key = match random.below(4) {
            0 => integer(random),
            1 => Tree::Atom(atom(random)),
            2 => Tree::Tuple(vec![integer(random), identifier(random)]),
            _ => Tree::Binary(random.bytes(5)),
        };
        if map.iter().all(|(other, _)| *other != key) {
            map.push((key, value));
        }
    }
    Tree::Map(map)
}

fn integer(random: &mut Dice) -> Tree {
    let len = if random.one_in(60) { 250 + random.below(10) } else { random.below(12) };
    let mut magnitude = random.bytes(len);
    // The edges of the widths.
    match random.below(4) {
        0 => magnitude.fill(0xff),
        1 if len > 0 => {
            magnitude.fill(0);
            magnitude[len - 1] = 1 << random.below(8);
        }
        _ => {}
    }
    Tree::integer(random.one_in(2), &magnitude)
}

fn float(random: &mut Dice) -> Tree {
    let value = f64::from_bits(random.next());
    Tree::Float(if value.is_finite() { value } else { -0.0 }.to_bits())
}

/// One of a few hundred: a BEAM keeps atoms for ever.
fn atom(random: &mut Dice) -> String {
    let number = random.below(300);
    match number % 5 {
        0 => format!("a{number}"),
        1 => "é".repeat(number.min(255)),
        2 => "😀".repeat(number.min(255)),
        3 => "x".repeat(number.min(255)),
        _ => String::from("Elixir.Mod"),
    }
}

fn node(random: &mut Dice) -> String {
    ["a@h", "n@127.0.0.1", "café@h"][random.below(3)].to_owned()
}

fn identifier(random: &mut Dice) -> Tree {
    let (node, creation) = (node(random), random.word());
    match random.below(2) {
        0 => Tree::Port { node, id: random.next() >> random.below(64), creation },
        _ => {
            Tree::Reference { node, creation, words: (0..=random.below(5)).map(|_| random.word()).collect() }
        }
    }
}

/// Appends an encoding of `tree` that a BEAM accepts, chosen at random.
pub fn encode(tree: &Tree, random: &mut Dice, out: &mut Vec<u8>) {
    match tree {
        Tree::Integer { negative, magnitude } => integer_somehow(*negative, magnitude, random, out),
        Tree::Float(bits) if random.one_in(3) => {
            let mut text = format!("{:.20e}", f64::from_bits(*bits)).into_bytes();
            text.resize(31, 0);
            out.push(tag::FLOAT);
            out.extend(text);
        }
        Tree::Atom(text) => atom_somehow(text, random, out),
        Tree::Binary(bytes) if !bytes.is_empty() && random.one_in(3) => bit_binary(bytes, 8, out),
        Tree::Bits { last, bytes } => {
            let mut bytes = bytes.clone();
            // The bits that are not in use may be anything.
            if let Some(byte) = bytes.last_mut() {
                *byte |= random.next() as u8 & (0xff >> last);
            }
            bit_binary(&bytes, *last, out);
        }
        Tree::Pid { node, id, serial, creation } => {
            let old = *creation < 4 && *id < 1 << 15 && *serial < 1 << 13 && random.one_in(2);
            out.push(if old { tag::PID } else { tag::NEW_PID });
            atom_somehow(node, random, out);
            out.extend(id.to_be_bytes());
            out.extend(serial.to_be_bytes());
            out.extend(&creation.to_be_bytes()[if old { 3 } else { 0 }..]);
        }
        Tree::Port { node, id, creation } => {
            let short = u32::try_from(*id).ok().filter(|id| *id < 1 << 28 && random.one_in(2));
            out.push(if short.is_some() { tag::NEW_PORT } else { tag::V4_PORT });
            atom_somehow(node, random, out);
            match short {
                Some(id) => out.extend(id.to_be_bytes()),
                None => out.extend(id.to_be_bytes()),
            }
            out.extend(creation.to_be_bytes());
        }
        Tree::Tuple(items) => {
            match u8::try_from(items.len()).ok().filter(|_| random.one_in(2)) {
                Some(arity) => out.extend([tag::SMALL_TUPLE, arity]),
                None => counted(tag::LARGE_TUPLE, items.len(), out),
            }
            items.iter().for_each(|item| encode(item, random, out));
        }
        Tree::List(items, tail) => list_somehow(items, tail.as_deref(), random, out),
        Tree::Map(pairs) => {
            counted(tag::MAP, pairs.len(), out);
            // In any order.
            let mut order: Vec<_> = pairs.iter().collect();
            for at in (1..order.len()).rev() {
                order.swap(at, random.below(at + 1));
            }
            for (key, value) in order {
                encode(key, random, out);
                encode(value, random, out);
            }
        }
        Tree::Float(_) | Tree::Binary(_) | Tree::Reference { .. } | Tree::Export { .. } | Tree::Opaque(_) => {
            out.extend(tree.bytes())
        }
    }
}

fn counted(tag: u8, count: usize, out: &mut Vec<u8>) {
    out.push(tag);
    out.extend((count as u32).to_be_bytes());
}

fn bit_binary(bytes: &[u8], last: u8, out: &mut Vec<u8>) {
    counted(tag::BIT_BINARY, bytes.len(), out);
    out.push(last);
    out.extend(bytes);
}

fn integer_somehow(negative: bool, magnitude: &[u8], random: &mut Dice, out: &mut Vec<u8>) {
    let zeros = vec![0; random.below(3) * random.below(8)];
    let len = magnitude.len() + zeros.len();
    match (random.below(3), u8::try_from(len)) {
        (0, _) => return out.extend(Tree::integer(negative, magnitude).bytes()),
        (1, Ok(len)) => out.extend([tag::SMALL_BIG, len]),
        _ => counted(tag::LARGE_BIG, len, out),
    }
    out.push(negative.into());
    out.extend(magnitude);
    out.extend(zeros);
}

fn atom_somehow(text: &str, random: &mut Dice, out: &mut Vec<u8>) {
    let latin1: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    let (small, long, bytes) = match latin1.filter(|_| random.one_in(2)) {
        Some(latin1) => (tag::SMALL_ATOM, tag::ATOM, latin1),
        None => (tag::SMALL_ATOM_UTF8, tag::ATOM_UTF8, text.as_bytes().to_vec()),
    };
    match u8::try_from(bytes.len()).ok().filter(|_| random.one_in(2)) {
        Some(len) => out.extend([small, len]),
        None => {
            out.push(long);
            out.extend((bytes.len() as u16).to_be_bytes());
        }
    }
    out.extend(bytes);
}

/// In pieces: `[a, b | T]` may come as `[a | [b | T]]`, and a piece of bytes in the short form as the tail.
fn list_somehow(items: &[Tree], tail: Option<&Tree>, random: &mut Dice, out: &mut Vec<u8>) {
    if items.is_empty() || random.one_in(3) {
        return match tail {
            None => out.extend(Tree::List(items.to_vec(), None).bytes()),
            Some(tail) if items.is_empty() => encode(tail, random, out),
            Some(tail) => list_of(items, |random, out| encode(tail, random, out), random, out),
        };
    }
    let (now, later) = items.split_at(1 + random.below(items.len()));
    list_of(now, |random, out| list_somehow(later, tail, random, out), random, out);
}

fn list_of(items: &[Tree], tail: impl FnOnce(&mut Dice, &mut Vec<u8>), random: &mut Dice, out: &mut Vec<u8>) {
    counted(tag::LIST, items.len(), out);
    items.iter().for_each(|item| encode(item, random, out));
    tail(random, out);
}
