//! Terms of what a decoder says.
//!
//! Two stacks of words: values, and keys that wait for the end of their maps. The stacks stay with the thread from call to
//! call, so decoding takes no memory but the terms'.
//!
//! # Invariants
//!
//! - Words on the stacks are of the environment of the call that is running; both stacks are empty before and after it.
//! - A sink that is [full](Sink::full) makes nothing more: what is on its stacks is worth nothing from then on.

use outrigger_events::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};
use rustler::types::atom;
use rustler::{Atom, Binary, Env, Term};

use super::effort::{self, Effort};
use super::keys::{self, Key, Keys};
use super::number::{decimal, integer};
use super::raw::{Maker, Word, compare};
use super::temporal::{Texts, temporal};

/// A map with more keys is a tree in the VM, in which their order does not matter.
const FLAT: usize = 32;

/// Characters of an atom; the VM raises for more.
const ATOM: usize = 255;

/// What a key becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum KeyKind {
    #[default]
    Strings,
    ExistingAtoms,
    Atoms,
}

/// Which of two equal keys counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Duplicates {
    #[default]
    Last,
    First,
    Error,
}

/// How terms are made.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    pub(super) keys: KeyKind,
    pub(super) duplicates: Duplicates,
    /// Strings refer to the document, which lives as long as one of them does.
    pub(super) references: bool,
}

/// What a thread keeps from call to call.
#[derive(Default)]
pub(super) struct Scratch {
    values: Vec<Word>,
    keys: Vec<Key>,
    /// The keys of one map, as the VM takes them.
    sorted: Vec<Word>,
    made: Keys,
    /// The names of a plan that were made.
    names: Vec<Option<Key>>,
}

/// What the decoder could not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnknownKey {
    /// Where it stands, if it stands there as it is.
    pub(super) at: Option<usize>,
}

pub(super) struct TermSink<'a, 's> {
    maker: Maker<'a>,
    document: Word,
    bytes: &'a [u8],
    style: Style,
    scratch: &'s mut Scratch,
    effort: Effort,
    texts: Texts,
    pub(super) unknown: Option<UnknownKey>,
}

impl<'a, 's> TermSink<'a, 's> {
    /// Of no document yet: `begin` says which.
    pub(super) fn new(env: Env<'a>, style: Style, effort: Effort, scratch: &'s mut Scratch) -> Self {
        let (maker, document, texts) = (Maker::new(env), Word::none(), Texts::default());
        Self { maker, document, bytes: &[], style, scratch, effort, texts, unknown: None }
    }

    /// What is told from now on is of this document. What was told before and is not taken is dropped.
    pub(super) fn begin(&mut self, document: Binary<'a>) {
        self.drop_told();
        self.scratch.made.begin();
        self.bytes = document.as_slice();
        self.document = Word::of(document.to_term(self.maker.env()));
    }

    /// The names of a plan, of which there are so many, are told by numbers.
    pub(super) fn begin_names(&mut self, count: usize) {
        self.scratch.names.clear();
        self.scratch.names.resize(count, None);
    }

    /// A name of a plan, made once for each document.
    #[inline]
    fn plan_name(&mut self, name: usize, text: Text<'_>) -> Key {
        if let Some(Some(made)) = self.scratch.names.get(name) {
            return *made;
        }
        let key = Key::new(keys::slow_prefix(text.bytes), self.binary(text.bytes));
        if let Some(place) = self.scratch.names.get_mut(name) {
            *place = Some(key);
        }
        key
    }

    pub(super) const fn maker(&self) -> Maker<'a> {
        self.maker
    }

    /// The value that was told last, which is no more on the stack.
    #[inline]
    pub(super) fn take(&mut self) -> Option<Word> {
        self.scratch.values.pop()
    }

    /// Drops what was told and not taken.
    pub(super) fn drop_told(&mut self) {
        self.scratch.values.clear();
        self.scratch.keys.clear();
    }

    /// The value that was told last, and others may follow.
    #[allow(unsafe_code, reason = "words become a term again")]
    pub(super) fn told(&mut self) -> Option<Term<'a>> {
        let word = self.take().filter(|_| !self.full())?;
        // SAFETY: words on the stack were made in this environment, all of them: the sink is not full.
        Some(unsafe { self.maker.term(word) })
    }

    /// The first values that were told, as a list; of a full sink those that were told before it was.
    #[allow(unsafe_code, reason = "words become a term again")]
    pub(super) fn first_told(&self, count: usize) -> Term<'a> {
        let list = self.maker.list(self.scratch.values.get(..count).unwrap_or_default());
        // SAFETY: it was made in this environment, as what it is made of.
        unsafe { self.maker.term(list) }
    }

    /// Makes a term of this price, if there is so much left.
    #[inline]
    fn make(&mut self, price: usize, make: impl FnOnce(&mut Self) -> Word) -> Word {
        if self.effort.spend(price) { make(self) } else { Word::none() }
    }

    /// What is left to be spent.
    pub(super) const fn effort(&self) -> Effort {
        self.effort
    }

    /// Spends on what is made of the values beside the sink.
    #[inline]
    pub(super) const fn spend(&mut self, price: usize) -> bool {
        self.effort.spend(price)
    }

    #[inline]
    fn binary(&mut self, bytes: &[u8]) -> Word {
        self.make(effort::BINARY + bytes.len() / effort::PER, |sink| sink.maker.binary(bytes))
    }

    #[inline]
    fn push(&mut self, word: Word) {
        self.scratch.values.push(word);
    }

    fn atom(&self, atom: Atom) -> Word {
        Word::of(atom.to_term(self.maker.env()))
    }

    #[inline]
    fn string(&mut self, text: Text<'_>) -> Word {
        match text.at {
            Some(at) if self.style.references && self.holds(at, text.bytes.len()) => {
                self.make(effort::BINARY, |sink| sink.part(at, text.bytes.len()))
            }
            _ => self.binary(text.bytes),
        }
    }

    fn holds(&self, at: usize, length: usize) -> bool {
        at.checked_add(length).is_some_and(|end| end <= self.bytes.len())
    }

    #[allow(unsafe_code, reason = "a part of the document")]
    fn part(&self, at: usize, length: usize) -> Word {
        // SAFETY: `holds` was asked, and the document is of this environment.
        unsafe { self.maker.part(self.document, at, length) }
    }

    /// A float that the VM does not have, as an atom.
    #[cold]
    fn no_number(&self, value: f64) -> Word {
        self.maker.name(match value {
            f64::INFINITY => Name::Inf,
            f64::NEG_INFINITY => Name::MinusInf,
            _ => Name::NaN,
        })
    }

    #[cold]
    fn atom_key(&mut self, text: Text<'_>) -> Word {
        let env = self.maker.env();
        let fits = std::str::from_utf8(text.bytes).is_ok_and(|text| text.chars().count() <= ATOM);
        let atom = match self.style.keys {
            _ if !fits => Err(rustler::Error::BadArg),
            KeyKind::Atoms => Atom::from_utf8_bytes(env, text.bytes),
            _ => Atom::existing_from_utf8_bytes(env, text.bytes),
        };
        if atom.is_err() {
            self.unknown.get_or_insert(UnknownKey { at: text.at });
        }
        self.atom(atom.unwrap_or_else(|_| atom::nil()))
    }

    /// A map of which two keys are equal.
    #[cold]
    fn without_duplicates(&mut self, from: usize) -> Result<Word, Duplicate> {
        if self.style.duplicates == Duplicates::Error {
            return Err(Duplicate);
        }
        let keys_from = self.scratch.keys.len() - (self.scratch.values.len() - from);
        let keys = self.scratch.keys.get(keys_from..).unwrap_or_default();
        let values = self.scratch.values.get(from..).unwrap_or_default();
        if !self.effort.spend(keys.len() * effort::SORTED_PAIR) {
            return Ok(Word::none());
        }
        let mut pairs: Vec<(Word, Word)> =
            keys.iter().map(|key| key.word).zip(values.iter().copied()).collect();
        if self.style.duplicates == Duplicates::Last {
            pairs.reverse();
        }
        // The sort keeps the order of equal keys, and the first of them is the one that stays.
        pairs.sort_by(|left, right| compare(left.0, right.0));
        pairs.dedup_by(|next, kept| compare(next.0, kept.0).is_eq());
        let (keys, values): (Vec<Word>, Vec<Word>) = pairs.into_iter().unzip();
        self.maker.map(&keys, &values).ok_or(Duplicate)
    }
}

impl Sink for TermSink<'_, '_> {
    #[inline]
    fn full(&self) -> bool {
        self.effort.is_spent()
    }

    #[inline]
    fn null(&mut self) {
        let word = self.make(effort::WORD, |sink| sink.atom(atom::nil()));
        self.push(word);
    }

    #[inline]
    fn boolean(&mut self, value: bool) {
        let of = if value { atom::true_() } else { atom::false_() };
        let word = self.make(effort::WORD, |sink| sink.atom(of));
        self.push(word);
    }

    #[inline]
    fn integer(&mut self, value: i64) {
        let word = self.make(effort::WORD, |sink| sink.maker.integer(value));
        self.push(word);
    }

    fn big(&mut self, value: &Integer) {
        let word = self.make(big(value), |sink| integer(sink.maker, value));
        self.push(word);
    }

    #[inline]
    fn float(&mut self, value: f64) {
        let word = self.make(effort::WORD, |sink| match value.is_finite() {
            true => sink.maker.float(value),
            false => sink.no_number(value),
        });
        self.push(word);
    }

    fn decimal(&mut self, value: &Decimal) {
        let coefficient = match value {
            Decimal::Finite { coefficient: coefficient @ Integer::Big(_), .. } => big(coefficient),
            _ => 0,
        };
        let word = self.make(effort::STRUCT + coefficient, |sink| decimal(sink.maker, value));
        self.push(word);
    }

    #[inline]
    fn text(&mut self, value: Text<'_>) {
        let word = self.string(value);
        self.push(word);
    }

    #[inline]
    fn bytes(&mut self, value: Text<'_>) {
        self.text(value);
    }

    fn temporal(&mut self, value: Temporal) {
        let price = if let Temporal::Instant(..) = value { effort::INSTANT } else { effort::STRUCT };
        let word = self.make(price, |sink| temporal(sink.maker, &mut sink.texts, value));
        self.push(word);
    }

    fn name(&mut self, value: Name) {
        let word = self.make(effort::WORD, |sink| sink.maker.name(value));
        self.push(word);
    }

    #[inline]
    fn end_list(&mut self, count: usize) {
        let from = self.scratch.values.len().saturating_sub(count);
        let list = self.make(effort::LIST + count / effort::PER, |sink| {
            sink.maker.list(sink.scratch.values.get(from..).unwrap_or_default())
        });
        self.scratch.values.truncate(from);
        self.push(list);
    }

    #[inline]
    fn key(&mut self, key: Text<'_>) {
        let key = match (self.style.keys, key.at) {
            (KeyKind::Strings, Some(at)) => {
                let Self { maker, style, document, effort, scratch, bytes, .. } = self;
                let length = key.bytes.len();
                let holds = style.references && at.checked_add(length).is_some_and(|end| end <= bytes.len());
                scratch.made.get(bytes, at, key.bytes, || {
                    if !effort.spend(effort::BINARY + length / effort::PER) {
                        Word::none()
                    } else if holds {
                        #[allow(unsafe_code, reason = "a part of the document")]
                        // SAFETY: the document is of this environment and holds that part.
                        unsafe {
                            maker.part(*document, at, length)
                        }
                    } else {
                        maker.binary(key.bytes)
                    }
                })
            }
            (KeyKind::Strings, None) => Key::new(keys::slow_prefix(key.bytes), self.binary(key.bytes)),
            _ => Key::new(0, self.make(effort::ATOM, |sink| sink.atom_key(key))),
        };
        self.scratch.keys.push(key);
    }

    fn field(&mut self, name: Name) {
        self.scratch.keys.push(Key::new(0, self.maker.name(name)));
    }

    fn value_as_key(&mut self) {
        if let Some(word) = self.scratch.values.pop() {
            self.scratch.keys.push(Key::new(0, word));
        }
    }

    #[inline]
    fn end_map(&mut self, count: usize) -> Result<(), Duplicate> {
        let pair = if count <= FLAT { effort::PAIR } else { effort::LARGE_PAIR };
        let affordable = self.effort.spend(effort::MAP + count * pair);
        let Scratch { values, keys, sorted, .. } = &mut *self.scratch;
        let from = values.len().saturating_sub(count);
        let keys_from = keys.len().saturating_sub(count);
        let (own_keys, own_values) = (&mut keys[keys_from..], &mut values[from..]);
        let map = if affordable {
            if count <= FLAT {
                keys::sort(own_keys, own_values);
            }
            sorted.clear();
            sorted.extend(own_keys.iter().map(|key| key.word));
            match self.maker.map(sorted, own_values) {
                Some(map) => map,
                None => self.without_duplicates(from)?,
            }
        } else {
            Word::none()
        };
        self.scratch.values.truncate(from);
        self.scratch.keys.truncate(keys_from);
        self.push(map);
        Ok(())
    }

    #[inline]
    fn record_key(&mut self, name: usize, key: Text<'_>) {
        if self.style.keys != KeyKind::Strings {
            return self.key(key);
        }
        let key = self.plan_name(name, key);
        self.scratch.keys.push(key);
    }

    #[inline]
    fn symbol(&mut self, name: usize, text: Text<'_>) {
        let word = self.make(effort::WORD, |sink| sink.plan_name(name, text).word);
        self.push(word);
    }
}

/// The price of a whole number that is no word.
fn big(value: &Integer) -> usize {
    match value {
        Integer::Small(_) => effort::WORD,
        Integer::Big(value) => effort::BIG * (1 + value.bits() as usize / (8 * effort::PER)),
    }
}
