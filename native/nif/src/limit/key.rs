//! From a key, which is any term, to the [`KeyHash`] that the engine knows it by.
//!
//! # Invariants
//!
//! - Equal terms (`===`) have equal hashes. Different ones have different inputs: each kind of term has a tag, and what
//!   varies in length has its length in front.
//! - Nothing is built, copied or allocated, and the time is bounded: 64 KiB, 64 elements, 8 levels.
//! - The seed is the limiter's own and random, so that nobody outside can choose keys that collide.
//! - [`Across::Nodes`] hashes are the same on every node with the same seed.
//!
//! # Limits
//!
//! Maps, large integers, references, functions, bitstrings, remote pids and what is deep or long are not looked into:
//! [`Unhashed::Encode`] asks for the external term format instead, which the VM makes without holding up a scheduler.

#![allow(
    unsafe_code,
    reason = "rustler copies a tuple to read it, keeps the term in a binary, and panics at the end of an improper list"
)]

use std::hash::{Hash, Hasher};
use std::mem::MaybeUninit;

use outrigger_limit::{KeyHash, KeyHasher};
use rustler::sys::{enif_get_list_cell, enif_get_tuple, enif_inspect_binary};
use rustler::{LocalPid, Term, TermType};

use super::atom::name_hash;

/// Keys longer than this are refused: hashing more of them would take more than a call may.
pub(super) const MAX_BYTES: usize = 64 << 10;
/// Elements of all tuples and lists in a key.
const MAX_ELEMENTS: usize = 64;
const MAX_DEPTH: usize = 8;

/// Why a term has no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unhashed {
    /// To be given in external term format.
    Encode,
    /// More than [`MAX_BYTES`].
    TooLong,
}

/// Where equal terms have to have equal hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Across {
    /// In this VM, as long as it runs.
    Vm,
    /// In every VM of a cluster.
    Nodes,
}

/// One for each kind of term.
#[derive(Clone, Copy)]
enum Tag {
    Binary = 1,
    Integer,
    Atom,
    Pid,
    Float,
    Tuple,
    List,
    Encoded,
}

/// The hash of a binary, which most keys are. It is hashed as such; all others are tagged words, under a seed of their own.
#[inline(always)] // Halves of a hash that go through memory are waited for.
pub(super) fn hash_binary(seed: [u64; 2], term: Term<'_>) -> Option<KeyHash> {
    let bytes = bytes_of(term)?;
    (bytes.len() <= MAX_BYTES).then(|| KeyHash::of(seed, bytes))
}

/// The hash of a key that [`hash_binary`] has none of.
#[inline(always)]
pub(super) fn hash_other(seed: [u64; 2], across: Across, term: Term<'_>) -> Result<KeyHash, Unhashed> {
    let mut hasher = KeyHasher::new(seed.map(|word| !word));
    // Once more what `put` begins with: here the hash stays in registers.
    if let Some((tag, word)) = word_of(across, term, term.get_type())? {
        put_word(&mut hasher, tag, word);
        return Ok(hasher.finish());
    }
    hash_parts(seed, across, term)
}

#[inline(never)]
fn hash_parts(seed: [u64; 2], across: Across, term: Term<'_>) -> Result<KeyHash, Unhashed> {
    let mut hasher = KeyHasher::new(seed.map(|word| !word));
    put(&mut hasher, across, term, &mut { MAX_ELEMENTS }, MAX_DEPTH)?;
    Ok(hasher.finish())
}

/// The hash of a key of which the external term format is given.
pub(super) fn hash_encoded(seed: [u64; 2], bytes: &[u8]) -> Result<KeyHash, Unhashed> {
    let mut hasher = KeyHasher::new(seed.map(|word| !word));
    put_bytes(&mut hasher, Tag::Encoded, bytes)?;
    Ok(hasher.finish())
}

/// The bytes of a binary.
#[inline(always)]
fn bytes_of(term: Term<'_>) -> Option<&[u8]> {
    let mut binary = MaybeUninit::uninit();
    // SAFETY: the environment is the term's own, and the place is ours.
    if unsafe { enif_inspect_binary(term.get_env().as_c_arg(), term.as_c_arg(), binary.as_mut_ptr()) } == 0 {
        return None;
    }
    // SAFETY: the VM has filled it. The bytes stay where they are and as they are as long as the environment lives, which
    // is the lifetime of the term.
    let binary = unsafe { binary.assume_init() };
    if binary.size == 0 {
        return Some(&[]);
    }
    // SAFETY: as above.
    Some(unsafe { std::slice::from_raw_parts(binary.data, binary.size) })
}

fn put(
    hasher: &mut KeyHasher,
    across: Across,
    term: Term<'_>,
    elements: &mut usize,
    depth: usize,
) -> Result<(), Unhashed> {
    let kind = term.get_type();
    if let Some((tag, word)) = word_of(across, term, kind)? {
        put_word(hasher, tag, word);
        return Ok(());
    }
    match kind {
        TermType::Binary => {
            // A bitstring has none.
            put_bytes(hasher, Tag::Binary, bytes_of(term).ok_or(Unhashed::Encode)?)?;
        }
        TermType::Atom => {
            let name = u128::from(name_hash(term)?);
            put_word(hasher, Tag::Atom, name as u64);
            hasher.word((name >> 64) as u64);
        }
        TermType::Tuple if depth > 0 => put_tuple(hasher, across, term, elements, depth - 1)?,
        TermType::List if depth > 0 => put_list(hasher, across, term, elements, depth - 1)?,
        _ => return Err(Unhashed::Encode),
    }
    Ok(())
}

/// What is one word, and its tag.
#[inline(always)]
fn word_of(across: Across, term: Term<'_>, kind: TermType) -> Result<Option<(Tag, u64)>, Unhashed> {
    Ok(Some(match kind {
        TermType::Integer => {
            let integer: i64 = term.decode().map_err(|_| Unhashed::Encode)?;
            (Tag::Integer, integer as u64)
        }
        // Equal atoms are the same word as long as the VM runs, and so are pids of this node.
        TermType::Atom if across == Across::Vm => (Tag::Atom, word(term)),
        TermType::Pid if across == Across::Vm => {
            term.decode::<LocalPid>().map_err(|_| Unhashed::Encode)?;
            (Tag::Pid, word(term))
        }
        TermType::Float => {
            let float: f64 = term.decode().map_err(|_| Unhashed::Encode)?;
            // `0.0 === -0.0` before OTP 27. One key on all of them.
            (Tag::Float, if float == 0.0 { 0 } else { float.to_bits() })
        }
        _ => return Ok(None),
    }))
}

fn put_tuple(
    hasher: &mut KeyHasher,
    across: Across,
    term: Term<'_>,
    elements: &mut usize,
    depth: usize,
) -> Result<(), Unhashed> {
    let (mut arity, mut first) = (0, std::ptr::null());
    // SAFETY: the environment is the term's own, and both places are ours.
    let is_tuple =
        unsafe { enif_get_tuple(term.get_env().as_c_arg(), term.as_c_arg(), &mut arity, &mut first) };
    let arity = usize::try_from(arity).unwrap_or(0);
    if is_tuple == 0 {
        return Err(Unhashed::Encode);
    }
    *elements = elements.checked_sub(arity).ok_or(Unhashed::Encode)?;
    put_word(hasher, Tag::Tuple, arity as u64);
    for index in 0..arity {
        // SAFETY: the VM has said that there are `arity` terms at `first`, of the same environment as the tuple.
        let element = unsafe { Term::new(term.get_env(), *first.add(index)) };
        put(hasher, across, element, elements, depth)?;
    }
    Ok(())
}

/// A cell mark before each element and an end mark in place of a length, which would be another walk.
fn put_list(
    hasher: &mut KeyHasher,
    across: Across,
    term: Term<'_>,
    elements: &mut usize,
    depth: usize,
) -> Result<(), Unhashed> {
    let env = term.get_env();
    let mut list = term.as_c_arg();
    loop {
        let (mut head, mut tail) = (list, list);
        // SAFETY: the environment is the term's own, and both places are ours.
        if unsafe { enif_get_list_cell(env.as_c_arg(), list, &mut head, &mut tail) } == 0 {
            break;
        }
        *elements = elements.checked_sub(1).ok_or(Unhashed::Encode)?;
        put_word(hasher, Tag::List, 1);
        // SAFETY: head and tail are terms of the same environment as the list.
        put(hasher, across, unsafe { Term::new(env, head) }, elements, depth)?;
        list = tail;
    }
    // SAFETY: as above.
    if !unsafe { Term::new(env, list) }.is_empty_list() {
        return Err(Unhashed::Encode);
    }
    put_word(hasher, Tag::List, 0);
    Ok(())
}

fn put_bytes(hasher: &mut KeyHasher, tag: Tag, bytes: &[u8]) -> Result<(), Unhashed> {
    if bytes.len() > MAX_BYTES {
        return Err(Unhashed::TooLong);
    }
    hasher.word(tag as u64);
    hasher.bytes(bytes);
    Ok(())
}

#[inline]
fn put_word(hasher: &mut KeyHasher, tag: Tag, word: u64) {
    hasher.word(tag as u64);
    hasher.word(word);
}

/// The word that an immediate term is. rustler keeps it to itself but for hashing, so a hasher that remembers it reads it.
pub(super) fn word(term: Term<'_>) -> u64 {
    struct Keep(u64);
    impl Hasher for Keep {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, _: &[u8]) {}
        fn write_usize(&mut self, word: usize) {
            self.0 = word as u64;
        }
    }
    let mut keep = Keep(0);
    term.as_c_arg().hash(&mut keep);
    keep.finish()
}
