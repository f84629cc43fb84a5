//! Arrays, in both formats. They have up to six dimensions, and become lists of lists.

use super::options::Options;
use super::types::Kind;
use super::wire::{Wire, Wrong};
use super::{binary, text};
use crate::{Sink, Text};

/// Dimensions of an array in PostgreSQL, at the most.
const DEPTH: usize = 6;

const WRONG: Wrong = Wrong::Said("no array");

/// `{1,NULL,"a \"b\""}`, `{{1,2},{3,4}}`, `[0:1]={1,2}`: where an array begins to count is not told.
pub(super) fn text<S: Sink>(
    value: Text<'_>,
    kind: Kind,
    options: &Options,
    sink: &mut S,
) -> Result<(), Wrong> {
    let mut parser = Parser { bytes: value.bytes, place: 0, base: value.at, unescaped: Vec::new() };
    if value.bytes.first() == Some(&b'[') {
        parser.place = value.bytes.iter().position(|&byte| byte == b'=').ok_or(WRONG)? + 1;
    }
    let mut open = Vec::with_capacity(DEPTH);
    loop {
        // A value has to stand here.
        if parser.take(b'{') {
            if open.len() == DEPTH {
                return Err(WRONG);
            }
            sink.begin_list();
            open.push(0);
            if !parser.take(b'}') {
                continue;
            }
            sink.end_list(0);
            open.pop();
        } else if open.is_empty() {
            return Err(WRONG);
        } else {
            match parser.element()? {
                Some(element) => text::value(element, kind, options, sink)?,
                None => sink.null(),
            }
        }
        // A value is whole: what follows it, and all that ends with it.
        loop {
            let Some(count) = open.last_mut() else {
                return if parser.place == value.bytes.len() { Ok(()) } else { Err(WRONG) };
            };
            *count += 1;
            if parser.take(b',') {
                break;
            }
            if !parser.take(b'}') {
                return Err(WRONG);
            }
            sink.end_list(*count);
            open.pop();
        }
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    place: usize,
    /// Where the array stands in the frame.
    base: Option<usize>,
    unescaped: Vec<u8>,
}

impl Parser<'_> {
    fn take(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.place) == Some(&byte);
        self.place += usize::from(found);
        found
    }

    /// The element that stands here, or none for NULL.
    fn element(&mut self) -> Result<Option<Text<'_>>, Wrong> {
        let quoted = self.take(b'"');
        let start = self.place;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let at = self.base.map(|base| base + start);
        if !quoted {
            let length = rest.iter().position(|byte| matches!(byte, b',' | b'}')).ok_or(WRONG)?;
            let bytes = rest.get(..length).unwrap_or_default();
            self.place += length;
            return match bytes {
                b"" => Err(WRONG),
                b"NULL" => Ok(None),
                // Such an element is in quotes.
                _ if bytes.iter().any(|byte| matches!(byte, b'"' | b'\\' | b'{')) => Err(WRONG),
                _ => Ok(Some(Text { bytes, at })),
            };
        }
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).ok_or(WRONG)?;
        if rest.get(length) == Some(&b'"') {
            self.place += length + 1;
            return Ok(Some(Text { bytes: rest.get(..length).unwrap_or_default(), at }));
        }
        self.unescaped.clear();
        let mut bytes = rest.iter();
        while let Some(&byte) = bytes.next() {
            match byte {
                b'"' => {
                    self.place += rest.len() - bytes.len();
                    return Ok(Some(Text::made(&self.unescaped)));
                }
                b'\\' => self.unescaped.push(*bytes.next().ok_or(WRONG)?),
                _ => self.unescaped.push(byte),
            }
        }
        Err(WRONG)
    }
}

/// Dimensions, whether there are nulls, the type of elements; length and beginning of each dimension; elements with their lengths,
/// row by row (`array_send`).
pub(super) fn binary<S: Sink>(
    value: Text<'_>,
    kind: Kind,
    options: &Options,
    sink: &mut S,
) -> Result<(), Wrong> {
    let mut wire = Wire::new(value.bytes);
    let (Ok(depth), Ok(_nulls), Ok(_element)) = (wire.u32(), wire.u32(), wire.u32()) else {
        return Err(WRONG);
    };
    let depth = depth as usize;
    if depth > DEPTH {
        return Err(WRONG);
    }
    let mut lengths = [0; DEPTH];
    let mut all = usize::from(depth > 0);
    for length in lengths.iter_mut().take(depth) {
        let (Ok(elements), Ok(_begin)) = (wire.u32(), wire.i32()) else { return Err(WRONG) };
        *length = elements as usize;
        // Each element takes four bytes at least.
        all =
            all.checked_mul(*length).filter(|all| (1..=value.bytes.len() / 4).contains(all)).ok_or(WRONG)?;
    }
    let lengths = lengths.get(..depth).unwrap_or_default();
    if lengths.is_empty() {
        sink.begin_list();
        sink.end_list(0);
    } else {
        list(lengths, &mut wire, value, kind, options, sink)?;
    }
    if wire.left() == 0 { Ok(()) } else { Err(WRONG) }
}

/// Calls itself once for each dimension.
fn list<S: Sink>(
    lengths: &[usize],
    wire: &mut Wire<'_>,
    value: Text<'_>,
    kind: Kind,
    options: &Options,
    sink: &mut S,
) -> Result<(), Wrong> {
    let Some((&length, inner)) = lengths.split_first() else {
        return element(wire, value, kind, options, sink);
    };
    sink.begin_list();
    for _ in 0..length {
        list(inner, wire, value, kind, options, sink)?;
    }
    sink.end_list(length);
    Ok(())
}

fn element<S: Sink>(
    wire: &mut Wire<'_>,
    value: Text<'_>,
    kind: Kind,
    options: &Options,
    sink: &mut S,
) -> Result<(), Wrong> {
    let length = wire.i32().map_err(|_| WRONG)?;
    if length == -1 {
        sink.null();
        return Ok(());
    }
    let at = value.at.map(|base| base + wire.at());
    let bytes = usize::try_from(length).ok().and_then(|length| wire.take(length).ok()).ok_or(WRONG)?;
    binary::value(Text { bytes, at }, kind, options, sink)
}

#[cfg(test)]
mod tests {
    use super::super::types::Type;
    use super::*;
    use crate::{TreeSink, Value};

    fn read(input: &str, name: &str) -> Option<Value> {
        let kind = Kind::new(Type::of_name(name)?, -1);
        let mut sink = TreeSink::default();
        text(Text::made(input.as_bytes()), kind, &Options::default(), &mut sink).ok()?;
        sink.finish()
    }

    fn texts(items: &[&str]) -> Option<Value> {
        Some(Value::List(items.iter().map(|&item| Value::from(item)).collect()))
    }

    #[test]
    fn reads_texts() {
        assert_eq!(read("{}", "_text"), texts(&[]));
        assert_eq!(
            read(r#"{a,"b,c","","d\"\\e","NULL",é}"#, "_text"),
            texts(&["a", "b,c", "", "d\"\\e", "NULL", "é"])
        );
        let numbers = |items: &[i64]| Value::List(items.iter().map(|&item| item.into()).collect());
        assert_eq!(
            read("{{1,2},{3,4}}", "_int4"),
            Some(Value::List(vec![numbers(&[1, 2]), numbers(&[3, 4])]))
        );
        assert_eq!(
            read("[-1:0][2:2]={{1},{2}}", "_int4"),
            Some(Value::List(vec![numbers(&[1]), numbers(&[2])]))
        );
        assert_eq!(read("{NULL,null}", "_text"), Some(Value::List(vec![Value::Null, Value::from("null")])));
        assert_eq!(read(r"{\\x00ff}", "_bytea"), None);
        assert_eq!(read(r#"{"\\x00ff"}"#, "_bytea"), Some(Value::List(vec![Value::Bytes(vec![0, 255])])));
    }

    #[test]
    fn refuses_what_is_no_array() {
        for wrong in [
            "",
            "{",
            "}",
            "{}}",
            "{{}",
            "{,}",
            "{1,}",
            "{,1}",
            "1",
            "{1}2",
            "[0:1]",
            "{\"}",
            "{\"a\\",
            "{1 2",
            "{\"a\"b}",
            "{a\"b}",
            "{1{2}}",
            "{{{{{{{1}}}}}}}",
        ] {
            assert_eq!(read(wrong, "_text"), None, "{wrong}");
        }
    }
}
