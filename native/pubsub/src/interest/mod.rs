//! Tells routers what this program wants, so that they send it that and nothing else. `docs/design/interest.md` is the contract.
//!
//! Pure: [`Teller`] is what is wanted ([`wanted`]) and an [`account`] for each router that the worker is attached to. An event and the
//! time go in, actions come out.
//!
//! What the promise rests on: a topic is told with the stamp that was taken in last before somebody subscribed to it. Subscribing and
//! the routers' answers go through one lock here, where the Elixir package has one mailbox.

mod account;
#[cfg(test)]
mod model;
mod teller;
#[cfg(test)]
mod tests;
mod wanted;

use crate::pattern::Pattern;
pub(crate) use account::{Account, Answer, Request, State};
pub(crate) use teller::{Action, Teller};
pub(crate) use wanted::{Cursor, Wanted};

/// Where messages may have been missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// On whatever is wanted.
    All,
    Patterns(Vec<Pattern>),
}
