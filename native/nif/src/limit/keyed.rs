//! Resources that have keys: their seed, and what is said of a key that has no hash.

use outrigger_limit::KeyHash;
use rustler::sys::ErlNifTerm;
use rustler::{Atom, Binary, Env, Term, atoms};

use super::key::{Across, Unhashed, hash_binary, hash_encoded, hash_other};

atoms! { encode, key_too_long }

/// Something with keys.
pub(super) trait Keyed {
    /// Who else has to have the same hashes.
    const ACROSS: Across = Across::Vm;

    /// What its keys are hashed with.
    fn seed(&self) -> [u64; 2];
}

/// The key's hash, or a word for the caller. `{resource, binary}` is a key in external term format: no key of a caller has
/// a reference in it and comes here without having been asked for that format.
#[inline(always)]
pub(super) fn hash<'a, K: Keyed>(of: &K, resource: Term<'a>, key: Term<'a>) -> Result<KeyHash, Atom> {
    match hash_binary(of.seed(), key) {
        Some(hash) => Ok(hash),
        None => hash_in_memory(of, key.get_env(), resource.as_c_arg(), key.as_c_arg()),
    }
}

/// Bare words: a term goes to a function in memory, and would be put there before it is known to be needed.
#[inline(never)]
fn hash_in_memory<'a, K: Keyed>(
    of: &K,
    env: Env<'a>,
    resource: ErlNifTerm,
    key: ErlNifTerm,
) -> Result<KeyHash, Atom> {
    // SAFETY: the caller took it out of a term of this environment.
    #[allow(unsafe_code, reason = "for terms in registers")]
    let term = |word| unsafe { Term::new(env, word) };
    match hash_other(of.seed(), K::ACROSS, term(key)) {
        Ok(key) => Ok(key),
        Err(problem) => unhashed(of, term(resource), term(key), problem),
    }
}

#[cold]
fn unhashed<'a>(
    of: &impl Keyed,
    resource: Term<'a>,
    key: Term<'a>,
    problem: Unhashed,
) -> Result<KeyHash, Atom> {
    match key.decode::<(Term<'a>, Binary<'a>)>() {
        Ok((first, bytes)) if problem == Unhashed::Encode && first == resource => {
            hash_encoded(of.seed(), bytes.as_slice())
        }
        _ => Err(problem),
    }
    .map_err(|problem| match problem {
        Unhashed::Encode => encode(),
        Unhashed::TooLong => key_too_long(),
    })
}

/// Random, from the system: the standard library's source of seeds for its own maps.
pub(super) fn seed() -> [u64; 2] {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new();
    [random.hash_one(0_u8), random.hash_one(1_u8)]
}
