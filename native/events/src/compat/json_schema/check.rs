//! Whether what a writer's schema lets through, a reader's takes: the frame of the comparison.
//!
//! A pair of parts is compared keyword by keyword ([`direct`](Check::direct)). Where that finds something and the writer has
//! alternatives, each of them is compared on its own ([`super::split`]).
//!
//! # Recursion
//!
//! A pair that is met again inside itself is taken for compatible, as it has to fail somewhere else if it fails at all. What
//! was concluded from that is only as good as the guess, so when pairs turn out to be incompatible everything is compared
//! again with these known, until nothing new turns up.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::kind::{Class, Kind};
use super::part::{Nodes, Part};
use super::read::Schema;
use crate::compat::Incompatibility;

/// What counts as compatible beside what certainly is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Policy {
    /// Nothing but defaults that the reader fills in.
    #[default]
    Strict,
    /// Also changes that hurt only if data holds what no schema mentions: properties added to an open schema, properties
    /// that the reader does not take any more, alternatives of `oneOf` that overlap.
    Lenient,
}

/// A difference between the two schemas, compatible or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What kind it is.
    pub kind: Kind,
    /// JSON pointer into the reader's schema, or into the writer's if the reader has nothing there: `#/properties/id`.
    pub path: String,
    /// What it is here, in a few words: `10 -> 5`.
    pub note: String,
}

impl Difference {
    /// Whether data stays readable under a policy.
    #[must_use]
    pub fn is_compatible(&self, policy: Policy) -> bool {
        match self.kind.class() {
            Class::Fine | Class::Filled => true,
            Class::Lenient => policy == Policy::Lenient,
            Class::Never => false,
        }
    }

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

/// All differences, compatible or not, in the order of the schemas' keywords.
#[must_use]
pub fn differences(reader: &Schema, writer: &Schema, policy: Policy) -> Vec<Difference> {
    if writer.draft == reader.draft && writer.documents == reader.documents {
        return Vec::new();
    }
    let nodes = Nodes { writer, reader };
    let old = Part::of(nodes, [Nodes::WRITER]);
    let new = Part::of(nodes, [Nodes::READER]);
    let mode = if policy == Policy::Strict { Mode::Strict } else { Mode::Lenient };
    let mut check = Check {
        nodes,
        mode,
        work: 0,
        depth: 0,
        refuted: HashMap::new(),
        memo: HashMap::new(),
        busy: HashSet::new(),
        guessed: false,
    };
    loop {
        let found = check.prove(&old, &new);
        let before = check.refuted.len();
        let refuted = check.memo.drain().filter(|((_, _, mode), found)| !mode.accepts_all(found));
        check.refuted.extend(refuted);
        if !std::mem::take(&mut check.guessed) || check.refuted.len() == before || check.work >= Check::MOST {
            let rooted = |difference: &Difference| Difference {
                path: format!("#{}", difference.path),
                ..difference.clone()
            };
            return found.iter().map(rooted).collect();
        }
    }
}

/// What keeps `reader` from reading what was written with `writer`; empty if nothing does.
#[must_use]
pub fn check(reader: &Schema, writer: &Schema, policy: Policy) -> Vec<Incompatibility> {
    let found = differences(reader, writer, policy);
    found.iter().filter(|found| !found.is_compatible(policy)).map(Difference::incompatibility).collect()
}

/// How strict a proof has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mode {
    /// Nothing but truth: within `not`, and to tell alternatives apart.
    Exact,
    Strict,
    Lenient,
}

impl Mode {
    fn accepts(self, kind: Kind) -> bool {
        match kind.class() {
            Class::Fine => true,
            Class::Filled => self != Self::Exact,
            Class::Lenient => self == Self::Lenient,
            Class::Never => false,
        }
    }

    pub(super) fn accepts_all(self, found: &[Difference]) -> bool {
        found.iter().all(|difference| self.accepts(difference.kind))
    }
}

type Key = (Part, Part, Mode);

/// One comparison of two schemas.
pub(super) struct Check<'a> {
    pub(super) nodes: Nodes<'a>,
    pub(super) mode: Mode,
    work: usize,
    pub(super) depth: usize,
    /// Pairs that an earlier round found incompatible.
    refuted: HashMap<Key, Rc<[Difference]>>,
    /// Pairs of this round.
    memo: HashMap<Key, Rc<[Difference]>>,
    busy: HashSet<Key>,
    /// Whether a pair was taken for compatible inside itself.
    guessed: bool,
}

impl Check<'_> {
    /// Pairs that are compared before the check gives up.
    const MOST: usize = 20_000;
    /// Pairs inside each other, which bounds the stack.
    const DEEPEST: usize = 96;

    /// What keeps the part `old` from lying within `new`, and what else differs. Paths are relative to the pair.
    pub(super) fn prove(&mut self, old: &Part, new: &Part) -> Rc<[Difference]> {
        if old.types.is_none() || new.is_open(self.nodes) && new.nodes.is_empty() {
            return Rc::new([]);
        }
        let key = (old.clone(), new.clone(), self.mode);
        if let Some(found) = self.memo.get(&key) {
            return found.clone();
        }
        if self.work >= Self::MOST || self.depth >= Self::DEEPEST {
            return Rc::new([Difference {
                kind: Kind::TooComplex,
                path: String::new(),
                note: String::new(),
            }]);
        }
        if !self.busy.insert(key.clone()) {
            self.guessed |= !self.refuted.contains_key(&key);
            return self.refuted.get(&key).cloned().unwrap_or_else(|| Rc::new([]));
        }
        self.work += 1;
        self.depth += 1;
        let found: Rc<[Difference]> =
            if self.identical(old, new) { Rc::new([]) } else { self.compare(old, new).into() };
        self.depth -= 1;
        self.busy.remove(&key);
        self.memo.insert(key, found.clone());
        found
    }

    /// Whether the proof succeeds.
    pub(super) fn holds(&mut self, old: &Part, new: &Part) -> bool {
        let found = self.prove(old, new);
        self.mode.accepts_all(&found)
    }

    /// Whether it succeeds without leniency or defaults.
    pub(super) fn holds_exactly(&mut self, old: &Part, new: &Part) -> bool {
        let mode = std::mem::replace(&mut self.mode, Mode::Exact);
        let holds = self.holds(old, new);
        self.mode = mode;
        holds
    }

    fn compare(&mut self, old: &Part, new: &Part) -> Vec<Difference> {
        let direct = self.direct(old, new);
        if self.mode.accepts_all(&direct) {
            return direct;
        }
        self.split(old, new, direct)
    }

    /// Equal texts without references are equal schemas, whatever is in them.
    fn identical(&self, old: &Part, new: &Part) -> bool {
        let whole = |part: &Part| match part.nodes.iter().collect::<Vec<_>>()[..] {
            [only] if part.not.is_empty() && part.split.is_empty() => {
                let node = self.nodes.get(*only);
                (part.types == node.types && node.reference.is_none()).then_some(*only)
            }
            _ => None,
        };
        let (Some(old), Some(new)) = (whole(old), whole(new)) else { return false };
        let one_draft = self.nodes.writer.draft == self.nodes.reader.draft;
        old == new
            || one_draft
                && self.nodes.raw(old).is_some_and(|raw| Some(raw) == self.nodes.raw(new) && !refers(raw))
    }
}

fn refers(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Object(members) => {
            members.keys().any(|key| key.ends_with("ef") && key.starts_with('$'))
                || members.values().any(refers)
        }
        serde_json::Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

/// Differences as they are found, below a path.
#[derive(Default)]
pub(super) struct Found {
    pub(super) list: Vec<Difference>,
}

impl Found {
    pub(super) fn add(&mut self, kind: Kind, path: impl Into<String>, note: impl Into<String>) {
        self.list.push(Difference { kind, path: path.into(), note: note.into() });
    }

    /// What was found in a pair below.
    pub(super) fn below(&mut self, path: &str, found: &[Difference]) {
        let lower = |difference: &Difference| Difference {
            path: format!("{path}{}", difference.path),
            ..difference.clone()
        };
        self.list.extend(found.iter().map(lower));
    }
}
