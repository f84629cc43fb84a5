//! The library's own names as atoms, made once.

use std::sync::OnceLock;

use outrigger_events::Name;
use rustler::{Atom, Env};

static ATOMS: OnceLock<Vec<Atom>> = OnceLock::new();

/// Makes the atoms. While the library is being loaded: no call has to.
pub(crate) fn load(env: Env<'_>) -> bool {
    let atoms: Result<Vec<Atom>, _> = Name::ALL.iter().map(|name| Atom::from_str(env, name.text())).collect();
    atoms.is_ok_and(|atoms| ATOMS.get_or_init(|| atoms).len() == Name::ALL.len())
}

/// The atom of a name.
pub(super) fn atom(name: Name) -> Atom {
    ATOMS
        .get()
        .and_then(|atoms| atoms.get(name as usize))
        .copied()
        .unwrap_or_else(rustler::types::atom::undefined)
}
