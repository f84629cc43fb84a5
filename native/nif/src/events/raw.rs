//! Terms as words: made many at a time, and put on stacks.
//!
//! rustler's `Term` carries its environment along, and its lists and maps are made of vectors copied first. A decoder makes
//! a hundred terms in a microsecond or two; here a term is one word.
#![allow(unsafe_code, reason = "rustler's own way copies every array of terms")]

use std::mem::MaybeUninit;

use outrigger_events::Name;
use rustler::sys::{
    ErlNifTerm, enif_compare, enif_get_map_size, enif_make_double, enif_make_int64,
    enif_make_list_from_array, enif_make_map_from_arrays, enif_make_new_binary, enif_make_sub_binary,
    enif_make_tuple_from_array,
};
use rustler::types::atom;
use rustler::{Atom, Env, Term};

use super::names;

/// A term of the environment of one NIF call. Whoever holds it holds the environment, too.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Word(ErlNifTerm);

impl Word {
    /// Stands where no term is yet.
    pub(super) fn none() -> Self {
        Self(ErlNifTerm::default())
    }

    pub(super) fn of(term: Term<'_>) -> Self {
        Self(term.as_c_arg())
    }
}

/// Makes terms in one environment.
#[derive(Clone, Copy)]
pub(super) struct Maker<'a>(Env<'a>);

impl<'a> Maker<'a> {
    pub(super) const fn new(env: Env<'a>) -> Self {
        Self(env)
    }

    pub(super) const fn env(self) -> Env<'a> {
        self.0
    }

    /// # Safety
    /// The word was made in this environment, by this call of the NIF.
    pub(super) unsafe fn term(self, word: Word) -> Term<'a> {
        // SAFETY: as the caller says.
        unsafe { Term::new(self.0, word.0) }
    }

    #[inline]
    pub(super) fn integer(self, value: i64) -> Word {
        // SAFETY: the environment is alive, as in all functions below.
        Word(unsafe { enif_make_int64(self.0.as_c_arg(), value) })
    }

    /// `value` is finite; the VM knows no others.
    #[inline]
    pub(super) fn float(self, value: f64) -> Word {
        // SAFETY: as above.
        Word(unsafe { enif_make_double(self.0.as_c_arg(), value) })
    }

    /// A binary with a copy of these bytes.
    #[inline]
    pub(super) fn binary(self, bytes: &[u8]) -> Word {
        let mut word = MaybeUninit::uninit();
        // SAFETY: the VM makes a place of this length, which nobody else knows yet, and writes the word.
        unsafe {
            let place = enif_make_new_binary(self.0.as_c_arg(), bytes.len(), word.as_mut_ptr());
            place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            Word(word.assume_init())
        }
    }

    /// A part of a binary, which it keeps alive.
    ///
    /// # Safety
    /// `whole` is a binary of this environment that has at least `at + length` bytes.
    #[inline]
    pub(super) unsafe fn part(self, whole: Word, at: usize, length: usize) -> Word {
        // SAFETY: as the caller says.
        Word(unsafe { enif_make_sub_binary(self.0.as_c_arg(), whole.0, at, length) })
    }

    /// `nil`
    #[inline]
    pub(super) fn nil(self) -> Word {
        Word::of(atom::nil().to_term(self.0))
    }

    /// One of the library's own names.
    pub(super) fn name(self, name: Name) -> Word {
        Word::of(names::atom(name).to_term(self.0))
    }

    /// A term of the external term format, written by us.
    #[cold]
    pub(super) fn external(self, bytes: &[u8]) -> Word {
        // The VM refuses what it has no memory for.
        self.0.binary_to_term(bytes).map_or_else(|| self.nil(), |(term, _)| Word::of(term))
    }

    /// A tuple of terms of this environment.
    pub(super) fn tuple(self, terms: &[Word]) -> Word {
        // SAFETY: as many terms as are said, which are a handful.
        Word(unsafe {
            enif_make_tuple_from_array(self.0.as_c_arg(), terms.as_ptr().cast(), terms.len() as u32)
        })
    }

    /// A list of terms of this environment.
    #[inline]
    pub(super) fn list(self, items: &[Word]) -> Word {
        // SAFETY: as many terms as are said. A list of more than 2^32 of them would need more bytes than a document has.
        Word(unsafe {
            enif_make_list_from_array(self.0.as_c_arg(), items.as_ptr().cast(), items.len() as u32)
        })
    }

    /// A map with atoms for keys. `None` if two of them are equal.
    #[inline]
    pub(super) fn map_of(self, keys: &[Atom], values: &[Word]) -> Option<Word> {
        let mut words = [Word::none(); 32];
        if let Some(words) = words.get_mut(..keys.len()) {
            for (word, key) in words.iter_mut().zip(keys) {
                *word = Word::of(key.to_term(self.0));
            }
            return self.map(words, values);
        }
        let words: Vec<Word> = keys.iter().map(|key| Word::of(key.to_term(self.0))).collect();
        self.map(&words, values)
    }

    /// A map of terms of this environment. `None` if two keys are equal.
    #[inline]
    pub(super) fn map(self, keys: &[Word], values: &[Word]) -> Option<Word> {
        let count = keys.len().min(values.len());
        let mut word = MaybeUninit::uninit();
        // SAFETY: both arrays have at least that many terms; the VM writes the word if it says so.
        unsafe {
            let made = enif_make_map_from_arrays(
                self.0.as_c_arg(),
                keys.as_ptr().cast(),
                values.as_ptr().cast(),
                count,
                word.as_mut_ptr(),
            );
            if made == 0 {
                return None;
            }
            let word = word.assume_init();
            // Beyond a certain size the VM does not refuse equal keys: it keeps one of them.
            let mut size = count;
            enif_get_map_size(self.0.as_c_arg(), word, &mut size);
            (size == count).then_some(Word(word))
        }
    }
}

/// The most fields of a struct, its name among them.
const FIELDS: usize = 16;

/// A struct while its fields are put in. In the order of their names: the VM need not sort them then.
pub(super) struct Structure<'a> {
    maker: Maker<'a>,
    keys: [Word; FIELDS],
    values: [Word; FIELDS],
    count: usize,
}

impl<'a> Structure<'a> {
    #[inline]
    pub(super) fn new(maker: Maker<'a>) -> Self {
        let mut structure =
            Self { maker, keys: [Word::none(); FIELDS], values: [Word::none(); FIELDS], count: 1 };
        structure.keys[0] = maker.name(Name::Struct);
        structure
    }

    /// A field, the name of which none before has.
    #[inline]
    pub(super) fn put(&mut self, name: Name, value: Word) {
        if let (Some(key), Some(place)) = (self.keys.get_mut(self.count), self.values.get_mut(self.count)) {
            (*key, *place) = (self.maker.name(name), value);
            self.count += 1;
        }
    }

    /// The struct of this name.
    #[inline]
    pub(super) fn finish(mut self, name: Name) -> Word {
        self.values[0] = self.maker.name(name);
        // The names are different ones.
        self.maker
            .map(&self.keys[..self.count], &self.values[..self.count])
            .unwrap_or_else(|| self.maker.nil())
    }
}

/// The order of two terms.
pub(super) fn compare(left: Word, right: Word) -> std::cmp::Ordering {
    // SAFETY: comparing reads terms, whatever they are.
    unsafe { enif_compare(left.0, right.0) }.cmp(&0)
}
