//! Bytes that are written by hand: what the documentation says of each, and what cannot be.

use outrigger_events::protobuf::{Plan, Schema};
use outrigger_events::{Error, Integer, Limits, Value};
use prost_reflect::prost::Message;
use prost_reflect::prost_types::FileDescriptorSet;
use prost_reflect::prost_types::field_descriptor_proto::Type;

use crate::common::{SET, decode, decode_within, encode, list, map, plan, read, read2};

#[test]
fn numbers_are_exact_at_their_edges() {
    let long = |last| [&[0x08][..], &[0xff; 9], &[last]].concat();
    let of = |kind: &str, bytes: &[u8]| read(&format!("{kind} a = 1;"), bytes);
    let one = |value: Value| Ok(map(&[("a", value)]));
    let big = |text: &str| Value::Integer(Integer::from_digits(text.as_bytes()).unwrap());
    assert_eq!(of("int32", &long(1)), one(Value::from(-1)));
    assert_eq!(of("int64", &long(1)), one(Value::from(-1)));
    assert_eq!(of("uint32", &long(1)), one(Value::from(i64::from(u32::MAX))));
    assert_eq!(of("uint64", &long(1)), one(big("18446744073709551615")));
    assert_eq!(of("sint32", &long(1)), one(Value::from(i64::from(i32::MIN))));
    assert_eq!(of("sint64", &long(1)), one(Value::from(i64::MIN)));
    assert_eq!(of("sint64", &[0x08, 1]), one(Value::from(-1)));
    assert_eq!(of("bool", &[0x08, 0x80, 0x02]), one(Value::Boolean(true)));
    // More bits than its type has are cut off, as the documentation says.
    assert_eq!(of("int32", &[0x08, 0x81, 0x80, 0x80, 0x80, 0x10]), one(Value::from(1)));
    assert_eq!(of("fixed32", &[0x0d, 0xff, 0xff, 0xff, 0xff]), one(Value::from(i64::from(u32::MAX))));
    assert_eq!(of("sfixed32", &[0x0d, 0xff, 0xff, 0xff, 0xff]), one(Value::from(-1)));
    let eight = [&[0x09][..], &[0xff; 8]].concat();
    assert_eq!(of("fixed64", &eight), one(big("18446744073709551615")));
    assert_eq!(of("sfixed64", &eight), one(Value::from(-1)));
    assert_eq!(of("float", &[0x0d, 0, 0, 0x80, 0xff]), one(Value::Float(f64::NEG_INFINITY)));
    let double = [&[0x09][..], &f64::MIN_POSITIVE.to_le_bytes()].concat();
    assert_eq!(of("double", &double), one(Value::Float(f64::MIN_POSITIVE)));
}

#[test]
fn what_comes_twice() {
    // The last one counts.
    assert_eq!(read("int32 a = 1;", &[8, 1, 8, 2]), Ok(map(&[("a", 2.into())])));
    // Elements are collected from everywhere, packed or not.
    let bytes = [0x0a, 2, 1, 2, 0x10, 9, 0x08, 3, 0x0a, 0, 0x0a, 1, 4];
    let expected = map(&[("a", list(&[1, 2, 3, 4])), ("b", 9.into())]);
    assert_eq!(read("repeated int32 a = 1; int32 b = 2;", &bytes), Ok(expected));
    // Messages are merged, lists in them appended.
    let inner = map(&[("x", 3.into()), ("y", 2.into()), ("z", list(&[1, 2]))]);
    let fields = "message I { int32 x = 1; int32 y = 2; repeated int32 z = 3; } I a = 1; int32 b = 2;";
    let bytes = [0x0a, 5, 8, 1, 0x1a, 1, 1, 0x10, 7, 0x0a, 4, 0x10, 2, 0x18, 2, 0x0a, 2, 8, 3];
    assert_eq!(read(fields, &bytes), Ok(map(&[("a", inner), ("b", 7.into())])));
    // Of a oneof the last field counts, and what of it stands behind the others.
    let fields = "message I { int32 x = 1; int32 y = 2; } oneof o { I a = 1; int32 b = 2; }";
    assert_eq!(read(fields, &[0x0a, 2, 8, 1, 0x10, 5]), Ok(map(&[("b", 5.into())])));
    let bytes = [0x0a, 2, 8, 1, 0x10, 5, 0x0a, 2, 0x10, 2];
    assert_eq!(read(fields, &bytes), Ok(map(&[("a", map(&[("y", 2.into())]))])));
    let bytes = [0x0a, 2, 8, 1, 0x0a, 2, 0x10, 2];
    assert_eq!(read(fields, &bytes), Ok(map(&[("a", map(&[("x", 1.into()), ("y", 2.into())]))])));
}

#[test]
fn what_does_not_count_has_to_be_right_all_the_same() {
    let fields = "message I { string s = 1; } oneof o { I a = 1; int32 b = 2; } string c = 3;";
    for (bytes, at, path) in [
        (&[0x0a, 3, 0x0a, 1, 0xff, 0x10, 1][..], 4, "$.a.s"),
        (&[0x0a, 1, 0x0a, 0x10, 1], 3, "$.a.s"),
        (&[0x1a, 1, 0xff, 0x1a, 1, b'x'], 2, "$.c"),
    ] {
        let Err(Error::Malformed { at: told, path: whole, .. }) = read(fields, bytes) else {
            panic!("{bytes:?}")
        };
        assert_eq!((told, whole.as_str()), (at, path), "{bytes:?}");
    }
    // What is required is so in what counts.
    let fields = "message I { required int32 x = 1; } oneof o { I a = 1; int32 b = 2; }";
    assert_eq!(read2(fields, &[0x0a, 0, 0x10, 1]), Ok(map(&[("b", 1.into())])));
}

#[test]
fn groups_end_where_they_end() {
    let fields =
        "optional group A = 1 { optional int32 x = 1; optional group B = 2 { optional int32 y = 1; } }
                  optional int32 z = 3;";
    let inner = map(&[("b", map(&[("y", 7.into())])), ("x", 1.into())]);
    let bytes = [0x0b, 0x08, 1, 0x13, 0x08, 7, 0x14, 0x0c, 0x18, 5];
    let Ok(Value::Map(pairs)) = read2(fields, &bytes) else { panic!("a message") };
    assert_eq!(pairs[1], ("z".into(), 5.into()));
    let Value::Map(mut told) = pairs[0].1.clone() else { panic!("a group") };
    told.sort_by_key(|(key, _)| format!("{key:?}"));
    assert_eq!((pairs[0].0.clone(), Value::Map(told)), ("a".into(), inner));
    // A group that nobody knows is passed with all that is in it.
    let bytes = [0x2b, 0x33, 0x3a, 2, 0x0c, 0x0c, 0x34, 0x2c, 0x18, 5];
    assert_eq!(read2(fields, &bytes), Ok(map(&[("z", 5.into())])));
    for (wrong, at) in [(&[0x0b, 0x08, 1][..], 3), (&[0x0b, 0x14], 1), (&[0x0c], 1), (&[0x2b, 0x33, 0x2c], 2)]
    {
        let Err(Error::Malformed { at: told, .. }) = read2(fields, wrong) else { panic!("{wrong:?}") };
        assert_eq!(told, at, "{wrong:?}");
    }
}

#[test]
fn what_cannot_be_is_said_with_its_place() {
    let fields =
        "message I { repeated string s = 1; } message J { map<int32, I> m = 2; } J j = 1; fixed32 f = 2;";
    for (bytes, at, path, problem) in [
        (&[0x0a][..], 1, "$.j", "ends inside a varint"),
        (&[0x0a, 3, 0x12, 1], 2, "$.j", "3 bytes are wanted, 2 are left"),
        (&[0x15, 1, 2, 3], 1, "$.f", "4 bytes are wanted, 3 are left"),
        (&[0x08, 1], 1, "$.j", "a message is a length and bytes, this is a varint"),
        (&[0x0a, 9, 0x12, 7, 8, 5, 0x12, 3, 0x0a, 1, 0xff], 10, "$.j.m{5}.s[0]", "text that is not UTF-8"),
        (&[0x0a, 4, 0x12, 2, 0x12, 1], 6, "$.j.m.value", "1 bytes are wanted, 0 are left"),
        (&[0x00, 1], 0, "$", "0 is no tag"),
        (&[0x1f, 1], 1, "$", "wire type 7"),
        (&[0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], 1, "$", "more than 64 bits"),
        (&[0xf8, 0xff, 0xff, 0xff, 0xff, 1], 0, "$", "is no tag"),
        (
            &[0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            11,
            "$",
            "bytes are wanted, 0 are left",
        ),
    ] {
        match read(fields, bytes) {
            Err(Error::Malformed { format: "Protobuf", at: told, path: whole, problem: why }) => {
                assert_eq!((told, whole.as_str()), (at, path), "{bytes:x?}: {why}");
                assert!(why.contains(problem), "{why}");
            }
            other => panic!("{bytes:x?}: {other:?}"),
        }
    }
}

#[test]
fn bounds_hold() {
    let limits = |depth, items| Limits { depth, items, bytes: 64, ..Limits::default() };
    let limited = |result: Result<Value, Error>| match result {
        Err(Error::Limit { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let recursive = plan("syntax = \"proto3\"; message M { M m = 1; }", SET);
    let nested = [0x0a, 4, 0x0a, 2, 0x0a, 0];
    assert!(decode_within(&recursive, &nested, &limits(4, 0)).is_ok());
    assert_eq!(limited(decode_within(&recursive, &nested, &limits(3, 0))), "depth");
    assert_eq!(limited(decode_within(&recursive, &[0; 65], &limits(3, 0))), "bytes");
    // An unknown group is as deep as a known one.
    let groups = [0x13, 0x13, 0x13, 0x14, 0x14, 0x14];
    assert!(decode_within(&recursive, &groups, &limits(4, 0)).is_ok());
    assert_eq!(limited(decode_within(&recursive, &groups, &limits(3, 0))), "depth");
    let absent = "syntax = \"proto3\"; message M { repeated M m = 1; int32 a = 2; string b = 3; }";
    let absent = plan(absent, outrigger_events::protobuf::Options::default());
    // Two in the outer one, three in each of the others.
    let bytes = [0x0a, 0, 0x0a, 0];
    assert!(decode_within(&absent, &bytes, &limits(8, 8)).is_ok());
    assert_eq!(limited(decode_within(&absent, &bytes, &limits(8, 7))), "absent fields");
}

#[test]
fn no_limit_allows_more_levels_than_a_stack_has() {
    // The first field of each oneof does not count, and is looked into all the same.
    let text = "syntax = \"proto3\"; message M { oneof o { M m = 1; int32 n = 2; } }";
    let plan = plan(text, SET);
    let limits = Limits { depth: usize::MAX, ..Limits::default() };
    let nested = |levels: usize| {
        (1..levels).fold(vec![], |inner: Vec<u8>, _| {
            let length = inner.len() as u64;
            let mut outer = vec![0x0a];
            prost_reflect::prost::encoding::encode_varint(length, &mut outer);
            [outer, inner, vec![0x10, 1]].concat()
        })
    };
    let most = Plan::MOST_DEPTH;
    assert_eq!(decode_within(&plan, &nested(most), &limits), Ok(map(&[("n", 1.into())])));
    let beyond = decode_within(&plan, &nested(most + 1), &limits);
    assert!(matches!(beyond, Err(Error::Limit { what: "depth", limit: 200, .. })), "{beyond:?}");
}

#[test]
fn groups_hold_groups_of_their_own_type() {
    // A text cannot say that, a descriptor can.
    let text = "syntax = \"proto2\"; message M { optional M m = 1; optional int32 n = 2; }";
    let mut file = Schema::parse(text).unwrap().file().file_descriptor_proto().clone();
    file.message_type[0].field[0].set_type(Type::Group);
    let set = FileDescriptorSet { file: vec![file] }.encode_to_vec();
    let plan = Plan::named(&Schema::of_descriptor_set(&set, None).unwrap(), "M", SET).unwrap();
    let levels = 198;
    let bytes: Vec<u8> = [vec![0x0b; levels], [0x10, 7, 0x1b, 0x1c].repeat(100), vec![0x0c; levels]].concat();
    let mut expected = map(&[("n", 7.into())]);
    for _ in 0..levels {
        expected = map(&[("m", expected)]);
    }
    assert_eq!(decode(&plan, &bytes), Ok(expected.clone()));
    assert_eq!(decode(&plan, &encode(&plan, &expected).unwrap()), Ok(expected));
}
