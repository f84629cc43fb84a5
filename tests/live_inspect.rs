//! How we print terms against Elixir's `inspect/2`, on random terms full of what is hard to print.
//!
//! `OUTRIGGER_SEED` sets where they start (from the clock). A failure names the seed.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests panic and print like tests")]

#[path = "support/random.rs"]
#[allow(dead_code, reason = "one encoding is enough here")]
mod random;
#[path = "support/tree.rs"]
#[allow(dead_code, reason = "nothing is written here")]
mod tree;

use std::time::{SystemTime, UNIX_EPOCH};

use outrigger_term::Term;
use outrigger_testkit::{Inspector, Oracle, TermKind};

use random::Dice;
use tree::Tree;

const BATCH: u32 = 1000;

fn seed() -> u64 {
    let clock = || {
        SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as u64 % 1_000_000_000
    };
    let seed =
        std::env::var("OUTRIGGER_SEED").map_or_else(|_| clock(), |text| text.parse().expect("a number"));
    println!("OUTRIGGER_SEED={seed}");
    seed
}

/// Names and texts with something in them that has to be quoted, escaped or left alone.
const PIECES: &[&str] = &[
    "a", "B", "z9", "_", "@", "?", "!", " ", "\"", "'", "\\", "#{", "#", "{", "\n", "\t", "\0", "\u{1b}",
    "\u{7f}", "é", "É", "ß", "日", "€", "😀", "\u{200b}", "\u{a0}", "\u{85}", "\u{2028}", "\u{fffe}",
    "\u{feff}", "Elixir", "Elixir.", ".", "nil", "true", "+", "-", "<", ">", "=", "&", "|", "~", "^", "*",
    "/", "::", "..", "%", "%{}", "<<>>", "not", "fn", "//",
];

fn text(random: &mut Dice, pieces: usize) -> String {
    (0..random.below(pieces)).map(|_| PIECES[random.below(PIECES.len())]).collect()
}

/// As `random::tree`, with more that is hard to print.
fn tree(random: &mut Dice, depth: usize) -> Tree {
    if depth == 0 {
        return match random.below(4) {
            0 => Tree::Binary(text(random, 8).into_bytes()),
            // One of some thousands: a BEAM keeps atoms for ever.
            1 => Tree::Atom(text(&mut Dice(random.below(3000) as u64), 4)),
            2 => charlist(random),
            _ => random::tree(random, 0),
        };
    }
    let length = random.below(6);
    match random.below(5) {
        0 => keyword(random, length, depth),
        1 => random::tree(random, depth),
        2 => Tree::Tuple((0..length).map(|_| tree(random, depth - 1)).collect()),
        3 => Tree::List((0..length).map(|_| tree(random, depth - 1)).collect(), None),
        _ => map(random, length, depth),
    }
}

fn charlist(random: &mut Dice) -> Tree {
    let mut bytes: Vec<u8> = text(random, 8).bytes().filter(u8::is_ascii).collect();
    if random.below(2) == 0 {
        bytes.retain(|byte| matches!(byte, 7..=13 | 27 | 32..=126));
    }
    Tree::charlist(&bytes)
}

fn keyword(random: &mut Dice, length: usize, depth: usize) -> Tree {
    let pair = |random: &mut Dice| {
        let key = if random.below(12) == 0 {
            tree(random, 0)
        } else {
            Tree::Atom(text(&mut Dice(random.below(3000) as u64), 4))
        };
        Tree::Tuple(vec![key, tree(random, depth - 1)])
    };
    Tree::List((0..length).map(|_| pair(random)).collect(), None)
}

fn map(random: &mut Dice, pairs: usize, depth: usize) -> Tree {
    let mut map: Vec<(Tree, Tree)> = Vec::new();
    for _ in 0..pairs {
        let key = match random.below(8) {
            0 => Tree::from(random.below(1000) as i64),
            1 => Tree::Atom(String::from("__struct__")),
            2 => Tree::Binary(text(random, 3).into_bytes()),
            _ => Tree::Atom(text(&mut Dice(random.below(3000) as u64), 4)),
        };
        if map.iter().all(|(other, _)| *other != key) {
            map.push((key, tree(random, depth - 1)));
        }
    }
    Tree::Map(map)
}

/// A map of more pairs than these is printed in another order than it is encoded in.
fn is_in_order(tree: &Tree) -> bool {
    match tree {
        Tree::Map(pairs) => {
            pairs.len() <= 32 && pairs.iter().all(|(key, value)| is_in_order(key) && is_in_order(value))
        }
        Tree::Tuple(items) => items.iter().all(is_in_order),
        Tree::List(items, tail) => items.iter().chain(tail.as_deref()).all(is_in_order),
        _ => true,
    }
}

/// A BEAM names nodes by a number of its own, we by their names: here both are `N`.
fn nameless(print: &str) -> String {
    let mut out = String::new();
    let mut rest = print;
    while let Some(at) =
        ["#PID<", "#Port<", "#Reference<"].iter().filter_map(|kind| Some(rest.find(kind)? + kind.len())).min()
    {
        let (before, behind) = rest.split_at(at);
        let node = ["a@h", "n@127.0.0.1", "café@h", "nonode@nohost"]
            .iter()
            .find_map(|name| behind.strip_prefix(name));
        rest = node.unwrap_or_else(|| behind.trim_start_matches(|c: char| c.is_ascii_digit()));
        out.push_str(before);
        out.push('N');
    }
    out + rest
}

/// Elixir's rules for identifiers know more of Unicode than ours: which scripts may stand together, and normal forms.
fn mixes_scripts(print: &str) -> bool {
    print.contains('日') && print.chars().any(|c| c.is_alphabetic() && c != '日')
}

#[track_caller]
fn compare(
    inspector: &mut Inspector,
    terms: &[Vec<u8>],
    limit: Option<u32>,
    printable: Option<u32>,
    seed: u64,
) -> usize {
    let mut compared = 0;
    for print in inspector.prints(terms, limit, printable) {
        let bytes = &print.bytes[1..];
        let term = Term::new(bytes).expect("a BEAM's term");
        let tree = Tree::read(&mut term.reader()).expect("a BEAM's term");
        if print.text.is_empty() || !is_in_order(&tree) || mixes_scripts(&print.text) {
            continue;
        }
        let mut inspect = term.inspect().limit(u64::MAX).printable_limit(usize::MAX);
        if let Some(limit) = limit {
            inspect = inspect.limit(limit.into());
        }
        if let Some(limit) = printable {
            inspect = inspect.printable_limit(limit as usize);
        }
        let ours = inspect.to_string();
        // Older ones count `#{` as one character also in charlists.
        let escaped = ["\\u", "\\x"].iter().any(|escape| ours.contains(escape));
        if !inspector.is_current() && escaped {
            continue;
        }
        assert_eq!(
            nameless(&ours),
            nameless(&print.text),
            "seed {seed}, limits {limit:?} and {printable:?}: {tree:?}"
        );
        compared += 1;
    }
    compared
}

fn batch(random: &mut Dice) -> Vec<Vec<u8>> {
    (0..BATCH).map(|_| [vec![131], tree(random, 3).bytes()].concat()).collect()
}

#[test]
fn terms_are_printed_as_inspect_prints_them() {
    let (mut inspector, seed) = (Inspector::start(), seed());
    let mut random = Dice(seed);
    let compared: usize =
        (0..10).map(|_| compare(&mut inspector, &batch(&mut random), None, None, seed)).sum();
    assert!(compared > 4000, "{compared}");
}

#[test]
fn terms_of_a_beam_are_printed_as_inspect_prints_them() {
    let (mut oracle, mut inspector, seed) = (Oracle::start(), Inspector::start(), seed());
    for (kind, count) in [
        (TermKind::Any, 5000),
        (TermKind::NumbersAndLists, 3000),
        (TermKind::Atoms, 300),
        (TermKind::Identifiers, 1000),
        (TermKind::Unseen, 1000),
    ] {
        let terms = oracle.random(kind, seed, count);
        assert!(compare(&mut inspector, &terms, None, None, seed) > count as usize / 2);
    }
}

/// Before 1.20 items were counted for each container anew, and characters otherwise; ours is the newer rule.
#[test]
fn limits_cut_where_inspect_cuts() {
    let (mut inspector, seed) = (Inspector::start(), seed());
    let mut random = Dice(seed);
    if !inspector.is_current() {
        return;
    }
    for limit in [1, 2, 3, 5, 8, 13, 40] {
        let terms = batch(&mut random);
        compare(&mut inspector, &terms, Some(limit), None, seed);
        compare(&mut inspector, &terms, Some(limit), Some(limit), seed);
        compare(&mut inspector, &terms, None, Some(limit), seed);
    }
}
