//! The four terms, and our ways to read and write them. What `ei.c` takes one by one is taken one by one here.

use std::hint::black_box;

use outrigger_term::{Atom, Pid, Reader, Reference, TermError, Writer};

pub(super) const NAMES: [&str; 4] =
    ["{ping, 42}", "$gen_call with an alias", "broadcast, map of 8", "list of 200 integers"];

const NODE: Atom<'_> = Atom::Utf8("app@127.0.0.1");
const KEYS: [&str; 8] = ["id", "from", "body", "room", "sent_at", "reply_to", "client", "signature"];

/// Reads every part of a term, borrowed, and adds up what `ei.c` adds up.
pub(super) fn read(case: usize, bytes: &[u8]) -> Result<i64, TermError> {
    let mut reader = Reader::new(bytes);
    let mut sum = 0;
    reader.expect_version()?;
    match case {
        0 => {
            reader.tuple()?;
            sum += first(reader.atom()?.bytes()) + reader.integer()?;
        }
        1 => {
            reader.tuple()?;
            sum += first(reader.atom()?.bytes());
            reader.tuple()?;
            let pid = reader.pid()?;
            reader.list()?;
            sum += first(reader.atom()?.bytes());
            let reference = reader.reference()?;
            sum += i64::from(pid.id) + i64::from(reference.ids[0]);
            reader.tuple()?;
            sum += first(reader.atom()?.bytes()) + first(reader.binary()?);
        }
        2 => {
            reader.tuple()?;
            sum += first(reader.atom()?.bytes()) + first(reader.binary()?) + first(reader.binary()?);
            for _ in 0..reader.map()? {
                sum += first(reader.binary()?) + first(reader.binary()?);
            }
        }
        _ => {
            let length = reader.list()?;
            for _ in 0..length {
                sum += reader.integer()?;
            }
            reader.list_end(length)?;
        }
    }
    reader.expect_end()?;
    Ok(sum)
}

fn first(bytes: &[u8]) -> i64 {
    bytes.first().copied().unwrap_or_default().into()
}

/// Walks over a term.
pub(super) fn skip(bytes: &[u8]) -> Result<(), TermError> {
    let mut reader = Reader::new(bytes);
    reader.expect_version()?;
    black_box(reader.skip()?);
    Ok(())
}

/// Writes a term into `out`, which is emptied first.
pub(super) fn write(case: usize, out: &mut Vec<u8>) -> Result<(), TermError> {
    out.clear();
    let w = &mut Writer::new(out);
    w.version();
    match case {
        0 => {
            w.tuple(2);
            w.atom("ping")?;
            w.integer(black_box(42));
        }
        1 => {
            w.tuple(3);
            w.atom("$gen_call")?;
            w.tuple(2);
            w.pid(&black_box(Pid { node: NODE, id: 7, serial: 3, creation: 9 }))?;
            w.list(1);
            w.atom("alias")?;
            w.reference(&black_box(Reference { node: NODE, creation: 9, ids: [1, 2, 3, 0, 0], len: 3 }))?;
            w.tuple(2);
            w.atom("lookup")?;
            w.binary(b"user:0000000042")?;
        }
        2 => {
            w.tuple(4);
            w.atom("broadcast")?;
            w.binary(b"room:42")?;
            w.binary(b"new_msg")?;
            w.map(8);
            for key in KEYS {
                w.binary(key.as_bytes())?;
                w.binary(&black_box([b'v'; 32]))?;
            }
        }
        _ => {
            w.list(200);
            (1000..1200).for_each(|number| w.integer(black_box(number)));
            w.nil();
        }
    }
    Ok(())
}
