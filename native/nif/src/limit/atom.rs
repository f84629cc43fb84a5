//! Atoms by their names, for hashes that are the same on all nodes.
//!
//! An atom is a word that means the same name as long as the VM runs, so what was made of a name is kept: a few atoms for each
//! thread, since keys such as `{:user, id}` have always the same.

use std::cell::RefCell;

use outrigger_limit::KeyHash;
use rustler::Term;

use super::key::{Unhashed, word};

const KEPT: usize = 16;
/// No secret: atoms are the program's own, and what is kept serves all limiters.
const SEED: [u64; 2] = [0, 0];

thread_local! {
    static NAMES: RefCell<[(u64, KeyHash); KEPT]> = const { RefCell::new([(0, KeyHash::new(0, 0)); KEPT]) };
}

/// A hash of the name of an atom.
pub(super) fn name_hash(atom: Term<'_>) -> Result<KeyHash, Unhashed> {
    // No atom is the word 0. The lowest six bits are the same for all.
    let word = word(atom);
    let place = (word >> 6) as usize % KEPT;
    NAMES.with_borrow_mut(|names| match names.get_mut(place) {
        Some((kept, hash)) if *kept == word => Ok(*hash),
        kept => {
            let name = atom.atom_to_string().map_err(|_| Unhashed::Encode)?;
            let hash = KeyHash::of(SEED, name.as_bytes());
            if let Some(kept) = kept {
                *kept = (word, hash);
            }
            Ok(hash)
        }
    })
}
