//! Protobuf: the text of a file, and bytes of a message of it.
//!
//! - Decoding to nothing takes no more memory than the bytes warrant, nor does a tree of what is there.
//! - What is decoded is written as a message that decodes to the same, and that is written the same.
//! - What is kept of unknown fields is kept again.
//!
//! The input is a text, behind its length in two bytes, and data. A text that is no file stands for one that has everything.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use outrigger_events::frame::Indexes;
use outrigger_events::protobuf::{Options, Plan, Schema};
use outrigger_events::{Error, Limits, TreeSink, Value};
use outrigger_fuzz::meter::within;

/// A value of two bytes is some hundred in a tree that may have grown to twice its size.
const PER_BYTE: usize = 4 << 10;
const ERROR: usize = 64 << 10;

static EVERYTHING: LazyLock<Schema> = LazyLock::new(|| {
    let text = r#"syntax = "proto2"; import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto";
      import "google/protobuf/duration.proto"; import "google/protobuf/wrappers.proto";
      enum E { A = 0; B = 1; }
      message M {
        optional int32 a = 1; optional sint64 b = 2; repeated uint64 c = 3 [packed = true]; repeated fixed32 d = 4;
        optional double e = 5; optional bool f = 6; optional string g = 7; repeated bytes h = 8; optional E i = 9;
        optional M j = 10; repeated M k = 11; map<string, M> l = 12; map<int32, bool> m = 13;
        oneof o { M n = 14; int32 p = 15; string q = 16; }
        optional group R = 17 { optional M m = 1; repeated group S = 2 { optional int32 x = 1; } }
        optional google.protobuf.Value s = 18; optional google.protobuf.Struct t = 19; optional google.protobuf.Timestamp u = 20;
        optional google.protobuf.Duration v = 21; optional google.protobuf.StringValue w = 22; optional N x = 23;
      }
      message N { required int32 a = 1 [default = 7]; }"#;
    Schema::parse(text).expect("a file")
});

fn decode(plan: &Plan, data: &[u8]) -> Result<Value, Error> {
    // Fields that are not there take room for no bytes: few of them will do.
    let limits = Limits { depth: 64, items: 256, ..Limits::default() };
    let mut tree = TreeSink::default();
    plan.decode(data, &limits, &mut tree)?;
    Ok(tree.finish().expect("one whole value"))
}

fuzz_target!(|input: &[u8]| {
    let Some((length, rest)) = input.split_first_chunk::<2>() else { return };
    let (text, data) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
    let own = std::str::from_utf8(text).ok().and_then(|text| Schema::parse(text).ok());
    let schema = own.as_ref().unwrap_or(&EVERYTHING);
    let Some(first) = Indexes::new(&[0]) else { return };
    for options in [
        Options::default(),
        Options { defaults: false, unknown: true, well_known: true },
        Options { defaults: false, unknown: true, well_known: false },
    ] {
        let Ok(plan) = Plan::at(schema, &first, options) else { return };
        let told = within(ERROR + PER_BYTE * data.len(), || decode(&plan, data));
        let Ok(value) = told else { continue };
        let mut written = Vec::new();
        // A time is of more years than may be written, and a map that is told twice is one key that is there twice.
        if plan.encode(&value, &Limits::default(), &mut written).is_err() {
            continue;
        }
        let Ok(again) = decode(&plan, &written) else { continue };
        let mut second = Vec::new();
        plan.encode(&again, &Limits::default(), &mut second).expect("it was written before");
        assert_eq!(second, written);
    }
});
