//! JSON documents, and projections of them.
//!
//! - Decoding takes no more memory than its bytes warrant: a tree of what is in them.
//! - A document is taken or refused by the decoder and by a projection alike, whatever it asks for.
//! - What a projection takes of the whole document is the whole document.
//!
//! The first byte chooses options; the rest is the document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_events::json::{self, Floats, Options};
use outrigger_events::project::{Path, Plan, RowSink, Type};
use outrigger_events::{
    Decimal, Duplicate, Error, Integer, Limits, Name, Sink, Temporal, Text, TreeSink, Value,
};
use outrigger_fuzz::meter::within;

/// A number of one digit is a value of 32 bytes in a vector that may have grown to twice its length; an empty map in a list is
/// three bytes. What an error says is bounded by itself.
const BYTES_PER_BYTE: usize = 256;
const ERROR: usize = 64 << 10;

#[derive(Default)]
struct Row {
    tree: TreeSink,
    whole: Option<Value>,
}

macro_rules! told_to_tree {
    ($($method:ident($($value:ident: $kind:ty)?);)*) => {
        $(fn $method(&mut self $(, $value: $kind)?) { self.tree.$method($($value)?) })*
    };
}

impl Sink for Row {
    told_to_tree! {
        null();
        boolean(value: bool);
        integer(value: i64);
        big(value: &Integer);
        float(value: f64);
        decimal(value: &Decimal);
        text(value: Text<'_>);
        bytes(value: Text<'_>);
        temporal(value: Temporal);
        name(value: Name);
        end_list(count: usize);
        key(key: Text<'_>);
        field(name: Name);
    }

    fn end_map(&mut self, count: usize) -> Result<(), Duplicate> {
        self.tree.end_map(count)
    }
}

impl RowSink for Row {
    fn slot(&mut self, field: usize) {
        let value = std::mem::take(&mut self.tree).finish();
        if field == 0 {
            self.whole = value;
        }
    }

    fn unset(&mut self, field: usize) {
        if field == 0 {
            self.whole = None;
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, document)) = input.split_first() else {
        return;
    };
    let floats = if choice & 1 == 0 { Floats::Binary } else { Floats::Decimals };
    let limits = Limits { depth: 1 + usize::from(choice >> 4) * 8, ..Limits::default() };
    let options = Options { limits, floats };
    let mut tree = TreeSink::default();
    let decoded =
        within(ERROR + BYTES_PER_BYTE * document.len(), || json::decode(document, &options, &mut tree));
    let paths = ["$", "a", "a.b[1]", "[0].a"];
    let fields = paths.map(|path| (Path::parse(path).unwrap(), Type::Any));
    let plan = Plan::new(&fields, &[]).unwrap();
    let mut row = Row::default();
    let projected = plan.row(document, &options, &mut row).map(drop);
    match (&decoded, &projected) {
        (Ok(()), Ok(())) => assert_eq!(row.whole.map(debug), tree.finish().map(debug)),
        (Err(ours), Err(theirs)) => assert_eq!(ours, theirs),
        _ => panic!("{decoded:?}, {projected:?}"),
    }
    if let Err(Error::Malformed { at, path, .. }) = decoded {
        assert!(at <= document.len() && path.starts_with('$'));
    }
});

/// NaN is not in documents, and -0.0 is not 0.0.
fn debug(value: Value) -> String {
    format!("{value:?}")
}
