//! A record as the package gives it: a value, or a key and a value.

use rustler::types::{atom, tuple};
use rustler::{Binary, NifResult, Term};

/// A record: its value, or its key and value. `nil` is none.
pub(super) struct Parts<'a> {
    key: Option<Binary<'a>>,
    pub(super) whole: Option<Binary<'a>>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(term: Term<'a>) -> NifResult<Self> {
        let part =
            |term: Term<'a>| if atom::nil() == term { Ok(None) } else { Binary::from_term(term).map(Some) };
        match tuple::get_tuple(term) {
            Ok(pair) => match pair.as_slice() {
                [key, value] => Ok(Self { key: part(*key)?, whole: part(*value)? }),
                _ => Err(rustler::Error::BadArg),
            },
            Err(_) => Ok(Self { key: None, whole: part(term)? }),
        }
    }

    pub(super) fn length(&self) -> usize {
        [self.key, self.whole].iter().flatten().map(|part| part.len()).sum()
    }

    pub(super) fn key(&self) -> Option<&[u8]> {
        self.key.as_ref().map(|key| key.as_slice())
    }

    pub(super) fn value(&self) -> Option<&[u8]> {
        self.whole.as_ref().map(|value| value.as_slice())
    }
}
