//! The encodings that messages are made of, each read by one pattern over the bytes.
//!
//! A function here takes the bytes at a term and returns the value and the bytes behind it. `None` says neither what is
//! wrong nor that something is: the caller then goes the long way, which knows every encoding and finds the error. So what
//! is written here may be incomplete, but never more generous than the long way.
//!
//! Why two ways: without a copy of the reader and without an error to carry, all values stay in registers. Read the
//! long way, a `$gen_call` costs three times as much.

use std::str::from_utf8;

use crate::{Atom, MAX_REFERENCE_WORDS, Pid, Reference, tag};

/// A value and what is behind it.
pub(super) type Found<'a, T> = Option<(T, &'a [u8])>;

#[inline(always)]
pub(super) fn version(bytes: &[u8]) -> Found<'_, ()> {
    match bytes {
        [tag::VERSION, rest @ ..] => Some(((), rest)),
        _ => None,
    }
}

#[inline(always)]
pub(super) fn tuple(bytes: &[u8]) -> Found<'_, u32> {
    match bytes {
        [tag::SMALL_TUPLE, arity, rest @ ..] if usize::from(*arity) <= rest.len() => {
            Some(((*arity).into(), rest))
        }
        _ => None,
    }
}

#[inline(always)]
pub(super) fn list(bytes: &[u8]) -> Found<'_, u32> {
    let (length, rest) = count(tag::LIST, bytes)?;
    (length > 0 && (length as usize) < rest.len()).then_some((length, rest))
}

#[inline(always)]
pub(super) fn nil(bytes: &[u8]) -> Found<'_, ()> {
    match bytes {
        [tag::NIL, rest @ ..] => Some(((), rest)),
        _ => None,
    }
}

#[inline(always)]
pub(super) fn map(bytes: &[u8]) -> Found<'_, u32> {
    let (pairs, rest) = count(tag::MAP, bytes)?;
    (u64::from(pairs) * 2 <= rest.len() as u64).then_some((pairs, rest))
}

#[inline(always)]
pub(super) fn integer(bytes: &[u8]) -> Found<'_, i64> {
    match *bytes {
        [tag::SMALL_INTEGER, value, ref rest @ ..] => Some((value.into(), rest)),
        [tag::INTEGER, a, b, c, d, ref rest @ ..] => Some((i32::from_be_bytes([a, b, c, d]).into(), rest)),
        _ => None,
    }
}

#[inline(always)]
pub(super) fn binary(bytes: &[u8]) -> Found<'_, &[u8]> {
    let (len, rest) = count(tag::BINARY, bytes)?;
    rest.split_at_checked(len as usize)
}

#[inline(always)]
pub(super) fn atom(bytes: &[u8]) -> Found<'_, Atom<'_>> {
    let [tag::SMALL_ATOM_UTF8, len, rest @ ..] = bytes else { return None };
    let (text, rest) = rest.split_at_checked((*len).into())?;
    Some((Atom::Utf8(from_utf8(text).ok()?), rest))
}

#[inline(always)]
pub(super) fn pid(bytes: &[u8]) -> Found<'_, Pid<'_>> {
    let [tag::NEW_PID, rest @ ..] = bytes else { return None };
    let (node, rest) = atom(rest)?;
    let ([id, serial, creation], rest) = words::<3>(rest)?;
    Some((Pid { node, id, serial, creation }, rest))
}

#[inline(always)]
pub(super) fn reference(bytes: &[u8]) -> Found<'_, Reference<'_>> {
    let [tag::NEWER_REFERENCE, 0, len @ 1..=5, rest @ ..] = bytes else { return None };
    let (node, rest) = atom(rest)?;
    let ([creation], mut rest) = words::<1>(rest)?;
    let mut ids = [0; MAX_REFERENCE_WORDS];
    for id in ids.iter_mut().take((*len).into()) {
        ([*id], rest) = words::<1>(rest)?;
    }
    Some((Reference { node, creation, ids, len: *len }, rest))
}

/// The fixed part of any of these, and how many terms follow as parts of it; whether they fit is the caller's to check.
#[inline(always)]
pub(super) fn head(bytes: &[u8]) -> Found<'_, u64> {
    let (&tag, rest) = bytes.split_first()?;
    match tag {
        tag::SMALL_INTEGER => Some((0, rest.get(1..)?)),
        tag::INTEGER => Some((0, rest.get(4..)?)),
        tag::NIL => Some((0, rest)),
        tag::SMALL_TUPLE => rest.split_first().map(|(&arity, rest)| (arity.into(), rest)),
        tag::SMALL_ATOM_UTF8 => atom(bytes).map(|(_, rest)| (0, rest)),
        tag::BINARY => binary(bytes).map(|(_, rest)| (0, rest)),
        _ => None,
    }
}

/// A tag with a 32-bit number behind it.
#[inline(always)]
fn count(tag: u8, bytes: &[u8]) -> Found<'_, u32> {
    match *bytes {
        [first, a, b, c, d, ref rest @ ..] if first == tag => Some((u32::from_be_bytes([a, b, c, d]), rest)),
        _ => None,
    }
}

#[inline(always)]
fn words<const N: usize>(mut bytes: &[u8]) -> Found<'_, [u32; N]> {
    let mut words = [0; N];
    for word in &mut words {
        let (first, rest) = bytes.split_first_chunk::<4>()?;
        (*word, bytes) = (u32::from_be_bytes(*first), rest);
    }
    Some((words, bytes))
}
