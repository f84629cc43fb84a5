//! What app nodes send, as terms.

use outrigger_node::OwnedPid;
use outrigger_term::{Reader, TermError, Writer};

/// The first element of every message.
const TAG: &str = "$outrigger_limit";
/// The longest name of a limiter.
const MAX_NAME: usize = 512;

/// Bytes of the lease protocol for a limiter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub(super) limiter: &'a [u8],
    /// Who wants the answers.
    pub(super) client: OwnedPid,
    pub(super) bytes: &'a [u8],
}

/// Reads one message. `None`: it is not for us, or too large.
pub(super) fn read(term: &[u8]) -> Option<Request<'_>> {
    let mut reader = Reader::new(term);
    if reader.tuple().ok()? != 4 || !reader.atom().ok()?.eq_str(TAG) {
        return None;
    }
    let limiter = reader.binary().ok().filter(|name| (1..=MAX_NAME).contains(&name.len()))?;
    let client = OwnedPid::from(reader.pid().ok()?);
    let bytes = reader.binary().ok()?;
    reader.expect_end().ok()?;
    Some(Request { limiter, client, bytes })
}

/// The term of an answer of the node of this name.
pub(super) fn answer(node: &str, bytes: &[u8]) -> Result<Vec<u8>, TermError> {
    let mut term = Vec::with_capacity(bytes.len() + 32);
    let mut writer = Writer::new(&mut term);
    writer.tuple(3);
    writer.atom(TAG)?;
    writer.atom(node)?;
    writer.binary(bytes)?;
    Ok(term)
}

#[cfg(test)]
mod tests {
    use outrigger_term::{Atom, Pid};

    use super::*;

    fn request() -> Vec<u8> {
        let mut term = Vec::new();
        let mut writer = Writer::new(&mut term);
        writer.tuple(4);
        writer.atom(TAG).unwrap();
        writer.binary(b"Elixir.Api").unwrap();
        writer.pid(&Pid { node: Atom::Utf8("a@h"), id: 1, serial: 2, creation: 3 }).unwrap();
        writer.binary(&[1, 2]).unwrap();
        term
    }

    #[test]
    fn a_request_is_read_whole_or_not_at_all() {
        let term = request();
        let read_back = read(&term).unwrap();
        assert_eq!((read_back.limiter, read_back.bytes), (&b"Elixir.Api"[..], &[1, 2][..]));
        assert_eq!(&*read_back.client.node, "a@h");
        assert!((0..term.len()).all(|cut| read(&term[..cut]).is_none()));
        assert_eq!(read(&[term, vec![106]].concat()), None);
    }
}
