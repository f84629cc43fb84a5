//! Terms copied with other atoms in them: everything else stays, and the way back gives the same bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use common::vectors;
use outrigger_term::{Reader, TermError, rewrite_atoms, tag};

/// Every atom becomes a reference to the one that was seen as number so and so.
fn referring(term: &[u8]) -> (Vec<u8>, Vec<&[u8]>) {
    let (mut out, mut atoms) = (Vec::new(), Vec::new());
    let mut reader = Reader::new(term);
    rewrite_atoms(&mut reader, &mut out, |reader, out| {
        let before = reader.remaining();
        reader.atom()?;
        atoms.push(&before[..before.len() - reader.remaining().len()]);
        out.extend_from_slice(&[tag::ATOM_CACHE_REF, u8::try_from(atoms.len() - 1).unwrap()]);
        Ok::<(), TermError>(())
    })
    .unwrap();
    reader.expect_end().unwrap();
    (out, atoms)
}

fn expanded(term: &[u8], atoms: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut reader = Reader::new(term);
    rewrite_atoms(&mut reader, &mut out, |reader, out| {
        out.extend_from_slice(atoms[usize::from(reader.atom_cache_ref()?)]);
        Ok::<(), TermError>(())
    })
    .unwrap();
    reader.expect_end().unwrap();
    out
}

/// A closure of no free variables but those given.
fn fun(free: &[Vec<u8>]) -> Vec<u8> {
    let module = [119, 1, b'm'];
    let pid = [&[88, 119, 3][..], b"a@h", &[0; 12]].concat();
    let count = u32::try_from(free.len()).unwrap().to_be_bytes();
    let parts =
        [&[0][..], &[9; 16], &[0; 4], &count, &module, &[97, 1, 97, 2], &pid, &free.concat()].concat();
    let size = u32::try_from(parts.len() + 4).unwrap().to_be_bytes();
    [&[112][..], &size, &parts].concat()
}

#[test]
fn atoms_become_references_and_references_atoms_in_all_that_otp_writes() {
    let (mut with_atoms, mut shorter) = (0, 0);
    for (name, bytes) in vectors() {
        let term = &bytes[1..];
        // More references than one header may have.
        if term.len() > 2_000 {
            continue;
        }
        let (short, atoms) = referring(term);
        assert_eq!(expanded(&short, &atoms), term, "{name}");
        with_atoms += usize::from(!atoms.is_empty());
        shorter += usize::from(short.len() < term.len());
    }
    assert!(with_atoms > 60 && shorter > 40, "{with_atoms} {shorter}");
}

#[test]
fn the_size_of_a_fun_covers_what_is_in_it_now() {
    let inner = fun(&[vec![119, 2, b'o', b'k']]);
    let term = [&[104, 2][..], &fun(&[inner.clone(), vec![106], inner]), &fun(&[])].concat();
    let (short, atoms) = referring(&term);
    // Both funs of the tuple: the size of the first leads to the second, that of the second to the end.
    let size = |at: usize| u32::from_be_bytes(short[at + 1..at + 5].try_into().unwrap()) as usize;
    let second = 2 + 1 + size(2);
    assert_eq!(short[second], 112);
    assert_eq!(second + 1 + size(second), short.len());
    assert_eq!(expanded(&short, &atoms), term);
}

#[test]
fn a_term_that_is_none_leaves_nothing_behind() {
    for (_, bytes) in vectors() {
        for end in 1..bytes.len().min(300) {
            let mut out = vec![7];
            let cut = rewrite_atoms(&mut Reader::new(&bytes[1..end]), &mut out, |reader, out| {
                out.push(reader.atom().map(|_| 0)?);
                Ok::<(), TermError>(())
            });
            assert!(cut.is_err());
            assert_eq!(out, [7]);
        }
    }
    let bad = |term: &[u8]| {
        rewrite_atoms(&mut Reader::new(term), &mut Vec::new(), |_, _| Err(TermError::NotFinite)).unwrap_err()
    };
    assert_eq!(bad(&[104, 1, 82, 0]), TermError::NotFinite, "the closure's own error");
    assert_eq!(bad(&[104, 255, 106]), TermError::ClaimTooLarge { claimed: 255, left: 1 });
    // Elsewhere such a reference is no term.
    assert_eq!(Reader::new(&[82, 0]).skip(), Err(TermError::UnknownTag { tag: 82 }));
    assert_eq!(Reader::new(&[119, 0]).atom_cache_ref().ok(), None);
}

#[test]
fn depth_costs_no_stack() {
    let deep = [[104, 1].repeat(200_000), vec![119, 0]].concat();
    let (short, atoms) = referring(&deep);
    assert_eq!(short.len(), deep.len());
    assert_eq!(expanded(&short, &atoms), deep);
    let funs = (0..500).fold(vec![106], |inner, _| fun(&[inner]));
    let mut same = Vec::new();
    rewrite_atoms(&mut Reader::new(&funs), &mut same, |reader, out| {
        let before = reader.remaining();
        reader.atom()?;
        out.extend_from_slice(&before[..before.len() - reader.remaining().len()]);
        Ok::<(), TermError>(())
    })
    .unwrap();
    assert_eq!(same, funs);
}
