//! Who asked a server, and how the answer finds back.

use std::fmt;

use bytes::Bytes;
use outrigger_proto::{OwnedPid, OwnedRef};
use outrigger_term::{Reader, Reference, TermError, Writer, tag};

use crate::node::Node;
use crate::process::{Dest, SendError};

/// The caller of one request. Answer it once: a second answer is dropped by the caller.
#[derive(Clone)]
pub struct From {
    node: Node,
    server: OwnedPid,
    caller: OwnedPid,
    tag: Bytes,
}

impl From {
    pub(super) fn new(node: Node, server: OwnedPid, caller: OwnedPid, tag: &[u8]) -> Self {
        Self { node, server, caller, tag: Bytes::copy_from_slice(tag) }
    }

    /// The pid of the caller.
    #[must_use]
    pub fn caller(&self) -> &OwnedPid {
        &self.caller
    }

    /// Sends the answer, a term without the version byte. One that comes after the caller's time is over, or after the
    /// caller's end, is lost, as it should be.
    ///
    /// # Errors
    /// The bytes are not one term, or there is no link to the caller's node.
    pub fn reply(&self, answer: &[u8]) -> Result<(), SendError> {
        let mut term = Vec::with_capacity(answer.len() + self.tag.len() + 2);
        let mut writer = Writer::new(&mut term);
        writer.tuple(2);
        writer.raw(&self.tag);
        writer.raw(answer);
        let to = match alias_of(&self.tag) {
            Ok(Some(alias)) => Dest::Alias(OwnedRef::from(alias)),
            _ => Dest::Pid(self.caller.clone()),
        };
        let inner = &self.node.0;
        // A call of this node waits without a process.
        if inner.is_own(to.node()) && inner.calls.reply(None, &term) {
            return Ok(());
        }
        inner.send(&self.server, &to, &term)
    }
}

impl fmt::Debug for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("From").field("caller", &self.caller).finish_non_exhaustive()
    }
}

/// The reference in `[alias | Reference]`; nothing for a tag of another form.
pub(crate) fn alias_of(term: &[u8]) -> Result<Option<Reference<'_>>, TermError> {
    let mut reader = Reader::new(term);
    if reader.tag()? != tag::LIST || reader.list()? != 1 {
        return Ok(None);
    }
    let alias = reader.atom()?.eq_str("alias");
    if !alias { Ok(None) } else { reader.reference().map(Some) }
}

#[cfg(test)]
mod tests {
    use outrigger_term::Atom;

    use super::*;

    #[test]
    fn only_the_form_of_gen_is_an_alias() {
        let reference = Reference::new(Atom::Utf8("a@h"), 1, &[1, 2, 3]).unwrap();
        let tag = |text: &str| {
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes);
            writer.list(1);
            writer.atom(text).unwrap();
            writer.reference(&reference).unwrap();
            bytes
        };
        assert_eq!(alias_of(&tag("alias")), Ok(Some(reference)));
        assert_eq!(alias_of(&tag("other")), Ok(None));
        assert_eq!(alias_of(&[106]), Ok(None));
        assert!(alias_of(&[108, 0, 0, 0, 1]).is_err());
    }
}
