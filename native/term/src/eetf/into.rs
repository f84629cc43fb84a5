//! Bytes to trees.

use eetf::{
    Atom, BigInteger, Binary, BitBinary, ByteList, ExternalFun, FixInteger, Float, ImproperList, InternalFun,
    List, Map, Pid, Port, Reference, Tuple,
};

use crate::pieces::{Pieces, Step};
use crate::{Integer, Kind, Limits, Reader, Term, TermError, Writer, tag};

/// The longest list that has a short form.
const MAX_STRING: usize = 65_535;

pub(super) fn tree(term: Term<'_>) -> Result<eetf::Term, TermError> {
    // From here on depth is bounded, so the calls within calls are.
    term.reader().skip_within(&Limits::default())?;
    one(&mut term.reader())
}

fn one(reader: &mut Reader<'_>) -> Result<eetf::Term, TermError> {
    let start = reader.clone();
    Ok(match Term::walked(reader.remaining()).kind() {
        Kind::List => return list(reader),
        // The header of a list without elements is before it.
        _ if reader.tag()? == tag::LIST => {
            reader.list_header()?;
            return one(reader);
        }
        Kind::Integer => integer(&reader.number()?)?,
        Kind::Float => Float { value: reader.float()? }.into(),
        Kind::Atom => atom(&reader.atom()?).into(),
        Kind::Binary => Binary::from(reader.binary()?).into(),
        Kind::BitString => {
            let bits = reader.bit_string()?;
            // The bits of the last byte stand at its low end there.
            let (whole, rest) = bits.split();
            let (size, value) = rest.unwrap_or((8, 0));
            BitBinary::from(([whole, &[value]].concat(), size)).into()
        }
        Kind::Tuple => {
            let arity = reader.tuple()?;
            Tuple::from(many(reader, arity)?).into()
        }
        Kind::Map => {
            let pairs = reader.map()?;
            let pairs = (0..pairs).map(|_| Ok((one(reader)?, one(reader)?)));
            Map { map: pairs.collect::<Result<_, TermError>>()? }.into()
        }
        Kind::Pid => pid(&reader.pid()?).into(),
        Kind::Port => {
            let port = reader.port()?;
            Port { node: atom(&port.node), id: port.id, creation: port.creation }.into()
        }
        Kind::Reference => {
            let reference = reader.reference()?;
            let (node, id) = (atom(&reference.node), reference.words().to_vec());
            Reference { node, id, creation: reference.creation }.into()
        }
        Kind::Fun => return fun(reader),
        Kind::Record => {
            return Err(TermError::UnexpectedTag { expected: "a term that eetf has", tag: start.tag()? });
        }
    })
}

fn many(reader: &mut Reader<'_>, count: u32) -> Result<Vec<eetf::Term>, TermError> {
    (0..count).map(|_| one(reader)).collect()
}

fn atom(atom: &crate::Atom<'_>) -> Atom {
    Atom { name: atom.text().into_owned() }
}

fn pid(pid: &crate::Pid<'_>) -> Pid {
    Pid { node: atom(&pid.node), id: pid.id, serial: pid.serial, creation: pid.creation }
}

fn integer(number: &Integer<'_>) -> Result<eetf::Term, TermError> {
    match number.to_i64().map(i32::try_from) {
        Some(Ok(value)) => Ok(FixInteger { value }.into()),
        Some(Err(_)) if let Some(value) = number.to_i64() => Ok(BigInteger::from(value).into()),
        _ => {
            // Its own codec makes the number, whose type this crate does not know.
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes);
            writer.version();
            writer.number(number)?;
            eetf::Term::decode(bytes.as_slice()).map_err(|_| TermError::IntegerOutOfRange)
        }
    }
}

fn list(reader: &mut Reader<'_>) -> Result<eetf::Term, TermError> {
    let (mut pieces, mut elements, mut tail) = (Pieces::default(), Vec::new(), None);
    loop {
        match pieces.next(reader)? {
            Step::Byte(byte) => elements.push(FixInteger { value: byte.into() }.into()),
            Step::Element => elements.push(one(reader)?),
            Step::Tail => tail = Some(one(reader)?),
            Step::End => break,
        }
    }
    Ok(match (tail, bytes(&elements)) {
        (Some(tail), _) => ImproperList::from((elements, tail)).into(),
        (None, Some(bytes)) if (1..=MAX_STRING).contains(&bytes.len()) => ByteList::from(bytes).into(),
        (None, _) => List::from(elements).into(),
    })
}

/// The elements, if all are bytes.
pub(super) fn bytes(elements: &[eetf::Term]) -> Option<Vec<u8>> {
    let byte = |element: &eetf::Term| match element {
        eetf::Term::FixInteger(FixInteger { value }) => u8::try_from(*value).ok(),
        _ => None,
    };
    elements.iter().map(byte).collect()
}

fn fun(reader: &mut Reader<'_>) -> Result<eetf::Term, TermError> {
    let narrow = |value: i64| i32::try_from(value).map_err(|_| TermError::IntegerOutOfRange);
    match reader.tag()? {
        tag::EXPORT => {
            let export = reader.export()?;
            let (module, function) = (atom(&export.module), atom(&export.function));
            let arity = u8::try_from(export.arity).map_err(|_| TermError::IntegerOutOfRange)?;
            Ok(ExternalFun { module, function, arity }.into())
        }
        tag::NEW_FUN => {
            let fun = reader.fun()?;
            Ok(InternalFun::New {
                module: atom(&fun.module),
                arity: fun.arity,
                pid: pid(&fun.pid),
                free_vars: many(&mut Reader::new(fun.values), fun.free)?,
                index: fun.index,
                uniq: fun.uniq,
                old_index: narrow(fun.old_index)?,
                old_uniq: narrow(fun.old_uniq)?,
            }
            .into())
        }
        tag => Err(TermError::UnexpectedTag { expected: "a function", tag }),
    }
}
