//! Trees to bytes, without recursion but into the keys of maps.

use eetf::{BitBinary, InternalFun, Term as Tree};

use super::into::bytes as bytes_of;
use crate::value::compound::expect_all_different;
use crate::{Atom, BitString, Export, Pid, Port, Reader, Reference, TermError, Writer, tag};

/// What is still to be written, the next one at the end.
enum Work<'a> {
    Tree(&'a Tree),
    /// The tail of a proper list.
    Nil,
    /// The size of a closure that begins here and is complete now.
    Size(usize),
}

pub(super) fn bytes(tree: &Tree) -> Result<Vec<u8>, TermError> {
    let mut out = Vec::new();
    let mut work = vec![Work::Tree(tree)];
    while let Some(next) = work.pop() {
        match next {
            Work::Tree(tree) => one(tree, &mut out, &mut work)?,
            Work::Nil => Writer::new(&mut out).nil(),
            Work::Size(start) => {
                // The size counts itself, but not the tag.
                let size = count(out.len().saturating_sub(start + 1))?;
                if let Some(place) = out.get_mut(start + 1..start + 5) {
                    place.copy_from_slice(&size.to_be_bytes());
                }
            }
        }
    }
    Ok(out)
}

/// Writes a tree, of a container the header only.
fn one<'a>(tree: &'a Tree, out: &mut Vec<u8>, work: &mut Vec<Work<'a>>) -> Result<(), TermError> {
    let mut writer = Writer::new(out);
    match tree {
        Tree::Atom(atom) => writer.atom(&atom.name),
        Tree::FixInteger(number) => {
            writer.integer(number.value.into());
            Ok(())
        }
        Tree::BigInteger(_) => {
            // Only its own codec can take the number apart.
            let mut encoded = Vec::new();
            tree.encode(&mut encoded).map_err(|_| TermError::IntegerOutOfRange)?;
            let mut reader = Reader::new(&encoded);
            reader.expect_version()?;
            writer.number(&reader.number()?)
        }
        Tree::Float(float) => writer.float(float.value),
        Tree::Pid(pid) => writer.pid(&borrowed(pid)),
        Tree::Port(port) => {
            let (id, creation) = (port.id, port.creation);
            writer.port(&Port { node: Atom::Utf8(&port.node.name), id, creation })
        }
        Tree::Reference(reference) => {
            let words = reference.id.len();
            Reference::new(Atom::Utf8(&reference.node.name), reference.creation, &reference.id)
                .ok_or(TermError::CallerBadReference { words })
                .and_then(|reference| writer.reference(&reference))
        }
        Tree::ExternalFun(fun) => writer.export(&Export {
            module: Atom::Utf8(&fun.module.name),
            function: Atom::Utf8(&fun.function.name),
            arity: fun.arity.into(),
        }),
        Tree::InternalFun(fun) => internal(fun, out, work),
        Tree::Binary(binary) => writer.binary(&binary.bytes),
        Tree::BitBinary(bits) => bit_binary(bits, &mut writer),
        Tree::ByteList(list) => writer.charlist(&list.bytes),
        Tree::List(list) => match bytes_of(&list.elements) {
            Some(bytes) => writer.charlist(&bytes),
            None => {
                writer.list(count(list.elements.len())?);
                work.push(Work::Nil);
                push(&list.elements, work);
                Ok(())
            }
        },
        Tree::ImproperList(list) => {
            // Without elements the tail is all there is.
            if !list.elements.is_empty() {
                writer.list(count(list.elements.len())?);
            }
            work.push(Work::Tree(&list.last));
            push(&list.elements, work);
            Ok(())
        }
        Tree::Tuple(tuple) => {
            writer.tuple(count(tuple.elements.len())?);
            push(&tuple.elements, work);
            Ok(())
        }
        Tree::Map(map) => {
            // Keys that differ as trees may be one term: 1 as a small and as a big integer.
            let mut keys = map.map.keys().map(bytes).collect::<Result<Vec<_>, _>>()?;
            expect_all_different(&mut keys)?;
            writer.map(count(map.map.len())?);
            work.extend(map.map.iter().flat_map(|(key, value)| [Work::Tree(value), Work::Tree(key)]));
            Ok(())
        }
    }
}

fn push<'a>(trees: &'a [Tree], work: &mut Vec<Work<'a>>) {
    work.extend(trees.iter().rev().map(Work::Tree));
}

fn count(len: usize) -> Result<u32, TermError> {
    u32::try_from(len).map_err(|_| TermError::CallerTooLong { len })
}

fn borrowed(pid: &eetf::Pid) -> Pid<'_> {
    Pid { node: Atom::Utf8(&pid.node.name), id: pid.id, serial: pid.serial, creation: pid.creation }
}

fn bit_binary(bits: &BitBinary, writer: &mut Writer<'_>) -> Result<(), TermError> {
    let last = bits.tail_bits_size;
    let bad = TermError::CallerBadBitString { last };
    let mut bytes = bits.bytes.clone();
    match (bytes.last_mut(), last) {
        (None, 0) => {}
        // The bits of the last byte stand at its low end there.
        (Some(byte), 1..=8) => *byte <<= 8 - last,
        _ => return Err(bad),
    }
    writer.bit_string(&BitString::new(&bytes, last).ok_or(bad)?)
}

fn internal<'a>(fun: &'a InternalFun, out: &mut Vec<u8>, work: &mut Vec<Work<'a>>) -> Result<(), TermError> {
    let start = out.len();
    match fun {
        InternalFun::New { module, arity, pid, free_vars, index, uniq, old_index, old_uniq } => {
            out.extend_from_slice(&[tag::NEW_FUN, 0, 0, 0, 0, *arity]);
            out.extend_from_slice(uniq);
            out.extend_from_slice(&index.to_be_bytes());
            out.extend_from_slice(&count(free_vars.len())?.to_be_bytes());
            let mut writer = Writer::new(out);
            writer.atom(&module.name)?;
            writer.integer((*old_index).into());
            writer.integer((*old_uniq).into());
            writer.pid(&borrowed(pid))?;
            work.push(Work::Size(start));
            push(free_vars, work);
        }
        InternalFun::Old { .. } => {
            return Err(TermError::UnknownTag { tag: tag::FUN });
        }
    }
    Ok(())
}
